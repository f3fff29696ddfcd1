// `ledgerstone losses`: which offsets have no record, since when, why, and by whose word?
import type { Command } from 'commander';
import { LedgerstoneError, messageOf } from '../../base/error.ts';
import { type Handovers, knownEnd, lookForHandovers } from '../../read/chain-end.ts';
import { ChainReader, type LocatedSeal } from '../../read/chain-reader.ts';
import { NoChainError } from '../../read/errors.ts';
import { countedSeals, gapsOfSegment, newCounts } from '../../read/gap-search.ts';
import { listChains, type OnUnlisted } from '../../read/list-chains.ts';
import {
  type ChainOptions,
  type MaybeChainOptions,
  namedChain,
  openChain,
  withMaybeChain,
} from './chain-option.ts';
import { EXIT, exitCodeOfError, UsageError } from './exit-code.ts';
import { type ChainLosses, csvText, lossesText, noteChains, type Row, type Unlisted } from './losses-text.ts';
import { type Archive, type ArchiveOptions, openArchive, withArchive } from './open-archive.ts';
import { acting, type Session } from './session.ts';
import { noChainText } from './status-text.ts';
import { momentFromText, requireZone } from './time-option.ts';

type LossesOptions = ArchiveOptions &
  MaybeChainOptions & {
    readonly since?: string;
    readonly until?: string;
    readonly tz: string;
    readonly csv?: boolean;
    readonly json?: boolean;
  };

const HELP = `
Lists the gaps that stand on somebody's word: expired and accepted (lost records), and
compacted (removed by Kafka's compaction, not counted as lost). Control records and
aborted transactions are no losses and are only counted. Every seal is read, and the data
of segments with such gaps; with a key both are checked. --since and --until choose by
the time when the gap was sealed; --topic and --partition read one chain only. Offsets
before the first one of a chain are in no count. With a key it says which chains have
ended, and what continues them.

Exit codes: 0 all was looked at, with or without losses; 1 and 3 a chain is broken, a
chain or a folder could not be read, or there is no chain. \`verify --strict\` fails on
losses.

Examples:
  ledgerstone losses ./archive --key archive.vkey
  ledgerstone losses s3://acme-audit/prod --key archive.vkey --since 2026-01-01 --csv
  ledgerstone losses ./archive --key archive.vkey --topic orders --partition 0 --json
`;

export function lossesCommand(program: Command, session: Session): void {
  withMaybeChain(
    withArchive(program.command('losses').description('Gaps: which offsets, since when, why and by whom.')),
  )
    .option('--since <time>', 'gaps sealed at this date or time, or later')
    .option('--until <time>', 'gaps sealed before this date or time')
    .option('--tz <zone>', 'time zone of dates and times without an offset', 'UTC')
    .option('--csv', 'a table for spreadsheets')
    .option('--json', 'the same for programs')
    .addHelpText('after', HELP)
    .action(
      acting(session, (name: string | undefined, options: LossesOptions) =>
        runLosses(session, name, options),
      ),
    );
}

type TimeRange = { readonly sinceMs: number; readonly untilMs: number };

function timeRange({ since, until, tz }: LossesOptions): TimeRange {
  requireZone(tz);
  const sinceMs = since === undefined ? Number.NEGATIVE_INFINITY : momentFromText(since, tz);
  const untilMs = until === undefined ? Number.POSITIVE_INFINITY : momentFromText(until, tz);
  if (sinceMs < untilMs) return { sinceMs, untilMs };
  throw new UsageError(`--since ${since} is not before --until ${until}`, 'The end is not included.');
}

const WHEN = ' sealed in this range of times';

async function runLosses(
  session: Session,
  name: string | undefined,
  options: LossesOptions,
): Promise<number> {
  const { io, output } = session;
  if (options.csv === true && options.json === true)
    throw new UsageError('--csv and --json: give one of them');
  const range = timeRange(options);
  const named = namedChain(options);
  const archive = await openArchive(name, options, io.env);
  try {
    const rows: Row[] = [];
    const chains: ChainLosses[] = [];
    let exitCode: number = EXIT.ok;
    const unlisted: Unlisted[] = [];
    let firstError: Error | null = null;
    const onUnlisted = (folder: string, error: Error) => {
      firstError ??= error;
      unlisted.push({ folder, problem: messageOf(error) });
    };
    let handovers: Promise<Handovers> | null = null;
    for await (const reader of readersOf(archive, named, onUnlisted, io.signal)) {
      const found = nothingYet(reader);
      chains.push(found);
      try {
        let newest: LocatedSeal | null = null;
        for await (const row of rowsOf(reader, found, range, (seal) => {
          newest = seal;
        }))
          rows.push(row);
        handovers ??= lookForHandovers(reader.options);
        if (newest !== null) Object.assign(found, knownEnd(await handovers, reader, newest));
      } catch (error) {
        io.signal.throwIfAborted();
        if (error instanceof NoChainError) {
          if (named !== null) throw error;
          chains.pop();
          output.note(noChainText(reader));
          continue;
        }
        found.problem = messageOf(error);
        const code = exitCodeOfError(error);
        if (exitCode !== EXIT.broken) exitCode = code;
      }
    }
    // Of an archive of which nothing at all can be seen the error says more.
    if (chains.length === 0 && firstError !== null) throw firstError;
    if (exitCode === EXIT.ok && unlisted.length > 0) exitCode = EXIT.failed;
    if (chains.length === 0) throw noChain(archive.store.description);
    const isVerified = archive.trusted.length > 0;
    const isAll = unlisted.length === 0 && chains.every(({ problem }) => problem === null);
    const when = options.since === undefined && options.until === undefined ? '' : WHEN;
    if (options.json === true) await output.json({ trusted: isVerified, gaps: rows, chains, unlisted });
    else if (options.csv === true) await output.write(csvText(rows));
    else await output.write(lossesText(rows, chains, isAll, when, output));
    if (options.json !== true) noteChains(chains, unlisted, isVerified, output);
    return exitCode;
  } finally {
    await archive.store.close();
  }
}

const noChain = (archive: string): LedgerstoneError =>
  new LedgerstoneError('no-chain', `${archive} has no chain: nothing was looked at`, {
    disposition: 'input',
    remedy: 'Is it the address of an archive? Nothing may be sealed there yet.',
  });

/** Of the named chain, or of every chain that the archive has. */
async function* readersOf(
  archive: Archive,
  named: ChainOptions | null,
  onUnlisted: OnUnlisted,
  signal: AbortSignal,
): AsyncGenerator<ChainReader> {
  const { store, trusted } = archive;
  if (named !== null) yield openChain(archive, named, signal);
  else
    for await (const place of listChains(store, signal, onUnlisted))
      yield new ChainReader({ store, ...place, trusted, signal });
}

const nothingYet = ({ chain, partition }: ChainReader): ChainLosses => ({
  ...{ chain, partition, counts: newCounts(), continues: null, problem: null },
  ...{ ended: null, endNotKnown: 'its end was not reached' },
});

async function* rowsOf(
  reader: ChainReader,
  found: ChainLosses,
  { sinceMs, untilMs }: TimeRange,
  onSeal: (seal: LocatedSeal) => void,
): AsyncGenerator<Row> {
  const { chain, partition, counts } = found;
  for await (const seal of countedSeals(reader, counts)) {
    onSeal(seal);
    const { continues, time } = seal.manifest;
    if (continues !== null) {
      const { origin, nextOffset, reason, by } = continues;
      found.continues = { origin, nextOffset, reason, by };
    }
    const sealedMs = Date.parse(time.sealed);
    if (sealedMs < sinceMs || sealedMs >= untilMs) continue;
    for (const gap of await gapsOfSegment(reader, seal)) {
      yield { chain, partition, ...gap, lost: gap.reason !== 'compacted' };
    }
  }
}

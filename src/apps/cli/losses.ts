// `ledgerstone losses`: which offsets have no record, since when, why, and by whose word?
import type { Command } from 'commander';
import { printable } from '../../base/printable.ts';
import { type MaybeChainOptions, namedChain, withMaybeChain } from './chain-option.ts';
import { UsageError } from './exit-code.ts';
import { type SealedRange, searchLosses } from './losses-search.ts';
import { csvText, lossesText, noteChains } from './losses-text.ts';
import { type ArchiveOptions, openArchive, withArchive } from './open-archive.ts';
import { acting, type Session } from './session.ts';
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
ended, and what continues them. A loss that two people accepted by a decision (\`governance
record gap.accept\`) is an accepted loss: it stays in the list, with their names.

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

function timeRange({ since, until, tz }: LossesOptions): SealedRange {
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
    const { rows, chains, unlisted, notes, exitCode, acceptanceUnknown } = await searchLosses(
      { archive, named, signal: io.signal },
      range,
    );
    for (const note of notes) output.note(note);
    const isVerified = archive.trusted.length > 0;
    const isAll = unlisted.length === 0 && chains.every(({ problem }) => problem === null);
    const when = options.since === undefined && options.until === undefined ? '' : WHEN;
    if (options.json === true) {
      const shown = chains.map(({ head: _, ...chain }) => chain);
      await output.json({ trusted: isVerified, gaps: rows, chains: shown, unlisted, acceptanceUnknown });
    } else if (options.csv === true) await output.write(csvText(rows));
    else await output.write(lossesText(rows, chains, isAll, when, output));
    if (options.json !== true) noteChains(chains, unlisted, isVerified, output);
    if (options.json !== true && isVerified && acceptanceUnknown !== null)
      output.note(`which losses were accepted is not known: ${printable(acceptanceUnknown)}`);
    return exitCode;
  } finally {
    await archive.store.close();
  }
}

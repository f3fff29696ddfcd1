// `ledgerstone losses`: which offsets have no record, since when, why, and by whose word?
import type { Command } from 'commander';
import { LedgerstoneError, messageOf } from '../../base/error.ts';
import { printable } from '../../base/printable.ts';
import { ChainReader } from '../../read/chain-reader.ts';
import { NoChainError } from '../../read/errors.ts';
import {
  type ChainCounts,
  countedSeals,
  type FoundGap,
  gapsOfSegment,
  newCounts,
} from '../../read/gap-search.ts';
import { listChains } from '../../read/list-chains.ts';
import {
  type ChainOptions,
  type MaybeChainOptions,
  namedChain,
  openChain,
  withMaybeChain,
} from './chain-option.ts';
import { EXIT, exitCodeOfError, UsageError } from './exit-code.ts';
import { type Archive, type ArchiveOptions, openArchive, withArchive } from './open-archive.ts';
import type { Output } from './output.ts';
import { acting, type Session } from './session.ts';
import { countText, tableText } from './table.ts';
import { momentFromText } from './time-option.ts';
import { counted, missingText } from './verdict-bounds.ts';

type LossesOptions = ArchiveOptions &
  MaybeChainOptions & {
    readonly since?: string;
    readonly until?: string;
    readonly tz: string;
    readonly csv?: boolean;
    readonly json?: boolean;
  };

type Continued = {
  readonly origin: string;
  readonly nextOffset: number;
  readonly reason: string;
  readonly by: string;
};

/** What was found of one chain. */
type ChainLosses = {
  readonly chain: string;
  readonly partition: number;
  readonly counts: ChainCounts;
  /** The older chain that it goes on from, and why: each began with a halt. */
  continues: Continued | null;
  /** Why the rest of the chain could not be looked at. Null: all of it was. */
  problem: string | null;
};

type Row = FoundGap & { readonly chain: string; readonly partition: number; readonly lost: boolean };

const HELP = `
Lists the gaps that stand on somebody's word: expired and accepted (lost records), and
compacted (removed by Kafka's compaction, not counted as lost). Control records and
aborted transactions are no losses and are only counted. Every seal is read, and the data
of segments with such gaps; with a key both are checked. --since and --until choose by
the time when the gap was sealed; --topic and --partition read one chain only. Offsets
before the first one of a chain are in no count.

Exit codes: 0 all was looked at, with or without losses; 1 and 3 a chain is broken or
could not be read, or there is no chain. \`verify --strict\` fails on losses.

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
  const sinceMs = since === undefined ? Number.NEGATIVE_INFINITY : momentFromText(since, tz);
  const untilMs = until === undefined ? Number.POSITIVE_INFINITY : momentFromText(until, tz);
  if (sinceMs < untilMs) return { sinceMs, untilMs };
  throw new UsageError(`--since ${since} is not before --until ${until}`, 'The end is not included.');
}

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
    for await (const reader of readersOf(archive, named, io.signal)) {
      const { chain, partition } = reader;
      const found: ChainLosses = { chain, partition, counts: newCounts(), continues: null, problem: null };
      chains.push(found);
      try {
        for await (const row of rowsOf(reader, found, range)) rows.push(row);
      } catch (error) {
        io.signal.throwIfAborted();
        if (named !== null && error instanceof NoChainError) throw error;
        found.problem = messageOf(error);
        const code = exitCodeOfError(error);
        if (exitCode !== EXIT.broken) exitCode = code;
      }
    }
    if (chains.length === 0) {
      throw new LedgerstoneError(
        'no-chain',
        `${archive.store.description} has no chain: nothing was looked at`,
        {
          disposition: 'input',
          remedy: 'Is it the address of an archive? Nothing may be sealed there yet.',
        },
      );
    }
    const isVerified = archive.trusted.length > 0;
    if (options.json === true) await output.json({ trusted: isVerified, gaps: rows, chains });
    else if (options.csv === true) await output.write(csvText(rows));
    else await output.write(lossesText(rows, chains, options, output));
    if (options.json !== true) noteChains(chains, isVerified, output);
    return exitCode;
  } finally {
    await archive.store.close();
  }
}

/** Of the named chain, or of every chain that the archive has. */
async function* readersOf(
  archive: Archive,
  named: ChainOptions | null,
  signal: AbortSignal,
): AsyncGenerator<ChainReader> {
  const { store, trusted } = archive;
  if (named !== null) yield openChain(archive, named, signal);
  else
    for await (const place of listChains(store, signal))
      yield new ChainReader({ store, ...place, trusted, signal });
}

async function* rowsOf(
  reader: ChainReader,
  found: ChainLosses,
  { sinceMs, untilMs }: TimeRange,
): AsyncGenerator<Row> {
  const { chain, partition, counts } = found;
  for await (const seal of countedSeals(reader, counts)) {
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

const COLUMNS = [
  { title: 'chain' },
  { title: 'offsets' },
  { title: 'count', align: 'right' },
  { title: 'reason' },
  { title: 'lost' },
  { title: 'sealed' },
  { title: 'by' },
  { title: 'why' },
] as const;

const UNREAD = 'its data has expired';

function offsetsText({ firstOffset, lastOffset, sequence }: Row): string {
  if (firstOffset === null || lastOffset === null) return `in segment ${sequence}`;
  return firstOffset === lastOffset ? String(firstOffset) : `${firstOffset} to ${lastOffset}`;
}

function lossesText(
  rows: readonly Row[],
  chains: readonly ChainLosses[],
  { since, until }: LossesOptions,
  output: Output,
): string {
  const cells = rows.map((row) => [
    ...[`${row.chain}/${row.partition}`, offsetsText(row), countText(row.offsets), row.reason],
    ...[row.lost ? 'lost' : '-', row.sealed, printable(row.by ?? '-'), printable(row.why ?? UNREAD)],
  ]);
  const lines = rows.length === 0 ? [] : [tableText(COLUMNS, cells).trimEnd(), ''];
  const sum = (some: readonly Row[]) => some.reduce((offsets, row) => offsets + row.offsets, 0);
  const lost = rows.filter((row) => row.lost);
  const compacted = rows.filter((row) => !row.lost);
  const isAll = chains.every(({ problem }) => problem === null);
  const when = since === undefined && until === undefined ? '' : ' sealed in this range of times';
  if (rows.length === 0) {
    const seals = chains.reduce((sum, { counts }) => sum + counts.seals, 0);
    const where = `${counted(seals, 'seal')} of ${counted(chains.length, 'chain')}`;
    lines.push(`no gap${when} stands on somebody's word in the ${where} that were read`);
  } else if (lost.length === 0) lines.push(`no loss among the gaps${when}`);
  else lines.push(`${counted(sum(lost), 'record')} lost in ${counted(lost.length, 'gap')}${when}`);
  if (compacted.length > 0) {
    const gaps = `${counted(sum(compacted), 'offset')} compacted in ${counted(compacted.length, 'gap')}`;
    lines.push(`${gaps}${when}, which is no loss`);
  }
  if (!isAll) lines.push(output.colour('red', 'not all chains could be looked at, see below'));
  return `${lines.join('\n')}\n`;
}

/** What the whole of each chain states, and how far it was looked at. */
function noteChains(chains: readonly ChainLosses[], isVerified: boolean, output: Output): void {
  for (const { chain, partition, counts, continues, problem } of chains) {
    const { firstOffset, nextOffset, archived, missing, lastSealed, seals } = counts;
    const place = `${chain}/${partition}`;
    const offsets = (nextOffset ?? 0) - (firstOffset ?? 0);
    const end = lastSealed === null ? '' : `, sealed up to ${lastSealed}`;
    const all = missingText(missing, offsets, archived);
    if (seals > 0) output.note(`${place}: ${all} (${counted(seals, 'seal')} read${end})`);
    if (continues !== null) {
      const { origin, nextOffset: at, reason, by } = continues;
      output.note(printable(`${place} continues ${origin} from its offset ${at} on, by ${by}: ${reason}`));
    }
    if (problem !== null) output.note(`${place}: not looked at any further: ${printable(problem)}`);
  }
  if (!isVerified) output.note('not verified: no key was given');
}

const CSV_COLUMNS = [
  'chain',
  'partition',
  'first_offset',
  'last_offset',
  'offsets',
  'reason',
  'lost',
  'sealed',
  'by',
  'why',
  'segment',
];

/** RFC 4180, with LF. A cell that a spreadsheet would take for a formula begins with an apostrophe. */
function csvText(rows: readonly Row[]): string {
  const lines = rows.map((row) => [
    ...[row.chain, row.partition, row.firstOffset ?? '', row.lastOffset ?? '', row.offsets, row.reason],
    ...[row.lost ? 'yes' : 'no', row.sealed, row.by ?? '', row.why ?? UNREAD, row.sequence],
  ]);
  return [CSV_COLUMNS, ...lines].map((cells) => `${cells.map(csvCell).join(',')}\n`).join('');
}

function csvCell(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const text = printable(/^[=+\-@]/.test(value) ? `'${value}` : value);
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

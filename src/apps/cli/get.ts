// `ledgerstone get`: which entries, or original values, are in this range of offsets or times?

import type { Command } from 'commander';
import { toBase64, utf8 } from '../../base/bytes.ts';
import { counted, countText } from '../../base/counted.ts';
import { printable } from '../../base/printable.ts';
import { decodeLine } from '../../format/record.ts';
import { chainEnd, successorOf } from '../../read/chain-end.ts';
import type { ChainReader } from '../../read/chain-reader.ts';
import { type FoundLine, linesOfSegment } from '../../read/line-range.ts';
import { linesOfRange } from '../../read/offset-lines.ts';
import { sequencesOfTime, type TimeSearch } from '../../read/time-range.ts';
import { type ChainOptions, openChain, withChain } from './chain-option.ts';
import { EXIT, UsageError } from './exit-code.ts';
import { type ArchiveOptions, offsetOption, openArchive, withArchive } from './open-archive.ts';
import { acting, type Session } from './session.ts';
import { momentFromText, requireZone } from './time-option.ts';
import { sealedText, timestampText } from './when-text.ts';

type GetOptions = ArchiveOptions &
  ChainOptions & {
    readonly from?: number;
    readonly to?: number;
    readonly sinceTime?: string;
    readonly untilTime?: string;
    readonly tz: string;
    readonly values?: boolean;
    readonly times?: boolean;
    readonly prove?: boolean;
    readonly json?: boolean;
  };

const HELP = `
Both ends are included. Missing offsets are left out. Lines are printed as they were
archived, gap lines too. --values prints each record's value and a LF, and leaves out
tombstones. With --values --json each line is {"offset","timestamp","time","base64"}:
"timestamp" is the archived number of milliseconds, "time" is it as a date or null.

Only blocks that can hold the range are read, so what is printed is not proven. With a
key the seals are checked. --prove compares each whole segment with its seal before it
prints a line of it. One event takes 3 reads in a steady chain of up to 1000 segments
(the head, a seal, a block), with a key sometimes 4. If event sizes vary much between
segments, or in longer chains, a few more seals are read: at most 2·log2(segments).
Times are those of the records (their producer's clock), whenever they were sealed: a
search by time reads every seal of the chain, and the segments whose seal states such
times. A date is its first moment in --tz.

Examples:
  ledgerstone get ./archive --topic orders --partition 0 --from 42 --to 42
  ledgerstone get s3://acme-audit/prod --topic orders --partition 0 --values > out
  ledgerstone get --config ledgerstone.yaml --topic orders --partition 3 --prove \\
      --since-time 2026-11-22T10:00:00Z --until-time 2026-11-22T11:00:00Z
`;

export function getCommand(program: Command, session: Session): void {
  const command = program.command('get').description('Entries or original values by offset or time.');
  withChain(withArchive(command))
    .option('--from <offset>', 'first offset; default: the first sealed', offsetOption)
    .option('--to <offset>', 'last offset, included; default: the last sealed', offsetOption)
    .option('--since-time <time>', 'records stamped at this date or time, or later')
    .option('--until-time <time>', 'records stamped before this date or time')
    .option('--tz <zone>', 'time zone of dates and times without an offset', 'UTC')
    .option('--values', 'original values instead of lines as archived')
    .option('--times', "before each line or value: its record's time as a date, and a tab")
    .option('--prove', 'compare each segment whole with its seal first; needs a key')
    .option('--json', 'with --values: JSON lines; lines as archived are JSON already')
    .addHelpText('after', HELP)
    .action(
      acting(session, (name: string | undefined, options: GetOptions) => runGet(session, name, options)),
    );
}

type TimeRange = { readonly since: number; readonly until: number };

/** Null without an option of time. Throws UsageError. */
function timeRange({ sinceTime, untilTime, tz }: GetOptions): TimeRange | null {
  requireZone(tz);
  if (sinceTime === undefined && untilTime === undefined) return null;
  // Nothing is stamped before: −1 stands for gap lines and for records without a time.
  const since = Math.max(0, sinceTime === undefined ? 0 : momentFromText(sinceTime, tz));
  const until = untilTime === undefined ? Number.POSITIVE_INFINITY : momentFromText(untilTime, tz);
  if (since < until) return { since, until };
  throw new UsageError(
    `--since-time ${sinceTime} is not before --until-time ${untilTime}`,
    'The end is not included: for one whole day give the next day as --until-time.',
  );
}

async function runGet(session: Session, name: string | undefined, options: GetOptions): Promise<number> {
  const { output, io } = session;
  if ((options.from ?? 0) > (options.to ?? Number.MAX_SAFE_INTEGER)) {
    throw new UsageError(`--from ${options.from} lies after --to ${options.to}`);
  }
  if (options.times === true && options.values === true && options.json === true) {
    throw new UsageError('--times is for lines and values', 'With --values --json each line has its time.');
  }
  const times = timeRange(options);
  const archive = await openArchive(name, options, io.env);
  try {
    const reader = openChain(archive, options, io.signal);
    if (options.prove === true && !reader.verified) {
      throw new UsageError(
        '--prove needs a trusted key',
        'Add --key KEY, or name the archive with --config.',
      );
    }
    const printed = await printRange(session, reader, options, times);
    output.note(trustNote(reader, options.prove === true, printed));
    return EXIT.ok;
  } finally {
    await archive.store.close();
  }
}

/** Returns how many lines or values were found. */
async function printRange(
  { output }: Session,
  reader: ChainReader,
  options: GetOptions,
  times: TimeRange | null,
): Promise<number> {
  let [printed, tombstones, upTo] = [0, 0, 0];
  const search: TimeSearch = { seals: 0, lastSealed: null, untimed: 0 };
  for await (const found of linesFor(reader, options, times, search)) {
    upTo = found.nextOffset;
    const text = options.values === true ? valueText(found, options.json === true) : lineOf(found);
    if (text === null) tombstones += found.isGap ? 0 : 1;
    else {
      await output.exact(options.times === true ? Buffer.concat([utf8(`${timeOf(found)}\t`), text]) : text);
      printed += 1;
    }
    if (output.closed) return printed + tombstones;
  }
  const found = printed + tombstones;
  if (tombstones > 0)
    output.note(
      [
        `${counted(tombstones, 'tombstone has', 'tombstones have')} no value and`,
        `${tombstones === 1 ? 'was' : 'were'} left out`,
      ].join(' '),
    );
  if (times !== null) output.note(searchedText(search, found, options));
  else if (upTo <= (options.to ?? 0)) {
    const head = await reader.seal((await chainEnd(reader)).sequence);
    const { nextOffset } = head.manifest.records;
    const next = await successorOf(reader, head);
    const end =
      next === null
        ? `the next offset to be sealed is ${nextOffset}`
        : `this chain has ended: ${next.newer} continues it from offset ${nextOffset} on`;
    const what = upTo === 0 ? 'nothing is sealed in this range' : 'the range goes on behind what is sealed';
    output.note(printable(`${what}; ${end}`));
  }
  return found;
}

function searchedText(
  { seals, lastSealed, untimed }: TimeSearch,
  found: number,
  { from, to }: GetOptions,
): string {
  const among = from === undefined && to === undefined ? '' : ' among those offsets';
  const none =
    found === 0 ? `no record is stamped in this range of times${among}, as the seals state it: ` : '';
  const allSeals = seals === 1 ? 'its one seal was' : `all ${countText(seals)} seals were`;
  const upTo = lastSealed === null ? 'no time' : sealedText(lastSealed);
  const looked = [
    `${none}${allSeals} read, up to the one sealed at ${upTo}; which segments hold such`,
    'times is their word',
  ].join(' ');
  if (untimed === 0) return looked;
  const which = counted(untimed, 'segment holds', 'segments hold');
  return `${looked}; ${which} no record with a time, and such records are in no range of times`;
}

async function* linesFor(
  reader: ChainReader,
  options: GetOptions,
  times: TimeRange | null,
  search: TimeSearch,
): AsyncGenerator<FoundLine> {
  const range = { from: options.from ?? 0, to: (options.to ?? Number.MAX_SAFE_INTEGER - 1) + 1 };
  const whole = options.prove === true;
  if (times === null) {
    yield* linesOfRange(reader, range, { whole });
    return;
  }
  const { since, until } = times;
  for await (const sequence of sequencesOfTime(reader, since, until, search)) {
    for await (const found of linesOfSegment(reader, await reader.seal(sequence), range, whole)) {
      if (found.timestampMs >= since && found.timestampMs < until) yield found;
    }
  }
}

/** `-` for a gap line, and for a number that is no time. */
const timeOf = ({ timestampMs }: FoundLine): string =>
  timestampMs < 0 ? '-' : new Date(timestampMs).toISOString();

const LF = new Uint8Array([0x0a]);
const withLf = (bytes: Uint8Array): Uint8Array => Buffer.concat([bytes, LF]);
const lineOf = ({ line }: FoundLine): Uint8Array => withLf(line);

/** Null if there is no value: a gap line or a tombstone. */
function valueText(found: FoundLine, json: boolean): Uint8Array | null {
  if (found.isGap) return null;
  const decoded = decodeLine(found.line);
  const value = decoded.kind === 'entry' ? decoded.record.value : null;
  if (json) {
    const base64 = value === null ? null : toBase64(value);
    const timestamp = decoded.kind === 'entry' ? decoded.record.timestamp : 0n;
    // The number may be greater than those of JSON readers. Written by hand it stays exact.
    const time = `"timestamp":${timestamp},"time":${JSON.stringify(timestampText(timestamp))}`;
    return utf8(`{"offset":${found.offset},${time},"base64":${JSON.stringify(base64)}}\n`);
  }
  return value === null ? null : withLf(value);
}

function trustNote(reader: ChainReader, proven: boolean, found: number): string {
  const { count: reads, bytes } = reader.reads;
  const cost = `${counted(reads, 'read')}, ${counted(bytes, 'byte')}`;
  if (!reader.verified) return `not verified: no key was given (${cost})`;
  if (found === 0)
    return `seals checked against a trusted key; no line was found, so none is proven (${cost})`;
  return proven
    ? `proven: the segment of every line agrees with its seal, every seal with a trusted key (${cost})`
    : `seals checked against a trusted key; the lines themselves are not proven: --prove does (${cost})`;
}

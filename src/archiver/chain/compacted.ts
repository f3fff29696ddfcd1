// What is left of a range that Kafka compacted? Survivors become records, and each hole between them a gap.
import { LedgerstoneError } from '../../base/error.ts';
import type { GapLine } from '../../format/record.ts';
import { admit } from '../../ingest/gate.ts';
import { type Item, recordOf } from '../../ingest/item.ts';
import type { Fetched, Source, TopicPartition } from '../../ingest/source.ts';
import type { BodyBuilder } from '../../segment/body.ts';
import { lineBytes } from '../batch.ts';
import { tooLarge } from '../continuity.ts';

export type CompactedRange = {
  readonly source: Source;
  readonly partition: TopicPartition;
  /** [from, to): what is there is archived, what is not is given up. */
  readonly from: number;
  readonly to: number;
  /** Whose word the gaps carry. */
  readonly by: string;
  readonly why: string;
  readonly limits: { readonly maxBytes: number; readonly maxRecords: number; readonly recordBytes: number };
};

export type Filled = {
  /** Records, gaps of the decision, and the offsets in them. */
  readonly records: number;
  readonly gaps: number;
  readonly givenUp: number;
  /** Why nothing more could be taken, where that is not the range's end or the segment's greatest size. */
  readonly stop: LedgerstoneError | null;
};

/** A gap line is at most as long as that (FORMAT.md 3.15). */
const GAP_BYTES = 2048;

/** Writes the range's lines into the builder, up to a segment's size. The next call goes on from there. */
export async function fillCompacted(
  builder: Pick<BodyBuilder, 'record' | 'gap'>,
  range: CompactedRange,
  signal: AbortSignal,
): Promise<Filled> {
  const { source, partition, from, to, limits } = range;
  const filled = { records: 0, gaps: 0, givenUp: 0 };
  let bytes = 0;
  let lines = 0;
  for (let next = from; next < to; ) {
    const begun = next;
    const fetched = await lookTwice(source, partition, next, signal);
    for (const item of itemsOf(fetched, next, range)) {
      if (next >= to) break;
      if (bytes >= limits.maxBytes || lines >= limits.maxRecords) return { ...filled, stop: null };
      lines++;
      if (item.kind === 'record') {
        const size = tooLarge(item, limits.recordBytes);
        if (size !== null) return { ...filled, stop: stopped(partition, next, `it has ${size.what}`) };
        builder.record(recordOf(item));
        bytes += lineBytes(item);
        filled.records++;
        next = item.offset + 1;
      } else {
        const { gap } = item;
        builder.gap(gap);
        bytes += GAP_BYTES;
        next = gap.last + 1;
        if (gap.reason === 'transaction') continue;
        filled.gaps++;
        filled.givenUp += next - gap.offset;
      }
    }
    const { undecodable } = fetched;
    if (undecodable?.offset === next && next < to)
      return { ...filled, stop: stopped(partition, next, `it can't be read: ${undecodable.reason}`) };
    if (next === begun) return { ...filled, stop: undecided(partition, next) };
  }
  return { ...filled, stop: null };
}

/** The lines that a fetch means. The gate says where a hole is; here it becomes a gap. */
function* itemsOf(
  fetched: Fetched,
  from: number,
  { partition, to, by, why }: CompactedRange,
): Generator<Item> {
  for (let next = from; next < to; ) {
    const at = next;
    const admission = admit(next, {
      ...fetched,
      records: fetched.records.filter(({ offset }) => offset >= at),
      seen: fetched.seen.filter(({ last }) => last >= at),
    });
    switch (admission.kind) {
      case 'accept':
        yield* admission.items;
        next = admission.next;
        break;
      case 'hole': {
        next = Math.min(admission.found, to);
        const gap: GapLine = { offset: at, last: next - 1, reason: 'compacted', by, why };
        yield { kind: 'gap', gap };
        break;
      }
      case 'nothing':
      case 'undecodable':
        return;
      default:
        throw unsteady(partition, next);
    }
  }
}

const LOOKS_MAX = 3;

/**
 * What lies at `at` and behind it. A hole counts if a second look shows nothing in it either: a broker that
 * answers for another place looks like one the first time.
 */
async function lookTwice(
  source: Source,
  partition: TopicPartition,
  at: number,
  signal: AbortSignal,
): Promise<Fetched> {
  let first = await source.readAt(partition, at, signal);
  for (let looks = 1; looks < LOOKS_MAX; looks++) {
    const second = await source.readAt(partition, at, signal);
    if (holesStay(first, second, at)) return cut(first, reach(second, at));
    first = second;
  }
  throw unsteady(partition, at);
}

type Run = { readonly first: number; readonly last: number };

/** Whether nothing that the second look shows lies in a hole of the first. */
function holesStay(first: Fetched, second: Fetched, at: number): boolean {
  const end = reach(first, at);
  const known = runsOf(first);
  const bad = second.undecodable?.offset;
  const shown = bad === undefined ? runsOf(second) : [...runsOf(second), { first: bad, last: bad }];
  let index = 0;
  for (const run of shown) {
    if (run.first >= end) break;
    const last = Math.min(run.last, end - 1);
    while (index < known.length && (known[index] as Run).last < last) index++;
    const around = known[index];
    if (around === undefined || around.first > run.first) return false;
  }
  return true;
}

/** What was seen, as runs in order; those that touch are one. */
function runsOf({ records, seen }: Fetched): Run[] {
  const all: Run[] = [...records.map(({ offset }) => ({ first: offset, last: offset })), ...seen];
  const runs: Run[] = [];
  for (const run of all.sort((a, b) => a.first - b.first)) {
    const before = runs.at(-1);
    if (before !== undefined && run.first <= before.last + 1)
      runs[runs.length - 1] = { first: before.first, last: Math.max(before.last, run.last) };
    else runs.push(run);
  }
  return runs;
}

/** One past the last offset that this answer says anything of. */
const reach = ({ records, seen, undecodable }: Fetched, at: number): number =>
  Math.max(at, (records.at(-1)?.offset ?? -1) + 1, (seen.at(-1)?.last ?? -1) + 1, undecodable?.offset ?? -1);

/** Without what lies behind `end`: there may be a hole before it that was looked at once. */
function cut({ undecodable, ...fetched }: Fetched, end: number): Fetched {
  const short = {
    ...fetched,
    records: fetched.records.filter(({ offset }) => offset <= end),
    seen: fetched.seen.filter(({ first }) => first <= end),
  };
  return undecodable === undefined || undecodable.offset > end ? short : { ...short, undecodable };
}

const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;

const unsteady = (partition: TopicPartition, at: number) =>
  new LedgerstoneError(
    'unsteady',
    `the brokers show now this and now that of ${nameOf(partition)} from offset ${at} on`,
    { disposition: 'retriable', remedy: 'Nothing was given up there. Give the same command again.' },
  );

const stopped = (partition: TopicPartition, at: number, why: string) =>
  new LedgerstoneError(
    'usage',
    `offset ${at} of ${nameOf(partition)} was not removed by compaction: ${why}. Everything before it is sealed`,
    {
      remedy: [
        `Decide about it alone, as \`ledgerstone status\` says (--to ${at + 1} and another --kind), then`,
        'give the same command again.',
      ].join(' '),
    },
  );

const undecided = (partition: TopicPartition, at: number) =>
  new LedgerstoneError(
    'usage',
    [
      `offset ${at} of ${nameOf(partition)} can't be judged yet: a transaction that has not ended may`,
      'hold it. Everything before it is sealed',
    ].join(' '),
    { remedy: "Wait for the transaction's end, then give the same command again." },
  );

export const beforeLog = (partition: TopicPartition, from: number, low: number) =>
  new LedgerstoneError(
    'usage',
    [
      `offsets ${from} to ${low - 1} of ${nameOf(partition)} lie before the start of Kafka's log:`,
      'retention or DeleteRecords took them, whatever compaction left',
    ].join(' '),
    { remedy: 'Record that first, with --kind expired and without --to. Then give the same command again.' },
  );

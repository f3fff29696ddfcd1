// Is what was acknowledged archived exactly once, in order and byte for byte? Asked of the archive as anybody reads it.
import type { Acknowledged } from '../../../localstack/kafka-tools.ts';
import { decodeLine, type GapLine } from '../../../src/format/record.ts';
import { cli } from '../../support/cli.ts';

type Archived = { readonly key: string | null; readonly value: string | null };

export type Chain = {
  readonly partition: number;
  readonly entries: ReadonlyMap<number, Archived>;
  readonly gaps: readonly GapLine[];
  /** One past the last line. */
  readonly nextOffset: number;
};

/** What the oracle of acknowledged records knows. */
export type Sent = {
  readonly acknowledged: readonly Acknowledged[];
  /** Whether a record that nobody acknowledged may stand in the archive: it was sent, and the answer was lost. */
  readonly mayBe: (value: string) => boolean;
};

/** What the scenario itself did to records in Kafka. */
export type Excuses = {
  /** Per partition: from here on nothing may be archived, for it halted there. */
  readonly haltedFrom: ReadonlyMap<number, number>;
  /** Per partition: gaps of these reasons are in order. */
  readonly gapReasons: ReadonlySet<GapLine['reason']>;
  /** True: the record was destroyed in Kafka before it was archived. */
  readonly destroyed: (record: Acknowledged) => boolean;
};

export type Comparison = {
  readonly acknowledged: number;
  readonly archived: number;
  readonly lost: number;
  readonly doubled: number;
  readonly differing: number;
  /** Archived without having been acknowledged, at most once each: their answers were lost. */
  readonly unacknowledged: number;
  /** Destroyed by the scenario, or behind a halt that it made. */
  readonly excused: number;
  readonly problems: readonly string[];
};

/** Every line of one partition's chain, from its first on. */
export async function readChain(
  archive: string,
  wanted: { readonly topic: string; readonly partition: number; readonly key: string },
  env: Readonly<Record<string, string>>,
): Promise<Chain> {
  const { topic, partition, key } = wanted;
  const got = await cli(
    ['get', archive, '--topic', topic, '--partition', String(partition), '--key', key, '--prove'],
    { env },
  );
  if (got.code !== 0) throw new Error(`get of partition ${partition} ended with ${got.code}: ${got.stderr}`);
  const entries = new Map<number, Archived>();
  const gaps: GapLine[] = [];
  let next = 0;
  for (let start = 0; start < got.stdout.length; ) {
    const end = got.stdout.indexOf(10, start);
    const line = decodeLine(got.stdout.subarray(start, end));
    start = end + 1;
    const offset = line.kind === 'entry' ? line.record.offset : line.gap.offset;
    if (offset !== next) throw new Error(`partition ${partition}: offset ${offset} follows ${next - 1}`);
    if (line.kind === 'entry') {
      entries.set(offset, { key: text(line.record.key), value: text(line.record.value) });
      next = offset + 1;
    } else {
      gaps.push(line.gap);
      next = line.gap.last + 1;
    }
  }
  return { partition, entries, gaps, nextOffset: next };
}

const text = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : Buffer.from(bytes).toString();

const PROBLEMS_MAX = 20;

export function compare(chains: readonly Chain[], sent: Sent, excuses: Excuses): Comparison {
  const problems: string[] = [];
  const problem = (what: string) => {
    if (problems.length < PROBLEMS_MAX) problems.push(what);
  };
  const counts = { archived: 0, lost: 0, doubled: 0, differing: 0, unacknowledged: 0, excused: 0 };
  const known = new Set<string>();
  const byPartition = new Map(chains.map((chain) => [chain.partition, chain]));
  for (const record of sent.acknowledged) {
    const { partition, offset } = record;
    const place = `${partition}/${offset}`;
    if (known.has(place)) problem(`the producer was told ${place} twice`);
    known.add(place);
    const found = byPartition.get(partition)?.entries.get(offset);
    if (found === undefined) {
      const halted = offset >= (excuses.haltedFrom.get(partition) ?? Number.POSITIVE_INFINITY);
      if (halted || excuses.destroyed(record)) counts.excused += 1;
      else {
        counts.lost += 1;
        problem(`lost: ${place} ${record.value}`);
      }
    } else if (found.value !== record.value || found.key !== record.key) {
      counts.differing += 1;
      problem(`differs: ${place} is ${found.key}=${found.value}, was ${record.key}=${record.value}`);
    }
  }
  const values = new Map<string, string>();
  for (const { partition, entries, gaps, nextOffset } of chains) {
    const halted = excuses.haltedFrom.get(partition);
    if (halted !== undefined && nextOffset > halted)
      problem(`partition ${partition} halted at ${halted}, and ${nextOffset} was sealed`);
    for (const gap of gaps) {
      if (!excuses.gapReasons.has(gap.reason))
        problem(`a ${gap.reason} gap from ${partition}/${gap.offset} to ${gap.last}`);
    }
    for (const [offset, { value }] of entries) {
      const place = `${partition}/${offset}`;
      counts.archived += 1;
      const before = values.get(value ?? '');
      if (value === null || before !== undefined) {
        counts.doubled += 1;
        problem(`doubled: ${value} at ${before} and ${place}`);
      }
      values.set(value ?? '', place);
      if (known.has(place)) continue;
      counts.unacknowledged += 1;
      if (!sent.mayBe(value ?? '')) problem(`${place} holds ${value}, which was never sent`);
    }
  }
  return { acknowledged: sent.acknowledged.length, ...counts, problems };
}

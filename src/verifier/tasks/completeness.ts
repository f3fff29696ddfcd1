// Is everything that the brokers have, or had, in the archive? Compared for one partition, from what was
// asked before.
import type { PartitionMarks } from '../../ingest/kafka/marks.ts';
import { type Finding, type FindingCode, findingOf } from '../../verify/finding.ts';
import type { ChainInArchive } from '../../verify/survey.ts';

/**
 * Asked in this order, for all three move on: `earliest`, then the chain, then `end`. Nothing of it is a race
 * then.
 */
export type Compared = {
  readonly place: ChainInArchive;
  /** Offset after the last one sealed and confirmed; null: there is no such chain. */
  readonly nextOffset: number | null;
  /** Null: the brokers have no such partition. */
  readonly marks: PartitionMarks | null;
  /** The brokers' end once before; null: nothing was promised, or it was not asked so long ago. */
  readonly before: EndBefore | null;
  /**
   * False: nothing is said of when an offset must be sealed, so one that waits without a chain is told at
   * once.
   */
  readonly isPromised: boolean;
};

/** An end of the brokers', so long ago that all below it must be sealed by now. */
type EndBefore = { readonly atMs: number; readonly end: number };

export type Completeness = {
  readonly findings: readonly Finding[];
  /** Offsets that wait to be sealed; null: there is no telling. */
  readonly waiting: number | null;
};

/**
 * Three things show: offsets that the brokers no longer have and that were never sealed are lost for good;
 * brokers that have less than was sealed have lost records, or the topic is another one; and offsets that
 * wait for longer than was promised, whatever heartbeats are sealed meanwhile. A topic that was made anew and
 * has grown beyond the old one shows nothing here: that the archiver tells, by the topic's id.
 */
export function compareOffsets({ place, nextOffset, marks, before, isPromised }: Compared): Completeness {
  const name = `${place.chain}/${place.partition}`;
  if (marks === null) {
    // Neither a partition nor a chain: somebody asked after nothing.
    if (nextOffset === null) return { findings: [], waiting: null };
    const finding = completenessFinding('offset-gap', name, 'the partition at the brokers', 'none');
    return { findings: [finding], waiting: null };
  }
  const { earliest, end } = marks;
  const findings: Finding[] = [];
  const say = (code: FindingCode, expected: string, found: string) =>
    void findings.push(completenessFinding(code, name, expected, found));
  if (nextOffset === null) {
    const isLate = isPromised ? before !== null && before.end > 0 : end > 0;
    if (isLate) say('stale-chain', 'a chain of this partition', `no chain, and offsets up to ${end}`);
    return { findings, waiting: Math.max(0, end - earliest) };
  }
  if (earliest > nextOffset) {
    const found = `the brokers begin at offset ${earliest}: ${earliest - nextOffset} offsets are gone unsealed`;
    say('offset-gap', `offset ${nextOffset}, the next to be sealed`, found);
  }
  if (end < nextOffset) {
    const found = `the brokers end at offset ${end}: they lost records, or the topic is another one`;
    say('offset-gap', `offset ${nextOffset}, which was sealed up to`, found);
  } else if (before !== null && before.end > nextOffset) {
    const found = `offset ${nextOffset} is the next to be sealed`;
    say('stale-chain', `all below offset ${before.end}, there since ${timeOf(before.atMs)}`, found);
  }
  return { findings, waiting: Math.max(0, end - Math.max(nextOffset, earliest)) };
}

const timeOf = (ms: number): string => new Date(ms).toISOString();

/** `key` tells it from the finding of the same code that the archive itself shows. */
export const completenessFinding = (
  code: FindingCode,
  name: string,
  expected: string,
  found: string,
): Finding => findingOf(code, { key: `kafka:${name}`, expected, found });

// Does the archive have all that the brokers have or had? Compares the offsets of one partition.
import { counted } from '../../base/counted.ts';
import type { PartitionMarks } from '../../ingest/kafka/marks.ts';
import { type Finding, type FindingCode, findingOf } from '../../verify/finding.ts';
import type { ChainInArchive } from '../../verify/survey.ts';

/**
 * Asked in this order, since all three grow: `earliest`, the chain, `end`. So growth causes no false finding.
 */
export type Compared = {
  readonly place: ChainInArchive;
  /** Offset after the last one sealed and confirmed. Null: there is no such chain. */
  readonly nextOffset: number | null;
  /** Null: the brokers have no such partition. */
  readonly marks: PartitionMarks | null;
  /** An earlier end of the brokers. Null: nothing was promised, or no end that is old enough is known. */
  readonly before: EndBefore | null;
  /** False: no time was promised, so waiting offsets without a chain are reported at once. */
  readonly isPromised: boolean;
};

/** An end so old that all offsets below it must be sealed by now. */
type EndBefore = { readonly atMs: number; readonly end: number };

export type Completeness = {
  readonly findings: readonly Finding[];
  /** Offsets that wait to be sealed. Null: unknown. */
  readonly waiting: number | null;
};

/**
 * Finds three faults. Offsets that the brokers deleted before they were sealed are lost for good. If the
 * brokers have less than was sealed, they lost records, or the topic is another one. Offsets that wait longer
 * than promised are late, even if heartbeats are sealed meanwhile. A topic that was created anew and has
 * outgrown the old one is not found here: the archiver finds it by the topic's id.
 */
export function compareOffsets({ place, nextOffset, marks, before, isPromised }: Compared): Completeness {
  const name = `${place.chain}/${place.partition}`;
  if (marks === null) {
    // Neither a partition nor a chain: somebody asked about something that does not exist.
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
    const found = [
      `the brokers begin at offset ${earliest}:`,
      `${counted(earliest - nextOffset, 'offset is', 'offsets are')} gone unsealed`,
    ].join(' ');
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

/** The key keeps it apart from the archive's own finding of the same code. */
export const completenessFinding = (
  code: FindingCode,
  name: string,
  expected: string,
  found: string,
): Finding => findingOf(code, { key: `kafka:${name}`, expected, found });

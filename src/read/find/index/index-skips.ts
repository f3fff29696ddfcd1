// Which segments need not be read, on the word of a second party, and what did it say of them?

import { targetText } from '../../../format/target.ts';
import type { SealToVisit } from '../../../verify/content-visitor.ts';
import type { ChainInArchive } from '../../../verify/survey.ts';
import type { SearchSpec } from '../search-spec.ts';
import { cannotHit, isAnswerable, isIndexed } from './cannot-hit.ts';
import type { SegmentIndex } from './segment-index.ts';
import { indexKey, segmentId } from './value-hash.ts';

/** An index that a trusted cosigner has signed, as the note of a segment's sequence in this archive. */
export type SignedIndex = { readonly index: SegmentIndex; readonly by: string; readonly key: string };

export type RefusedIndex = { readonly key: string; readonly why: string };

/**
 * Where indexes come from. Asked for the sequences of a chain in their order. Never rejects but when
 * aborted.
 */
export interface SegmentIndexes {
  of(
    place: ChainInArchive,
    sequence: number,
    signal: AbortSignal,
  ): Promise<{ readonly indexes: readonly SignedIndex[]; readonly refused: readonly RefusedIndex[] }>;
}

/** What was said of the segments of one chain that were not read. Counts only grow. */
export type OnWord = {
  /** Names of cosigners, as they stand together under the indexes of a segment. */
  readonly by: string;
  segments: number;
  records: number;
  tombstones: number;
  notJson: number;
  /** Of each condition with one place: records without a value there. Null: it has several, or no index. */
  readonly without: (number | null)[];
  /** Of each condition: whether some record has a value there. */
  readonly isPresent: boolean[];
};

export const noWord = (by: string, conditions: number): OnWord => ({
  ...{ by, segments: 0, records: 0, tombstones: 0, notJson: 0 },
  without: Array.from({ length: conditions }, () => 0),
  isPresent: Array.from({ length: conditions }, () => false),
});

/** Of one chain. */
export type IndexFacts = {
  readonly onWord: OnWord[];
  /** Segments that were read, since no index that is believed says anything of what was asked for. */
  unindexed: number;
  /** The first of them, by sequence. */
  readonly firstUnindexed: number[];
  readonly refused: RefusedIndex[];
  refusedOmitted: number;
};

export const noIndexFacts = (): IndexFacts => ({
  ...{ onWord: [], unindexed: 0, firstUnindexed: [], refused: [], refusedOmitted: 0 },
});

const NAMED_MAX = 5;
const REFUSED_MAX = 20;

/** True: no record of the segment can be a hit. Only for seals that a trusted key has signed. */
export async function isRuledOut(
  source: SegmentIndexes,
  { opened, place }: Pick<SealToVisit, 'opened' | 'place'>,
  spec: SearchSpec,
  facts: IndexFacts,
  signal: AbortSignal,
): Promise<boolean> {
  const { data, sequence } = opened.manifest;
  if (data === null || !isAnswerable(spec)) return false;
  const { indexes, refused } = await source.of(place, sequence, signal);
  const key = indexKey(data.sha256, opened.root);
  const segment = segmentId(key);
  const usable = indexes.filter(({ index }) => index.segment === segment);
  const others = indexes.filter(({ index }) => index.segment !== segment);
  noteRefused(facts, [
    ...refused,
    ...others.map((one) => ({ key: one.key, why: `an index by ${one.by}, but of another segment's bytes` })),
  ]);
  const said = usable.map(({ index }) => index);
  if (!isIndexed(said, spec)) {
    facts.unindexed++;
    if (facts.firstUnindexed.length < NAMED_MAX) facts.firstUnindexed.push(sequence);
    return false;
  }
  if (!cannotHit(said, spec, key)) return false;
  noteWord(facts, usable, spec);
  return true;
}

function noteRefused(facts: IndexFacts, refused: readonly RefusedIndex[]): void {
  const room = REFUSED_MAX - facts.refused.length;
  facts.refused.push(...refused.slice(0, room));
  facts.refusedOmitted += Math.max(0, refused.length - room);
}

function noteWord(facts: IndexFacts, usable: readonly SignedIndex[], { conditions }: SearchSpec): void {
  const by = [...new Set(usable.map((one) => one.by))].sort().join(' and ');
  let word = facts.onWord.find((one) => one.by === by);
  if (word === undefined) {
    word = noWord(by, conditions.length);
    facts.onWord.push(word);
  }
  const [first] = usable as readonly [SignedIndex];
  word.segments++;
  word.records += first.index.records;
  word.tombstones += first.index.tombstones;
  word.notJson += first.index.notJson;
  for (const [at, { targets }] of conditions.entries()) {
    const names = new Set(targets.map(targetText));
    const fields = usable.flatMap(({ index }) => index.fields.filter(({ field }) => names.has(field)));
    const sum = word.without[at] ?? null;
    const [field] = fields;
    word.without[at] = sum === null || targets.length > 1 || field === undefined ? null : sum + field.without;
    word.isPresent[at] ||= fields.some(({ without }) => without < first.index.records);
  }
}

// Which segments of a chain are read, which are not, and why?

import type { ArchiveVersion } from '../../verify/archive-reader.ts';
import type { DataOutcome } from '../../verify/content.ts';
import type { ContentVisitor, SealToVisit, Visit } from '../../verify/content-visitor.ts';
import { chainText } from '../../verify/handover.ts';
import type { ChainInArchive } from '../../verify/survey.ts';
import type { LocatedSeal } from '../chain-reader.ts';
import { type IndexFacts, isRuledOut, noIndexFacts, type SegmentIndexes } from './index/index-skips.ts';
import type { TimeRange } from './query.ts';
import type { SearchChecker } from './search-checker.ts';
import type { SearchScope } from './search-scope.ts';
import { addCounts, noCounts, type SearchCounts, type SearchSpec } from './search-spec.ts';
import type { SegmentFind } from './segment-search.ts';
import type { ChainQueues } from './turn-queue.ts';

/** Of the segments of one chain that have lines. Counts only grow. */
export type SegmentCounts = {
  withLines: number;
  /** Read whole, and every line compared with the seal. */
  read: number;
  /** By the times that their seals state: no record of theirs lies in the range. */
  outOfRecordTime: number;
  outOfSealedTime: number;
  /** By their seals: none of their records has a time, so none lies in a range of the records' times. */
  untimed: number;
  untimedRecords: number;
  /** No record of theirs can be a hit: on the word of a second party, by its signed index. */
  onWord: number;
  /** Their seals are not sound, or no trusted key signed them. */
  untrusted: number;
};

/** What was looked at in one chain. */
export type ChainWalk = {
  readonly chain: string;
  readonly partition: number;
  readonly topic: string | null;
  readonly segments: SegmentCounts;
  readonly counts: SearchCounts;
  readonly index: IndexFacts;
};

/** A segment that was read and is what its seal says. */
export type ReadSegment = {
  readonly walk: ChainWalk;
  readonly seal: LocatedSeal;
  readonly version: ArchiveVersion;
  readonly spec: SearchSpec;
  readonly found: SegmentFind;
};

const noSegments = (): SegmentCounts => ({
  ...{ withLines: 0, read: 0, outOfRecordTime: 0, outOfSealedTime: 0 },
  ...{ untimed: 0, untimedRecords: 0, onWord: 0, untrusted: 0 },
});

export type WalkOptions = {
  readonly time: TimeRange | null;
  readonly readsAll: boolean;
  /** Whether seals must be signed by a trusted key. */
  readonly hasKey: boolean;
  /** What a second party says of segments. Null: nobody's word is taken. */
  readonly indexes: SegmentIndexes | null;
  readonly storeKind: 's3' | 'directory';
  readonly signal: AbortSignal;
  /** Stored bytes that were read or passed by. */
  readonly onBytes: (bytes: number) => void;
};

/** Decides for each segment, and hands on what was found in those that were read. */
export class SegmentWalk implements ContentVisitor {
  readonly walks: readonly ChainWalk[];
  readonly #specs = new Map<string, { readonly walk: ChainWalk; readonly spec: SearchSpec }>();
  readonly #checker: SearchChecker;
  readonly #turns: ChainQueues<ReadSegment>;
  readonly #options: WalkOptions;

  constructor(
    searched: SearchScope['searched'],
    checker: SearchChecker,
    turns: ChainQueues<ReadSegment>,
    options: WalkOptions,
  ) {
    this.#checker = checker;
    this.#turns = turns;
    this.#options = options;
    this.walks = searched.map(({ spec, chain, partition, topic }) => {
      const counts = noCounts(spec.conditions.length);
      const walk = { chain, partition, topic, segments: noSegments(), counts, index: noIndexFacts() };
      this.#specs.set(chainText(walk), { walk, spec });
      return walk;
    });
  }

  async enter(seal: SealToVisit): Promise<Visit | null> {
    const { opened, place } = seal;
    const entry = this.#specs.get(chainText(place));
    const { data } = opened.manifest;
    if (entry === undefined || data === null) return null;
    const { walk, spec } = entry;
    walk.segments.withLines++;
    const { hasKey, onBytes, signal } = this.#options;
    if (!seal.isSound || (hasKey && !seal.isTrusted)) {
      walk.segments.untrusted++;
      return null;
    }
    if (this.#isSkipped(seal, walk.segments) || (await this.#isOnWord(seal, entry))) {
      onBytes(data.bytes);
      return null;
    }
    this.#checker.expect(data, spec);
    const queue = this.#turns.of(chainText(place));
    if (queue === undefined) return null;
    const set = await queue.begin(signal);
    return {
      checked: (version, outcome) => {
        onBytes(data.bytes);
        set(this.#resultOf(seal, version, outcome, entry));
      },
      end: () => set(null),
    };
  }

  leave(place: ChainInArchive): void {
    this.#turns.of(chainText(place))?.end();
  }

  /** Without a key nobody has shown that the seal is the one which the second party has seen. */
  async #isOnWord(
    seal: SealToVisit,
    { walk, spec }: { readonly walk: ChainWalk; readonly spec: SearchSpec },
  ): Promise<boolean> {
    const { indexes, hasKey, readsAll, signal } = this.#options;
    if (indexes === null || readsAll || !hasKey || !seal.isTrusted) return false;
    if (!(await isRuledOut(indexes, seal, spec, walk.index, signal))) return false;
    walk.segments.onWord++;
    return true;
  }

  #resultOf(
    { opened, key, version }: SealToVisit,
    dataVersion: ArchiveVersion,
    outcome: DataOutcome,
    { walk, spec }: { readonly walk: ChainWalk; readonly spec: SearchSpec },
  ): ReadSegment | null {
    const found = this.#checker.foundIn(outcome);
    // What is not what was sealed is said by its findings. Nothing of it is shown.
    if (found === undefined || outcome.problems.length > 0) return null;
    walk.segments.read++;
    addCounts(walk.counts, found.counts);
    const takenMs = this.#options.storeKind === 's3' ? (version.lastModifiedMs ?? null) : null;
    const { sequence } = opened.manifest;
    const seal = { ...opened, sequence, key, versionId: version.versionId, takenMs };
    return { walk, seal, version: dataVersion, spec, found };
  }

  /** What a seal states of its records' times has late records, and those of wrong clocks, within it. */
  #isSkipped({ opened }: SealToVisit, segments: SegmentCounts): boolean {
    const { time: asked, readsAll } = this.#options;
    if (asked === null || asked.kind === 'event') return false;
    const { time, records } = opened.manifest;
    // When it was sealed is what its seal says, and what was asked: nobody's word is taken for anything else.
    if (asked.kind === 'sealed') {
      const sealedMs = Date.parse(time.sealed);
      if (sealedMs >= asked.fromMs && sealedMs < asked.toMs) return false;
      segments.outOfSealedTime++;
      return true;
    }
    if (readsAll) return false;
    if (time.first === null || time.last === null) {
      segments.untimed++;
      segments.untimedRecords += records.count;
      return true;
    }
    if (Date.parse(time.last) >= asked.fromMs && Date.parse(time.first) < asked.toMs) return false;
    segments.outOfRecordTime++;
    return true;
  }
}

// What was looked at, what was not, and so what does a search say? The completeness statement.
import type { Finding, Verdict } from '../../verify/finding.ts';
import type { Missing } from '../../verify/gaps.ts';
import type { IndexFacts, OnWord } from './index/index-skips.ts';
import type { ShortNames } from './name-texts.ts';
import type { Query, TimeRange } from './query.ts';
import type { SearchScope, TopicChain } from './search-scope.ts';
import type { SearchCounts } from './search-spec.ts';
import type { SegmentCounts } from './segment-walk.ts';

/** How a search ended: with everything looked at that was asked for, at its limit, or before, by a signal. */
export type SearchEnd = 'complete' | 'limit' | 'interrupted';

export type BeyondLimit = {
  /** At least one more is there. */
  readonly hasHit: boolean;
  /** Further segments that were read for that. */
  readonly segments: number;
};

export type ChainStatement = TopicChain & {
  readonly segments: SegmentCounts & {
    /** They were to be read and could not be: missing, expired, unreadable, or not what was sealed. */
    readonly notRead: number;
  };
  readonly counts: SearchCounts;
  readonly index: IndexFacts;
  /** What the short names of the search meant here. */
  readonly shortNames: ShortNames;
  /** The members below are null if the search ended before the chain was checked. */
  readonly verdict: Verdict | null;
  readonly origin: string | null;
  /** Of the checkpoint that it rests on. */
  readonly size: number | null;
  readonly root: string | null;
  readonly firstOffset: number | null;
  readonly nextOffset: number | null;
  readonly lastSealed: string | null;
  /** Up to this size a checkpoint or an attestation from outside rules out that anything was cut off. */
  readonly knownSize: number | null;
  /** Origin of the older chain that this one goes on from. */
  readonly continues: string | null;
  /** Offsets without a record, by reason, as the seals state it. */
  readonly missing: Missing | null;
  /** Without what only says that there is no key, or that a search asks for no locks. Bounded. */
  readonly findings: readonly Finding[];
};

export type Statement = {
  readonly archive: string;
  readonly asked: {
    readonly where: readonly string[];
    readonly text: readonly string[];
    readonly time: {
      readonly kind: TimeRange['kind'];
      readonly from: string | null;
      readonly to: string | null;
    } | null;
    readonly topics: readonly string[] | 'all';
    readonly partitions: readonly number[] | 'all';
    readonly limit: number | null;
  };
  readonly hits: number;
  readonly end: SearchEnd;
  /** What was seen behind the last hit that was asked for. Null: the search did not end at its limit. */
  readonly beyondLimit: BeyondLimit | null;
  /** Everything that was asked for was looked at by this search itself, and is what its seals say. */
  readonly isComplete: boolean;
  /**
   * The same, but segments in `onWord` were not read: a second party says that none of their records is a
   * hit.
   */
  readonly isCompleteOnWord: boolean;
  /**
   * The same, but for records of which can't be said whether they were asked for: they have no time of the
   * kind that bounds the search, or a value that can't be compared with the one that was asked for.
   */
  readonly isLookedAt: boolean;
  /** On whose word segments were not read. Over all chains. */
  readonly onWord: readonly OnWord[];
  /** Whether seals were checked against a trusted key. */
  readonly hasKey: boolean;
  /** Of the chains that were searched. Without a key never `verified`. Null: ended before. */
  readonly verdict: Verdict | null;
  readonly conclusion: string;
  /** Asked for, and not looked at. Sentences. */
  readonly leftOut: readonly string[];
  /** What was looked at, and what in it has no answer. Sentences. */
  readonly facts: readonly string[];
  /** What was not looked at without leaving anything out: passed by, not asked for, not there. Sentences. */
  readonly notLookedAt: readonly string[];
  /** What it does not rule out. Sentences. */
  readonly bounds: readonly string[];
  readonly counts: SearchCounts;
  readonly chains: readonly ChainStatement[];
  readonly notAsked: readonly TopicChain[];
  readonly withoutField: SearchScope['withoutField'];
  readonly unlisted: SearchScope['unlisted'];
  /** Of no one chain. */
  readonly findings: readonly Finding[];
};

/** A statement before its sentences. */
export type Looked = Omit<
  Statement,
  | 'isComplete'
  | 'isCompleteOnWord'
  | 'isLookedAt'
  | 'conclusion'
  | 'leftOut'
  | 'facts'
  | 'notLookedAt'
  | 'bounds'
> & {
  readonly query: Query;
  readonly usesIndexes: boolean;
  /** What can't be ruled out of the ends of chains. */
  readonly endBound: string;
};

// What does every part of one verification share?

import type { Semaphore } from '../base/concurrency.ts';
import type { Sha256 } from '../base/hash.ts';
import type { Period } from '../base/period.ts';
import type { VerifierKey } from '../format/vkey.ts';
import type { HeldTo } from './acts/held-to.ts';
import type { Anchor } from './anchor.ts';
import type { ArchiveReader } from './archive-reader.ts';
import type { BlockChecker } from './block-checker.ts';
import type { ContentVisitor } from './content-visitor.ts';
import type { DataPresence } from './presence.ts';
import type { VerifySignature } from './trust.ts';

export type Depth = 'seals' | 'content';

/** Progress so far. Counts only grow. */
export type Progress = {
  chains: number;
  chainsDone: number;
  seals: number;
  dataObjects: number;
  /** Stored bytes of data objects. */
  bytes: number;
  lines: number;
};

export type Run = {
  readonly reader: ArchiveReader;
  readonly trusted: readonly VerifierKey[];
  readonly depth: Depth;
  readonly nowMs: number;
  readonly sha256: Sha256;
  readonly verifySignature: VerifySignature;
  readonly checker: BlockChecker;
  readonly signal: AbortSignal | undefined;
  /** Calls of the reader under way, over all chains. */
  readonly reads: Semaphore;
  /** Stored bytes of data objects in memory, over all chains. */
  readonly bytes: Semaphore;
  /** How many objects of one chain are read ahead. */
  readonly ahead: number;
  /** Other archives that were shown, each with its own keys. */
  readonly others: readonly Pick<Run, 'reader' | 'trusted'>[];
  /** What others say about a chain's past, by the chain's `name/partition`. */
  readonly anchors: ReadonlyMap<string, readonly Anchor[]>;
  readonly progress: Progress;
  /** Called after `progress` changed. */
  readonly report: () => void;
  /** A chain without a seal for so many ms is stale. Null: never. */
  readonly staleAfterMs: number | null;
  /** No seal promises a shorter lock. Null: not promised. */
  readonly leastLock: Period | null;
  /** No lock is longer. Null: not promised. */
  readonly greatestLock: Period | null;
  /** What decisions demand of its segments. Null: nobody looks at decisions. */
  readonly heldTo: HeldTo | null;
  /** Looks into data objects beside their check. Null: nobody does, and all are read. */
  readonly visitor: ContentVisitor | null;
  /** Hears which data objects are there. Null: nobody asks. */
  readonly presence: DataPresence | null;
};

// Who looks into data objects while they are checked, and which of them are read at all?
import type { ArchiveVersion } from './archive-reader.ts';
import type { DataOutcome } from './content.ts';
import type { OpenedSeal } from './open-seal.ts';
import type { ChainInArchive } from './survey.ts';

/** A seal with a data object, and what is known of it before that is read. */
export type SealToVisit = {
  readonly opened: OpenedSeal;
  readonly place: ChainInArchive;
  /** Of the seal. */
  readonly key: string;
  readonly version: ArchiveVersion;
  /** Nothing is wrong with the seal by itself, and it lies in its own chain. */
  readonly isSound: boolean;
  /** A key that is trusted here signed it. */
  readonly isTrusted: boolean;
};

export type Visit = {
  /** The object was read and checked. Its outcome may have problems. */
  checked(version: ArchiveVersion, outcome: DataOutcome): void;
  /** Nothing more comes. Called at least once, whatever happened. */
  end(): void;
};

export interface ContentVisitor {
  /**
   * Called for the seals of a chain in their order, before their data objects are looked for. It may wait,
   * and then so does the chain. Chains are checked side by side, and begin in the order in which they were
   * given. Null: this object is not read. That it is there, and its size, are checked
   * anyway.
   */
  enter(seal: SealToVisit): Promise<Visit | null>;
  /** Called once the chain is checked, whatever came of it: none of its seals comes any more. */
  leave?(place: ChainInArchive): void;
}

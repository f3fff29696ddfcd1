// What does a verification report in the end?
import type { Continues, SourceIdentity } from '../format/manifest.ts';
import type { Finding, Verdict } from './finding.ts';
import type { GapInChain, Missing } from './gaps.ts';
import type { Depth } from './run.ts';

type Checked = {
  readonly seals: number;
  readonly signatures: number;
  /** Object versions whose lock was read. */
  readonly locks: number;
  /** Data objects whose every byte was read. */
  readonly dataObjects: number;
  readonly lines: number;
};

/** For people: its origin, or only its place where the last seal there claims to be of another chain. */
export const placedName = ({
  origin,
  chain,
  partition,
}: Pick<ChainReport, 'origin' | 'chain' | 'partition'>) =>
  origin.endsWith(`/${chain}/${partition}`) ? origin : `${chain}/${partition}`;

export type ChainReport = {
  /** `O/chain/partition`. Without the O if neither a readable seal nor a trusted key says it. */
  readonly origin: string;
  readonly chain: string;
  readonly partition: number;
  /** Where the records come from, as the last seal states it; null when no seal could be read. */
  readonly source: SourceIdentity | null;
  readonly verdict: Verdict;
  /** Seals in the chain as far as it could be followed, and the root over all of them, in hex. */
  readonly size: number;
  readonly root: string;
  /** The older chain that this one goes on from, and why. Null also if its first seal was not looked at. */
  readonly continues: Continues | null;
  /** Of the first seal that was looked at; null when no seal could be read. */
  readonly firstOffset: number | null;
  /** The offset after the last one sealed; null when no seal could be read. */
  readonly nextOffset: number | null;
  /** Records archived, as the newest seal states it. */
  readonly entries: number;
  /** Records whose lines were read in this run. */
  readonly entriesRead: number;
  /** Offsets without a record, by reason, as the seals state it. */
  readonly missing: Missing;
  /** How the offsets of `missing.transaction` divide, as far as their lines were read. */
  readonly transactions: { readonly control: number; readonly aborted: number };
  /** Gaps that stand on somebody's word, as far as their lines were read, by offset. Bounded. */
  readonly gaps: readonly GapInChain[];
  /** Gaps that were read, beyond those listed. */
  readonly gapsOmitted: number;
  /** Offsets of such gaps whose lines were not read. */
  readonly gapOffsetsUnread: number;
  /** Stored bytes of data objects that were hashed. */
  readonly bytes: number;
  readonly findings: readonly Finding[];
  /** Findings beyond those listed. Lists are bounded, and the verdict counts all findings. */
  readonly findingsOmitted: number;
  readonly checked: Checked;
  /** Data objects that are gone after their promised time. */
  readonly expired: number;
  /**
   * Those of them that no attestation given to this run covers: nobody but the writer is known to have read
   * them.
   */
  readonly expiredUnread: number;
  /**
   * Segments that a case holds and that were not asked for their hold: they were sealed less than an hour
   * before.
   */
  readonly holdsToCome: number;
  /**
   * The greatest size that a checkpoint or an attestation given to this run names, and that the chain bears
   * out: nothing up to there was cut off. Null: nothing from outside was compared.
   */
  readonly knownSize: number | null;
  /** `time.sealed` of the last seal. */
  readonly lastSealed: string | null;
  /**
   * The signed checkpoint of the head, as text, if the whole chain up to it is verified. A later run compares
   * with it.
   */
  readonly checkpoint: string | null;
};

/** Archives that were shown beside the one that was verified (FORMAT.md 9.5.7). */
export type Beside<R> = {
  /** Of the archive that was verified, without them. The report's own `verdict` is the worst of all. */
  readonly verdictAlone: Verdict;
  /** In the order in which they were given. */
  readonly archives: readonly { readonly name: string; readonly report: R }[];
};

export type Report = ArchiveReport & {
  /** Left out: no other archive was verified with it. */
  readonly beside?: Beside<ArchiveReport>;
};

/** Of one archive. */
export type ArchiveReport = {
  readonly verdict: Verdict;
  /** With `seals`, no data object was read, so `verified` says nothing about their bytes. */
  readonly depth: Depth;
  readonly chains: readonly ChainReport[];
  /** Of no one chain: foreign objects, and keys and specifications that do not match their names. */
  readonly findings: readonly Finding[];
  readonly findingsOmitted: number;
};

// What does a verification report in the end?
import type { Finding, Verdict } from './finding.ts';
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

export type ChainReport = {
  /** `O/chain/partition`. Without the O if neither a readable seal nor a trusted key says it. */
  readonly origin: string;
  readonly chain: string;
  readonly partition: number;
  readonly verdict: Verdict;
  /** Seals in the chain as far as it could be followed, and the root over all of them, in hex. */
  readonly size: number;
  readonly root: string;
  /** The offset after the last one sealed; null when no seal could be read. */
  readonly nextOffset: number | null;
  /** Records archived. */
  readonly entries: number;
  /** Stored bytes of data objects that were hashed. */
  readonly bytes: number;
  readonly findings: readonly Finding[];
  /** Findings beyond those listed. Lists are bounded, and the verdict counts all findings. */
  readonly findingsOmitted: number;
  readonly checked: Checked;
  /** Data objects that are gone after their promised time. */
  readonly expired: number;
  /** `time.sealed` of the last seal. */
  readonly lastSealed: string | null;
  /**
   * The signed checkpoint of the head, as text, if the whole chain up to it is verified. A later run compares
   * with it.
   */
  readonly checkpoint: string | null;
};

export type Report = {
  readonly verdict: Verdict;
  /** With `seals`, no data object was read, so `verified` says nothing about their bytes. */
  readonly depth: Depth;
  readonly chains: readonly ChainReport[];
  /** Of no one chain: foreign objects, and keys and specifications that do not match their names. */
  readonly findings: readonly Finding[];
  readonly findingsOmitted: number;
};

// What is known of a decision that counts, and where does it stand?
import type { Act } from '../../format/act.ts';
import type { ActKind } from '../../format/act-detail.ts';

/** Where a line stands. */
export type SealedAt = {
  readonly offset: number;
  /** Of its segment. */
  readonly sequence: number;
  readonly sealedMs: number;
  /** Of the governance chain. Absent: 0. */
  readonly partition?: number;
  /** Fingerprints of the keys that seal it. Absent: not known. */
  readonly sealedBy?: readonly string[];
};

/** An act that counts. */
export type RecordedAct = {
  readonly act: Act;
  readonly place: SealedAt;
  readonly isForTwo: boolean;
  /** From where on it is in force; null while it is proposed. */
  inForce: SealedAt | null;
  approvedBy: RecordedAct | null;
  withdrawnBy: RecordedAct | null;
  /** What it demanded of the store was done. */
  doneBy: RecordedAct | null;
};

/** Of one kind. */
export type ActOf<Kind extends ActKind> = RecordedAct & { readonly act: Act & { readonly kind: Kind } };

/** Those of one kind, in their order. */
export const actsOf = <Kind extends ActKind>(acts: readonly RecordedAct[], kind: Kind): ActOf<Kind>[] =>
  acts.filter((one): one is ActOf<Kind> => one.act.kind === kind);

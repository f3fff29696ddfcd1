// What does the page of a verifier know?
import type { VerifierConfig } from '../../config/verifier.ts';
import type { ActsLook } from '../../read/acts.ts';
import type { RunKind } from '../../verifier/days/counts.ts';
import type { LocksSeen } from '../../verifier/tasks/lock-tally.ts';
import type { BoardState } from '../verifier/findings-board.ts';
import type { WatchState } from '../verifier/watch.ts';
import type { DaySeries } from './day-history.ts';

export type WatchView = {
  readonly config: VerifierConfig;
  readonly state: WatchState;
  /** By severity; null: not known yet. */
  readonly open: Readonly<Record<string, number | null>>;
  /** Each of the open findings, as they were read last. */
  readonly findings: BoardState;
  /** Of the last whole sweep. Null: none since this process began. */
  readonly locks: LocksSeen | null;
  /** What was read of the governance chain, and when it was last looked at. Null: not yet. */
  readonly decisions: { readonly look: ActsLook; readonly atMs: number } | null;
  /** Which runs there are to be. */
  readonly kinds: readonly RunKind[];
  readonly isHealthy: boolean;
  /** From a seal to its attestation, the longest of a round, in seconds. */
  readonly lag: DaySeries;
  /** Of the newest attested seal of a chain, in seconds: of the chain where it is oldest. */
  readonly sealAge: DaySeries;
  /** Since a round went through, in seconds. */
  readonly roundAge: DaySeries;
  readonly nowMs: number;
  readonly version: string;
};

// What does one verifier hold, whichever face it shows: Lambda, plain process or test?
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { ReadableStore, Store } from '../store/store.ts';
import type { Finding } from '../verify/finding.ts';
import type { StepTools } from './attest/attest-step.ts';
import type { Watched } from './events/cloudtrail.ts';
import type { ArchivePlace } from './events/work.ts';
import type { Covers } from './findings/ledger.ts';
import type { CheckName, Scope } from './findings/record.ts';
import type { RunResult } from './run.ts';
import type { Task } from './tasks/confirm.ts';

type FindingsReport = {
  readonly check: CheckName;
  /** Which open findings the check would have seen again: true for all of the scope, false for none. */
  readonly complete: boolean | Covers;
  /** Findings beyond those given. */
  readonly omitted?: number;
  readonly signal?: AbortSignal;
};

/** Where findings go. Resolves once they are kept as evidence and every channel was tried; a rejection means: report again. */
export interface FindingSink {
  report(scope: Scope, findings: readonly Finding[], options: FindingsReport): Promise<void>;
}

export type Verifier = {
  /** Of the other party: nothing here can write to it. */
  readonly archive: ReadableStore;
  /** Attestations and findings: this verifier's own place. */
  readonly own: Store;
  /** Null where the archive is no bucket. */
  readonly place: ArchivePlace | null;
  readonly step: StepTools;
  readonly findings: FindingSink;
  readonly tasks: ReadonlyMap<string, Task>;
  readonly log: Logger;
  readonly clock: Clock;
  /** A chain without a seal for longer is stale; null: nothing was promised. */
  readonly freshnessMs: number | null;
  /** Which calls in a trail are attempts on this archive; null where that is not known. */
  readonly watched: Watched | null;
  /** After each run, whatever became of it. */
  readonly onResult?: (result: RunResult) => void;
  /** Chains that are confirmed side by side: each holds a data object or more in memory. */
  readonly chainsAtOnce: number;
};

/** How long one run may take. */
export type RunLimits = {
  /** Until the process is ended from outside. */
  readonly remainingMs: () => number;
  /** Asked at safe places: false ends the run there, with what was done attested. */
  readonly mayGoOn?: () => boolean;
  /** Gives up at once. */
  readonly signal?: AbortSignal;
};

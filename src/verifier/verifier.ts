// What does a verifier hold, what is it asked for in a run, and what comes back? The same in Lambda, process
// and tests.
import type { Clock } from '../base/clock.ts';
import type { Semaphore } from '../base/concurrency.ts';
import type { Sha256 } from '../base/hash.ts';
import type { Logger } from '../base/log.ts';
import type { Period } from '../base/period.ts';
import type { Tracer } from '../base/trace.ts';
import type { VerifierKey } from '../format/vkey.ts';
import type { DecisionReader } from '../read/decision-reader.ts';
import type { ReadableStore, Store } from '../store/store.ts';
import type { Anchor } from '../verify/anchor.ts';
import type { ArchiveReader } from '../verify/archive-reader.ts';
import type { BlockChecker } from '../verify/block-checker.ts';
import type { Finding, Verdict } from '../verify/finding.ts';
import type { ChainReport } from '../verify/report.ts';
import type { ShownArchive } from '../verify/shown.ts';
import type { ChainInArchive } from '../verify/survey.ts';
import type { Attested } from './attest/attestation-reader.ts';
import type { Attester } from './attest/attester.ts';
import type { EndedRun, TaskLook } from './days/counts.ts';
import type { DayLog } from './days/day-log.ts';
import type { Watched } from './events/cloudtrail.ts';
import type { QueueMessage } from './events/envelopes.ts';
import type { ArchiveLocation } from './events/work.ts';
import type { Covers } from './findings/closed-by.ts';
import type { CheckName, FindingFile, Scope } from './findings/record.ts';
import type { SegmentIndexing } from './index/segment-indexing.ts';
import type { UnreadHeads } from './unread-heads.ts';

export type Verifier = {
  /** The other party's. Nothing here can write to it. */
  readonly archive: ReadableStore;
  /** Attestations and findings: this verifier's own bucket. */
  readonly own: Store;
  /** The archive's location in events. Null if it is not a bucket. */
  readonly place: ArchiveLocation | null;
  readonly step: StepTools;
  readonly sources: ChainComparison;
  readonly findings: FindingSink;
  /** Learns which findings earlier processes have left open. Rejects if its own bucket can't be read. */
  readonly loadOpen?: (signal: AbortSignal) => Promise<void>;
  readonly tasks: ReadonlyMap<string, Task>;
  readonly log: Logger;
  /** Left out: nobody traces. */
  readonly tracer?: Tracer;
  readonly clock: Clock;
  /** A chain without a seal for longer is stale. Null: nothing was promised. */
  readonly freshnessMs: number | null;
  /** Of these nothing is promised: chains, or CHAIN/PARTITION, that get no seal any more. */
  readonly endedChains?: readonly string[];
  /** The bucket of CloudTrail's files. */
  readonly trailFiles?: TrailFileReader | undefined;
  /** Which recorded calls are attempts on this archive. Null if that is unknown. */
  readonly watched: Watched | null;
  /** `watched` with what people have decided by now. Left out: nobody decides. */
  readonly watchedNow?: (signal?: AbortSignal) => Promise<Watched | null>;
  /** After each run, whatever its result. */
  readonly onResult?: (result: RunResult) => void;
  /** What ran is kept by the day. Left out: nowhere. */
  readonly days?: Pick<DayLog, 'ran' | 'stop'>;
  /** Chains that are confirmed side by side. Each holds a data object or more in memory. */
  readonly chainsAtOnce: number;
};

/** Compares a chain with all others of the archive, before it is attested. */
export interface ChainComparison {
  overlaps(report: ChainReport, attested: Attested | null, signal?: AbortSignal): Promise<readonly Finding[]>;
}

/** CloudTrail's files (events/trail-records.ts). */
export interface TrailFileReader {
  report(
    key: string,
    to: Pick<Verifier, 'watched' | 'watchedNow' | 'findings' | 'log'>,
    signal?: AbortSignal,
  ): Promise<void>;
  unread(signal?: AbortSignal): AsyncIterable<string>;
}

type FindingsReport = {
  readonly check: CheckName;
  /** Which open findings the check would have seen again. True: all of the scope. False: none. */
  readonly complete: boolean | Covers;
  /** How many more findings there are than those given. */
  readonly omitted?: number;
  /** Why an open finding is closed. Default: by the check. */
  readonly why?: (open: FindingFile) => string;
  readonly signal?: AbortSignal;
};

/**
 * Where findings go. Resolves once they are kept as evidence and every channel was tried. If it rejects,
 * report again.
 */
export interface FindingSink {
  report(scope: Scope, findings: readonly Finding[], options: FindingsReport): Promise<void>;
}

/** How long one run may take. */
export type RunLimits = {
  /** Until the process is ended from outside. */
  readonly remainingMs: () => number;
  /** Asked at safe points. False ends the run there; what was confirmed so far is attested. */
  readonly mayGoOn?: () => boolean;
  /** Gives up at once. */
  readonly signal?: AbortSignal;
};

export type RunResult = {
  readonly steps: readonly StepResult[];
  readonly failures: readonly Failure[];
  readonly metrics: Readonly<TaskMetrics>;
  /** Of tasks: what each looked at, and whether that was all. */
  readonly ended: readonly EndedRun[];
  /** Messages of the queue that are to be delivered again. */
  readonly failedIds: readonly string[];
};

export type Failure = {
  readonly what: string;
  readonly error: unknown;
  /** Null: it belongs to no single message, so all of them are delivered again. */
  readonly messages: readonly QueueMessage[] | null;
};

/** What tasks measure beside their steps. */
export type TaskMetrics = {
  /** When the byte was read that waits longest for its next reading. */
  oldestRereadMs: number | null;
  /** Not sealed for longer than was promised. Null: not looked at, or nothing was promised. */
  staleChains: number | null;
  /** Of which the brokers have offsets for longer than was promised. Null: not all of them were compared. */
  lateChains: number | null;
  /** Chains that the archive has. */
  chains: number | null;
  /** How long the round of the sweep that is under way, or has just ended, has taken so far. */
  sweepRoundMs: number | null;
  /** When the newest stamp was made, or the first try where there is none. Null: not looked at. */
  lastStampMs: number | null;
};

/** A scheduled piece of work. Rejects if it could not be done at all. */
export type Task = (input: TaskInput) => Promise<void>;

export type TaskInput = {
  readonly verifier: Verifier;
  /** Null: all chains. */
  readonly chains: readonly ChainInArchive[] | null;
  readonly limits: RunLimits;
  /** A step of one chain within 1/`shares` of the remaining time. Its findings are reported. */
  readonly confirm: (place: ChainInArchive, hintSize: number, shares: number) => Promise<StepResult>;
  readonly metrics: TaskMetrics;
  /** What the task has looked at. Left out: who runs it keeps no record. */
  readonly looked?: (at: TaskLook) => void;
  /** Notes what went wrong with one part; the task continues with the next. */
  readonly failed: (what: string, error: unknown) => void;
};

/** What one step along a chain needs. */
export type StepTools = {
  readonly archive: ArchiveReader;
  readonly trusted: readonly VerifierKey[];
  readonly attester: Attester;
  readonly sha256: Sha256;
  readonly checker: BlockChecker;
  readonly clock: Clock;
  /** No lock of the archive was ever to be shorter. Null or left out: nobody said so. */
  readonly leastLock?: Period | null;
  /** Left out: what was never read is walked again each time. */
  readonly unread?: UnreadHeads;
  /** What people decided. Left out: nobody looks. */
  readonly decisions?: DecisionReader;
  /** Over all steps that run side by side. */
  readonly bytesInFlight?: Semaphore;
  /** Archives that chains of this one may continue. Left out: none was shown. */
  readonly shown?: readonly ShownArchive[];
  /** Left out: no index is written. */
  readonly indexing?: SegmentIndexing | undefined;
};

export type StepOptions = {
  /** About the chain's size if an event names it. Any number will do. */
  readonly hintSize: number;
  /** Where others continue this chain. */
  readonly handovers?: readonly Anchor[];
  /** Where any chain is continued, by chain. Asked for a chain that continues another one. */
  readonly allHandovers?: () => Promise<ReadonlyMap<string, readonly Anchor[]>>;
  /** Asked before a chain is attested: do others go on from within it, or hold the same offsets? */
  readonly overlaps?: (report: ChainReport, attested: Attested | null) => Promise<readonly Finding[]>;
  /** Called with what was found, if anything, before it is attested. If it rejects, nothing is attested. */
  readonly beforeAttesting?: (found: StepFindings) => Promise<void>;
  /** Asked after each segment. False stops there, and the next run continues. */
  readonly mayGoOn?: () => boolean;
  readonly signal?: AbortSignal;
};

export type StepResult = {
  readonly place: ChainInArchive;
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
  /** Null: there is no such chain, and none was ever confirmed. */
  readonly report: ChainReport | null;
  /** What this verifier attests now. */
  readonly confirmed: {
    readonly size: number;
    readonly nextOffset: number | null;
    readonly root: string;
  } | null;
  /** The time of the oldest record of the newest segment, where `isNew`. Null: it has no records. */
  readonly oldestRecord?: string | null;
  /** True: an attestation of `confirmed` was written by this run. */
  readonly isNew: boolean;
  /** False: there is more to check. */
  readonly isAtEnd: boolean;
};

export type StepFindings = Pick<StepResult, 'place' | 'findings' | 'report'>;

/** False: there is no such chain and none was ever confirmed, so nothing was checked. */
export const isChainThere = ({ report, confirmed }: Pick<StepResult, 'report' | 'confirmed'>): boolean =>
  report !== null || confirmed !== null;

// Is each object locked as was promised, and what ends when? Counted by chain and by month.
import { timeText } from '../../format/time.ts';
import { type KeptData, keptBySeal } from '../../verify/acts/kept.ts';
import type { ArchiveLock } from '../../verify/archive-reader.ts';
import { missingProblem } from '../../verify/data-check.ts';
import { lockProblem } from '../../verify/locks.ts';

export type LockFact = {
  readonly chain: string;
  readonly partition: number;
  readonly key: string;
  readonly sealedMs: number;
  /** Until when its manifest promises it, or a decision that made its lock longer. */
  readonly promisedMs: number;
  /** Until when it may not be gone (FORMAT.md 13.6.9). Null: by `promisedMs`. */
  readonly kept?: KeptData | null;
  readonly state:
    | ArchiveLock
    | { readonly kind: 'gone' }
    | { readonly kind: 'unreadable'; readonly why: string };
};

/** Objects of segments that one chain sealed within one month. Times are RFC 3339. */
export type RetentionRow = {
  readonly chain: string;
  readonly partition: number;
  /** UTC, `2026-11`. */
  readonly month: string;
  segments: number;
  objects: number;
  /** In COMPLIANCE mode until the promised date or later. */
  kept: number;
  /** The promise is over, and no lock holds any more, or the object is gone. */
  over: number;
  /** Not as promised. */
  broken: number;
  /** The store did not say. */
  unknown: number;
  promisedFirst: string;
  promisedLast: string;
  lockFirst: string | null;
  lockLast: string | null;
};

export type LockFault = {
  readonly chain: string;
  readonly partition: number;
  readonly key: string;
  readonly code: string;
  readonly expected: string;
  readonly found: string;
};

export type MonthOfEnds = { readonly month: string; readonly objects: number };

const FAULTS_MAX = 200;
const monthOf = (ms: number): string => timeText(ms).slice(0, 7);
const earlier = (a: string | null, b: string): string => (a === null || b < a ? b : a);
const later = (a: string | null, b: string): string => (a === null || b > a ? b : a);

export class RetentionTally {
  readonly #nowMs: number;
  readonly #rows = new Map<string, RetentionRow>();
  readonly #ends = new Map<string, number>();
  readonly #unknown = new Map<string, number>();
  readonly faults: LockFault[] = [];
  faultsOmitted = 0;
  /** Whether any object lay where there are locks. */
  hasLocks = false;

  /** By the clock of this machine: whether a promise is over. */
  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  /** All objects of one segment. */
  add(facts: readonly LockFact[]): void {
    for (const [index, fact] of facts.entries()) this.#addObject(fact, index === 0);
  }

  #addObject(fact: LockFact, isFirst: boolean): void {
    const { promisedMs, state } = fact;
    if (state.kind !== 'not-applicable') this.hasLocks = true;
    const row = this.#rowOf(fact);
    if (isFirst) row.segments++;
    row.objects++;
    const promised = timeText(promisedMs);
    row.promisedFirst = earlier(row.promisedFirst || null, promised);
    row.promisedLast = later(row.promisedLast || null, promised);
    // S3 goes on to show a lock that has ended.
    const holds = state.kind === 'locked' && state.lock.untilMs > this.#nowMs;
    if (holds) this.#addEnd(row, state.lock.untilMs);
    // What may be gone is over, also where a decision came too late to keep it.
    const isOver = state.kind === 'gone' || this.#nowMs > promisedMs;
    const why = unknownWhy(state);
    const fault = why === null ? faultOf(fact, this.#nowMs) : null;
    if (why !== null) {
      row.unknown++;
      this.#unknown.set(why, (this.#unknown.get(why) ?? 0) + 1);
    } else if (fault !== null) {
      row.broken++;
      if (this.faults.length < FAULTS_MAX) this.faults.push(fault);
      else this.faultsOmitted++;
    } else if (isOver && !holds) row.over++;
    else row.kept++;
  }

  #addEnd(row: RetentionRow, untilMs: number): void {
    const until = timeText(untilMs);
    row.lockFirst = earlier(row.lockFirst, until);
    row.lockLast = later(row.lockLast, until);
    const month = until.slice(0, 7);
    this.#ends.set(month, (this.#ends.get(month) ?? 0) + 1);
  }

  #rowOf({ chain, partition, sealedMs }: LockFact): RetentionRow {
    const month = monthOf(sealedMs);
    const name = `${chain}/${partition}/${month}`;
    const row = this.#rows.get(name) ?? {
      ...{ chain, partition, month, segments: 0, objects: 0, kept: 0, over: 0, broken: 0, unknown: 0 },
      ...{ promisedFirst: '', promisedLast: '', lockFirst: null, lockLast: null },
    };
    this.#rows.set(name, row);
    return row;
  }

  rows(): readonly RetentionRow[] {
    return [...this.#rows.values()];
  }

  /** Of all locks that were read, in their order. */
  ends(): readonly MonthOfEnds[] {
    return [...this.#ends]
      .map(([month, objects]) => ({ month, objects }))
      .sort((a, b) => (a.month < b.month ? -1 : 1));
  }

  /** Why the store did not say how an object is locked, and of how many. */
  unknown(): readonly { readonly why: string; readonly objects: number }[] {
    return [...this.#unknown].map(([why, objects]) => ({ why, objects }));
  }
}

function unknownWhy(state: LockFact['state']): string | null {
  switch (state.kind) {
    case 'not-applicable':
      return 'they lie in a directory or a plain copy, which has no locks';
    case 'not-permitted':
      return 'the store hides locks from who asked';
    case 'unreadable':
      return state.why;
    default:
      return null;
  }
}

function faultOf(fact: LockFact, nowMs: number): LockFault | null {
  const { chain, partition, key, promisedMs, state } = fact;
  const at = { chain, partition, key };
  if (state.kind === 'gone') {
    const { code, expected } = missingProblem(fact.kept ?? keptBySeal(promisedMs), nowMs);
    return code === 'expired' ? null : { ...at, code, expected: expected ?? '-', found: 'no version of it' };
  }
  if (state.kind === 'unreadable') return null;
  if ((state.kind === 'locked' || state.kind === 'none') && state.eventHold !== undefined)
    return { ...at, code: 'retention-long', expected: 'a lock that ends', found: state.eventHold };
  const problem = lockProblem(state, promisedMs, nowMs);
  if (problem === null) return null;
  return { ...at, code: problem.code, expected: problem.expected ?? '-', found: problem.found ?? '-' };
}

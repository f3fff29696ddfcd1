// Which locks of the archive end soon, as the last whole sweep of this process saw them?
import { CANARY_CHAIN } from '../../format/chain.ts';
import { parseKey } from '../../format/paths.ts';
import type { LockState } from '../../store/store.ts';

type EndingLocks = {
  readonly chain: string;
  readonly partition: number;
  /** The UTC day on which they end. */
  readonly date: string;
  readonly objects: number;
};

export type LocksSeen = {
  /** When the sweep began, and ended: each lock was read in between. */
  readonly begunMs: number;
  readonly endedMs: number;
  /** Locks of segments' objects that were read. */
  readonly locks: number;
  /** Objects of segments without a lock, or of which it could not be read. */
  readonly unlocked: number;
  readonly notRead: number;
  /** The store keeps no locks at all. */
  readonly isWithoutLocks: boolean;
  /** Of those that end within `soonMs` of the end of the sweep, the soonest first. */
  readonly ending: readonly EndingLocks[];
  /** Objects beyond those listed, which end later than all of these. */
  readonly endingOmitted: number;
  /** Of all the others, when the first one ends. Null: there is none. */
  readonly nextMs: number | null;
};

export const SOON_DAYS = 30;
const DAY_MS = 86_400_000;
const SOON_MS = SOON_DAYS * DAY_MS;
/** Chains and days that are kept while a sweep goes on. */
const KEPT_MAX = 50_000;
const LISTED_MAX = 500;

type Round = {
  readonly begunMs: number;
  /** Where the next run must go on, or this one has begun there. */
  at: string;
  isRunning: boolean;
  locks: number;
  unlocked: number;
  notRead: number;
  isWithoutLocks: boolean;
  nextMs: number | null;
  omitted: number;
  readonly ending: Map<string, { chain: string; partition: number; date: string; objects: number }>;
};

/**
 * Counts along while a sweep reads each lock anyway. A sweep goes on over several runs, and perhaps in
 * several processes: one of which this process missed a part, or did a part twice, says nothing.
 */
export class LockTally {
  #round: Round | null = null;
  #seen: LocksSeen | null = null;

  /** Of the last sweep that this process did from its beginning to its end. Null: none yet. */
  get seen(): LocksSeen | null {
    return this.#seen;
  }

  /** A run begins. `at`: where; null at the beginning of a sweep. */
  begin(begunMs: number, at: object | null): void {
    const before = this.#round;
    const goesOn = before !== null && !before.isRunning && before.begunMs === begunMs;
    if (at === null) this.#round = newRound(begunMs);
    else if (goesOn && before.at === JSON.stringify(at)) before.isRunning = true;
    else this.#round = null;
  }

  /** Objects that are none of a segment are passed over. Null: the lock was not read. */
  saw(key: string, state: LockState | null, nowMs: number): void {
    const round = this.#round;
    const parsed = parseKey(key);
    if (round === null || (parsed?.kind !== 'seal' && parsed?.kind !== 'data')) return;
    if (parsed.chain === CANARY_CHAIN) return;
    if (state === null || state.kind === 'not-permitted') round.notRead++;
    else if (state.kind === 'not-applicable') round.isWithoutLocks = true;
    else if (state.kind === 'none' || state.lock.untilMs <= nowMs) round.unlocked++;
    else {
      round.locks++;
      const { untilMs } = state.lock;
      if (untilMs - nowMs > SOON_MS) round.nextMs = Math.min(untilMs, round.nextMs ?? untilMs);
      else noteEnding(round, parsed, untilMs);
    }
  }

  /** A run ends; the next one goes on there. */
  pause(at: object): void {
    if (this.#round === null) return;
    this.#round.at = JSON.stringify(at);
    this.#round.isRunning = false;
  }

  /** The run that ends is the last one of the sweep. */
  whole(endedMs: number): void {
    if (this.#round === null) return;
    const { begunMs, locks, unlocked, notRead, isWithoutLocks, ending, omitted, nextMs } = this.#round;
    const sorted = [...ending.values()].sort(
      (a, b) => compare(a.date, b.date) || compare(a.chain, b.chain) || a.partition - b.partition,
    );
    const left = sorted.slice(LISTED_MAX).reduce((sum, { objects }) => sum + objects, 0);
    this.#seen = {
      ...{ begunMs, endedMs, locks, unlocked, notRead, isWithoutLocks, nextMs },
      ...{ ending: sorted.slice(0, LISTED_MAX), endingOmitted: omitted + left },
    };
    this.#round = null;
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const newRound = (begunMs: number): Round => ({
  ...{ begunMs, at: '', isRunning: true, locks: 0, unlocked: 0, notRead: 0, isWithoutLocks: false },
  ...{ nextMs: null, omitted: 0, ending: new Map() },
});

function noteEnding(
  round: Round,
  { chain, partition }: { readonly chain: string; readonly partition: number },
  untilMs: number,
): void {
  const date = new Date(untilMs).toISOString().slice(0, 10);
  const name = `${date} ${chain}/${partition}`;
  const one = round.ending.get(name);
  if (one !== undefined) one.objects++;
  else if (round.ending.size < KEPT_MAX) round.ending.set(name, { chain, partition, date, objects: 1 });
  else round.omitted++;
}

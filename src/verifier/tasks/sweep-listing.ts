// What does the listing of one folder show, key by key, in slices that the next run can continue?
import type { Clock } from '../../base/clock.ts';
import { TaskGroup } from '../../base/concurrency.ts';
import { afterPeriod, type Period } from '../../base/period.ts';
import { parseKey } from '../../format/paths.ts';
import { compareKeys } from '../../store/key-bytes.ts';
import type { HoldState, LockState, ObjectVersion, StoreReader } from '../../store/store.ts';
import { holdProblem } from '../../verify/acts-check.ts';
import type { Problem } from '../../verify/finding.ts';
import { FindingList } from '../../verify/finding-list.ts';
import { isStoreWide, lockProblem, lockSlackMs, lockText, longLockProblem } from '../../verify/locks.ts';
import { listObjects } from '../../verify/object-versions.ts';
import { storeProblem } from '../../verify/seal-reader.ts';
import type { HoldQuestions, HoldWanted } from './holds.ts';
import type { LockTally } from './lock-tally.ts';

export type ListingOptions = {
  readonly clock: Clock;
  /** Asked after each key but the first hundred: false ends the slice. */
  readonly mayGoOn: () => boolean;
  /** Keys of one slice at most, since its findings are held in memory. */
  readonly keysMax: number;
  /** Locks last at least so long from the object's day on. Null: any lock in compliance mode will do. */
  readonly leastLock: Period | null;
  /** And at most so long. Null: any lock will do. */
  readonly greatestLock: Period | null;
  /** Of which keys a legal hold is asked, at one call each, and what decisions say of it. */
  readonly holds: HoldQuestions;
  /** Of a chain: when the locks of its seals end, by sequence. Seals fill it in, and data is held to it. */
  readonly sealLocks?: Map<number, number>;
  /** Counts the locks that are read. */
  readonly tally?: Pick<LockTally, 'saw'>;
  readonly signal?: AbortSignal;
};

export type SweptObject = { readonly key: string; readonly oldest: ObjectVersion | null };

export type Listing = {
  readonly findings: FindingList;
  /** The last key of the slice. Null at the folder's end. */
  readonly upTo: string | null;
  readonly keys: number;
  /** True: the store was asked for a lock, so a fault of all its locks would have been seen again. */
  readonly askedLocks: boolean;
};

const LOCKS_AT_ONCE = 16;
/** Two locks of one segment may differ by a retry, not by a day. */
const DAY_MS = 86_400_000;
/** A run without time left still does so many keys, because its own note adds another key to sweep. */
const KEYS_MIN = 100;
/**
 * The listing itself shows delete markers and newer versions. Locks take one call each. `look` says whether a
 * key belongs there; no lock was promised for other keys. Rejects if the folder can't be listed, since then
 * nothing is known about the slice.
 */
export async function sweepFolder(
  store: StoreReader,
  prefix: string,
  after: string | null,
  look: (object: SweptObject, findings: FindingList) => Promise<boolean>,
  options: ListingOptions,
): Promise<Listing> {
  const { mayGoOn, keysMax, signal } = options;
  const findings = new FindingList();
  const locks = new LockLook(store, findings, options);
  const listed = store.listVersions(prefix, {
    ...(after !== null && { startAfter: after }),
    ...(signal && { signal }),
  });
  let keys = 0;
  let upTo: string | null = null;
  try {
    // listObjects returns the same version objects that it was given.
    for await (const { key, oldest } of listObjects(listed, findings)) {
      const object = { key, oldest: oldest as ObjectVersion | null };
      const belongs = await look(object, findings);
      if (belongs && object.oldest !== null) await locks.start(object.oldest);
      keys++;
      if (keys >= keysMax || (keys >= KEYS_MIN && !mayGoOn())) {
        upTo = key;
        break;
      }
    }
  } finally {
    await locks.finish();
  }
  return { findings, upTo, keys, askedLocks: locks.asked };
}

/** True for keys of the slice. */
export const isInSlice = (key: string, prefix: string, after: string | null, upTo: string | null): boolean =>
  key.startsWith(prefix) &&
  (after === null || compareKeys(key, after) > 0) &&
  (upTo === null || compareKeys(key, upTo) <= 0);

class LockLook {
  readonly #store: StoreReader;
  readonly #findings: FindingList;
  readonly #options: ListingOptions;
  readonly #tasks = new TaskGroup(LOCKS_AT_ONCE);
  /** False once the store has said that it shows no locks. */
  #asks = true;
  #asksHolds = true;
  asked = false;

  constructor(store: StoreReader, findings: FindingList, options: ListingOptions) {
    this.#store = store;
    this.#findings = findings;
    this.#options = options;
  }

  async start(version: ObjectVersion): Promise<void> {
    if (!this.#asks) this.#tally(version, null);
    const wanted = this.#asksHolds ? this.#options.holds.wantedOf(version.key, version.lastModifiedMs) : null;
    if (this.#asks || wanted !== null) await this.#tasks.start(() => this.#look(version, wanted));
  }

  finish(): Promise<void> {
    return this.#tasks.finish();
  }

  async #look(version: ObjectVersion, wanted: HoldWanted | null): Promise<void> {
    const { key, versionId } = version;
    const { signal } = this.#options;
    const place = { key, versionId };
    try {
      if (this.#asks) {
        const state = await this.#store.lock(key, versionId, signal).catch((error: unknown) => {
          this.#tally(version, null);
          throw error;
        });
        this.#tally(version, state);
        this.#judge(version, state);
        this.asked = true;
      }
      if (wanted !== null) this.#judgeHold(place, wanted, await this.#store.hold(key, versionId, signal));
    } catch (error) {
      signal?.throwIfAborted();
      this.#findings.add(storeProblem(error), place);
    }
  }

  #tally({ key }: ObjectVersion, state: LockState | null): void {
    this.#options.tally?.saw(key, state, this.#options.clock.now());
  }

  #judgeHold(
    place: { readonly key: string; readonly versionId: string },
    { cases, mayBeHeld, segment }: HoldWanted,
    state: HoldState,
  ): void {
    const problem = holdProblem(state, cases, mayBeHeld);
    if (state === 'held' || state === 'none') {
      if (problem !== null) this.#findings.add(problem, { ...place, sequence: segment.sequence });
    } else if (this.#asksHolds) {
      // True of the store as a whole, so it is reported once.
      this.#asksHolds = false;
      if (problem === null) return;
      if (state === 'not-permitted') this.#findings.add(problem);
      else
        this.#findings.add({
          ...{ code: 'legal-hold-missing', expected: 'a legal hold', found: 'a store without legal holds' },
        });
    }
  }

  /** Both are locked by one promise, so data that is locked for longer was locked again by somebody. */
  #beyondSeal(key: string, state: LockState): Problem | null {
    const { sealLocks } = this.#options;
    const parsed = sealLocks === undefined || state.kind !== 'locked' ? null : parseKey(key);
    if (sealLocks === undefined || state.kind !== 'locked' || parsed === null) return null;
    const { mode, untilMs } = state.lock;
    if (parsed.kind === 'seal') sealLocks.set(parsed.sequence, untilMs);
    if (parsed.kind !== 'data') return null;
    const sealMs = sealLocks.get(parsed.sequence);
    if (sealMs === undefined || untilMs <= sealMs + DAY_MS) return null;
    const expected = `no lock beyond that of its seal, ${new Date(sealMs).toISOString()}`;
    return { code: 'retention-long', expected, found: lockText(mode, untilMs) };
  }

  #judge(version: ObjectVersion, state: Awaited<ReturnType<StoreReader['lock']>>): void {
    const { key, versionId, lastModifiedMs } = version;
    const { clock, leastLock, greatestLock } = this.#options;
    const long = longLockProblem(state, version, greatestLock);
    if (long !== null) this.#findings.add(long, { key, versionId });
    const beyond = this.#beyondSeal(key, state);
    if (beyond !== null && long === null) this.#findings.add(beyond, { key, versionId });
    // By the object's own time. The exact end is in its seal, which the step and the scrub check.
    const untilMs =
      leastLock === null ? null : afterPeriod(lastModifiedMs, leastLock) - lockSlackMs(leastLock);
    const nowMs = clock.now();
    const promisedMs = untilMs !== null && untilMs < nowMs ? null : untilMs;
    const decidedMs = this.#options.holds.lockedUntilMs(key);
    const leastMs = decidedMs > Math.max(promisedMs ?? 0, nowMs) ? decidedMs : promisedMs;
    const problem = lockProblem(state, leastMs, nowMs);
    if (problem === null) return;
    if (!isStoreWide(problem)) {
      this.#findings.add(problem, { key, versionId });
    } else if (this.#asks) {
      this.#asks = false;
      this.#findings.add(problem);
    }
  }
}

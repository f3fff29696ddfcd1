// What does a listing of one folder show, key by key, in slices that can be gone on from?
import type { Clock } from '../../base/clock.ts';
import { TaskGroup } from '../../base/concurrency.ts';
import { compareKeys } from '../../store/key-bytes.ts';
import type { HoldState, ObjectVersion, StoreReader } from '../../store/store.ts';
import { FindingList } from '../../verify/finding-list.ts';
import { isStoreWide, lockProblem } from '../../verify/locks.ts';
import { listObjects } from '../../verify/object-versions.ts';
import { storeProblem } from '../../verify/seal-reader.ts';

export type ListingOptions = {
  readonly clock: Clock;
  /** Asked after each key but the first hundred: false ends the slice. */
  readonly mayGoOn: () => boolean;
  /** Keys of one slice at most: what its findings are closed by is held in memory. */
  readonly keysMax: number;
  /**
   * Locks run at least so long from the day of the object on; null: that there is one in compliance mode is
   * all.
   */
  readonly leastLockMs: number | null;
  /** Legal holds are asked for where this says so, a call each: whoever may set one may take it off. */
  readonly isHoldPromised: (key: string) => boolean;
  readonly signal?: AbortSignal;
};

export type SweptObject = { readonly key: string; readonly oldest: ObjectVersion | null };

export type Listing = {
  readonly findings: FindingList;
  /** The last key that was looked at; null at the folder's end. */
  readonly upTo: string | null;
  readonly keys: number;
  /** The store was asked for a lock: what is wrong with all of them was seen again. */
  readonly askedLocks: boolean;
};

const LOCKS_AT_ONCE = 16;
/** A run that has no time left goes so far all the same: its own note is one more key to sweep. */
const KEYS_MIN = 100;
/**
 * An object may be written hours after the time that its lock counts from: when S3 was away meanwhile, and
 * tried again.
 */
const slackOf = (leastLockMs: number): number => Math.min(86_400_000, leastLockMs / 10);

/**
 * Markers and newer versions are found by the listing itself, locks by a call each, strange keys by `look`,
 * which says of each whether it belongs there: to all else no lock was promised. Rejects when the folder
 * can't be listed: then nothing is known of the slice.
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
    // listObjects hands on the very versions that it was given.
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
  /** False once the store has said that it shows none. */
  #asks = true;
  #asksHolds = true;
  asked = false;

  constructor(store: StoreReader, findings: FindingList, options: ListingOptions) {
    this.#store = store;
    this.#findings = findings;
    this.#options = options;
  }

  async start(version: ObjectVersion): Promise<void> {
    const asksHold = this.#asksHolds && this.#options.isHoldPromised(version.key);
    if (this.#asks || asksHold) await this.#tasks.start(() => this.#look(version, asksHold));
  }

  finish(): Promise<void> {
    return this.#tasks.finish();
  }

  async #look(version: ObjectVersion, asksHold: boolean): Promise<void> {
    const { key, versionId } = version;
    const { signal } = this.#options;
    const place = { key, versionId };
    try {
      if (this.#asks) {
        this.#judge(version, await this.#store.lock(key, versionId, signal));
        this.asked = true;
      }
      if (asksHold) this.#judgeHold(place, await this.#store.hold(key, versionId, signal));
    } catch (error) {
      signal?.throwIfAborted();
      this.#findings.add(storeProblem(error), place);
    }
  }

  #judgeHold(place: { readonly key: string; readonly versionId: string }, state: HoldState): void {
    const expected = 'a legal hold';
    if (state === 'held') return;
    if (state === 'none') {
      this.#findings.add({ code: 'legal-hold-missing', expected, found: 'none' }, place);
    } else if (this.#asksHolds) {
      // Of the store rather than of one object: said once.
      this.#asksHolds = false;
      if (state === 'not-permitted') {
        const [wanted, found] = ['permission to read legal holds', 'hidden by the store'];
        this.#findings.add({ code: 'locks-not-permitted', expected: wanted, found });
      } else {
        this.#findings.add({ code: 'legal-hold-missing', expected, found: 'a store without legal holds' });
      }
    }
  }

  #judge(
    { key, versionId, lastModifiedMs }: ObjectVersion,
    state: Awaited<ReturnType<StoreReader['lock']>>,
  ): void {
    const { clock, leastLockMs } = this.#options;
    // By the object's own time: the exact end stands in its seal, and is the step's and the pass's matter.
    const untilMs = leastLockMs === null ? null : lastModifiedMs + leastLockMs - slackOf(leastLockMs);
    const nowMs = clock.now();
    const problem = lockProblem(state, untilMs !== null && untilMs < nowMs ? null : untilMs, nowMs);
    if (problem === null) return;
    if (!isStoreWide(problem)) {
      this.#findings.add(problem, { key, versionId });
    } else if (this.#asks) {
      this.#asks = false;
      this.#findings.add(problem);
    }
  }
}

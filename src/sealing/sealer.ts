// How is a segment made permanent? FORMAT.md §7: sign once, data first, seal last, and every outcome known.

import { equalBytes } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import { KeyedMutex, Semaphore } from '../base/concurrency.ts';
import { isRetriable, LedgerstoneError } from '../base/error.ts';
import type { Sha256 } from '../base/hash.ts';
import { afterPeriod, type Period } from '../base/period.ts';
import { backoffMs } from '../base/retry.ts';
import { noTracer, type Tracer } from '../base/trace.ts';
import { parseTime, parseUntil } from '../format/manifest.ts';
import type { NoteSignature } from '../format/note.ts';
import { oldestVersion } from '../format/oldest-version.ts';
import { verifierKey } from '../format/vkey.ts';
import { type Segment, sealBytes } from '../segment/segment.ts';
import type { Signer } from '../sign/signer.ts';
import type { Lock, ObjectVersion, Store } from '../store/store.ts';
import { isClockRight, requireRightClock } from './clock-check.ts';
import { confirmLock } from './confirm-lock.ts';

export type SealOutcome =
  | { readonly kind: 'stored'; readonly segment: Segment }
  /**
   * Another writer's bytes are the oldest version of the seal's key: this segment is not part of the chain.
   */
  | { readonly kind: 'fenced'; readonly segment: Segment };

/** Who is told how many bytes the segments on their way hold. */
type Carried = { hold(bytes: number): void; release(): void };

export type SealerOptions = {
  readonly store: Store;
  /** One for each key of its manifest. */
  readonly signersOf: (segment: Segment) => readonly Signer[];
  readonly sha256: Sha256;
  readonly clock: Clock;
  readonly random: () => number;
  readonly memory: { open(owner: null): Carried };
  /** Lock of seals: never shorter than any data object's. */
  readonly sealRetention: { readonly mode: Lock['mode']; readonly period: Period };
  /** The process is going down: whatever waits stops waiting. */
  readonly signal: AbortSignal;
  /** By default nobody traces. */
  readonly tracer?: Tracer;
};

/** A step's span lasts as long as all of its tries. */
const SPANS = {
  clock: 'ledgerstone.check_clock',
  data: 'ledgerstone.put_data',
  sign: 'ledgerstone.sign',
  seal: 'ledgerstone.put_seal',
} as const;

/** Called for each try that failed, and with null once the step went through: a person may have to act. */
export type OnTrouble = (error: unknown | null) => void;

const RETRIABLE = { firstMs: 100, capMs: 10_000, attempts: Number.POSITIVE_INFINITY };
const FATAL = { firstMs: 5_000, capMs: 30_000, attempts: Number.POSITIVE_INFINITY };
/** A lock may not lie in the past by the time it arrives; longer than the manifest says is allowed. */
const LOCK_LEAST_MS = 60_000;
/** New chains at a time. */
const CHAIN_STARTS = 32;
/**
 * How often the store is asked, chain by chain, whether it keeps its word: is a stored object the oldest
 * version of its key, and locked? The verifier asks for every object. See docs/decisions/0066.
 */
const READ_BACK_MS = 60_000;

/**
 * Carries segments to a known outcome. Once signing was tried, a segment stays here until the store has shown
 * what became of it. There is one per origin at a time, so this process never signs two texts for one size,
 * and every retry repeats the same bytes.
 */
export class Sealer {
  /** By chain: two partitions of one topic must not create the same chain at once. */
  readonly chainCreation = new KeyedMutex();
  /** Of any chains: a process that is given hundreds of new partitions must not ask for all at once. */
  readonly chainStarts = new Semaphore(CHAIN_STARTS);
  readonly tracer: Tracer;
  readonly #options: SealerOptions;
  readonly #carried = new Map<string, Promise<SealOutcome>>();
  /** The greatest size that was ever sent to a signer, by origin. */
  readonly #signedSizes = new Map<string, number>();
  /** Monotonic: when all objects of a segment were last read back, by origin. */
  readonly #readBackMs = new Map<string, number>();

  constructor(options: SealerOptions) {
    this.#options = options;
    this.tracer = options.tracer ?? noTracer;
  }

  /**
   * Before a partition finds its position: resolves when nothing of this origin is on its way any more.
   * Another writer may have been at work since, so the next segment is read back whole.
   */
  async settled(origin: string): Promise<void> {
    await this.#carried.get(origin)?.catch(() => {});
    this.#readBackMs.delete(origin);
  }

  /** Resolves when nothing at all is on its way. */
  async idle(): Promise<void> {
    while (this.#carried.size > 0) await Promise.allSettled(this.#carried.values());
  }

  /**
   * Null: the local clock is right, now. Otherwise a promise until it is: no segment gets its time before.
   */
  clockWrong(onTrouble: OnTrouble): Promise<void> | null {
    return isClockRight(this.#options) ? null : this.#persist('clock', onTrouble, () => this.#checkClock());
  }

  /** Rejects only when the process goes down before the outcome is known. */
  carry(segment: Segment, onTrouble: OnTrouble): Promise<SealOutcome> {
    const origin = segment.checkpoint.origin;
    if (this.#carried.has(origin))
      throw new LedgerstoneError('assertion', `${origin}: a segment is on its way already`);
    const { size } = segment.checkpoint;
    if (size <= (this.#signedSizes.get(origin) ?? 0)) {
      throw new LedgerstoneError('assertion', `${origin}: size ${size} was signed by this process before`);
    }
    this.#signedSizes.set(origin, size);
    // Held until the outcome is known, also for a partition that was taken from us.
    const account = this.#options.memory.open(null);
    account.hold(segment.data?.bytes.length ?? 0);
    const outcome = this.#carry(segment, onTrouble).finally(() => {
      account.release();
      this.#carried.delete(origin);
    });
    this.#carried.set(origin, outcome);
    return outcome;
  }

  async #carry(segment: Segment, onTrouble: OnTrouble): Promise<SealOutcome> {
    const { sealRetention, clock } = this.#options;
    const { origin } = segment.checkpoint;
    const startedMs = clock.monotonic();
    const readBack = startedMs - (this.#readBackMs.get(origin) ?? Number.NEGATIVE_INFINITY) >= READ_BACK_MS;
    await this.#persist('clock', onTrouble, () => this.#checkClock());
    // Signing runs while the data uploads: neither is visible to a reader before the seal is.
    const [signatures] = await Promise.all([
      this.#sign(segment, onTrouble),
      this.#persist('data', onTrouble, () => this.#putData(segment, readBack)),
    ]);
    const bytes = sealBytes(segment, signatures);
    const sealedMs = parseTime(segment.manifest.time.sealed);
    const { until } = segment.manifest.retention;
    // 366 days or a year: which of them ends later depends on the year. The seal outlives its data.
    const untilMs = Math.max(afterPeriod(sealedMs, sealRetention.period), parseUntil(until));
    const lock = { mode: sealRetention.mode, untilMs: wholeSeconds(untilMs) };
    await this.#persist('clock', onTrouble, () => this.#checkClock());
    // From the first try of this PUT on, the segment may be committed: only the store can say.
    const ours = await this.#persist('seal', onTrouble, () =>
      this.#putSeal(segment.sealKey, bytes, lock, readBack),
    );
    // What begins a chain has no data whose lock could be read.
    const isWhole = segment.data !== null || segment.manifest.sequence > 0;
    if (ours && readBack && isWhole) this.#readBackMs.set(origin, startedMs);
    return ours ? { kind: 'stored', segment } : { kind: 'fenced', segment };
  }

  async #sign(segment: Segment, onTrouble: OnTrouble): Promise<NoteSignature[]> {
    const { signersOf, sha256, signal } = this.#options;
    const name = segment.checkpoint.origin;
    const signers = signersOf(segment);
    if (signers.length !== segment.manifest.keys.length)
      throw new LedgerstoneError('assertion', `${name}: no signer for a key of its manifest`);
    return Promise.all(
      signers.map(async (signer) => ({
        name,
        keyId: verifierKey(name, signer.publicKey, sha256).id,
        signature: await this.#persist('sign', onTrouble, () => signer.sign(segment.checkpointText, signal)),
      })),
    );
  }

  async #putData(segment: Segment, readBack: boolean): Promise<void> {
    const { store, signal } = this.#options;
    const { data, manifest } = segment;
    if (data === null) return;
    const lock = { mode: manifest.retention.mode, untilMs: parseUntil(manifest.retention.until) };
    const outcome = await store.putIfAbsent(data.key, data.bytes, this.#unexpired(lock), {
      signal,
      sha256: data.sha256,
    });
    // The key names the hash of these bytes, so any object there holds the same, or was altered.
    if (outcome.kind === 'stored' && !readBack) return;
    // Over a delete marker the PUT goes through, and it is the oldest version that counts and must be locked
    // long enough.
    const oldest = await this.#oldest(data.key);
    const stored = outcome.kind === 'stored' && outcome.versionId === oldest.versionId;
    if (!stored && !(await this.#holds(oldest, data.bytes))) {
      throw new LedgerstoneError('data-conflict', `${data.key} holds other bytes than its name says`, {
        remedy: 'Nothing of ours writes such an object: find out who did, then continue in a new chain.',
      });
    }
    await confirmLock(this.#options, data.key, oldest.versionId, lock);
  }

  /** True: our bytes are the seal. False: fenced. */
  async #putSeal(key: string, bytes: Uint8Array, lock: Lock, readBack: boolean): Promise<boolean> {
    const { store, signal } = this.#options;
    const outcome = await store.putIfAbsent(key, bytes, this.#unexpired(lock), { signal });
    // A create-only PUT succeeds over a delete marker, so "stored" alone doesn't say that ours is the oldest
    // version. This decides who is in the chain, so it is asked each time.
    const oldest = await this.#oldest(key);
    const stored = outcome.kind === 'stored' && outcome.versionId === oldest.versionId;
    if (!stored && !(await this.#holds(oldest, bytes))) return false;
    if (!stored || readBack) await confirmLock(this.#options, key, oldest.versionId, lock);
    return true;
  }

  async #oldest(key: string): Promise<ObjectVersion> {
    const { store, signal } = this.#options;
    const oldest = await oldestVersion(store, key, signal);
    if (oldest !== null) return oldest;
    throw new LedgerstoneError('unreadable', `${key} was stored and is not listed`, {
      disposition: 'retriable',
    });
  }

  async #holds(version: ObjectVersion, bytes: Uint8Array): Promise<boolean> {
    if (version.size !== bytes.length) return false;
    const { store, signal } = this.#options;
    return equalBytes(
      await store.read(version.key, version.versionId, { maxBytes: bytes.length, signal }),
      bytes,
    );
  }

  #unexpired(lock: Lock): Lock {
    const leastMs = wholeSeconds(this.#options.clock.now() + LOCK_LEAST_MS);
    return lock.untilMs >= leastMs - LOCK_LEAST_MS ? lock : { ...lock, untilMs: leastMs };
  }

  #checkClock(): Promise<void> {
    return requireRightClock(this.#options, this.#options.signal);
  }

  /**
   * Repeats a step until it succeeds or the process goes down. Fatal errors too: what is signed can't be
   * given up.
   */
  #persist<T>(step: keyof typeof SPANS, onTrouble: OnTrouble, run: () => Promise<T>): Promise<T> {
    return this.tracer.span(SPANS[step], {}, () => this.#untilDone(onTrouble, run));
  }

  async #untilDone<T>(onTrouble: OnTrouble, run: () => Promise<T>): Promise<T> {
    const { clock, random, signal } = this.#options;
    for (let attempt = 0; ; attempt++) {
      signal.throwIfAborted();
      try {
        const result = await run();
        if (attempt > 0) onTrouble(null);
        return result;
      } catch (error) {
        if (signal.aborted) throw error;
        onTrouble(error);
        const delayMs = backoffMs(isRetriable(error) ? RETRIABLE : FATAL, attempt, random);
        await clock.sleep(delayMs, signal);
      }
    }
  }
}

const wholeSeconds = (ms: number): number => Math.ceil(ms / 1000) * 1000;

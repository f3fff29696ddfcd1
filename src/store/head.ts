// Which is the newest seal of a chain? (FORMAT.md: Recovery)

import { LIMITS } from '../base/limits.ts';
import { makeOldestFilter } from '../format/oldest-version.ts';
import { parseKey, sealKey, sealPrefix } from '../format/paths.ts';
import type { ObjectVersion, StoreReader } from './store.ts';

/** A version or object that no writer of an archive leaves behind. It never changes what is committed. */
type TamperAttempt = {
  readonly kind: 'delete-marker' | 'extra-version' | 'foreign-object';
  readonly key: string;
  readonly versionId: string;
};

/** At most `TAMPER_ATTEMPTS_MAX`, and only under the keys that the search read; the verifier lists all. */
type TamperAttempts = { readonly found: readonly TamperAttempt[]; readonly omitted: number };

export const TAMPER_ATTEMPTS_MAX = 100;
/** So many seals are taken from one list. Beyond them, single ones are asked for at growing distances. */
const RUN_MAX = 900;

/**
 * `none`: nothing exists under the chain's seal prefix, not even a delete marker: the chain was never
 * created. `only-markers`: no seal, but delete markers or foreign objects. `head`: the oldest version of the
 * newest seal, with no seal after it. `hole`: seal `missing` doesn't exist, but `beyond`, a later one, does.
 * A chain may be created only on `none` and continued only on `head`.
 */
export type HeadSearch =
  | { readonly kind: 'none' }
  | { readonly kind: 'only-markers'; readonly attempts: TamperAttempts }
  | {
      readonly kind: 'head';
      readonly sequence: number;
      readonly version: ObjectVersion;
      readonly attempts: TamperAttempts;
    }
  | {
      readonly kind: 'hole';
      readonly missing: number;
      readonly beyond: ObjectVersion;
      readonly attempts: TamperAttempts;
    };

/**
 * One list where `hint`, a guess that may be wrong, is at most a page before the head, and where nothing lies
 * there. Otherwise O(log n) small ones: exponential search and bisection in both directions. It is certain
 * that no seal exists after the head. A hole before it can go unnoticed: the verifier reads every seal, this
 * search doesn't.
 */
export async function findHead(
  reader: StoreReader,
  chain: string,
  partition: number,
  hint = 0,
  signal?: AbortSignal,
): Promise<HeadSearch> {
  const probe = new SealProbe(reader, chain, partition, signal);
  const start = clamp(hint);
  const run = await probe.runFrom(start);
  const isFound = run.isWhole && (run.last >= start || start === 0);
  let head = isFound ? run.last : await probe.newestContiguous(Math.max(run.last, start));
  while (!isFound) {
    const beyond = await probe.firstSealAfter(head);
    if (beyond === null) break;
    // Another writer sealed it meanwhile: search on from there.
    if (beyond.sequence === head + 1) head = await probe.newestContiguous(beyond.sequence);
    else return { kind: 'hole', missing: head + 1, beyond: beyond.version, attempts: probe.attempts() };
  }
  const version = head < 0 ? null : await probe.seal(head);
  if (version !== null) return { kind: 'head', sequence: head, version, attempts: probe.attempts() };
  return probe.isUntouched() ? { kind: 'none' } : { kind: 'only-markers', attempts: probe.attempts() };
}

const clamp = (hint: number): number =>
  Number.isSafeInteger(hint) ? Math.min(Math.max(hint, 0), LIMITS.sequenceMax) : 0;

/** Reads single seals and caches those that exist. */
class SealProbe {
  readonly #reader: StoreReader;
  readonly #chain: string;
  readonly #partition: number;
  readonly #options: { readonly signal?: AbortSignal };
  readonly #seen = new Map<number, ObjectVersion>();
  readonly #attempts = new Map<string, TamperAttempt>();
  #omitted = 0;

  constructor(reader: StoreReader, chain: string, partition: number, signal?: AbortSignal) {
    this.#reader = reader;
    this.#chain = chain;
    this.#partition = partition;
    this.#options = signal === undefined ? {} : { signal };
  }

  /**
   * The seals from `start` on that follow one another; `last` is `start` − 1 if there is none. `isWhole`: no
   * seal comes after them.
   */
  async runFrom(start: number): Promise<{ readonly last: number; readonly isWhole: boolean }> {
    const counts = makeOldestFilter();
    let last = start - 1;
    for await (const version of this.#listAfter(last)) {
      const parsed = parseKey(version.key);
      if (parsed?.kind !== 'seal') this.#note('foreign-object', version);
      else if (version.marker) this.#note('delete-marker', version);
      else if (!counts(version)) this.#note('extra-version', version);
      else if (parsed.sequence !== last + 1 || last - start >= RUN_MAX) return { last, isWhole: false };
      else {
        last = parsed.sequence;
        this.#seen.set(last, version);
      }
    }
    return { last, isWhole: true };
  }

  /**
   * An n with a seal n and no seal n + 1, searched from `start`; −1: no seal at or below `start` was found.
   */
  async newestContiguous(start: number): Promise<number> {
    let low = start - 1;
    let high = start;
    if (await this.#has(start)) {
      for (let step = 1; await this.#has(high); step *= 2) {
        low = high;
        if (high >= LIMITS.sequenceMax) return low;
        high = Math.min(high + step, LIMITS.sequenceMax);
      }
    } else {
      for (let step = 1; low >= 0 && !(await this.#has(low)); step *= 2) {
        high = low;
        low = low === 0 ? -1 : Math.max(low - step, 0);
      }
    }
    // Seal `low` exists (or low is −1), seal `high` does not.
    while (high - low > 1) {
      const middle = low + Math.floor((high - low) / 2);
      if (await this.#has(middle)) low = middle;
      else high = middle;
    }
    return low;
  }

  async #has(sequence: number): Promise<boolean> {
    return (await this.seal(sequence)) !== null;
  }

  /** The seal of a sequence: the oldest version of its key. Absence isn't cached: a writer may be at work. */
  async seal(sequence: number): Promise<ObjectVersion | null> {
    const known = this.#seen.get(sequence);
    if (known !== undefined) return known;
    const key = sealKey(this.#chain, this.#partition, sequence);
    let oldest: ObjectVersion | null = null;
    const counts = makeOldestFilter();
    for await (const version of this.#reader.listVersions(key, { ...this.#options, exact: true })) {
      if (version.key !== key) continue;
      if (version.marker) this.#note('delete-marker', version);
      else if (counts(version)) oldest = version;
      else this.#note('extra-version', version);
    }
    if (oldest !== null) this.#seen.set(sequence, oldest);
    return oldest;
  }

  /** The first seal after that sequence, however far away; null: there is none. */
  async firstSealAfter(sequence: number): Promise<{ sequence: number; version: ObjectVersion } | null> {
    for await (const version of this.#listAfter(sequence)) {
      const parsed = parseKey(version.key);
      if (parsed?.kind !== 'seal') this.#note('foreign-object', version);
      else if (version.marker) this.#note('delete-marker', version);
      else return { sequence: parsed.sequence, version };
    }
    return null;
  }

  #listAfter(sequence: number): AsyncIterable<ObjectVersion> {
    const options = sequence < 0 ? {} : { startAfter: sealKey(this.#chain, this.#partition, sequence) };
    return this.#reader.listVersions(sealPrefix(this.#chain, this.#partition), {
      ...this.#options,
      ...options,
    });
  }

  #note(kind: TamperAttempt['kind'], { key, versionId, newerOmitted = 0 }: ObjectVersion): void {
    const id = `${key}\n${versionId}`;
    if (this.#attempts.has(id)) return;
    this.#omitted += newerOmitted;
    if (this.#attempts.size < TAMPER_ATTEMPTS_MAX) this.#attempts.set(id, { kind, key, versionId });
    else this.#omitted += 1;
  }

  attempts(): TamperAttempts {
    return { found: [...this.#attempts.values()], omitted: this.#omitted };
  }

  isUntouched(): boolean {
    return this.#attempts.size === 0;
  }
}

// Which is the newest seal of a chain? (FORMAT.md: Recovery)

import { LIMITS } from '../base/limits.ts';
import { makeOldestFilter } from '../format/oldest-version.ts';
import { parseKey, sealKey, sealPrefix } from '../format/paths.ts';
import type { ObjectVersion, StoreReader } from './store.ts';

/** Something on the way that no writer of an archive leaves behind. It never changes what is committed. */
type Attempt = {
  readonly kind: 'delete-marker' | 'extra-version' | 'foreign-object';
  readonly key: string;
  readonly versionId: string;
};

/** Those of the keys that were looked at, at most `ATTEMPTS_MAX`; the verifier is who lists all. */
type Attempts = { readonly found: readonly Attempt[]; readonly omitted: number };

export const ATTEMPTS_MAX = 100;

/**
 * `none`: under the chain's seal prefix lies nothing at all, not even a delete marker: the chain was never begun.
 * `only-markers`: no seal, but traces: markers, or foreign objects. `head`: the oldest version of the newest seal, with
 * nothing beyond it. `hole`: seal `missing` is not there while `beyond`, a later one, is.
 * Nobody may begin or continue the chain but on `none` and `head`.
 */
export type HeadSearch =
  | { readonly kind: 'none' }
  | { readonly kind: 'only-markers'; readonly attempts: Attempts }
  | {
      readonly kind: 'head';
      readonly sequence: number;
      readonly version: ObjectVersion;
      readonly attempts: Attempts;
    }
  | {
      readonly kind: 'hole';
      readonly missing: number;
      readonly beyond: ObjectVersion;
      readonly attempts: Attempts;
    };

/**
 * O(log n) small lists: galloping and bisection both ways from `hint`, a sequence that may be the head's and may be
 * anything. Certain is that nothing lies beyond the head. A hole below it, which the steps jumped over, stays unseen:
 * the verifier reads every seal, this does not.
 */
export async function findHead(
  reader: StoreReader,
  chain: string,
  partition: number,
  hint = 0,
  signal?: AbortSignal,
): Promise<HeadSearch> {
  const probe = new SealProbe(reader, chain, partition, signal);
  let head = await probe.newestContiguous(clamp(hint));
  for (;;) {
    const beyond = await probe.firstSealAfter(head);
    if (beyond === null) break;
    // Sealed by another writer since we looked: look on from there.
    if (beyond.sequence === head + 1) head = await probe.newestContiguous(beyond.sequence);
    else return { kind: 'hole', missing: head + 1, beyond: beyond.version, attempts: probe.attempts() };
  }
  const version = head < 0 ? null : await probe.seal(head);
  if (version !== null) return { kind: 'head', sequence: head, version, attempts: probe.attempts() };
  return probe.isUntouched() ? { kind: 'none' } : { kind: 'only-markers', attempts: probe.attempts() };
}

const clamp = (hint: number): number =>
  Number.isSafeInteger(hint) ? Math.min(Math.max(hint, 0), LIMITS.sequenceMax) : 0;

/** Looks at single seals, and remembers what it saw. */
class SealProbe {
  readonly #reader: StoreReader;
  readonly #chain: string;
  readonly #partition: number;
  readonly #options: { readonly signal?: AbortSignal };
  readonly #seen = new Map<number, ObjectVersion>();
  readonly #attempts = new Map<string, Attempt>();
  #omitted = 0;

  constructor(reader: StoreReader, chain: string, partition: number, signal?: AbortSignal) {
    this.#reader = reader;
    this.#chain = chain;
    this.#partition = partition;
    this.#options = signal === undefined ? {} : { signal };
  }

  /** The greatest n with a seal n but no seal n + 1 that is reached from `start`; −1 when there is none at or below it. */
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
    // Seal `low` is there (or low is −1), seal `high` is not.
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

  /** The seal of a sequence: the oldest version of its key. Absence is not remembered: a writer may be at work. */
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

  /** The first seal after that sequence, however far; null when the list ends without one. */
  async firstSealAfter(sequence: number): Promise<{ sequence: number; version: ObjectVersion } | null> {
    const prefix = sealPrefix(this.#chain, this.#partition);
    const options = sequence < 0 ? {} : { startAfter: sealKey(this.#chain, this.#partition, sequence) };
    for await (const version of this.#reader.listVersions(prefix, { ...this.#options, ...options })) {
      const parsed = parseKey(version.key);
      if (parsed?.kind !== 'seal') this.#note('foreign-object', version);
      else if (version.marker) this.#note('delete-marker', version);
      else return { sequence: parsed.sequence, version };
    }
    return null;
  }

  #note(kind: Attempt['kind'], { key, versionId, newerOmitted = 0 }: ObjectVersion): void {
    const id = `${key}\n${versionId}`;
    if (this.#attempts.has(id)) return;
    this.#omitted += newerOmitted;
    if (this.#attempts.size < ATTEMPTS_MAX) this.#attempts.set(id, { kind, key, versionId });
    else this.#omitted += 1;
  }

  attempts(): Attempts {
    return { found: [...this.#attempts.values()], omitted: this.#omitted };
  }

  isUntouched(): boolean {
    return this.#attempts.size === 0;
  }
}

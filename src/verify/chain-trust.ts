// Is each seal signed by a key that the one before it names? (FORMAT.md: keys)
import type { Sha256 } from '../base/hash.ts';
import { encodeVkey, type VerifierKey } from '../format/vkey.ts';
import type { Problem } from './finding.ts';
import { includesKey, trustedFor } from './trust.ts';

const REPORTED_MAX = 1000;

/**
 * Follows a chain's keys. The first seal needs a pinned key, and every other one a key of the seal before.
 * After a seal exactly its own keys are trusted, so the chain itself adds and retires keys.
 */
export class ChainTrust {
  readonly #pinned: readonly VerifierKey[];
  readonly #sha256: Sha256;
  /** Trusted keys after the last accepted seal. Null before any. */
  #keys: readonly VerifierKey[] | null = null;
  /** Reported once per set of keys, not once per seal. */
  readonly #reported = new Set<string>();

  constructor(pinned: readonly VerifierKey[], sha256: Sha256) {
    this.#pinned = pinned;
    this.#sha256 = sha256;
  }

  /** The next seal must have one of these keys. */
  believed(origin: string): readonly VerifierKey[] {
    return this.#keys ?? trustedFor(this.#pinned, origin, this.#sha256);
  }

  /** The caller confirmed this seal earlier. Its keys are trusted after it, as they were then. */
  adopt(keys: readonly VerifierKey[]): void {
    this.#keys = keys;
  }

  believes(origin: string, keys: readonly VerifierKey[]): boolean {
    const believed = this.believed(origin);
    return keys.some((key) => includesKey(believed, key));
  }

  /**
   * `isGood`: no rule but that of trust speaks against this seal (FORMAT.md 9.2.7). Null does not mean that
   * the keys are trusted: the same keys are reported only once.
   */
  step(origin: string, keys: readonly VerifierKey[], isGood: boolean): Problem | null {
    if (this.believes(origin, keys)) {
      if (isGood) this.#keys = keys;
      return null;
    }
    const isNone = trustedFor(this.#pinned, origin, this.#sha256).length === 0;
    const found = keys.map(encodeVkey).join(' ');
    const once = isNone ? origin : found;
    if (this.#reported.has(once)) return null;
    // A hostile writer can name other keys in each seal. What is reported is bounded, and so is this.
    if (this.#reported.size < REPORTED_MAX) this.#reported.add(once);
    return isNone
      ? { code: 'no-trusted-key', expected: `a trusted key for ${origin}`, found }
      : { code: 'unknown-key', expected: 'a key that is trusted at this point', found };
  }
}

// What have people decided about the archive, read again only when they decided more?
import type { Clock } from '../base/clock.ts';
import type { Sha256 } from '../base/hash.ts';
import { GOVERNANCE_CHAIN } from '../format/chain.ts';
import { sealKey, sealPrefix } from '../format/paths.ts';
import type { VerifierKey } from '../format/vkey.ts';
import type { StoreReader } from '../store/store.ts';
import { type HeldTo, heldTo } from '../verify/acts/held-to.ts';
import { type ActsLook, lookAtActs } from './acts.ts';

export type DecisionReaderOptions = {
  readonly archive: StoreReader;
  readonly trusted: readonly VerifierKey[];
  readonly sha256: Sha256;
  readonly clock: Clock;
};

/** For so long nobody looks whether there are more. */
const KEPT_MS = 60_000;

/** Costs one LIST a minute, and two GETs for each act whenever there is a new one. */
export class DecisionReader {
  readonly #options: DecisionReaderOptions;
  #last: { readonly look: ActsLook; readonly atMs: number } | null = null;

  constructor(options: DecisionReaderOptions) {
    this.#options = options;
  }

  /** What was read last, and when somebody last looked whether there is more. Null: nobody looked yet. */
  get last(): { readonly look: ActsLook; readonly atMs: number } | null {
    return this.#last;
  }

  /** `isNow`: also if it was looked at a moment ago. */
  async look(signal = new AbortController().signal, isNow = false): Promise<ActsLook> {
    const { archive, trusted, clock } = this.#options;
    const nowMs = clock.now();
    if (this.#last !== null) {
      if (!isNow && nowMs - this.#last.atMs < KEPT_MS) return this.#last.look;
      if (await this.#isSame(this.#last.look, signal)) {
        this.#last = { ...this.#last, atMs: nowMs };
        return this.#last.look;
      }
    }
    this.#last = { look: await lookAtActs(archive, trusted, signal), atMs: nowMs };
    return this.#last.look;
  }

  /** Null: nobody decided, or nothing could be read. */
  async heldTo(signal?: AbortSignal, isNow = false): Promise<HeldTo | null> {
    const look = await this.look(signal, isNow);
    return look.kind === 'read' ? this.heldToOf(look) : null;
  }

  heldToOf(look: ActsLook & { readonly kind: 'read' }): HeldTo {
    const { clock, sha256 } = this.#options;
    return heldTo(look, { nowMs: clock.now(), sha256 });
  }

  async #isSame(look: ActsLook, signal: AbortSignal): Promise<boolean> {
    if (look.kind !== 'read' || !look.isVerified) return false;
    const partition = look.partitions.at(-1) ?? 0;
    const startAfter = sealKey(GOVERNANCE_CHAIN, partition, look.head);
    const prefix = sealPrefix(GOVERNANCE_CHAIN, partition);
    for await (const _ of this.#options.archive.listVersions(prefix, { startAfter, limit: 1, signal }))
      return false;
    return true;
  }
}

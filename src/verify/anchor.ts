// What is known of a chain from elsewhere, and does the chain agree? Only this shows rollback, fork and
// truncation.
import { equalBytes, toHex } from '../base/bytes.ts';
import { parseSignedCheckpoint, type SignedCheckpoint } from '../format/note.ts';
import type { VerifierKey } from '../format/vkey.ts';
import type { Problem } from './finding.ts';
import type { OpenedSeal } from './open-seal.ts';
import { checkSignatures, includesKey, type VerifySignature } from './trust.ts';

/** "This chain had that root at that size." */
export type Anchor = {
  /** `handover`: another chain continues there, and this one has ended. */
  readonly kind: 'checkpoint' | 'handover' | 'confirmed';
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
  /** Offset after the last one of that size, if it is known. */
  readonly nextOffset: number | null;
  /** Null if the anchor is trusted already. */
  readonly signed: SignedCheckpoint | null;
  /** For people. */
  readonly from: string;
  /** Of a handover: the origin of the chain that goes on there. */
  readonly newer?: string;
};

/** Throws FormatError. */
export function anchorOfCheckpoint(bytes: Uint8Array): Anchor {
  const signed = parseSignedCheckpoint(bytes);
  return {
    kind: 'checkpoint',
    ...signed.checkpoint,
    nextOffset: null,
    signed,
    from: 'an earlier checkpoint',
  };
}

export type ConfirmedChain = {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
  /** For people: who confirmed it. */
  readonly from: string;
};

export const anchorOfConfirmed = (word: ConfirmedChain): Anchor => ({
  ...word,
  kind: 'confirmed',
  nextOffset: null,
  signed: null,
});

/** All keys that are trusted for an origin at this point. */
export type KeysFor = (origin: string) => readonly VerifierKey[];

export class AnchorCheck {
  readonly #anchors: readonly Anchor[];
  readonly #bySize: ReadonlyMap<number, readonly Anchor[]>;
  /** By origin, the least size at which another chain goes on. */
  readonly #handedOver = new Map<string, number>();
  /** Greatest size of which somebody's signature may have to be asked. */
  readonly #signedSize: number;
  readonly #keysFor: KeysFor;
  readonly #verify: VerifySignature;
  readonly #reached = new Set<Anchor>();
  /** The chain has this root at that size. */
  readonly #borneOut = new Set<Anchor>();
  /** Keys that the chain has trusted on its way so far, perhaps not any more. By their vkeys. */
  readonly #met = new Map<string, VerifierKey>();

  constructor(anchors: readonly Anchor[], keysFor: KeysFor, verify: VerifySignature) {
    this.#anchors = anchors;
    this.#bySize = Map.groupBy(anchors, ({ size }) => size);
    for (const { kind, origin, size } of anchors) {
      if (kind !== 'handover') continue;
      this.#handedOver.set(origin, Math.min(size, this.#handedOver.get(origin) ?? size));
    }
    this.#signedSize = greatest(anchors.filter(({ signed }) => signed !== null)) ?? 0;
    this.#keysFor = keysFor;
    this.#verify = verify;
  }

  /** Segments of which somebody else confirmed that every byte was read. */
  attestedSize(origin: string): number {
    return this.#greatest((anchor) => anchor.kind === 'confirmed' && anchor.origin === origin) ?? 0;
  }

  /** Up to this size something from outside of the archive shows the chain to be whole. Null: nothing. */
  knownSize(origin: string): number | null {
    return this.#greatest(
      (anchor) => anchor.kind !== 'handover' && anchor.origin === origin && this.#borneOut.has(anchor),
    );
  }

  #greatest(counts: (anchor: Anchor) => boolean): number | null {
    return greatest(this.#anchors.filter(counts));
  }

  /** True if a chain that continues elsewhere has left this one already. */
  isHandedOverBefore(origin: string, sequence: number): boolean {
    const size = this.#handedOver.get(origin);
    return size !== undefined && size <= sequence;
  }

  /** The chain has reached the size of this seal. */
  async reach(opened: OpenedSeal): Promise<Problem[]> {
    const { origin, sequence, records } = opened.manifest;
    const problems: Problem[] = [];
    this.#meetKeys(opened);
    for (const anchor of this.#bySize.get(sequence + 1) ?? []) {
      if (anchor.origin !== origin) continue;
      this.#reached.add(anchor);
      if (!equalBytes(anchor.root, opened.root)) {
        const expected = `root ${toHex(anchor.root)} at size ${anchor.size}: ${anchor.from}`;
        problems.push(await this.#believe(anchor, { code: 'fork', expected, found: toHex(opened.root) }));
        continue;
      }
      this.#borneOut.add(anchor);
      if (anchor.nextOffset !== null && anchor.nextOffset !== records.nextOffset) {
        const expected = `nextOffset ${anchor.nextOffset} at size ${anchor.size}: ${anchor.from}`;
        problems.push({ code: 'offset-gap', expected, found: String(records.nextOffset) });
      }
    }
    return problems;
  }

  /**
   * The chain has ended at `size`. `origin` is null if nothing of it could be read. `more`: objects of later
   * segments are still there, so its tail was cut off; otherwise an older state of it is shown. Nothing else
   * tells the two apart.
   */
  async finish(origin: string | null, size: number, more: boolean): Promise<Problem[]> {
    const problems: Problem[] = [];
    for (const anchor of this.#anchors) {
      if (this.#reached.has(anchor) || anchor.size === 0) continue;
      const isOther = origin !== null && anchor.origin !== origin;
      // A size that was passed but not reached lies in a gap, which is reported as such.
      if (!isOther && anchor.size <= size) continue;
      const code = isOther || more || size === 0 || anchor.signed === null ? 'truncation' : 'rollback';
      const expected = `${anchor.origin} of size ${anchor.size} or more: ${anchor.from}`;
      const chain = origin ?? 'a chain whose seals can not be read,';
      const found = origin === null && size === 0 ? 'no chain' : `${chain} of size ${size}`;
      problems.push(await this.#believe(anchor, { code, expected, found }));
    }
    return problems;
  }

  /**
   * Even if a thief moves the chain to other keys, what the chain's earlier keys have signed still counts.
   */
  #meetKeys({ manifest: { origin, sequence, keys }, signedKeys }: OpenedSeal): void {
    if (sequence >= this.#signedSize) return;
    const fresh = signedKeys
      .map((key, i) => [keys[i] as string, key] as const)
      .filter(([vkey]) => !this.#met.has(vkey));
    if (fresh.length === 0) return;
    const believed = this.#keysFor(origin);
    for (const [vkey, key] of fresh) if (includesKey(believed, key)) this.#met.set(vkey, key);
  }

  /** A checkpoint without a trusted signature proves nothing: its content can't be verified. */
  async #believe(anchor: Anchor, problem: Problem): Promise<Problem> {
    if (anchor.signed === null) return problem;
    const now = this.#keysFor(anchor.origin);
    const before = [...this.#met.values()].filter(
      (key) => key.name === anchor.origin && !includesKey(now, key),
    );
    const { problems, signedBy } = await checkSignatures(
      anchor.signed,
      [],
      [...now, ...before],
      this.#verify,
    );
    if (problems.length === 0 && signedBy.size > 0) return problem;
    return {
      code: 'unknown-key',
      expected: 'an earlier checkpoint signed by a trusted key',
      found: anchor.from,
    };
  }
}

const greatest = (anchors: readonly Anchor[]): number | null =>
  anchors.reduce<number | null>((most, { size }) => (most === null || size > most ? size : most), null);

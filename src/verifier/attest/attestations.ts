// What has this verifier confirmed so far, and how does it say so? Its own word, in its own bucket, under its own key.

import { equalBytes, toHex } from '../../base/bytes.ts';
import type { Clock } from '../../base/clock.ts';
import { FormatError, LedgerstoneError } from '../../base/error.ts';
import type { Sha256 } from '../../base/hash.ts';
import { LIMITS } from '../../base/limits.ts';
import { verifySignature } from '../../base/signature.ts';
import { attestationKey, attestationPrefix, parseAttestationKey } from '../../format/attestation.ts';
import {
  type CosignerKey,
  cosignatureLine,
  cosignedMessage,
  cosignerKey,
  readCosignature,
} from '../../format/cosignature.ts';
import { encodeSignedCheckpoint, parseSignedCheckpoint, type SignedCheckpoint } from '../../format/note.ts';
import { oldestVersion, oldestVersions } from '../../format/oldest-version.ts';
import type { VerifierKey } from '../../format/vkey.ts';
import type { Signer } from '../../sign/signer.ts';
import type { Lock, Store } from '../../store/store.ts';
import type { ArchiveReader, ArchiveVersion } from '../../verify/archive-reader.ts';
import type { Confirmed } from '../../verify/confirm.ts';
import type { OpenedSeal } from '../../verify/open-seal.ts';
import type { ChainPlace } from '../../verify/survey.ts';
import { coversOrigin } from '../../verify/trust.ts';

/** "This chain had that root at that size, and all of it was sound": by one of the cosigners that are believed. */
export type Attested = Confirmed & {
  readonly cosigner: CosignerKey;
  /** When it was confirmed, seconds since 1970; null where the cosigner's key carries no time (P-256). */
  readonly timeSeconds: number | null;
  readonly key: string;
};

/** A strange object at the place of an attestation. */
export type Stray = { readonly key: string; readonly versionId: string; readonly why: string };

/** Keys that one look at the newest attestations reads. */
const PAGE = 100;
/** Strange objects that are passed over on the way to the newest attestation. */
const STRAYS_MAX = 50;

/** The newest attestation of a chain by one of `cosigners`, and the strange objects above it. */
export class AttestationReader {
  readonly #store: ArchiveReader;
  readonly #cosigners: readonly CosignerKey[];
  readonly #trusted: readonly VerifierKey[];

  /** `trusted`: the archive's keys, by whose names its chains are told from another archive's; none: any will do. */
  constructor(store: ArchiveReader, cosigners: readonly CosignerKey[], trusted: readonly VerifierKey[] = []) {
    this.#store = store;
    this.#cosigners = cosigners;
    this.#trusted = trusted;
  }

  /**
   * A few small lists around `hintSize`, about where the chain's end is; any number will do. Delete markers and newer
   * versions hide nothing: what counts is the oldest version of each key. Throws `attestations-flooded` where so many
   * strange objects lie above the newest attestation that it was not reached.
   */
  async newest(
    place: ChainPlace,
    hintSize: number,
    signal?: AbortSignal,
  ): Promise<{ readonly attested: Attested | null; readonly strays: readonly Stray[] }> {
    const strays: Stray[] = [];
    let near = hintSize;
    for (let below = Number.POSITIVE_INFINITY; ; near = below) {
      const page = await this.#pageBelow(place, below, near, signal);
      for (const version of page.toReversed()) {
        const attested = await this.#open(place, version, signal).catch((error: unknown) => {
          if (!(error instanceof FormatError)) throw error;
          strays.push({ key: version.key, versionId: version.versionId, why: error.message });
          return null;
        });
        if (attested !== null) return { attested, strays };
        if (strays.length > STRAYS_MAX) {
          throw new LedgerstoneError(
            'attestations-flooded',
            `${attestationPrefix(place.chain, place.partition)}: more than ${STRAYS_MAX} objects there are no attestations`,
            {
              remedy:
                'Somebody else writes to the attestation bucket: find out who, and take the right away.',
            },
          );
        }
      }
      const first = page[0];
      if (first === undefined) return { attested: null, strays };
      below = sizeOf(first);
    }
  }

  /** The attestation of one size, or null. Throws FormatError for an object there that is none. */
  async of(place: ChainPlace, size: number, signal?: AbortSignal): Promise<Attested | null> {
    const key = attestationKey(place.chain, place.partition, size);
    const version = await oldestVersion(this.#store, key, signal);
    return version === null ? null : this.#open(place, version, signal);
  }

  /** The oldest versions of the greatest keys below that size, ascending; empty when there is none. */
  async #pageBelow(place: ChainPlace, below: number, hintSize: number, signal?: AbortSignal) {
    const list = (from: number) => this.#list(place, from, below, signal);
    // Down until something is found, in greater and greater steps.
    let from = Math.max(0, Math.min(hintSize, below) - PAGE / 2);
    let page = await list(from);
    for (let step = PAGE; page.length === 0 && from > 0; step *= 8) {
      from = Math.max(0, from - step);
      page = await list(from);
    }
    // Up as long as there is more: by greater and greater leaps, then, once one went too far, by smaller ones.
    let isTooFar = false;
    for (let step = PAGE; page.length === PAGE && step >= 1; ) {
      const leap = await list(sizeOf(page.at(-1) as ArchiveVersion) + step);
      if (leap.length > 0) page = leap;
      else isTooFar = true;
      step = isTooFar ? Math.floor(step / 2) : step * 8;
    }
    return page;
  }

  /** At most PAGE keys of sizes in [from, below), each with its oldest version. */
  async #list(
    place: ChainPlace,
    from: number,
    below: number,
    signal?: AbortSignal,
  ): Promise<ArchiveVersion[]> {
    const prefix = attestationPrefix(place.chain, place.partition);
    const found: ArchiveVersion[] = [];
    if (from > LIMITS.sequenceMax) return found;
    const options = {
      ...(from > 0 && { startAfter: attestationKey(place.chain, place.partition, from - 1) }),
      ...(signal && { signal }),
    };
    for await (const version of oldestVersions(this.#store.listVersions(prefix, options))) {
      const parsed = parseAttestationKey(version.key);
      if (parsed === null) continue;
      if (parsed.size >= below || found.length === PAGE) break;
      found.push(version);
    }
    return found;
  }

  async #open(place: ChainPlace, version: ArchiveVersion, signal?: AbortSignal): Promise<Attested> {
    const size = sizeOf(version);
    const options = { maxBytes: LIMITS.sealBytesMax, ...(signal && { signal }) };
    const bytes = await this.#store.read(version.key, version.versionId, options).catch((error: unknown) => {
      // Too long: strange like any other, and no reason to read no further.
      if (!(error instanceof LedgerstoneError) || error.disposition !== 'input') throw error;
      throw new FormatError(error.message);
    });
    const signed = parseSignedCheckpoint(bytes);
    const { checkpoint } = signed;
    const { origin } = checkpoint;
    const isOfArchive = this.#trusted.length === 0 || this.#trusted.some((key) => coversOrigin(key, origin));
    const isOfPlace = isOfArchive && origin.endsWith(`/${place.chain}/${place.partition}`);
    if (checkpoint.size !== size || size < 1 || !isOfPlace) {
      throw new FormatError(`a checkpoint of ${checkpoint.origin} at size ${checkpoint.size}`);
    }
    const by = await cosignedBy(signed, this.#cosigners);
    if (by === null) throw new FormatError('no cosignature of a cosigner that is believed');
    return { ...checkpoint, ...by, key: version.key };
  }
}

const sizeOf = (version: ArchiveVersion): number => parseAttestationKey(version.key)?.size ?? 0;

/** The first cosigner whose signature holds; null: none. Throws FormatError where one of theirs does not. */
export async function cosignedBy(
  signed: SignedCheckpoint,
  cosigners: readonly CosignerKey[],
): Promise<{ readonly cosigner: CosignerKey; readonly timeSeconds: number | null } | null> {
  for (const line of signed.signatures) {
    for (const cosigner of cosigners) {
      const read = readCosignature(line, cosigner, signed.text);
      if (read === null) continue;
      if (!(await verifySignature(cosigner.key, read.message, read.signature))) {
        throw new FormatError(`a signature by ${cosigner.name} that is not over this checkpoint`);
      }
      return { cosigner, timeSeconds: read.timeSeconds };
    }
  }
  return null;
}

export type AttestOutcome =
  | { readonly kind: 'attested'; readonly key: string }
  /** Another run of this verifier was first, with the same root. */
  | { readonly kind: 'existed'; readonly key: string }
  /** An attestation by this verifier says another root: one of the two was shown another archive. */
  | { readonly kind: 'conflict'; readonly key: string; readonly root: string }
  /** Something else lies at that key and can't be removed: this size stays without an attestation. */
  | { readonly kind: 'obstructed'; readonly key: string; readonly why: string };

export type AttesterOptions = {
  readonly store: Store;
  readonly name: string;
  readonly signer: Signer;
  /** Earlier keys of this verifier, still believed. */
  readonly earlier?: readonly CosignerKey[];
  /** Of the log: one cosigner may attest several archives, and what it said of another is none of this one's. */
  readonly trusted?: readonly VerifierKey[];
  readonly retention: { readonly mode: Lock['mode']; readonly periodMs: number };
  readonly sha256: Sha256;
  readonly clock: Clock;
};

export class Attester {
  readonly reader: AttestationReader;
  readonly key: CosignerKey;
  readonly #options: AttesterOptions;

  constructor(options: AttesterOptions) {
    this.#options = options;
    this.key = cosignerKey(options.name, options.signer.publicKey, options.sha256);
    const { store, earlier = [], trusted = [] } = options;
    this.reader = new AttestationReader(store, [this.key, ...earlier], trusted);
  }

  /**
   * Only for a head whose whole chain this verifier has confirmed. At most one attestation per size, whoever else does
   * the same: the key decides. A rejected promise means that nothing is known; the next run looks again.
   */
  async attest(place: ChainPlace, head: OpenedSeal, signal?: AbortSignal): Promise<AttestOutcome> {
    const { store, signer, retention, clock } = this.#options;
    const { text, signatures, checkpoint } = head.seal.signed;
    const key = attestationKey(place.chain, place.partition, checkpoint.size);
    const timeSeconds = Math.floor(clock.now() / 1000);
    const signature = await signer.sign(cosignedMessage(this.key, text, timeSeconds), signal);
    // Signatures of keys that nobody knows could crowd ours out: only the seal's own keys are carried along.
    const known = signatures.filter(({ keyId, name }) =>
      head.signedKeys.some((one) => one.name === name && equalBytes(one.id, keyId)),
    );
    const bytes = encodeSignedCheckpoint(text, [...known, cosignatureLine(this.key, timeSeconds, signature)]);
    const untilMs = Math.ceil((clock.now() + retention.periodMs) / 1000) * 1000;
    const lock = { mode: retention.mode, untilMs };
    const put = await store.putIfAbsent(key, bytes, lock, signal === undefined ? {} : { signal });
    // Even `stored` does not say that ours is the oldest: a delete marker frees the name.
    try {
      const there = await this.reader.of(place, checkpoint.size, signal);
      if (there === null) throw new FormatError('nothing there after it was put');
      if (!equalBytes(there.root, checkpoint.root)) return { kind: 'conflict', key, root: toHex(there.root) };
      return { kind: put.kind === 'stored' ? 'attested' : 'existed', key };
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      return { kind: 'obstructed', key, why: error.message };
    }
  }
}

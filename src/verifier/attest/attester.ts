// How is what seal-path.ts decided to attest signed and stored? In the verifier's own bucket.
import { equalBytes, toHex } from '../../base/bytes.ts';
import { FormatError } from '../../base/error.ts';
import type { Sha256 } from '../../base/hash.ts';
import { LIMITS } from '../../base/limits.ts';
import { attestationKey } from '../../format/attestation.ts';
import {
  type CosignerKey,
  canCosign,
  cosignatureLine,
  cosignedMessage,
  cosignerKey,
} from '../../format/cosignature.ts';
import { encodeSignedCheckpoint, type NoteSignature } from '../../format/note.ts';
import type { VerifierKey } from '../../format/vkey.ts';
import type { MlDsaSigner, Signer } from '../../sign/signer.ts';
import type { OpenedSeal } from '../../verify/open-seal.ts';
import type { ChainInArchive } from '../../verify/survey.ts';
import { type OwnBucket, putLocked } from '../own-bucket.ts';
import type { Witnesses } from '../witness/witnesses.ts';
import { AttestationReader } from './attestation-reader.ts';

export type AttestOutcome =
  | { readonly kind: 'attested'; readonly key: string }
  /** Another run of this verifier was first, with the same root. */
  | { readonly kind: 'existed'; readonly key: string }
  /** This verifier has attested another root. So one of its two runs was shown a different archive. */
  | { readonly kind: 'conflict'; readonly key: string; readonly root: string }
  /** A different object lies at that key and can't be removed. This size stays without an attestation. */
  | { readonly kind: 'obstructed'; readonly key: string; readonly why: string };

export type AttesterOptions = Omit<OwnBucket, 'signing'> & {
  readonly name: string;
  readonly signer: Signer;
  /** A second key of the same name, which signs each attestation too. */
  readonly postQuantum?: MlDsaSigner | undefined;
  /** Who else cosigns what is attested. Left out: nobody. */
  readonly witnesses?: Pick<Witnesses, 'ask'> | undefined;
  /** Earlier keys of this verifier that are still trusted. */
  readonly earlier?: readonly CosignerKey[];
  /**
   * The log's keys. One cosigner may attest several archives; attestations of another archive do not count
   * here.
   */
  readonly trusted?: readonly VerifierKey[];
  readonly sha256: Sha256;
};

export class Attester {
  readonly reader: AttestationReader;
  readonly key: CosignerKey;
  /** The second key. */
  readonly postQuantumKey: CosignerKey | null;
  readonly #options: AttesterOptions;

  constructor(options: AttesterOptions) {
    this.#options = options;
    this.key = cosignerKey(options.name, options.signer.publicKey, options.sha256);
    const { store, earlier = [], trusted = [], name, postQuantum, sha256 } = options;
    this.postQuantumKey = postQuantum === undefined ? null : cosignerKey(name, postQuantum.publicKey, sha256);
    const present = [this.key, ...(this.postQuantumKey === null ? [] : [this.postQuantumKey])];
    this.reader = new AttestationReader(store, [...present, ...earlier], trusted);
  }

  /**
   * Call it only for a head whose whole chain this verifier has confirmed. The key allows one attestation per
   * size, even if several runs try. A rejected promise means that the outcome is unknown; the next run looks
   * again.
   */
  async attest(place: ChainInArchive, head: OpenedSeal, signal?: AbortSignal): Promise<AttestOutcome> {
    const { clock } = this.#options;
    const { text, signatures, checkpoint } = head.seal.signed;
    const key = attestationKey(place.chain, place.partition, checkpoint.size);
    const timeSeconds = Math.floor(clock.now() / 1000);
    const own = await this.#sign(text, checkpoint.origin, timeSeconds, signal);
    // Signatures of unknown keys could crowd ours out, so only those of the seal's own keys are copied.
    const known = signatures.filter(({ keyId, name }) =>
      head.signedKeys.some((one) => one.name === name && equalBytes(one.id, keyId)),
    );
    const witnessed = await this.#options.witnesses?.ask({
      ...{ place, head, logLines: known, lastMs: this.reader.lastMs(place), signal },
      most: LIMITS.signaturesMax - known.length - own.length,
    });
    const bytes = encodeSignedCheckpoint(text, [...known, ...(witnessed ?? []), ...own]);
    const put = await putLocked(this.#options, key, bytes, signal);
    // Even `stored` does not prove that ours is the oldest version, because a delete marker frees the name.
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
  /**
   * The lines of this verifier's keys: of both, or it rejects. An origin may be too long for ML-DSA-44
   * (FORMAT.md 9.7.7); then the first key signs alone.
   */
  async #sign(text: Uint8Array, origin: string, timeSeconds: number, signal?: AbortSignal) {
    const { signer, postQuantum } = this.#options;
    const lines: NoteSignature[] = [];
    const add = async (key: CosignerKey, by: Pick<Signer, 'sign'>) => {
      const signature = await by.sign(cosignedMessage(key, text, timeSeconds), signal);
      lines.push(cosignatureLine(key, timeSeconds, signature));
    };
    await add(this.key, signer);
    const second = this.postQuantumKey;
    if (postQuantum !== undefined && second !== null && canCosign(second, origin))
      await add(second, postQuantum);
    return lines;
  }
}

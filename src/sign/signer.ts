// What must a signer be able to do?
import type { MlDsaKey } from '../base/ml-dsa.ts';
import type { CosigningKey, PublicKey } from '../format/vkey.ts';

/**
 * Signs checkpoints with one key.
 *
 * ECDSA signs the same text differently each time, so a caller keeps the signature that it was given until it
 * knows what became of it, and never asks twice for one checkpoint: two different signed notes of one size
 * are what a verifier calls a fork. A rejected promise means that no signature was learned; one may exist all
 * the same. Every signature is verified against `publicKey` before it is returned.
 */
export interface Signer<K extends CosigningKey = PublicKey> {
  readonly publicKey: K;
  /** Where the key lives, for people: an ARN or a file name. Never key material. */
  readonly description: string;
  /**
   * The signature over the exact bytes, as FORMAT.md stores it (Ed25519: 64 bytes; P-256: DER of the
   * ECDSA-Sig-Value; ML-DSA-44: 2420 bytes). Throws LedgerstoneError: retriable (throttled, unreachable,
   * timed out) or fatal (disabled, wrong kind, no permission).
   */
  sign(message: Uint8Array, signal?: AbortSignal): Promise<Uint8Array>;
}

/** Of a verifier's second key, which cosigns checkpoints alone. */
export type MlDsaSigner = Signer<MlDsaKey>;

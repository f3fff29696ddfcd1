// How do a manifest, its proof and the signed checkpoint stand in one file? (FORMAT.md: seal)
import { FormatError } from '../base/error.ts';
import { LIMITS } from '../base/limits.ts';
import type { SignedCheckpoint } from './note.ts';
import { encodeTlogProof, parseTlogProof } from './tlog-proof.ts';

export type Seal = {
  /** Not authenticated until their leaf hash has been proven into the signed root. */
  readonly manifestBytes: Uint8Array;
  /** The manifest's place in the chain: the last of the signed tree. */
  readonly index: number;
  /** Inclusion path, leaf to root. */
  readonly path: readonly Uint8Array[];
  readonly signed: SignedCheckpoint;
};

export type SealParts = Omit<Seal, 'signed'> & { readonly note: Uint8Array };

/** Throws FormatError. */
export function encodeSeal(seal: SealParts): Uint8Array {
  const bytes = encodeTlogProof({
    extra: seal.manifestBytes,
    index: seal.index,
    path: seal.path,
    note: seal.note,
  });
  parseSeal(bytes);
  return bytes;
}

/** Strict, capped and byte-exact, but proves nothing: that is the verifier's. Throws FormatError. */
export function parseSeal(bytes: Uint8Array): Seal {
  const { extra, index, path, signed } = parseTlogProof(bytes);
  if (extra.length > LIMITS.manifestBytesMax) throw new FormatError(`a manifest of ${extra.length} bytes`);
  if (signed.checkpoint.size !== index + 1) {
    throw new FormatError(`a seal of manifest ${index} under a checkpoint of size ${signed.checkpoint.size}`);
  }
  return { manifestBytes: extra, index, path, signed };
}

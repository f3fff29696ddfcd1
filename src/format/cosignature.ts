// How does a second party sign a checkpoint of a log? (C2SP tlog-cosignature)
import { concatBytes, equalBytes, utf8, utf8Text } from '../base/bytes.ts';
import { FormatError } from '../base/error.ts';
import type { Sha256 } from '../base/hash.ts';
import { ML_DSA_SIGNATURE_BYTES } from '../base/ml-dsa.ts';
import type { CosigningAlgorithm, CosigningKey } from '../base/signature.ts';
import { parseCheckpointText } from './checkpoint.ts';
import type { NoteSignature } from './note.ts';
import { encodeNamedKey, namedKey, parseNamedKey, type SignatureTypes, type VerifierKey } from './vkey.ts';

/**
 * A cosigner's public key under the cosigner's own name. Ed25519 keys cosign with a time (signature type
 * 0x04), and so do ML-DSA-44 keys, which sign checkpoints and no other note (0x06). There is no such type for
 * P-256, whose cosigner signs the note's text as any note's signer does (0x02), without a time.
 */
export type CosignerKey = VerifierKey<CosigningKey>;

/** Signature type bytes (C2SP signed-note). */
const TYPES: SignatureTypes<CosigningAlgorithm> = { ed25519: 4, 'ecdsa-p256': 2, 'ml-dsa-44': 6 };

const LF = 0x0a;
const TIME_BYTES = 8;
const SIGNATURE_BYTES = { ed25519: 64, 'ml-dsa-44': ML_DSA_SIGNATURE_BYTES } as const;
/** 9999-12-31, in seconds. */
const TIME_SECONDS_MAX = 253_402_300_799;
/** What C2SP signs with ML-DSA-44 has one byte for the length of the cosigner's name and of the origin. */
const NAME_BYTES_MAX = 255;
const SUBTREE_LABEL = utf8('subtree/v1\n\0');

/** Computes the key id. Throws FormatError for a name that can't be a key's. */
export function cosignerKey(name: string, key: CosigningKey, sha256: Sha256): CosignerKey {
  const named = namedKey(TYPES, name, key, sha256);
  if (key.algorithm === 'ml-dsa-44') shortText(name, 'name of an ML-DSA-44 cosigner');
  return named;
}

/** `name+hex(id)+base64(type ‖ key)`: what auditors pin. */
export const encodeCosignerVkey = (key: CosignerKey): string => encodeNamedKey(TYPES, key);

/** Throws FormatError, also for a log's key (type 0x01), whose signatures mean something else. */
export function parseCosignerVkey(text: string, sha256: Sha256): CosignerKey {
  const { name, key } = parseNamedKey<CosigningKey>(TYPES, text, sha256);
  return cosignerKey(name, key, sha256);
}

/** For people: one name may have keys of two kinds. */
export const labelOf = ({ name, key }: Named): string =>
  key.algorithm === 'ml-dsa-44' ? `${name} (ML-DSA-44)` : name;
type Named = { readonly name: string; readonly key: Pick<CosigningKey, 'algorithm'> };

/** Whether a key of that kind can cosign checkpoints of that origin: ML-DSA-44 takes 255 bytes of it. */
export const canCosign = ({ key }: CosignerKey, origin: string): boolean =>
  key.algorithm !== 'ml-dsa-44' || utf8(origin).length <= NAME_BYTES_MAX;

/**
 * What a cosigner signs. `timeSeconds` since 1970: when it had checked this; it is not signed with P-256.
 * Throws FormatError if an ML-DSA-44 key should sign what is no checkpoint.
 */
export function cosignedMessage(key: CosignerKey, text: Uint8Array, timeSeconds: number): Uint8Array {
  switch (key.key.algorithm) {
    case 'ecdsa-p256':
      return text;
    case 'ed25519':
      return concatBytes(utf8(`cosignature/v1\ntime ${checkedTime(timeSeconds)}\n`), text);
    case 'ml-dsa-44': {
      const { origin, size, root } = parseCheckpointText(text);
      return concatBytes(
        ...[SUBTREE_LABEL, shortText(key.name, 'cosigner’s name'), uint64(checkedTime(timeSeconds))],
        ...[shortText(origin, 'origin'), uint64(0), uint64(size), root],
      );
    }
  }
}

/** The line that stands under the note. `signature`: over `cosignedMessage`. */
export function cosignatureLine(key: CosignerKey, timeSeconds: number, signature: Uint8Array): NoteSignature {
  const { name, id } = key;
  const { algorithm } = key.key;
  if (algorithm === 'ecdsa-p256') return { name, keyId: id, signature };
  if (signature.length !== SIGNATURE_BYTES[algorithm])
    throw new FormatError(`a signature of ${signature.length} bytes`);
  return { name, keyId: id, signature: concatBytes(uint64(checkedTime(timeSeconds)), signature) };
}

/**
 * What a line says that stands there by that key; its signature still unchecked. Null: it is not by that key.
 */
export type Cosignature = {
  /** Seconds since 1970; null for P-256, and for an ML-DSA-44 cosignature that says no time. */
  readonly timeSeconds: number | null;
  /** What it is over, and itself: for `verifySignature`. */
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
};

/**
 * Null for a line of another key, and for one under the name of the text's own chain, which is the log's
 * (FORMAT.md 6.4). Throws FormatError for a line by that key that can't be a cosignature.
 */
export function readCosignature(line: NoteSignature, key: CosignerKey, text: Uint8Array): Cosignature | null {
  if (line.name !== key.name || !equalBytes(line.keyId, key.id)) return null;
  if (line.name === utf8Text(text.subarray(0, text.indexOf(LF)))) return null;
  const { algorithm } = key.key;
  if (algorithm === 'ecdsa-p256') return { timeSeconds: null, message: text, signature: line.signature };
  if (line.signature.length !== TIME_BYTES + SIGNATURE_BYTES[algorithm]) {
    throw new FormatError(`a cosignature of ${line.signature.length} bytes`);
  }
  const view = new DataView(line.signature.buffer, line.signature.byteOffset, TIME_BYTES);
  const timeSeconds = Number(view.getBigUint64(0));
  return {
    timeSeconds: algorithm === 'ml-dsa-44' && timeSeconds === 0 ? null : timeSeconds,
    message: cosignedMessage(key, text, timeSeconds),
    signature: line.signature.subarray(TIME_BYTES),
  };
}

function checkedTime(seconds: number): number {
  if (!Number.isInteger(seconds) || seconds < 0 || seconds > TIME_SECONDS_MAX) {
    throw new FormatError(`a cosignature's time of ${seconds}`);
  }
  return seconds;
}

/** Big-endian. */
function uint64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

/** The text behind one byte of its length (RFC 8446 §3.4). Throws FormatError. */
function shortText(text: string, what: string): Uint8Array {
  const bytes = utf8(text);
  if (bytes.length > NAME_BYTES_MAX)
    throw new FormatError(
      `the ${what} has ${bytes.length} bytes, and at most ${NAME_BYTES_MAX} can be signed`,
    );
  return concatBytes(Uint8Array.of(bytes.length), bytes);
}

// How does a second party sign a checkpoint of a log? (C2SP tlog-cosignature, "cosignature/v1")
import { concatBytes, equalBytes, utf8, utf8Text } from '../base/bytes.ts';
import { FormatError } from '../base/error.ts';
import type { Sha256 } from '../base/hash.ts';
import type { PublicKey } from '../base/signature.ts';
import type { NoteSignature } from './note.ts';
import { encodeNamedKey, namedKey, parseNamedKey, type SignatureTypes, type VerifierKey } from './vkey.ts';

/**
 * A cosigner's public key under the cosigner's own name. Ed25519 keys cosign with a time (signature type
 * 0x04); there is no such type for P-256, whose cosigner signs the note's text as any note's signer does
 * (0x02), without a time.
 */
export type CosignerKey = VerifierKey;

/** Signature type bytes (C2SP signed-note). */
const TYPES: SignatureTypes = { ed25519: 4, 'ecdsa-p256': 2 };

const LF = 0x0a;
const TIME_BYTES = 8;
const ED25519_BYTES = 64;
/** 9999-12-31, in seconds. */
const TIME_SECONDS_MAX = 253_402_300_799;

/** Computes the key id. Throws FormatError for a name that can't be a key's. */
export const cosignerKey = (name: string, key: PublicKey, sha256: Sha256): CosignerKey =>
  namedKey(TYPES, name, key, sha256);

/** `name+hex(id)+base64(type ‖ key)`: what auditors pin. */
export const encodeCosignerVkey = (key: CosignerKey): string => encodeNamedKey(TYPES, key);

/** Throws FormatError, also for a log's key (type 0x01), whose signatures mean something else. */
export const parseCosignerVkey = (text: string, sha256: Sha256): CosignerKey =>
  parseNamedKey(TYPES, text, sha256);

/** What a cosigner signs. `timeSeconds` since 1970: when it had checked this; it is not signed with P-256. */
export function cosignedMessage(key: CosignerKey, text: Uint8Array, timeSeconds: number): Uint8Array {
  if (key.key.algorithm !== 'ed25519') return text;
  return concatBytes(utf8(`cosignature/v1\ntime ${checkedTime(timeSeconds)}\n`), text);
}

/** The line that stands under the note. `signature`: over `cosignedMessage`. */
export function cosignatureLine(key: CosignerKey, timeSeconds: number, signature: Uint8Array): NoteSignature {
  const { name, id } = key;
  if (key.key.algorithm !== 'ed25519') return { name, keyId: id, signature };
  if (signature.length !== ED25519_BYTES) throw new FormatError(`a signature of ${signature.length} bytes`);
  const stamp = new Uint8Array(TIME_BYTES);
  new DataView(stamp.buffer).setBigUint64(0, BigInt(checkedTime(timeSeconds)));
  return { name, keyId: id, signature: concatBytes(stamp, signature) };
}

/**
 * What a line says that stands there by that key; its signature still unchecked. Null: it is not by that key.
 */
export type Cosignature = {
  /** Seconds since 1970; null for P-256. */
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
  if (key.key.algorithm !== 'ed25519') return { timeSeconds: null, message: text, signature: line.signature };
  if (line.signature.length !== TIME_BYTES + ED25519_BYTES) {
    throw new FormatError(`a cosignature of ${line.signature.length} bytes`);
  }
  const view = new DataView(line.signature.buffer, line.signature.byteOffset, TIME_BYTES);
  const timeSeconds = Number(view.getBigUint64(0));
  return {
    timeSeconds,
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

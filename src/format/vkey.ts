// How is a public key written, and what is its key id? (C2SP signed-note: "Signature types")
import { concatBytes, equalBytes, fromBase64, fromHex, toBase64, toHex, utf8 } from '../base/bytes.ts';
import { FormatError } from '../base/error.ts';
import type { Sha256 } from '../base/hash.ts';
import { rawMlDsa, spkiOfMlDsa } from '../base/ml-dsa.ts';
import {
  type CosigningAlgorithm,
  type CosigningKey,
  type KeyAlgorithm,
  type PublicKey,
  publicKeyFromSpki,
  rawEd25519,
  spkiOfEd25519,
} from '../base/signature.ts';

export {
  type CosigningAlgorithm,
  type CosigningKey,
  cosigningKeyFromSpki,
  type KeyAlgorithm,
  type PublicKey,
  publicKeyFromSpki,
} from '../base/signature.ts';

/**
 * A public key under a name. In notes the name is the chain's origin; what users pin is named after the
 * archive's.
 */
export type VerifierKey<K extends CosigningKey = PublicKey> = {
  readonly name: string;
  readonly key: K;
  /** 4 bytes. */
  readonly id: Uint8Array;
};

/** Signature type bytes: who signs what is part of a key's id. A kind without one has no such keys. */
export type SignatureTypes<A extends CosigningAlgorithm = KeyAlgorithm> = Readonly<Record<A, number>>;
type AnyTypes = Readonly<Partial<Record<CosigningAlgorithm, number>>>;
const LOG_TYPES: SignatureTypes = { ed25519: 1, 'ecdsa-p256': 2 };

/**
 * Key names: not empty, no white space, no plus sign; and nothing below U+0020, since they stand in notes.
 */
export const isKeyName = (text: string): boolean => /^[^\s+\p{Cc}\p{Z}]+$/u.test(text) && text.isWellFormed();

/** Computes the key id. Throws FormatError for a name that can't be a key's. */
export const verifierKey = (name: string, key: PublicKey, sha256: Sha256): VerifierKey =>
  namedKey(LOG_TYPES, name, key, sha256);

export function namedKey<K extends CosigningKey>(
  types: SignatureTypes<K['algorithm']>,
  name: string,
  key: K,
  sha256: Sha256,
): VerifierKey<K> {
  if (!isKeyName(name)) throw new FormatError(`not a key name: ${JSON.stringify(name.slice(0, 80))}`);
  // The id of an ECDSA key leaves the name out: two names of one key share it, and only name and id together
  // tell.
  const hashed =
    key.algorithm === 'ecdsa-p256' ? key.spki : concatBytes(utf8(`${name}\n`), typedMaterial(types, key));
  return { name, key, id: sha256(hashed).slice(0, 4) };
}

const typedMaterial = (types: AnyTypes, key: CosigningKey): Uint8Array =>
  concatBytes(Uint8Array.of(types[key.algorithm] as number), materialOf(key));

function materialOf(key: CosigningKey): Uint8Array {
  if (key.algorithm === 'ml-dsa-44') return rawMlDsa(key);
  return key.algorithm === 'ed25519' ? rawEd25519(key) : key.spki;
}

/** `name+hex(id)+base64(type ‖ key)`: 32 bytes of an Ed25519 key, the SPKI of a P-256 one. */
export const encodeVkey = (key: VerifierKey): string => encodeNamedKey(LOG_TYPES, key);

export const encodeNamedKey = <K extends CosigningKey>(
  types: SignatureTypes<K['algorithm']>,
  { name, key, id }: VerifierKey<K>,
): string => `${name}+${toHex(id)}+${toBase64(typedMaterial(types, key))}`;

/** What a vkey says, its id unchecked: for where there is no hash function. Throws FormatError. */
export const splitVkey = (text: string): VerifierKey => splitNamedKey<PublicKey>(LOG_TYPES, text);

function splitNamedKey<K extends CosigningKey>(
  types: SignatureTypes<K['algorithm']>,
  text: string,
): VerifierKey<K> {
  const [name = '', id = '', body = '', ...rest] = text.split('+');
  // Base64 has plus signs of its own: only the first two part the fields.
  const material = fromBase64([body, ...rest].join('+'));
  if (!isKeyName(name) || id.length !== 8) throw new FormatError('not a vkey: name+8 hex digits+base64');
  return { name, id: fromHex(id), key: keyOf(types, material) as K };
}

/** Throws FormatError, also when the id is not the key's. */
export const parseVkey = (text: string, sha256: Sha256): VerifierKey =>
  parseNamedKey<PublicKey>(LOG_TYPES, text, sha256);

export function parseNamedKey<K extends CosigningKey>(
  types: SignatureTypes<K['algorithm']>,
  text: string,
  sha256: Sha256,
): VerifierKey<K> {
  const key = splitNamedKey<K>(types, text);
  if (!equalBytes(namedKey(types, key.name, key.key, sha256).id, key.id)) {
    throw new FormatError(`a vkey of ${key.name} whose key id is not that of its key`);
  }
  return key;
}

/**
 * One vkey a line; blank lines and lines that begin with # are left out. Throws FormatError with the line's
 * number.
 */
export function parseVkeyFile(text: string, sha256: Sha256): VerifierKey[] {
  const keys: VerifierKey[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const content = line.trim();
    if (content === '' || content.startsWith('#')) continue;
    try {
      keys.push(parseVkey(content, sha256));
    } catch (cause) {
      throw new FormatError(`line ${index + 1}: ${(cause as Error).message}`, 'malformed', cause);
    }
  }
  return keys;
}

/** 64 hex digits: SHA-256 of the SPKI. */
export const spkiFingerprint = (key: CosigningKey, sha256: Sha256): string => toHex(sha256(key.spki));

/** Of a kind that `types` has. */
function keyOf(types: AnyTypes, material: Uint8Array): CosigningKey {
  const body = material.subarray(1);
  if (material[0] === types.ed25519) return spkiOfEd25519(body);
  if (types['ml-dsa-44'] !== undefined && material[0] === types['ml-dsa-44']) return spkiOfMlDsa(body);
  const key = material[0] === types['ecdsa-p256'] ? publicKeyFromSpki(body) : undefined;
  if (key?.algorithm === 'ecdsa-p256') return key;
  const wanted = Object.entries(types).map(([kind, type]) => `${type} (${KIND_NAMES[kind]})`);
  const last = wanted.pop();
  throw new FormatError(`a vkey of an unknown signature type: not ${wanted.join(', ')} or ${last}`);
}

const KIND_NAMES: Readonly<Record<string, string>> = {
  ed25519: 'Ed25519',
  'ecdsa-p256': 'P-256',
  'ml-dsa-44': 'ML-DSA-44',
};

// Did this key sign these bytes?
import { concatBytes, equalBytes, fromHex, toHex } from './bytes.ts';
import { FormatError } from './error.ts';
import { type MlDsaKey, mlDsaKeyOfSpki, verifyMlDsa } from './ml-dsa.ts';

export type KeyAlgorithm = 'ed25519' | 'ecdsa-p256';

/** `spki` is the DER SubjectPublicKeyInfo (44 bytes Ed25519, 91 bytes P-256). */
export type PublicKey = { readonly algorithm: KeyAlgorithm; readonly spki: Uint8Array };

/** Those of cosigners: a log's keys are never of the last kind. */
export type CosigningAlgorithm = KeyAlgorithm | MlDsaKey['algorithm'];
export type CosigningKey = PublicKey | MlDsaKey;

/** RFC 8410 §4: all of the SPKI but the 32 bytes of the key. */
const ED25519_PREFIX = fromHex('302a300506032b6570032100');
/** RFC 5480 §2: all of the SPKI but x and y of an uncompressed point. */
const P256_PREFIX = fromHex('3059301306072a8648ce3d020106082a8648ce3d03010703420004');

/**
 * Which kind of key a DER SubjectPublicKeyInfo holds. Throws FormatError for every other kind and every other
 * encoding.
 */
export function publicKeyFromSpki(spki: Uint8Array): PublicKey {
  if (spki.length === 44 && startsWith(spki, ED25519_PREFIX)) return { algorithm: 'ed25519', spki };
  if (spki.length === 91 && startsWith(spki, P256_PREFIX)) return { algorithm: 'ecdsa-p256', spki };
  throw new FormatError('a public key that is neither Ed25519 nor uncompressed P-256');
}

/** The same with ML-DSA-44, for keys of cosigners. */
export const cosigningKeyFromSpki = (spki: Uint8Array): CosigningKey =>
  mlDsaKeyOfSpki(spki) ?? publicKeyFromSpki(spki);

/** The 32 bytes of an Ed25519 key. */
export const rawEd25519 = (key: PublicKey): Uint8Array => key.spki.subarray(ED25519_PREFIX.length);

/** The inverse. Throws FormatError. */
export const spkiOfEd25519 = (raw: Uint8Array): PublicKey =>
  publicKeyFromSpki(concatBytes(ED25519_PREFIX, raw));

/** The 64 bytes of either kind, undefined where `signature` is not as FORMAT.md stores it. */
export function rawSignature({ algorithm }: PublicKey, signature: Uint8Array): Uint8Array | undefined {
  const raw = algorithm === 'ed25519' ? signature : fromDer(signature);
  return raw?.length === 64 ? raw : undefined;
}

/**
 * Ed25519 (RFC 8032; 64 bytes) or ECDSA over P-256 with SHA-256 (strict DER of the ECDSA-Sig-Value; high s
 * allowed, for KMS gives both), or ML-DSA-44. Bytes that are no signature or no key give false, not a throw.
 * Rejects with `not-checked` where ML-DSA-44 can't be checked at all.
 */
export async function verifySignature(
  key: CosigningKey,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  if (key.algorithm === 'ml-dsa-44') return verifyMlDsa(key, message, signature);
  const raw = rawSignature(key, signature);
  if (raw === undefined) return false;
  const used = key.algorithm === 'ed25519' ? { name: 'Ed25519' } : { name: 'ECDSA', hash: 'SHA-256' };
  try {
    const handle = await importedKey(key);
    return await globalThis.crypto.subtle.verify(used, handle, new Uint8Array(raw), new Uint8Array(message));
  } catch {
    // A point off the curve, a scalar out of range.
    return false;
  }
}

/**
 * By algorithm and SPKI. An import takes as long as a verification, and an archive has few keys and many
 * seals.
 */
const importedKeys = new Map<string, CryptoKey>();
const IMPORTED_KEYS_MAX = 64;

async function importedKey({ algorithm, spki }: PublicKey): Promise<CryptoKey> {
  const name = `${algorithm} ${toHex(spki)}`;
  const known = importedKeys.get(name);
  if (known !== undefined) return known;
  if (publicKeyFromSpki(spki).algorithm !== algorithm)
    throw new FormatError('a key of another kind than it says');
  const kind = algorithm === 'ed25519' ? { name: 'Ed25519' } : { name: 'ECDSA', namedCurve: 'P-256' };
  const imported = await globalThis.crypto.subtle.importKey('spki', new Uint8Array(spki), kind, false, [
    'verify',
  ]);
  if (importedKeys.size >= IMPORTED_KEYS_MAX) importedKeys.clear();
  importedKeys.set(name, imported);
  return imported;
}

/** r ‖ s, 32 bytes each, of SEQUENCE { INTEGER r, INTEGER s } in DER; undefined where it is not that. */
function fromDer(der: Uint8Array): Uint8Array | undefined {
  if (der.length > 72 || der[0] !== 0x30 || der[1] !== der.length - 2) return undefined;
  const r = derInteger(der, 2);
  if (r === undefined) return undefined;
  const s = derInteger(der, r.end);
  if (s === undefined || s.end !== der.length) return undefined;
  const raw = new Uint8Array(64);
  raw.set(r.bytes, 32 - r.bytes.length);
  raw.set(s.bytes, 64 - s.bytes.length);
  return raw;
}

/** A positive INTEGER of at most 32 bytes in its shortest form, X.690 §8.3. */
function derInteger(der: Uint8Array, at: number): { bytes: Uint8Array; end: number } | undefined {
  const length = der[at + 1];
  const start = at + 2;
  if (der[at] !== 0x02 || length === undefined || length === 0 || start + length > der.length)
    return undefined;
  const first = der[start] as number;
  const padded = first === 0 && length > 1;
  if (first >= 0x80 || (padded && (der[start + 1] as number) < 0x80)) return undefined;
  const bytes = der.subarray(padded ? start + 1 : start, start + length);
  return bytes.length > 32 ? undefined : { bytes, end: start + length };
}

const startsWith = (bytes: Uint8Array, prefix: Uint8Array): boolean =>
  equalBytes(bytes.subarray(0, prefix.length), prefix);

// Did this ML-DSA-44 key sign these bytes? (FIPS 204)
import { concatBytes, equalBytes, fromHex } from './bytes.ts';
import { FormatError, LedgerstoneError } from './error.ts';

/** `spki` is the DER SubjectPublicKeyInfo, 1334 bytes. No log has such a key: it cosigns checkpoints. */
export type MlDsaKey = { readonly algorithm: 'ml-dsa-44'; readonly spki: Uint8Array };

/** RFC 9881 §4: all of the SPKI but the 1312 bytes of the key. */
const PREFIX = fromHex('30820532300b06096086480165030403110382052100');
const KEY_BYTES = 1312;
export const ML_DSA_SIGNATURE_BYTES = 2420;

/** Null for every other kind and every other encoding. */
export const mlDsaKeyOfSpki = (spki: Uint8Array): MlDsaKey | null =>
  spki.length === PREFIX.length + KEY_BYTES && equalBytes(spki.subarray(0, PREFIX.length), PREFIX)
    ? { algorithm: 'ml-dsa-44', spki }
    : null;

/** The 1312 bytes of the key. */
export const rawMlDsa = (key: MlDsaKey): Uint8Array => key.spki.subarray(PREFIX.length);

/** The inverse. Throws FormatError. */
export function spkiOfMlDsa(raw: Uint8Array): MlDsaKey {
  const key = mlDsaKeyOfSpki(concatBytes(PREFIX, raw));
  if (key === null) throw new FormatError(`an ML-DSA-44 key of ${raw.length} bytes, not ${KEY_BYTES}`);
  return key;
}

/** What checks: `@noble/post-quantum`'s, loaded with the first signature, since few programs meet one. */
export type MlDsaLibrary = {
  readonly verify: (signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array) => boolean;
};

const load = async (): Promise<MlDsaLibrary> => (await import('@noble/post-quantum/ml-dsa.js')).ml_dsa44;

/**
 * With an empty context, as C2SP's cosignatures have it. Bytes that are no signature or no key give false,
 * never a throw. Rejects with `not-checked` where the library is not there: nothing is said of the signature.
 */
export async function verifyMlDsa(
  key: MlDsaKey,
  message: Uint8Array,
  signature: Uint8Array,
  library: () => Promise<MlDsaLibrary> = load,
): Promise<boolean> {
  if (signature.length !== ML_DSA_SIGNATURE_BYTES || mlDsaKeyOfSpki(key.spki) === null) return false;
  const { verify } = await library().catch((cause: unknown) => {
    throw new LedgerstoneError('not-checked', 'an ML-DSA-44 signature could not be checked here', {
      remedy: 'Install the package @noble/post-quantum beside this program, and check again.',
      cause,
    });
  });
  try {
    return verify(signature, message, rawMlDsa(key));
  } catch {
    return false;
  }
}

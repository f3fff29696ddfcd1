// Did this key sign these bytes?
export type KeyAlgorithm = 'ed25519' | 'ecdsa-p256';
/** `spki` is the DER SubjectPublicKeyInfo (44 bytes Ed25519, 91 bytes P-256). */
export type PublicKey = { readonly algorithm: KeyAlgorithm; readonly spki: Uint8Array };
/** Hostile bytes give false, never a throw. */
export function verifySignature(
  _key: PublicKey,
  _message: Uint8Array,
  _signature: Uint8Array,
): Promise<boolean> {
  throw new Error('being written');
}

// Did this key sign these bytes, in a browser that may know the key's kind or not?
import { ed25519 } from '@noble/curves/ed25519.js';
import { p256 } from '@noble/curves/nist.js';
import { fromHex, utf8 } from '../../base/bytes.ts';
import {
  type KeyAlgorithm,
  type PublicKey,
  publicKeyFromSpki,
  rawEd25519,
  rawSignature,
  verifySignature,
} from '../../base/signature.ts';
import type { VerifySignature } from '../../verify/trust.ts';

/** A signature of each kind that holds: a browser that does not say so does not know the kind. */
const KNOWN: Readonly<Record<KeyAlgorithm, { readonly spki: string; readonly signature: string }>> = {
  ed25519: {
    spki: '302a300506032b6570032100f9b4a6fff02843f9536933521ba7efd4807f3fbf310a5a08e7855696c71cacea',
    signature:
      '216eb3d3aac9de7ae50bd22a317cd6097ac3c8de75f3ef1aaa0b3550464e5cbcbf9c81174f5f968e06485eae7fcf5365e036c103f8103cef951aeef5ea67ae05',
  },
  'ecdsa-p256': {
    spki: '3059301306072a8648ce3d020106082a8648ce3d030107034200049601755eca2b4d5416303746e62d517e73752a38dc33140d696658df423044c2b4f53f765e4fcd162f1955e51a55802fed43e97dfa61686813cea911fa82d434',
    signature:
      '304502207c3a4d8be738a3e66e3931704b22d7af0f760c511a468bb283c7e41915f4df24022100852bb10b2cbafa0a048ce8061c7aea5e779fc9dc312e1edbf099984285a950d5',
  },
};
const MESSAGE = utf8('ledgerstone');

/** WebCrypto for the kinds of keys that it has here, and noble's libraries for the others. */
export async function browserVerifier(): Promise<VerifySignature> {
  const has = { ed25519: await hasKind('ed25519'), 'ecdsa-p256': await hasKind('ecdsa-p256') };
  return (key, message, signature) =>
    key.algorithm === 'ml-dsa-44' || has[key.algorithm]
      ? verifySignature(key, message, signature)
      : portableVerify(key, message, signature);
}

async function hasKind(kind: KeyAlgorithm): Promise<boolean> {
  const { spki, signature } = KNOWN[kind];
  try {
    return await verifySignature(publicKeyFromSpki(fromHex(spki)), MESSAGE, fromHex(signature));
  } catch {
    return false;
  }
}

/** The same by @noble/curves. Hostile bytes give false, never a throw. */
export async function portableVerify(
  key: PublicKey,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const raw = rawSignature(key, signature);
  if (raw === undefined) return false;
  try {
    if (key.algorithm === 'ed25519') return ed25519.verify(raw, message, rawEd25519(key), { zip215: false });
    // KMS gives signatures with a high s too.
    return p256.verify(raw, message, key.spki.subarray(-65), { lowS: false });
  } catch {
    return false;
  }
}

// How is a public key written, and what is its key id?
import type { Sha256 } from '../base/hash.ts';
import type { PublicKey } from '../base/signature.ts';

export type { KeyAlgorithm, PublicKey } from '../base/signature.ts';
export type VerifierKey = {
  readonly name: string;
  readonly key: PublicKey;
  /** 4 bytes. */
  readonly id: Uint8Array;
};
export function verifierKey(_name: string, _key: PublicKey, _sha256: Sha256): VerifierKey {
  throw new Error('being written');
}
export function encodeVkey(_key: VerifierKey): string {
  throw new Error('being written');
}
export function parseVkey(_text: string, _sha256: Sha256): VerifierKey {
  throw new Error('being written');
}
/** One vkey a line; blank lines and lines that begin with # are left out. */
export function parseVkeyFile(_text: string, _sha256: Sha256): VerifierKey[] {
  throw new Error('being written');
}
/** 64 hex digits: SHA-256 of the SPKI. */
export function spkiFingerprint(_key: PublicKey, _sha256: Sha256): string {
  throw new Error('being written');
}
/** Which kind of key a DER SubjectPublicKeyInfo holds. Throws FormatError. */
export function publicKeyFromSpki(_spki: Uint8Array): PublicKey {
  throw new Error('being written');
}

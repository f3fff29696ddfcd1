// How do two people compare a key by telephone?
import type { Sha256 } from '../base/hash.ts';
import type { CosigningKey } from '../base/signature.ts';

/** 40 decimal digits: who looks for another key with the same ones has to try about 2^132. */
const DIGITS = 40;
const HASH_BYTES = 20;

/**
 * Eight groups of five digits: the first 20 bytes of the SHA-256 of the key's SPKI as a number, modulo 10^40.
 * Digits are said alike in every language, and are heard better than letters.
 */
export function fingerprintDigits(key: CosigningKey, sha256: Sha256): string {
  let value = 0n;
  for (const byte of sha256(key.spki).subarray(0, HASH_BYTES)) value = value * 256n + BigInt(byte);
  const digits = String(value % 10n ** BigInt(DIGITS)).padStart(DIGITS, '0');
  return (digits.match(/.{5}/g) ?? []).join(' ');
}

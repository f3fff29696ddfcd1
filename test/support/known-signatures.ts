// What spares the unit tests three of four checks of a signature? They read the same archives again and again, and the
// same key, message and signature have the same answer.
import { createHash, type webcrypto } from 'node:crypto';

type Verify = webcrypto.SubtleCrypto['verify'];

/** By the key as it was imported: a set of bytes that is another key's is another question. */
type Answers = WeakMap<webcrypto.CryptoKey, Map<string, boolean>>;

/** For a key of which so much is known, it is forgotten. */
const KNOWN_MAX = 20_000;

/** Asks `verify` what was not asked before. An error is not kept. */
export function remembering(verify: Verify): Verify {
  const known: Answers = new WeakMap();
  return async function (this: webcrypto.SubtleCrypto, algorithm, key, signature, message) {
    const answers = known.get(key) ?? new Map<string, boolean>();
    known.set(key, answers);
    const question = questionOf(algorithm, bytesOf(signature), bytesOf(message));
    const answer = answers.get(question) ?? (await verify.call(this, algorithm, key, signature, message));
    if (answers.size >= KNOWN_MAX) answers.clear();
    answers.set(question, answer);
    return answer;
  };
}

function questionOf(algorithm: unknown, signature: Uint8Array, message: Uint8Array): string {
  const hash = createHash('sha256').update(JSON.stringify(algorithm)).update(`,${signature.length},`);
  return hash.update(signature).update(message).digest('base64');
}

const bytesOf = (bytes: webcrypto.BufferSource): Uint8Array =>
  ArrayBuffer.isView(bytes)
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : new Uint8Array(bytes);

const installed = Symbol.for('ledgerstone.tests.known-signatures');

/** For what this process checks from now on, where a test does not put a check of its own in its place. */
export function knowSignatures(): void {
  const subtle = Object.getPrototypeOf(globalThis.crypto.subtle);
  if (Object.hasOwn(subtle, installed)) return;
  Object.defineProperty(subtle, installed, { value: true });
  Object.defineProperty(subtle, 'verify', {
    value: remembering(subtle.verify),
    configurable: true,
    writable: true,
  });
}

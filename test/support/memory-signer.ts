// What stands in for KMS in tests: keys from a seed, a log of every request, and troubles on demand.
import {
  createECDH,
  createHash,
  createPrivateKey,
  createPublicKey,
  hash,
  type KeyObject,
  sign,
} from 'node:crypto';
import { ml_dsa44 } from '@noble/post-quantum/ml-dsa.js';
import { LedgerstoneError } from '../../src/base/error.ts';
import { spkiOfMlDsa } from '../../src/base/ml-dsa.ts';
import type { KeyAlgorithm, PublicKey } from '../../src/format/vkey.ts';
import type { MlDsaSigner, Signer } from '../../src/sign/signer.ts';

/**
 * `fails`: refused before anything was signed. `lost`: signed, and then an error instead of the answer. `slow`: signed
 * once `until` resolves, or never when the caller aborts first; what happens then is that no signature is learned.
 */
export type SignFault =
  | { readonly kind: 'fails'; readonly error?: Error }
  | { readonly kind: 'lost'; readonly error?: Error }
  | { readonly kind: 'slow'; readonly until: Promise<void> };

type SignRequest = {
  readonly message: Uint8Array;
  /** The bytes that were made, even where the caller never saw them; null when nothing was signed. */
  signature: Uint8Array | null;
  outcome: 'pending' | 'answered' | 'failed' | 'aborted';
};

export type MemorySignerOptions = {
  /** The same seed gives the same key. Ed25519 signatures then repeat too; those of P-256 never do, as with KMS. */
  readonly seed?: string;
  readonly algorithm?: KeyAlgorithm;
  /** Asked before each request, with its 0-based number. */
  readonly fault?: (request: number, message: Uint8Array) => SignFault | undefined;
};

export type MemorySigner = Signer & {
  /** Every request so far, oldest first. */
  readonly requests: readonly SignRequest[];
};

/** Signatures by Ed25519, of this process: tests build the same archives and the same notes again and again. */
const known = new Map<string, Uint8Array>();
const KNOWN_MAX = 20_000;

const unavailable = () =>
  new LedgerstoneError('kms-unavailable', 'the memory signer was told to fail', { disposition: 'retriable' });

/** The private key of that seed, as a file holds it. */
export const ed25519Pem = (seed: string): string =>
  ed25519Key(seed).export({ type: 'pkcs8', format: 'pem' }).toString();

export function memorySigner(options: MemorySignerOptions = {}): MemorySigner {
  const { seed = 'ledgerstone', algorithm = 'ed25519', fault } = options;
  const privateKey = algorithm === 'ed25519' ? ed25519Key(seed) : p256Key(seed);
  const requests: SignRequest[] = [];

  const make = (message: Uint8Array): Uint8Array => {
    if (algorithm !== 'ed25519') return new Uint8Array(sign('sha256', message, privateKey));
    const question = `${seed}\n${hash('sha256', message, 'base64')}`;
    const signature = known.get(question) ?? new Uint8Array(sign(null, message, privateKey));
    if (known.size >= KNOWN_MAX) known.clear();
    known.set(question, signature);
    return signature.slice();
  };

  return {
    publicKey: publicKeyOf(privateKey, algorithm),
    description: `memory:${seed}/${algorithm}`,
    requests,
    sign: async (message, signal) => {
      signal?.throwIfAborted();
      // A copy, so that the log shows what was asked even where the caller reuses its buffer.
      const request: SignRequest = { message: message.slice(), signature: null, outcome: 'pending' };
      requests.push(request);
      const trouble = fault?.(requests.length - 1, request.message);
      try {
        if (trouble?.kind === 'fails') throw trouble.error ?? unavailable();
        if (trouble?.kind === 'slow') await untilOrAborted(trouble.until, signal);
        request.signature = make(request.message);
        if (trouble?.kind === 'lost') throw trouble.error ?? unavailable();
      } catch (error) {
        request.outcome = signal?.aborted ? 'aborted' : 'failed';
        throw error;
      }
      request.outcome = 'answered';
      return request.signature.slice();
    },
  };
}

/**
 * A verifier's second key. The same seed gives the same key and the same signatures, made by @noble/post-quantum: key
 * files sign by node:crypto, so that each is held to the other.
 */
export function memoryMlDsaSigner(seed = 'ledgerstone'): MlDsaSigner {
  const { secretKey, publicKey } = ml_dsa44.keygen(new Uint8Array(seedBytes(seed)));
  return {
    publicKey: spkiOfMlDsa(publicKey),
    description: `memory:${seed}/ml-dsa-44`,
    sign: async (message, signal) => {
      signal?.throwIfAborted();
      return ml_dsa44.sign(message, secretKey, { extraEntropy: false });
    },
  };
}

async function untilOrAborted(until: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    await Promise.race([until, aborted.promise]);
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

const seedBytes = (seed: string) => createHash('sha256').update(seed).digest();

function ed25519Key(seed: string): KeyObject {
  // RFC 8410 §7: PKCS#8 of an Ed25519 key is this prefix and the 32 bytes of the seed.
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seedBytes(seed)]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}

function p256Key(seed: string): KeyObject {
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(seedBytes(seed));
  const point = ecdh.getPublicKey();
  const part = (from: number, to: number) => point.subarray(from, to).toString('base64url');
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    d: seedBytes(seed).toString('base64url'),
    x: part(1, 33),
    y: part(33, 65),
  };
  return createPrivateKey({ key: jwk, format: 'jwk' });
}

function publicKeyOf(privateKey: KeyObject, algorithm: KeyAlgorithm): PublicKey {
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  return { algorithm, spki: new Uint8Array(spki) };
}

// What does the key service sign, and what does it remember? A made-up scheme: cheap, and the same in every run.
import { createHash } from 'node:crypto';
import { verifySignature } from '../../../src/base/signature.ts';
import { memorySigner } from '../../support/memory-signer.ts';
import { believe } from '../../support/sync-crypto.ts';

export type Signed = {
  readonly process: string;
  /** Origin and size: the place that a process may sign one text for. */
  readonly place: string;
  readonly text: string;
  readonly signature: Uint8Array;
  /** The process saw it. */
  learned: boolean;
};

const SECRET = 'nobody else knows it';
const hashed = (...parts: (string | Uint8Array)[]): Uint8Array => {
  const hash = createHash('sha256').update(SECRET);
  for (const part of parts) hash.update(part).update('|');
  return new Uint8Array(hash.digest());
};

export class Kms {
  readonly algorithm: 'ed25519' | 'ecdsa-p256';
  readonly publicKey;
  readonly log: Signed[] = [];

  constructor(algorithm: 'ed25519' | 'ecdsa-p256') {
    this.algorithm = algorithm;
    this.publicKey = publicKeys[algorithm];
  }

  sign(process: string, message: Uint8Array): Signed {
    const text = Buffer.from(message).toString();
    const signature =
      this.algorithm === 'ed25519' ? eddsaLike(message) : der(ecdsaLike(message, this.log.length));
    const place = text.split('\n', 2).join(' ');
    const signed = { process, place, text, signature, learned: false };
    this.log.push(signed);
    return signed;
  }

  /** A process signs one text for one place, and learns one signature of it, however often it has to ask. */
  problems(): string[] {
    const texts = new Map<string, string>();
    const learned = new Set<string>();
    const found: string[] = [];
    for (const each of this.log) {
      const place = `${each.place} by ${each.process}`;
      if (texts.has(place) && texts.get(place) !== each.text)
        found.push(`two texts were signed for ${place}`);
      texts.set(place, each.text);
      if (!each.learned) continue;
      if (learned.has(place)) found.push(`two signatures were learned for ${place}`);
      learned.add(place);
    }
    return found;
  }
}

/** The same text gives the same 64 bytes. */
function eddsaLike(message: Uint8Array): Uint8Array {
  const signature = new Uint8Array(64);
  signature.set(hashed('a', message), 0);
  signature.set(hashed('b', message), 32);
  return signature;
}

/** r ‖ s, other ones each time, as ECDSA's are. The first byte of each is such that DER needs no padding. */
function ecdsaLike(message: Uint8Array, nonce: number): Uint8Array {
  const r = positive(hashed('r', `${nonce}`, message));
  const signature = new Uint8Array(64);
  signature.set(r, 0);
  signature.set(positive(hashed('s', r, message)), 32);
  return signature;
}

const positive = (bytes: Uint8Array): Uint8Array => {
  bytes[0] = ((bytes[0] as number) & 0x7f) | 0x01;
  return bytes;
};

function der(signature: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(70);
  bytes.set([0x30, 68, 0x02, 32], 0);
  bytes.set(signature.subarray(0, 32), 4);
  bytes.set([0x02, 32], 36);
  bytes.set(signature.subarray(32), 38);
  return bytes;
}

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** Real public keys, of which nobody uses the private half. */
const publicKeys = {
  ed25519: memorySigner({ seed: 'simulated', algorithm: 'ed25519' }).publicKey,
  'ecdsa-p256': memorySigner({ seed: 'simulated', algorithm: 'ecdsa-p256' }).publicKey,
};

/** Once before the first run: what the product remembers of keys must be the same in every run. */
export async function prepareKeys(): Promise<void> {
  believe(publicKeys.ed25519.spki, (message, signature) => same(signature, eddsaLike(message)));
  believe(publicKeys['ecdsa-p256'].spki, (message, signature) =>
    same(signature.subarray(32), positive(hashed('s', signature.subarray(0, 32), message))),
  );
  const message = new Uint8Array(1);
  for (const algorithm of ['ed25519', 'ecdsa-p256'] as const) {
    const signature = new Kms(algorithm).sign('nobody', message).signature;
    if (!(await verifySignature(publicKeys[algorithm], message, signature)))
      throw new Error(`the made-up ${algorithm} does not verify`);
  }
}

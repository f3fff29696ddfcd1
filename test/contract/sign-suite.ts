// What holds for every signer, whatever stands behind it?
import { execFileSync, spawnSync } from 'node:child_process';
import { createPublicKey, verify as cryptoVerify } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { concatBytes, utf8 } from '../../src/base/bytes.ts';
import { verifySignature } from '../../src/base/signature.ts';
import type { CosigningAlgorithm, CosigningKey } from '../../src/format/vkey.ts';
import type { Signer } from '../../src/sign/signer.ts';

const CHECKPOINT = utf8(
  'audit.example.com/prod/orders/0\n42\nqINS1GRFhWHwdkUeqLEoP4yEMkTBBzxBkGwGQlVlVcs=\n',
);
/** The longest message that every signer takes: KMS signs at most this many raw bytes. */
const LONGEST = new Uint8Array(4096).map((_, i) => (i * 31) % 256);

const openssl = spawnSync('openssl', ['version'], { encoding: 'utf8' });
// Ed25519 over raw input came to `openssl pkeyutl` with version 3.
const SPKI_BYTES: Readonly<Record<CosigningAlgorithm, number>> = {
  ed25519: 44,
  'ecdsa-p256': 91,
  'ml-dsa-44': 1334,
};
const opensslMajor = Number(/^OpenSSL (\d+)/.exec(openssl.stdout ?? '')?.[1] ?? 0);
/** 3.05 for version 3.5. */
const opensslMinor = opensslMajor + Number(/^OpenSSL \d+\.(\d+)/.exec(openssl.stdout ?? '')?.[1] ?? 0) / 100;

/** `open` gives a signer of that algorithm. Signers of one call and the next share the key. */
export function signSuite(
  name: string,
  algorithm: CosigningAlgorithm,
  open: () => Promise<Signer<CosigningKey>>,
): void {
  describe(`${name}, ${algorithm}`, () => {
    let signer: Signer<CosigningKey>;
    beforeAll(async () => {
      signer = await open();
    });

    it('has a public key of its algorithm, and says where the key lives', () => {
      expect(signer.publicKey.algorithm).toBe(algorithm);
      expect(signer.publicKey.spki).toHaveLength(SPKI_BYTES[algorithm]);
      expect(signer.description).toMatch(/\S/);
      expect(signer.description).not.toContain('PRIVATE');
    });

    it.each([
      ['a checkpoint', CHECKPOINT],
      ['one byte', utf8('x')],
      ['every byte value', new Uint8Array(256).map((_, i) => i)],
      ['4096 bytes', LONGEST],
    ])('signs %s as node:crypto and our own check accept it', async (_, message) => {
      const signature = await signer.sign(message);
      expect(nodeAccepts(signer.publicKey, message, signature)).toBe(true);
      expect(await verifySignature(signer.publicKey, message, signature)).toBe(true);
      expect(nodeAccepts(signer.publicKey, concatBytes(message, utf8('\n')), signature)).toBe(false);
    });

    // OpenSSL before 3.5 knows no ML-DSA: there node:crypto alone has the word.
    if (algorithm !== 'ml-dsa-44' || opensslMinor >= 3.05) {
      it.skipIf(opensslMajor < 3)(
        'signs as the openssl command accepts it (skipped where openssl is older than 3)',
        async () => {
          const signature = await signer.sign(CHECKPOINT);
          expect(opensslAccepts(signer.publicKey, CHECKPOINT, signature)).toBe(true);
          const altered = signature.slice();
          altered[altered.length - 1]! ^= 1;
          expect(opensslAccepts(signer.publicKey, CHECKPOINT, altered)).toBe(false);
        },
      );
    }

    it('writes signatures as the format has them', async () => {
      for (let i = 0; i < 40; i++) {
        const signature = await signer.sign(utf8(`message ${i}`));
        if (algorithm === 'ecdsa-p256') expectStrictDer(signature);
        else expect(signature).toHaveLength(algorithm === 'ed25519' ? 64 : 2420);
      }
    });

    it('answers each of many requests at once with the signature of its own message', async () => {
      const messages = Array.from({ length: 20 }, (_, i) => utf8(`segment ${i}\n`));
      const signatures = await Promise.all(messages.map((message) => signer.sign(message)));
      for (const [i, signature] of signatures.entries()) {
        expect(nodeAccepts(signer.publicKey, messages[i] as Uint8Array, signature)).toBe(true);
      }
    });

    it('signs nothing for a caller who has aborted, and rejects with the reason', async () => {
      const reason = new Error('draining');
      await expect(signer.sign(CHECKPOINT, AbortSignal.abort(reason))).rejects.toBe(reason);
      await expect(signer.sign(CHECKPOINT, new AbortController().signal)).resolves.toBeInstanceOf(Uint8Array);
    });

    it('keeps its key over a restart', async () => {
      const again = await open();
      expect(again.publicKey).toEqual(signer.publicKey);
      const signature = await signer.sign(CHECKPOINT);
      expect(nodeAccepts(again.publicKey, CHECKPOINT, signature)).toBe(true);
    });
  });
}

function nodeAccepts(key: CosigningKey, message: Uint8Array, signature: Uint8Array): boolean {
  const publicKey = createPublicKey({ key: Buffer.from(key.spki), format: 'der', type: 'spki' });
  return cryptoVerify(key.algorithm === 'ecdsa-p256' ? 'sha256' : null, message, publicKey, signature);
}

function opensslAccepts(key: CosigningKey, message: Uint8Array, signature: Uint8Array): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'ledgerstone-openssl-'));
  const file = (name: string, bytes: Uint8Array) => {
    writeFileSync(join(folder, name), bytes);
    return join(folder, name);
  };
  try {
    const pem = execFileSync('openssl', ['pkey', '-pubin', '-inform', 'DER', '-in', file('spki', key.spki)]);
    const how = key.algorithm === 'ecdsa-p256' ? ['-digest', 'sha256'] : [];
    const input = ['-in', file('message', message), '-sigfile', file('signature', signature)];
    const args = ['pkeyutl', '-verify', '-pubin', '-inkey', file('pem', pem), '-rawin', ...how, ...input];
    return spawnSync('openssl', args).status === 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** SEQUENCE of two positive INTEGERs, each as short as it can be, and nothing after them (X.690 §8.3.2, §10.1). */
function expectStrictDer(signature: Uint8Array): void {
  expect([signature[0], signature[1]]).toEqual([0x30, signature.length - 2]);
  let at = 2;
  for (const name of ['r', 's']) {
    const length = signature[at + 1] as number;
    const [first, second] = [signature[at + 2] as number, signature[at + 3] as number];
    expect(signature[at], name).toBe(0x02);
    expect(length, name).toBeGreaterThan(0);
    expect(first, `${name} is positive`).toBeLessThan(0x80);
    if (first === 0 && length > 1)
      expect(second, `${name} has no needless zero`).toBeGreaterThanOrEqual(0x80);
    at += 2 + length;
  }
  expect(at).toBe(signature.length);
}

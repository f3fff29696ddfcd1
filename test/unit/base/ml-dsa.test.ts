// Is an ML-DSA-44 signature taken only where it holds, and does nothing hostile crash the check?
import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../src/base/bytes.ts';
import { FormatError } from '../../../src/base/error.ts';
import { mlDsaKeyOfSpki, rawMlDsa, spkiOfMlDsa, verifyMlDsa } from '../../../src/base/ml-dsa.ts';
import { cosigningKeyFromSpki, publicKeyFromSpki, verifySignature } from '../../../src/base/signature.ts';
import { memoryMlDsaSigner } from '../../support/memory-signer.ts';

const message = utf8('subtree/v1');
const signer = memoryMlDsaSigner();

describe('a key', () => {
  it('goes there and back, and is no key of a log', () => {
    const { spki } = signer.publicKey;
    expect([spki.length, rawMlDsa(signer.publicKey).length]).toEqual([1334, 1312]);
    expect(spkiOfMlDsa(rawMlDsa(signer.publicKey))).toEqual(signer.publicKey);
    expect(cosigningKeyFromSpki(spki)).toEqual(signer.publicKey);
    expect(() => publicKeyFromSpki(spki)).toThrow(FormatError);
  });

  it('has the encoding that node:crypto writes', () => {
    const pair = generateKeyPairSync('ml-dsa-44');
    const spki = new Uint8Array(pair.publicKey.export({ type: 'spki', format: 'der' }));
    expect(mlDsaKeyOfSpki(spki)).toEqual({ algorithm: 'ml-dsa-44', spki });
  });

  it.each([1311, 1313, 0])('of %d bytes is none', (length) => {
    expect(() => spkiOfMlDsa(new Uint8Array(length))).toThrow(FormatError);
  });

  it('of ML-DSA-65 is none', () => {
    const { publicKey } = generateKeyPairSync('ml-dsa-65');
    const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));
    expect(() => cosigningKeyFromSpki(spki)).toThrow(FormatError);
  });
});

describe('a signature', () => {
  it('of node:crypto holds, and over another message it does not', async () => {
    const pair = generateKeyPairSync('ml-dsa-44');
    const key = cosigningKeyFromSpki(new Uint8Array(pair.publicKey.export({ type: 'spki', format: 'der' })));
    const signature = new Uint8Array(sign(null, message, pair.privateKey));
    expect(await verifySignature(key, message, signature)).toBe(true);
    expect(await verifySignature(key, utf8('subtree/v2'), signature)).toBe(false);
    expect(await verifySignature(signer.publicKey, message, signature)).toBe(false);
  });

  it('of any other bytes does not hold, and does not throw', async () => {
    const good = await signer.sign(message);
    const bad = [0, 64, 2419, 2421].map((length) => new Uint8Array(length).fill(7));
    for (const at of [0, 40, 2340, 2419])
      bad.push(good.map((byte, index) => (index === at ? byte ^ 1 : byte)));
    bad.push(new Uint8Array(2420), new Uint8Array(2420).fill(0xff));
    for (const signature of bad)
      expect(await verifySignature(signer.publicKey, message, signature)).toBe(false);
    const cut = { algorithm: 'ml-dsa-44', spki: signer.publicKey.spki.subarray(0, 1333) } as const;
    expect(await verifySignature(cut, message, good)).toBe(false);
  });

  it('that cannot be checked is neither good nor bad', async () => {
    const good = await signer.sign(message);
    const absent = () => Promise.reject(new Error("Cannot find package '@noble/post-quantum'"));
    await expect(verifyMlDsa(signer.publicKey, message, good, absent)).rejects.toMatchObject({
      code: 'not-checked',
      remedy: expect.stringContaining('@noble/post-quantum'),
    });
  });
});

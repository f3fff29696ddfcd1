// Does verification accept what the standards sign, and nothing else?
import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { concatBytes, fromBase64, fromHex, utf8 } from '../../../src/base/bytes.ts';
import { publicKeyFromSpki, spkiOfEd25519, verifySignature } from '../../../src/base/signature.ts';

/** RFC 8032 §7.1, TEST 3. */
const rfc8032 = {
  key: spkiOfEd25519(fromHex('fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025')),
  message: fromHex('af82'),
  signature: fromHex(
    '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  ),
};

/** The signed note of golang.org/x/mod/sumdb/note's example. */
const goNote = {
  key: spkiOfEd25519(fromBase64('ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW').subarray(1)),
  message: utf8(
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n",
  ),
  signature: fromBase64(
    'x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=',
  ).subarray(4),
};

/** RFC 6979 §A.2.5, P-256 with SHA-256, message "sample". */
const rfc6979 = {
  key: publicKeyFromSpki(
    fromHex(
      '3059301306072a8648ce3d020106082a8648ce3d0301070342000460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299',
    ),
  ),
  message: utf8('sample'),
  r: 'efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716',
  s: 'f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8',
};

const der = (r: string, s: string) => {
  const body = concatBytes(
    fromHex('02'),
    Uint8Array.of(r.length / 2),
    fromHex(r),
    fromHex('02'),
    Uint8Array.of(s.length / 2),
    fromHex(s),
  );
  return concatBytes(Uint8Array.of(0x30, body.length), body);
};

describe('Ed25519', () => {
  it.each([
    ['RFC 8032', rfc8032],
    ['Go', goNote],
  ])('accepts the signature of %s', async (_, { key, message, signature }) => {
    expect(await verifySignature(key, message, signature)).toBe(true);
    expect(await verifySignature(key, concatBytes(message, utf8(' ')), signature)).toBe(false);
    for (const index of [0, 31, 32, 63]) {
      const other = signature.map((byte, at) => (at === index ? byte ^ 1 : byte));
      expect(await verifySignature(key, message, other)).toBe(false);
    }
  });

  it('refuses other lengths, and a scalar that is not reduced', async () => {
    const { key, message, signature } = rfc8032;
    expect(await verifySignature(key, message, signature.subarray(0, 63))).toBe(false);
    expect(await verifySignature(key, message, concatBytes(signature, Uint8Array.of(0)))).toBe(false);
    expect(await verifySignature(key, message, new Uint8Array(0))).toBe(false);
    // S + L is the same scalar with a second spelling (RFC 8032 §5.1.7).
    const order = 2n ** 252n + 27742317777372353535851937790883648493n;
    let s = order;
    for (let i = 0; i < 32; i++) s += BigInt(signature[32 + i] as number) << BigInt(8 * i);
    const unreduced = signature.slice();
    for (let i = 0; i < 32; i++) unreduced[32 + i] = Number((s >> BigInt(8 * i)) & 255n);
    expect(await verifySignature(key, message, unreduced)).toBe(false);
  });
});

describe('many keys', () => {
  it('are told apart, also when there are more than are kept imported', async () => {
    const message = utf8('message');
    const signers = Array.from({ length: 70 }, () => generateKeyPairSync('ed25519')).map(
      ({ publicKey, privateKey }) => ({
        key: publicKeyFromSpki(new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }))),
        signature: new Uint8Array(sign(null, message, privateKey)),
      }),
    );
    for (const [index, { key, signature }] of [...signers, ...signers].entries()) {
      expect(await verifySignature(key, message, signature)).toBe(true);
      const other = signers[(index + 1) % signers.length];
      expect(await verifySignature(key, message, other?.signature ?? signature)).toBe(false);
    }
  });
});

describe('P-256', () => {
  const { key, message, r, s } = rfc6979;
  const good = der(`00${r}`, `00${s}`);

  it('accepts the signature of RFC 6979, and the other s', async () => {
    expect(await verifySignature(key, message, good)).toBe(true);
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
    const low = (order - BigInt(`0x${s}`)).toString(16).padStart(64, '0');
    expect(await verifySignature(key, message, der(`00${r}`, low))).toBe(true);
    expect(await verifySignature(key, utf8('other'), good)).toBe(false);
  });

  it('accepts what OpenSSL signs, whatever the lengths of r and s', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const own = publicKeyFromSpki(new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })));
    const lengths = new Set<number>();
    for (let i = 0; i < 300; i++) {
      const text = utf8(`message ${i}`);
      const signature = sign(
        'sha256',
        text,
        createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' })),
      );
      lengths.add(signature.length);
      expect(await verifySignature(own, text, signature)).toBe(true);
    }
    expect(lengths.size).toBeGreaterThan(2);
  });

  it.each([
    ['r ‖ s', fromHex(r + s)],
    ['an unpadded negative', der(r, `00${s}`)],
    ['a padded integer', der(`0000${r}`, `00${s}`)],
    ['a long integer', der(`01${r}`, `00${s}`)],
    ['zero', der('00', `00${s}`)],
    ['an empty integer', der('', `00${s}`)],
    ['bytes after it', concatBytes(good, Uint8Array.of(0))],
    ['bytes missing', good.subarray(0, -1)],
    ['a long form of its length', concatBytes(Uint8Array.of(0x30, 0x81, good.length - 2), good.subarray(2))],
    ['another tag', concatBytes(Uint8Array.of(0x31), good.subarray(1))],
    ['nothing', new Uint8Array(0)],
  ])('refuses %s', async (_, signature) => {
    expect(await verifySignature(key, message, signature)).toBe(false);
  });

  it('refuses a key that is none', async () => {
    const offCurve = { ...key, spki: key.spki.map((byte, at) => (at === 90 ? byte ^ 1 : byte)) };
    expect(await verifySignature(offCurve, message, good)).toBe(false);
    expect(await verifySignature({ ...key, spki: new Uint8Array(3) }, message, good)).toBe(false);
    expect(await verifySignature({ algorithm: 'ed25519', spki: key.spki }, message, good)).toBe(false);
    expect(await verifySignature({ algorithm: 'ecdsa-p256', spki: rfc8032.key.spki }, message, good)).toBe(
      false,
    );
  });
});

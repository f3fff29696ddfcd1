// Are cosignatures written as C2SP tlog-cosignature says?
import { createPublicKey, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fromBase64, toBase64, toHex, utf8, utf8Text } from '../../../src/base/bytes.ts';
import { FormatError } from '../../../src/base/error.ts';
import { portableSha256 as sha256 } from '../../../src/base/hash.ts';
import { verifySignature } from '../../../src/base/signature.ts';
import {
  canCosign,
  cosignatureLine,
  cosignedMessage,
  cosignerKey,
  encodeCosignerVkey,
  parseCosignerVkey,
  readCosignature,
} from '../../../src/format/cosignature.ts';
import { encodeSignedCheckpoint, parseSignedCheckpoint } from '../../../src/format/note.ts';
import { encodeVkey, parseVkey, verifierKey } from '../../../src/format/vkey.ts';
import { memoryMlDsaSigner, memorySigner } from '../../support/memory-signer.ts';

/** The example of the specification: its cosignature's key id and time stand in the line. */
const SPEC_NOTE = `example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
`;

const TEXT = utf8('example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n');

describe('an Ed25519 cosigner', () => {
  const signer = memorySigner({ seed: 'witness' });
  const key = cosignerKey('witness.example.com/w1', signer.publicKey, sha256);

  it('signs the time with the checkpoint', () => {
    expect(utf8Text(cosignedMessage(key, TEXT, 1_679_315_147))).toBe(
      `cosignature/v1\ntime 1679315147\n${utf8Text(TEXT)}`,
    );
  });

  it('does not read a line under the name of the chain itself', () => {
    const named = cosignerKey('example.com/behind-the-sofa', signer.publicKey, sha256);
    const line = cosignatureLine(named, 1_679_315_147, new Uint8Array(64));
    expect(readCosignature(line, named, TEXT)).toBeNull();
    expect(readCosignature(line, named, utf8(`x${utf8Text(TEXT)}`))).not.toBeNull();
  });

  it("reads the specification's own example", () => {
    const note = parseSignedCheckpoint(utf8(SPEC_NOTE));
    const line = note.signatures[1];
    if (line === undefined) throw new Error('no second signature');
    expect(toHex(line.keyId)).toBe('8d66cf3f');
    const named = { ...key, id: line.keyId };
    const read = readCosignature(line, named, note.text);
    expect(read?.timeSeconds).toBe(1_679_315_147);
    expect(read?.signature.length).toBe(64);
    expect(cosignatureLine(named, 1_679_315_147, read?.signature as Uint8Array)).toEqual(line);
  });

  it('has a key id that is not that of a log with the same name and key', () => {
    const log = verifierKey(key.name, signer.publicKey, sha256);
    expect(toHex(key.id)).not.toBe(toHex(log.id));
    expect(encodeCosignerVkey(key)).toMatch(/^witness\.example\.com\/w1\+[0-9a-f]{8}\+B/);
    expect(parseCosignerVkey(encodeCosignerVkey(key), sha256)).toEqual(key);
    expect(() => parseCosignerVkey(encodeVkey(log), sha256)).toThrowErrorMatchingSnapshot();
  });

  it('makes lines whose signature holds for that time only', async () => {
    const message = cosignedMessage(key, TEXT, 1000);
    const line = cosignatureLine(key, 1000, await signer.sign(message));
    const note = parseSignedCheckpoint(encodeSignedCheckpoint(TEXT, [line]));
    const read = readCosignature(note.signatures[0] as typeof line, key, note.text);
    if (read === null) throw new Error('not by that key');
    expect(await verifySignature(key.key, read.message, read.signature)).toBe(true);
    const spki = createPublicKey({ key: Buffer.from(key.key.spki), format: 'der', type: 'spki' });
    expect(verify(null, read.message, spki, read.signature)).toBe(true);
    const later = line.signature.slice();
    later[7] = (later[7] as number) ^ 1;
    const forged = readCosignature({ ...line, signature: later }, key, note.text);
    expect(forged?.timeSeconds).toBe(1001);
    expect(
      await verifySignature(key.key, forged?.message as Uint8Array, forged?.signature as Uint8Array),
    ).toBe(false);
  });

  it.each([
    ['a short one', new Uint8Array(71)],
    ['a long one', new Uint8Array(73)],
    ['a time beyond all times', new Uint8Array(72).fill(0xff)],
  ])('refuses %s', (_what, signature) => {
    expect(() => readCosignature({ name: key.name, keyId: key.id, signature }, key, TEXT)).toThrow(
      FormatError,
    );
  });

  it('may be of any second from 1970 to 9999', () => {
    expect(() => cosignedMessage(key, TEXT, 0)).not.toThrow();
    expect(() => cosignedMessage(key, TEXT, 253_402_300_799)).not.toThrow();
  });

  it.each([-1, 1.5, 253_402_300_800, Number.NaN])('refuses the time %d', (time) => {
    expect(() => cosignedMessage(key, TEXT, time)).toThrowErrorMatchingSnapshot();
  });

  it('leaves the lines of others alone', () => {
    const signature = new Uint8Array(72);
    expect(readCosignature({ name: 'other', keyId: key.id, signature }, key, TEXT)).toBeNull();
    expect(readCosignature({ name: key.name, keyId: new Uint8Array(4), signature }, key, TEXT)).toBeNull();
  });
});

describe('a P-256 cosigner', () => {
  const signer = memorySigner({ seed: 'witness', algorithm: 'ecdsa-p256' });
  const key = cosignerKey('witness.example.com/w2', signer.publicKey, sha256);

  it('signs the note as it stands, without a time', async () => {
    expect(cosignedMessage(key, TEXT, 1000)).toEqual(TEXT);
    const line = cosignatureLine(key, 1000, await signer.sign(TEXT));
    const read = readCosignature(line, key, TEXT);
    expect(read?.timeSeconds).toBeNull();
    expect(await verifySignature(key.key, TEXT, read?.signature as Uint8Array)).toBe(true);
    expect(parseCosignerVkey(encodeCosignerVkey(key), sha256)).toEqual(key);
  });
});

it.each([
  'name',
  'name+00000000+',
  'name+0000000g+BAAA',
  `name+00000000+${toBase64(new Uint8Array(33).fill(4))}`,
  `na me+00000000+${toBase64(new Uint8Array(33).fill(4))}`,
  `name+00000000+${toBase64(fromBase64('BQ=='))}`,
])('%s is no cosigner key', (text) => {
  expect(() => parseCosignerVkey(text, sha256)).toThrowErrorMatchingSnapshot();
});

describe('an ML-DSA-44 cosigner', () => {
  const signer = memoryMlDsaSigner('witness');
  const key = cosignerKey('witness.example.com/w3', signer.publicKey, sha256);

  it('signs the specification’s structure, without the extension of a text', () => {
    const message = cosignedMessage(key, TEXT, 1_679_315_147);
    expect(toHex(message)).toBe(
      [
        ['737562747265652f76310a00', `16${toHex(utf8('witness.example.com/w3'))}`, '000000006418 50cb'],
        [`1b${toHex(utf8('example.com/behind-the-sofa'))}`, '0000000000000000', '00000000013e2dc3'],
        [toHex(fromBase64('CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I='))],
      ]
        .flat()
        .join('')
        .replaceAll(' ', ''),
    );
  });

  it('has a vkey of type 6, which no log has', () => {
    const vkey = encodeCosignerVkey(key);
    expect(vkey).toMatch(/^witness\.example\.com\/w3\+[0-9a-f]{8}\+B[g-v]/);
    expect(parseCosignerVkey(vkey, sha256)).toEqual(key);
    expect(() => parseVkey(vkey, sha256)).toThrow('unknown signature type: not 1 (Ed25519) or 2 (P-256)');
  });

  it('makes lines that hold for that time and that name only', async () => {
    const line = cosignatureLine(key, 1000, await signer.sign(cosignedMessage(key, TEXT, 1000)));
    const note = parseSignedCheckpoint(encodeSignedCheckpoint(TEXT, [line]));
    const read = readCosignature(note.signatures[0] as typeof line, key, note.text);
    expect([read?.timeSeconds, read?.signature.length]).toEqual([1000, 2420]);
    const holds = (of: typeof read) =>
      verifySignature(key.key, of?.message as Uint8Array, of?.signature as Uint8Array);
    expect(await holds(read)).toBe(true);
    const later = line.signature.slice();
    later[7] = (later[7] as number) ^ 1;
    expect(await holds(readCosignature({ ...line, signature: later }, key, note.text))).toBe(false);
    // Somebody who calls the key by another name.
    const other = { ...cosignerKey('witness.example.com/w4', signer.publicKey, sha256), id: key.id };
    expect(await holds(readCosignature({ ...line, name: other.name }, other, note.text))).toBe(false);
  });

  it('says no time with 0', async () => {
    const line = cosignatureLine(key, 0, await signer.sign(cosignedMessage(key, TEXT, 0)));
    expect(readCosignature(line, key, TEXT)?.timeSeconds).toBeNull();
  });

  it.each([
    ['an Ed25519 cosignature’s length', 72],
    ['one byte less', 2427],
    ['one byte more', 2429],
    ['none', 0],
  ])('refuses a line with %s', (_what, length) => {
    const line = { name: key.name, keyId: key.id, signature: new Uint8Array(length) };
    expect(() => readCosignature(line, key, TEXT)).toThrow(FormatError);
  });

  it('refuses a time beyond all times', () => {
    const line = { name: key.name, keyId: key.id, signature: new Uint8Array(2428).fill(0xff) };
    expect(() => readCosignature(line, key, TEXT)).toThrow(FormatError);
  });

  it('signs no other note: its text has no size and no root', () => {
    const note = utf8('ledgerstone/note/1\nfindings/x\naudit.example.com\nAAAA\n');
    expect(() => cosignedMessage(key, note, 1000)).toThrow(FormatError);
  });

  it('needs a name and an origin of at most 255 bytes', () => {
    const long = 'x'.repeat(256);
    expect(() => cosignerKey(long, signer.publicKey, sha256)).toThrow('has 256 bytes');
    expect([canCosign(key, 'x'.repeat(255)), canCosign(key, long)]).toEqual([true, false]);
    expect(() => cosignedMessage(key, utf8(`${long}\n3\n${toBase64(new Uint8Array(32))}\n`), 1)).toThrow(
      'has 256 bytes',
    );
  });
});

// Does a seal of a later version read as what it is, and never as tampering or as good?
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../src/base/bytes.ts';
import { nodeSha256 as sha256 } from '../../../src/base/node/hash.ts';
import { verifySignature } from '../../../src/base/signature.ts';
import { encodeEventProof } from '../../../src/format/event-proof.ts';
import { laterVersion } from '../../../src/format/manifest-version.ts';
import { encodeSignedCheckpoint } from '../../../src/format/note.ts';
import { parseSeal } from '../../../src/format/seal.ts';
import { verifierKey } from '../../../src/format/vkey.ts';
import { checkEventProof } from '../../../src/verify/event-proof.ts';
import { LaterSeals, newerFormat, unsignedLater, untrustedLater } from '../../../src/verify/later-version.ts';
import { inspectSeal, openSeal } from '../../../src/verify/open-seal.ts';
import { ArchiveBuilder, ORIGIN, type SegmentWords, signer } from '../../support/archive-builder.ts';

const LATER: SegmentWords = { manifestText: () => '{"format":"ledgerstone/segment/2","all":"else"}' };

async function sealed(words: SegmentWords = LATER) {
  const builder = new ArchiveBuilder();
  const chain = builder.chain();
  await chain.fill(2, 3);
  const { sealKey } = await chain.seal(words);
  return { trusted: builder.trusted, bytes: builder.archive.bytesOf(sealKey) as Uint8Array };
}

describe('the version that a manifest states', () => {
  it.each([
    ['{"format":"ledgerstone/segment/2"}', 2],
    ['{"format":"ledgerstone/segment/2","origin":7}', 2],
    ['{"format":"ledgerstone/segment/999999999"\u{e9}', 999_999_999],
    ['{"format":"ledgerstone/segment/1"}', null],
    ['{"format":"ledgerstone/segment/0"}', null],
    ['{"format":"ledgerstone/segment/02"}', null],
    ['{"format":"ledgerstone/segment/1000000000"}', null],
    ['{"format":"ledgerstone/segment/2', null],
    ['{"format":"ledgerstone/segment/2x"}', null],
    ['{"format": "ledgerstone/segment/2"}', null],
    ['{"origin":"x","format":"ledgerstone/segment/2"}', null],
    ['', null],
  ])('of %j is %s', (text, version) => {
    expect(laterVersion(utf8(text))).toBe(version);
  });
});

describe('seals of later versions in a chain', () => {
  it('are of that chain only, whoever signed them', async () => {
    const { trusted, bytes } = await sealed();
    const { later } = await inspectSeal(bytes, {
      trusted,
      sha256,
      origin: `${ORIGIN}/orders/0`,
      sequence: 3,
    });
    // Believed for every chain, as where one key signs several.
    const keys = trusted.map(({ key }) => verifierKey(`${ORIGIN}/orders/0`, key, sha256));
    const versionIn = (folder: string) =>
      new LaterSeals(folder, () => keys, verifySignature).versionOf(later === undefined ? {} : { later });
    expect(await versionIn('orders/0')).toBe(2);
    expect(await versionIn('orders/1')).toBeNull();
    expect(await versionIn('payments/0')).toBeNull();
  });
});

describe('what is said of a later version', () => {
  it('differs with who is known to have signed it', () => {
    expect(unsignedLater(7)).toEqual({
      code: 'malformed',
      expected: 'a seal of version 1',
      found: "one of version 7 that is not shown to be the log's own",
    });
    expect(untrustedLater(7)).toEqual({
      code: 'unknown-key',
      expected: 'a key that is trusted',
      found: 'a seal of version 7 that none of them signed',
    });
    expect(newerFormat(7)).toEqual({
      code: 'newer-format',
      expected: 'version 1',
      found: 'version 7: made by a newer version of Ledgerstone; upgrade to verify it',
    });
  });
});

describe('a seal of a later version', () => {
  it('is newer-format by a trusted key', async () => {
    const { trusted, bytes } = await sealed();
    const opening = openSeal(bytes, { trusted, sha256, origin: `${ORIGIN}/orders/0`, sequence: 3 });
    await expect(opening).rejects.toMatchObject({ code: 'newer-format' });
    await expect(opening).rejects.toThrow(/version 2.*upgrade/);
  });

  it.each<readonly [string, SegmentWords, string, number]>([
    ['by a stranger', { ...LATER, signers: [signer('thief')] }, 'orders', 3],
    ['under another root', { ...LATER, root: (root) => root.toReversed() }, 'orders', 3],
    ['with another path', { ...LATER, path: (path) => path.slice(1) }, 'orders', 3],
    ['of another sequence', LATER, 'orders', 2],
    ['of another chain', LATER, 'payments', 3],
  ])('is junk %s', async (_what, words, chain, sequence) => {
    const { trusted, bytes } = await sealed(words);
    const context = { trusted, sha256, origin: `${ORIGIN}/${chain}/0`, sequence };
    await expect(openSeal(bytes, context)).rejects.toMatchObject({ code: 'malformed' });
  });
});

describe('an event proof under a manifest of a later version', () => {
  const check = async (words: SegmentWords, change = {}, by?: typeof verifySignature) => {
    const { trusted, bytes } = await sealed(words);
    const { manifestBytes, index, path, signed } = parseSeal(bytes);
    const note = encodeSignedCheckpoint(signed.text, signed.signatures);
    const parts = { manifestBytes, index, path, note, line: 0, linePath: [], ...change };
    const proof = encodeEventProof(parts);
    return checkEventProof({
      ...{ proof, line: utf8('a line of version 2'), trusted, sha256 },
      ...(by && { verifySignature: by }),
    });
  };

  it('says that it is newer', async () => {
    expect(await check(LATER)).toMatchObject({ verdict: 'unverifiable', finding: { code: 'newer-format' } });
  });

  it('believes the check of signatures that it was given', async () => {
    const refused = await check(LATER, {}, async () => false);
    expect(refused).toMatchObject({ verdict: 'broken', finding: { code: 'malformed' } });
    const stranger = { ...LATER, signers: [signer('thief')] };
    expect(await check(stranger, {}, async () => true)).toMatchObject({ verdict: 'broken' });
  });

  it('is broken without a trusted signature, or where it does not lead to the root', async () => {
    const broken = { verdict: 'broken', finding: { code: 'malformed' } };
    expect(await check({ ...LATER, signers: [signer('thief')] })).toMatchObject(broken);
    expect(await check(LATER, { path: [] })).toMatchObject(broken);
  });
});

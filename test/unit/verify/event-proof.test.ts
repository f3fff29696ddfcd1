// Does an event's proof hold offline, and only for that line, that place and a trusted key?
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../src/base/bytes.ts';
import { nodeSha256 as sha256 } from '../../../src/base/node/hash.ts';
import { checkpointText } from '../../../src/format/checkpoint.ts';
import { encodeEventProof, parseEventProof } from '../../../src/format/event-proof.ts';
import { encodeEntry } from '../../../src/format/line-writer.ts';
import {
  encodeSignedCheckpoint,
  type NoteSignature,
  parseSignedCheckpoint,
} from '../../../src/format/note.ts';
import type { KafkaRecord } from '../../../src/format/record.ts';
import { verifierKey } from '../../../src/format/vkey.ts';
import { inclusionProof } from '../../../src/merkle/proof.ts';
import { leafHash } from '../../../src/merkle/tree.ts';
import { buildEventProof, checkEventProof } from '../../../src/verify/event-proof.ts';
import { openSeal } from '../../../src/verify/open-seal.ts';
import {
  ArchiveBuilder,
  archiveKey,
  entries,
  signer,
  transactionGap,
} from '../../support/archive-builder.ts';

async function sealed(signers = [signer()]) {
  const builder = new ArchiveBuilder({ signers });
  const chain = builder.chain();
  await chain.fill(2, 3);
  const segment = await chain.seal({
    signers,
    lines: [...entries(6, 4), transactionGap(10, 3), ...entries(13, 2)],
  });
  const bytes = builder.archive.bytesOf(segment.sealKey) as Uint8Array;
  const opened = await openSeal(bytes, { trusted: builder.trusted, sha256 });
  const leaves = segment.lines.map((line) => leafHash(sha256, line));
  const trusted = builder.trusted;
  return { builder, chain, segment, opened, leaves, trusted, lines: segment.lines };
}

describe('an event proof', () => {
  it.each([0, 1, 3, 4, 5, 6])('holds for line %i', async (index) => {
    const { opened, leaves, lines, trusted } = await sealed();
    const proof = buildEventProof(opened, leaves, index, sha256);
    const line = lines[index] as Uint8Array;
    const check = await checkEventProof({ proof, line, trusted, sha256 });
    const offset = [6, 7, 8, 9, 10, 13, 14][index];
    expect(check).toMatchObject({
      verdict: 'verified',
      origin: 'audit.example.com/prod/orders/0',
      sequence: 3,
      size: 4,
      offset,
      nextOffset: index === 4 ? 13 : (offset as number) + 1,
      gap: index === 4 ? 'transaction' : null,
    });
    const ended = new Uint8Array([...line, 10]);
    expect(await checkEventProof({ proof, line: ended, trusted, sha256 })).toMatchObject({
      verdict: 'verified',
    });
  });

  it('holds under a later checkpoint that a trusted key signed', async () => {
    const { opened, leaves, lines, chain, trusted } = await sealed();
    const later = await chain.seal();
    await chain.seal();
    const manifests = chain.manifests.map((bytes) => leafHash(sha256, bytes));
    const own = parseEventProof(buildEventProof(opened, leaves, 2, sha256));
    const path = inclusionProof(sha256, manifests.slice(0, 5), 3);
    const proof = encodeEventProof({ ...own, path, note: later.note });
    const check = await checkEventProof({ proof, line: lines[2] as Uint8Array, trusted, sha256 });
    expect(check).toMatchObject({ verdict: 'verified', sequence: 3, size: 5 });
  });

  it('does not hold for another line, the same line elsewhere, or no line', async () => {
    const { opened, leaves, lines, trusted } = await sealed();
    const proof = buildEventProof(opened, leaves, 2, sha256);
    const changed = utf8(
      Buffer.from(lines[2] as Uint8Array)
        .toString()
        .replace('login', 'logon'),
    );
    for (const line of [
      lines[1] as Uint8Array,
      changed,
      new Uint8Array(0),
      new Uint8Array([...changed, 10, 10]),
    ]) {
      expect(await checkEventProof({ proof, line, trusted, sha256 })).toMatchObject({
        verdict: 'broken',
        finding: { code: 'entry-root-mismatch' },
      });
    }
    const elsewhere = encodeEventProof({ ...parts(proof), line: 3 });
    expect(
      await checkEventProof({ proof: elsewhere, line: lines[2] as Uint8Array, trusted, sha256 }),
    ).toMatchObject({
      verdict: 'broken',
    });
  });

  it('does not hold under another root', async () => {
    const { opened, leaves, lines, trusted } = await sealed();
    const own = parts(buildEventProof(opened, leaves, 2, sha256));
    const proof = encodeEventProof({ ...own, path: [new Uint8Array(32), ...own.path.slice(1)] });
    expect(await checkEventProof({ proof, line: lines[2] as Uint8Array, trusted, sha256 })).toMatchObject({
      verdict: 'broken',
      finding: { code: 'root-mismatch' },
    });
  });

  it('cannot be verified without a trusted key, or with another one', async () => {
    const { opened, leaves, lines } = await sealed();
    const input = { proof: buildEventProof(opened, leaves, 0, sha256), line: lines[0] as Uint8Array, sha256 };
    expect(await checkEventProof({ ...input, trusted: [] })).toMatchObject({
      verdict: 'unverifiable',
      finding: { code: 'no-trusted-key' },
    });
    const trusted = [archiveKey(signer('other'))];
    expect(await checkEventProof({ ...input, trusted })).toMatchObject({
      verdict: 'unverifiable',
      finding: { code: 'unknown-key' },
    });
  });

  it('needs every key of its own checkpoint', async () => {
    const { opened, leaves, lines, trusted } = await sealed([signer(), signer('second')]);
    const own = parts(buildEventProof(opened, leaves, 0, sha256));
    const note = utf8(`${Buffer.from(own.note).toString().trimEnd().split('\n').slice(0, -1).join('\n')}\n`);
    const proof = encodeEventProof({ ...own, note });
    expect(await checkEventProof({ proof, line: lines[0] as Uint8Array, trusted, sha256 })).toMatchObject({
      verdict: 'broken',
      finding: { code: 'bad-signature' },
    });
  });

  it('holds by one trusted key where another one that signed it is not trusted', async () => {
    const both = [signer(), signer('another')];
    const { opened, leaves, lines } = await sealed(both);
    const proof = buildEventProof(opened, leaves, 2, sha256);
    const line = lines[2] as Uint8Array;
    for (const one of both)
      expect(await checkEventProof({ proof, line, trusted: [archiveKey(one)], sha256 })).toMatchObject({
        verdict: 'verified',
      });
  });

  it('does not hold under a later checkpoint with a false signature in the name of a key of its seal', async () => {
    const both = [signer(), signer('another')];
    const { opened, leaves, lines, chain } = await sealed(both);
    const later = await chain.seal({ signers: both });
    const manifests = chain.manifests.map((bytes) => leafHash(sha256, bytes));
    const own = parseEventProof(buildEventProof(opened, leaves, 2, sha256));
    const path = inclusionProof(sha256, manifests.slice(0, 5), 3);
    const { text, signatures } = parseSignedCheckpoint(later.note);
    const [first, second] = signatures as [NoteSignature, NoteSignature];
    const checkWith = (note: Uint8Array) =>
      checkEventProof({
        ...{ proof: encodeEventProof({ ...own, path, note }), line: lines[2] as Uint8Array, sha256 },
        trusted: [archiveKey(signer())],
      });
    expect(await checkWith(later.note)).toMatchObject({ verdict: 'verified', size: 5 });
    const forged = { ...second, signature: first.signature };
    expect(await checkWith(encodeSignedCheckpoint(text, [first, forged]))).toMatchObject({
      verdict: 'broken',
      finding: { code: 'bad-signature' },
    });
  });

  it('does not hold for a line whose offset is none of its segment', async () => {
    const builder = new ArchiveBuilder();
    const stray = encodeEntry(entries(77, 1)[0] as KafkaRecord);
    const words = { lines: entries(0, 4), encodedLines: (lines: Uint8Array[]) => lines.with(2, stray) };
    const { sealKey, lines } = await builder.chain().seal(words);
    const { trusted } = builder;
    const opened = await openSeal(builder.archive.bytesOf(sealKey) as Uint8Array, { trusted, sha256 });
    const leaves = lines.map((line) => leafHash(sha256, line));
    const proof = buildEventProof(opened, leaves, 2, sha256);
    expect(await checkEventProof({ proof, line: stray, trusted, sha256 })).toMatchObject({
      verdict: 'broken',
      finding: {
        code: 'offset-gap',
        expected: `offsets ${opened.manifest.records.firstOffset} to ${opened.manifest.records.nextOffset - 1}`,
      },
    });
  });

  /** A checkpoint, rightly signed, of a tree with that one manifest in it. */
  async function signedAlone(origin: string, manifestBytes: Uint8Array): Promise<Uint8Array> {
    const key = verifierKey(origin, signer().publicKey, sha256);
    const text = checkpointText({ origin, size: 1, root: leafHash(sha256, manifestBytes) });
    const signature = await signer().sign(text);
    return encodeSignedCheckpoint(text, [{ name: origin, keyId: key.id, signature }]);
  }

  it.each([
    {
      name: 'another chain',
      origin: 'audit.example.com/prod/payments/0',
      before: 0,
      expected: 'a checkpoint of audit.example.com/prod/orders/0',
      found: 'audit.example.com/prod/payments/0',
    },
    {
      name: 'another place of its chain',
      origin: 'audit.example.com/prod/orders/0',
      before: 1,
      expected: 'manifest 0',
      found: 'manifest 1',
    },
  ])(
    'does not hold for a manifest under the checkpoint of $name',
    async ({ origin, before, expected, found }) => {
      const builder = new ArchiveBuilder();
      const chain = builder.chain();
      for (let i = 0; i < before; i++) await chain.seal();
      const { sealKey, lines } = await chain.seal({ lines: entries(0, 3) });
      const { trusted } = builder;
      const opened = await openSeal(builder.archive.bytesOf(sealKey) as Uint8Array, { trusted, sha256 });
      const leaves = lines.map((line) => leafHash(sha256, line));
      const own = parts(buildEventProof(opened, leaves, 2, sha256));
      const note = await signedAlone(origin, own.manifestBytes);
      const proof = encodeEventProof({ ...own, index: 0, path: [], note });
      expect(await checkEventProof({ proof, line: lines[2] as Uint8Array, trusted, sha256 })).toMatchObject({
        verdict: 'broken',
        finding: { code: 'malformed', expected, found },
      });
    },
  );

  it('is not built from lines that the seal does not speak of', async () => {
    const { opened, leaves } = await sealed();
    expect(() => buildEventProof(opened, leaves.slice(1), 0, sha256)).toThrow(/entry-root-mismatch/);
  });

  it('never throws on hostile bytes', async () => {
    const { opened, leaves, lines, trusted } = await sealed();
    const proof = buildEventProof(opened, leaves, 0, sha256);
    const line = lines[0] as Uint8Array;
    for (let at = 0; at < proof.length; at += 7) {
      const changed = proof.with(at, (proof[at] as number) ^ 0x15);
      const check = await checkEventProof({ proof: changed, line, trusted, sha256 });
      expect(check.verdict).not.toBe('verified');
    }
    for (const length of [0, 1, 30, proof.length - 1]) {
      const check = await checkEventProof({ proof: proof.subarray(0, length), line, trusted, sha256 });
      expect(check).toMatchObject({ verdict: 'broken' });
    }
  });
});

/** A proof taken apart, so that one part can be changed. */
function parts(proof: Uint8Array) {
  const parsed = parseEventProof(proof);
  const text = Buffer.from(proof).toString();
  return { ...parsed, note: utf8(text.slice(text.indexOf('\n\n') + 2)) };
}

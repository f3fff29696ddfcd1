// Is every byte of a block shown to every reader, and does a proof prove what it is said to prove?
import { describe, expect, it } from 'vitest';
import { concatBytes, toHex, utf8, utf8Text } from '../../../src/base/bytes.ts';
import { gzipCompressor, zstdCompressor } from '../../../src/base/node/compress.ts';
import { nodeSha256 as sha256 } from '../../../src/base/node/hash.ts';
import { checkpointText } from '../../../src/format/checkpoint.ts';
import { type EventProof, encodeEventProof, parseEventProof } from '../../../src/format/event-proof.ts';
import { encodeManifest, parseManifest } from '../../../src/format/manifest-bytes.ts';
import { encodeSignedCheckpoint } from '../../../src/format/note.ts';
import { verifierKey } from '../../../src/format/vkey.ts';
import { inclusionProof } from '../../../src/merkle/proof.ts';
import { leafHash, nodeHash, rootOfLeaves } from '../../../src/merkle/tree.ts';
import { buildEventProof, checkEventProof } from '../../../src/verify/event-proof.ts';
import { openSeal } from '../../../src/verify/open-seal.ts';
import { ArchiveBuilder, archiveKey, entries, signer } from '../../support/archive-builder.ts';
import { codesOf, verifyBuilt } from './run-verify.ts';

const le32 = (value: number): number[] => [
  value & 255,
  (value >> 8) & 255,
  (value >> 16) & 255,
  value >>> 24,
];
const skippable = Uint8Array.from([0x50, 0x2a, 0x4d, 0x18, ...le32(4), 1, 2, 3, 4]);
const empty = zstdCompressor(3)(new Uint8Array(0));

/** A frame of the same content with another header, in one stored block. */
function reframed(frame: Uint8Array, content: Uint8Array, header: readonly number[]): Uint8Array {
  const block = (content.length << 3) | 1;
  return concatBytes(frame.subarray(0, 4), Uint8Array.from([...header, ...le32(block).slice(0, 3)]), content);
}

describe('blocks, each truly described by a manifest that a trusted key signed', () => {
  const lines = entries(0, 4);
  const withBlock = async (encoding: 'zstd' | 'gzip', block: (stored: Uint8Array) => Uint8Array) => {
    const builder = new ArchiveBuilder();
    const chain = builder.chain();
    await chain.seal();
    await chain.seal({ lines, encoding, block });
    return verifyBuilt(builder);
  };
  const content = async (): Promise<Uint8Array> => {
    const { encodeEntry } = await import('../../../src/format/line-writer.ts');
    return concatBytes(...lines.flatMap((line) => [encodeEntry(line), utf8('\n')]));
  };

  it.each<[string, (stored: Uint8Array) => Uint8Array, string]>([
    ['a skippable frame after it', (stored) => concatBytes(stored, skippable), 'trailing-bytes'],
    ['a skippable frame before it', (stored) => concatBytes(skippable, stored), 'block-mismatch'],
    ['an empty frame after it', (stored) => concatBytes(stored, empty), 'trailing-bytes'],
    ['an empty frame before it', (stored) => concatBytes(empty, stored), 'trailing-bytes'],
    ['a byte after it', (stored) => concatBytes(stored, Uint8Array.of(0)), 'trailing-bytes'],
    [
      'bytes after it that look like a gzip member',
      (stored) => concatBytes(stored, gzipCompressor(6)(utf8('x'))),
      'trailing-bytes',
    ],
    ['the whole frame twice', (stored) => concatBytes(stored, stored), 'trailing-bytes'],
    [
      'a checksum announced and not there',
      (stored) => stored.map((byte, i) => (i === 4 ? byte ^ 4 : byte)),
      'block-mismatch',
    ],
    [
      'the magic number of zstd 0.7',
      (stored) => stored.map((byte, i) => (i === 0 ? 0x27 : byte)),
      'block-mismatch',
    ],
  ])('zstd with %s', async (_, block, code) => {
    expect(codesOf(await withBlock('zstd', block))).toEqual([code]);
  });

  it.each<[string, (size: number) => number[]]>([
    ['a dictionary id of zero', (size) => [0xa1, 0, ...le32(size)]],
    ['a dictionary id', (size) => [0xa1, 7, ...le32(size)]],
    ['no content size', () => [0x00, 0x58]],
    ['a window of 4 TiB', (size) => [0x80, 0xf8, ...le32(size)]],
    ['reserved bits', (size) => [0xa8, ...le32(size)]],
    ['another content size', (size) => [0xa0, ...le32(size + 1)]],
    ['a content size of 2^63', () => [0xe0, 0, 0, 0, 0, 0, 0, 0, 0x80]],
  ])('zstd with %s', async (_, header) => {
    const plain = await content();
    const report = await withBlock('zstd', (stored) => reframed(stored, plain, header(plain.length)));
    expect(codesOf(report)).toEqual(['block-mismatch']);
  });

  it('zstd in one stored block is as good as any', async () => {
    const plain = await content();
    const report = await withBlock('zstd', (stored) =>
      reframed(stored, plain, [0xa0, ...le32(plain.length)]),
    );
    expect(report.verdict).toBe('verified');
  });

  it.each<[string, (stored: Uint8Array) => Uint8Array, string]>([
    ['a member after it', (stored) => concatBytes(stored, gzipCompressor(6)(utf8('x\n'))), 'trailing-bytes'],
    [
      'an empty member before it',
      (stored) => concatBytes(gzipCompressor(6)(new Uint8Array(0)), stored),
      'trailing-bytes',
    ],
    ['zeros after it', (stored) => concatBytes(stored, new Uint8Array(512)), 'trailing-bytes'],
    [
      'a name in its header',
      (stored) =>
        concatBytes(
          stored.subarray(0, 3),
          Uint8Array.of(8),
          stored.subarray(4, 10),
          utf8('name\0'),
          stored.subarray(10),
        ),
      'block-mismatch',
    ],
    [
      'another checksum',
      (stored) => stored.map((byte, i) => (i === stored.length - 8 ? byte ^ 1 : byte)),
      'block-mismatch',
    ],
    [
      'another length',
      (stored) => stored.map((byte, i) => (i === stored.length - 4 ? byte ^ 1 : byte)),
      'block-mismatch',
    ],
  ])('gzip with %s', async (_, block, code) => {
    expect(codesOf(await withBlock('gzip', block))).toEqual([code]);
  });
});

describe('a proof made by an attacker', () => {
  async function sealed() {
    const builder = new ArchiveBuilder();
    const chain = builder.chain();
    await chain.fill(2, 4);
    const segment = await chain.seal({ lines: entries(8, 4) });
    const bytes = builder.archive.bytesOf(segment.sealKey) as Uint8Array;
    const opened = await openSeal(bytes, { trusted: builder.trusted, sha256 });
    const leaves = segment.lines.map((line) => leafHash(sha256, line));
    const genuine = buildEventProof(opened, leaves, 1, sha256);
    return { builder, chain, segment, leaves, genuine, parts: parseEventProof(genuine), note: segment.note };
  }
  type Sealed = Awaited<ReturnType<typeof sealed>>;
  const forged = (s: Sealed, change: Partial<EventProof> & { note?: Uint8Array }): Uint8Array =>
    encodeEventProof({ ...s.parts, note: s.note, ...change });
  const check = (s: Sealed, proof: Uint8Array, line: Uint8Array) =>
    checkEventProof({ proof, line, trusted: s.builder.trusted, sha256 });

  it('does not pass a node of the tree off as a line', async () => {
    const s = await sealed();
    const [a, b, c, d] = s.leaves as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    const right = nodeHash(sha256, c, d);
    for (const line of [concatBytes(a, b), concatBytes(Uint8Array.of(1), a, b)]) {
      for (const [index, path] of [
        [0, [right]],
        [0, [b, right]],
        [1, [right]],
      ] as const) {
        const checked = await check(s, forged(s, { line: index, linePath: path }), line);
        expect(checked.verdict).toBe('broken');
      }
    }
  });

  it('does not pass a manifest off as a line, or a line as a manifest', async () => {
    const s = await sealed();
    // The chain's tree as if it were the segment's: the manifest as the line, and the outer path as the inner one.
    const asLine = forged(s, { line: s.parts.index, linePath: s.parts.path });
    expect((await check(s, asLine, s.parts.manifestBytes)).verdict).toBe('broken');
    const line = s.segment.lines[1] as Uint8Array;
    const asManifest = forged(s, { manifestBytes: line });
    expect((await check(s, asManifest, line)).verdict).toBe('broken');
  });

  it('does not hold for a manifest with another entry root, however it leads on', async () => {
    const s = await sealed();
    const line = utf8('{"offset":9,"timestamp":1,"value":"forged"}');
    const manifest = parseManifest(s.parts.manifestBytes);
    const root = toHex(
      rootOfLeaves(sha256, [
        s.leaves[0] as Uint8Array,
        leafHash(sha256, line),
        s.leaves[2] as Uint8Array,
        s.leaves[3] as Uint8Array,
      ]),
    );
    const manifestBytes = encodeManifest({ ...manifest, entries: { ...manifest.entries, root } });
    const checked = await check(s, forged(s, { manifestBytes }), line);
    expect(checked).toMatchObject({ verdict: 'broken', finding: { code: 'root-mismatch' } });
    // Nor under a later root of the attacker's own, which the attacker alone signed.
    const thief = signer('thief');
    const leaves = [...s.chain.manifests.slice(0, 3), manifestBytes, utf8('x')].map((bytes) =>
      leafHash(sha256, bytes),
    );
    const text = checkpointText({ origin: manifest.origin, size: 5, root: rootOfLeaves(sha256, leaves) });
    const { id } = verifierKey(manifest.origin, thief.publicKey, sha256);
    const signature = { name: manifest.origin, keyId: id, signature: await thief.sign(text) };
    const later = forged(s, {
      manifestBytes,
      path: inclusionProof(sha256, leaves, 3),
      note: encodeSignedCheckpoint(text, [signature]),
    });
    expect(await check(s, later, line)).toMatchObject({ finding: { code: 'unknown-key' } });
    const posing = { ...signature, keyId: verifierKey(manifest.origin, signer().publicKey, sha256).id };
    const asKnown = forged(s, {
      manifestBytes,
      path: inclusionProof(sha256, leaves, 3),
      note: encodeSignedCheckpoint(text, [posing]),
    });
    expect(await check(s, asKnown, line)).toMatchObject({ finding: { code: 'bad-signature' } });
  });

  it('does not hold under the signature of an archive whose name only begins alike', async () => {
    const s = await sealed();
    const line = s.segment.lines[1] as Uint8Array;
    const trusted = [
      archiveKey(signer(), 'audit.example.com/pro'),
      archiveKey(signer(), 'audit.example.com/prod/orders/00'),
    ];
    expect(await checkEventProof({ proof: s.genuine, line, trusted, sha256 })).toMatchObject({
      verdict: 'unverifiable',
      finding: { code: 'no-trusted-key' },
    });
  });

  it('has one spelling', async () => {
    const s = await sealed();
    const text = utf8Text(s.genuine);
    const line = s.segment.lines[1] as Uint8Array;
    for (const other of [
      text.replace('index 3', 'index 03'),
      text.replaceAll('\n', '\r\n'),
      `${text}\n`,
      ` ${text}`,
      text.replace('\n\n', '\n\n\n'),
      text.replace('— audit', '— audit'.normalize('NFKD').replace('—', '–')),
    ]) {
      expect(other).not.toBe(text);
      expect((await check(s, utf8(other), line)).verdict).toBe('broken');
    }
  });
});

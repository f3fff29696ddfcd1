// Does anything but a FormatError ever come out of a parser, and has everything that passes one spelling?
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { equalBytes, toBase64, utf8, utf8Text } from '../../../src/base/bytes.ts';
import { FormatError } from '../../../src/base/error.ts';
import { portableSha256 as sha256 } from '../../../src/base/hash.ts';
import { publicKeyFromSpki, spkiOfEd25519, verifySignature } from '../../../src/base/signature.ts';
import { parseChainOrigin } from '../../../src/format/chain.ts';
import { encodeEventProof, parseEventProof } from '../../../src/format/event-proof.ts';
import type { Manifest } from '../../../src/format/manifest.ts';
import { encodeManifest, parseManifest } from '../../../src/format/manifest-bytes.ts';
import { checkpointText, encodeSignedCheckpoint, parseSignedCheckpoint } from '../../../src/format/note.ts';
import { dataKey, formatKey, keyKey, parseKey, sealKey } from '../../../src/format/paths.ts';
import { encodeSeal, parseSeal } from '../../../src/format/seal.ts';
import { parseTime, parseUntil } from '../../../src/format/time.ts';
import { encodeVkey, parseVkey, parseVkeyFile, verifierKey } from '../../../src/format/vkey.ts';
import { mutated } from './bytes.ts';

const origin = 'audit.example.com/prod/orders/0';
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
const someVkey = hash.map((raw) => encodeVkey(verifierKey(origin, spkiOfEd25519(raw), sha256)));
const someManifest = fc.tuple(someVkey, fc.nat(1000), fc.nat(1000)).map(([vkey, count, firstOffset]) => {
  const manifest: Manifest = {
    origin,
    sequence: 3,
    previous: 'ab'.repeat(32),
    continues: null,
    source: { kind: 'kafka', cluster: 'c', topic: 'orders', topicId: 'x', partition: 0 },
    records: {
      before: 9,
      count,
      firstOffset,
      nextOffset: firstOffset + count + 2,
      missing: { transaction: 2 },
    },
    time: {
      first: null,
      last: null,
      anchored: '2026-11-22T10:00:00.000Z',
      sealed: '2026-11-22T10:00:00.000Z',
    },
    entries: { size: count + 1, root: 'cd'.repeat(32) },
    data: {
      key: `data/topic=orders/partition=0/date=2026-11-22/000000000003-${'ef'.repeat(32)}.jsonl.gz`,
      bytes: 500,
      sha256: 'ef'.repeat(32),
      encoding: 'gzip',
      blocks: [{ bytes: 500, content: 100_000, lines: count + 1 }],
    },
    retention: { mode: 'GOVERNANCE', until: '2026-11-22T10:00:01Z', policy: 'p' },
    keys: [vkey],
    writer: { id: 'w', version: '1' },
  };
  return encodeManifest(manifest);
});
const someNote = fc
  .tuple(
    hash,
    fc.nat(9),
    fc.array(fc.uint8Array({ minLength: 1, maxLength: 80 }), { minLength: 1, maxLength: 3 }),
  )
  .map(([root, more, signatures]) =>
    encodeSignedCheckpoint(
      checkpointText({ origin, size: 4 + more, root }),
      signatures.map((signature) => ({ name: origin, keyId: root.subarray(0, 4), signature })),
    ),
  );
const someSeal = fc
  .tuple(someManifest, fc.array(hash, { maxLength: 5 }), someNote)
  .map(([manifestBytes, path, note]) =>
    encodeSeal({ manifestBytes, path, note, index: parseSignedCheckpoint(note).checkpoint.size - 1 }),
  );
const someEventProof = fc
  .tuple(
    someManifest,
    fc.nat(99),
    fc.array(hash, { maxLength: 5 }),
    fc.array(hash, { maxLength: 5 }),
    someNote,
  )
  .map(([manifestBytes, line, linePath, path, note]) =>
    encodeEventProof({ manifestBytes, line, linePath, path, note, index: 3 }),
  );

/** What the parser made of it; null where it refused. */
function parsed<T>(parse: (bytes: Uint8Array) => T, bytes: Uint8Array): T | null {
  try {
    return parse(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    return null;
  }
}

const reencodeNote = (bytes: Uint8Array): Uint8Array => {
  const { checkpoint, signatures } = parseSignedCheckpoint(bytes);
  return encodeSignedCheckpoint(checkpointText(checkpoint), signatures);
};
const noteOf = (bytes: Uint8Array) => bytes.subarray(utf8(utf8Text(bytes).split('\n\n')[0] ?? '').length + 2);

describe('what is parsed comes back as the same bytes, or is refused', () => {
  it.each<[string, fc.Arbitrary<Uint8Array>, (bytes: Uint8Array) => Uint8Array]>([
    ['manifest', someManifest, (bytes) => encodeManifest(parseManifest(bytes))],
    ['note', someNote, reencodeNote],
    ['seal', someSeal, (bytes) => encodeSeal({ ...parseSeal(bytes), note: noteOf(bytes) })],
    [
      'event proof',
      someEventProof,
      (bytes) => encodeEventProof({ ...parseEventProof(bytes), note: noteOf(bytes) }),
    ],
    ['vkey', someVkey.map(utf8), (bytes) => utf8(encodeVkey(parseVkey(utf8Text(bytes), sha256)))],
  ])('%s', (_, good, parse) => {
    fc.assert(
      fc.property(good, mutated(good), fc.uint8Array({ maxLength: 300 }), (whole, changed, any) => {
        expect(equalBytes(parse(whole), whole)).toBe(true);
        const result = parsed(parse, changed);
        if (result !== null) expect(equalBytes(result, changed)).toBe(true);
        expect(parsed(parse, any)).toBeNull();
      }),
      { numRuns: 500 },
    );
  });

  it('event proof, in its extra', () => {
    const extra = mutated(
      fc
        .tuple(someManifest, hash)
        .map(([manifest, each]) =>
          utf8(
            `{"manifest":"${toBase64(manifest)}","line":3,"path":["${'ab'.repeat(32)}","${Buffer.from(each).toString('hex')}"]}`,
          ),
        ),
    );
    fc.assert(
      fc.property(extra, someNote, (bytes, note) => {
        const proof = utf8(`c2sp.org/tlog-proof@v1\nextra ${toBase64(bytes)}\nindex 1\n\n${utf8Text(note)}`);
        const result = parsed(parseEventProof, proof);
        if (result !== null) expect(equalBytes(encodeEventProof({ ...result, note }), proof)).toBe(true);
      }),
    );
  });

  it('keys of objects', () => {
    const good = fc.constantFrom(
      sealKey('a.b', 7, 41),
      keyKey('ab'.repeat(32)),
      formatKey('ab'.repeat(32)),
      dataKey({
        chain: 'x',
        partition: 0,
        sealedMs: 0,
        sequence: 1,
        sha256: 'cd'.repeat(32),
        encoding: 'zstd',
      }),
    );
    const text = fc.oneof(
      fc.string(),
      mutated(good.map(utf8)).map((bytes) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)),
    );
    fc.assert(
      fc.property(text, (key) => {
        const found = parseKey(key);
        if (found === null) return;
        if (found.kind === 'seal') expect(sealKey(found.chain, found.partition, found.sequence)).toBe(key);
        else if (found.kind === 'key') expect(keyKey(found.spkiSha256)).toBe(key);
        else if (found.kind === 'format') expect(formatKey(found.sha256)).toBe(key);
        else expect(dataKey({ ...found, sealedMs: Date.parse(found.date) })).toBe(key);
      }),
      { numRuns: 5000 },
    );
  });
});

describe('any text', () => {
  it('is refused by the small parsers with a FormatError', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' })), (text) => {
        for (const parse of [
          parseTime,
          parseUntil,
          parseChainOrigin,
          (t: string) => parseVkey(t, sha256),
          (t: string) => parseVkeyFile(`x${t}`, sha256),
        ]) {
          expect(() => parse(text)).toThrow(FormatError);
        }
        expect(() => publicKeyFromSpki(utf8(text))).toThrow(FormatError);
      }),
    );
  });

  it('is no signature', async () => {
    const p256 = fc.uint8Array({ minLength: 64, maxLength: 64 }).map((point) => ({
      algorithm: 'ecdsa-p256' as const,
      spki: new Uint8Array([
        ...Buffer.from('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 'hex'),
        ...point,
      ]),
    }));
    const der = fc
      .array(fc.oneof(fc.nat(255), fc.constantFrom(0x30, 0x02, 0x20, 0x21, 0)), { maxLength: 80 })
      .map((bytes) => new Uint8Array(bytes));
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(p256, hash.map(spkiOfEd25519)),
        fc.uint8Array(),
        fc.oneof(der, fc.uint8Array({ minLength: 64, maxLength: 64 })),
        async (key, message, signature) => {
          expect(await verifySignature(key, message, signature)).toBe(false);
        },
      ),
      { numRuns: 300 },
    );
  });
});

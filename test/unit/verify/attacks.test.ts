// Is an archive that somebody tampered with ever called verified, or does it hang or break the verifier?
import { describe, expect, it } from 'vitest';
import { concatBytes, toHex, utf8, utf8Text } from '../../../src/base/bytes.ts';
import { nodeSha256 as sha256 } from '../../../src/base/node/hash.ts';
import { checkpointText } from '../../../src/format/checkpoint.ts';
import type { Manifest } from '../../../src/format/manifest.ts';
import { encodeSignedCheckpoint } from '../../../src/format/note.ts';
import { keyKey, sealKey } from '../../../src/format/paths.ts';
import { encodeVkey, spkiFingerprint, verifierKey } from '../../../src/format/vkey.ts';
import {
  ArchiveBuilder,
  archiveKey,
  type ChainBuilder,
  entries,
  ORIGIN,
  type SegmentWords,
  START_MS,
  signer,
  YEAR_MS,
} from '../../support/archive-builder.ts';
import { allFindings, codesOf, findingsOf, verify, verifyBuilt } from './run-verify.ts';

const LOCK = { mode: 'COMPLIANCE', untilMs: START_MS + 9 * YEAR_MS } as const;

async function archiveOf(words: SegmentWords = {}) {
  const builder = new ArchiveBuilder();
  const chain = builder.chain();
  const built = [await chain.seal(), await chain.seal({ lines: entries(0, 4), ...words })];
  built.push(await chain.seal({ lines: entries(chain.nextOffset, 4) }));
  return { builder, chain, built };
}

/** Every object of a chain, as it lies in that archive, put under the keys that `rename` gives. */
function move(from: ArchiveBuilder, to: ArchiveBuilder, rename: (key: string) => string | null): void {
  for (const key of from.archive.keys()) {
    const name = rename(key);
    if (name !== null) to.archive.put(name, from.archive.bytesOf(key) as Uint8Array, LOCK);
  }
}

describe('moved over', () => {
  it('chains that changed places between partitions are malformed', async () => {
    const source = new ArchiveBuilder();
    await source.chain('orders', 0).fill(2, 4);
    await source.chain('orders', 1).fill(2, 4);
    const swapped = new ArchiveBuilder();
    const other = (digit: string) => (digit === '0' ? '1' : '0');
    move(source, swapped, (key) =>
      key.includes('topic=')
        ? key.replace(/partition=([01])/, (_, digit: string) => `partition=${other(digit)}`)
        : null,
    );
    const report = await verifyBuilt(swapped);
    expect(report.verdict).toBe('broken');
    expect(report.chains.map(({ verdict }) => verdict)).toEqual(['broken', 'broken']);
    expect(codesOf(report)).toContain('malformed');
  });

  it('a chain of an archive whose name only begins alike is signed by nobody here', async () => {
    const builder = new ArchiveBuilder({ origin: `${ORIGIN}2` });
    await builder.chain().fill(2, 4);
    const report = await verify(builder.archive, { trusted: [archiveKey(signer())] });
    expect(report.verdict).toBe('unverifiable');
    expect(codesOf(report)).toEqual(['no-trusted-key']);
  });

  it('a chain of an archive below this one, by the same key, is malformed beside its own', async () => {
    const below = new ArchiveBuilder({ origin: `${ORIGIN}/test` });
    await below.chain('payments').fill(1, 4);
    const builder = new ArchiveBuilder();
    await builder.chain('orders').fill(1, 4);
    move(below, builder, (key) => (key.includes('topic=') ? key : null));
    const report = await verifyBuilt(builder);
    expect(report.verdict).toBe('broken');
    expect(codesOf(report)).toEqual(['malformed']);
  });

  it('the data object of another segment of the same size is altered', async () => {
    const { builder, built } = await archiveOf();
    const other = builder.archive.bytesOf(built[2]?.dataKey ?? '') as Uint8Array;
    builder.archive.alter(built[1]?.dataKey ?? '', (bytes) => other.slice(0, bytes.length));
    expect((await verifyBuilt(builder)).verdict).toBe('broken');
  });
});

describe('versions', () => {
  it('an older version with other bytes of the same size is what counts, and altered', async () => {
    const { builder, built } = await archiveOf();
    const key = built[1]?.dataKey ?? '';
    const good = builder.archive.bytesOf(key) as Uint8Array;
    builder.archive.remove(key);
    builder.archive.put(
      key,
      good.map((byte) => byte ^ 1),
      LOCK,
    );
    builder.archive.put(key, good, LOCK);
    const report = await verifyBuilt(builder);
    expect(report.verdict).toBe('broken');
    expect(codesOf(report)).toEqual(['block-mismatch', 'data-altered', 'extra-version']);
  });

  it('a marker below the seal changes nothing, and is told', async () => {
    const { builder, built } = await archiveOf();
    for (const key of [built[1]?.sealKey ?? '', built[1]?.dataKey ?? '']) {
      const bytes = builder.archive.bytesOf(key) as Uint8Array;
      builder.archive.remove(key);
      builder.archive.marker(key);
      builder.archive.put(key, bytes, LOCK);
      builder.archive.marker(key);
    }
    const report = await verifyBuilt(builder);
    expect(report.verdict).toBe('verified');
    expect(findingsOf(report, 'delete-marker')).toHaveLength(4);
  });

  it('a good lock on a later version hides no missing one on the first', async () => {
    const { builder, built } = await archiveOf();
    const key = built[1]?.dataKey ?? '';
    builder.archive.setLock(key, null);
    builder.archive.put(key, builder.archive.bytesOf(key) as Uint8Array, LOCK);
    expect(codesOf(await verifyBuilt(builder))).toEqual(['extra-version', 'lock-missing']);
  });

  it('a later seal by a true key replaces no earlier one', async () => {
    const { builder, chain, built } = await archiveOf();
    const other = new ArchiveBuilder();
    const fork: ChainBuilder = other.chain();
    await fork.seal();
    await fork.seal({ lines: entries(0, 5) });
    const key = built[1]?.sealKey ?? '';
    builder.archive.put(key, other.archive.bytesOf(key) as Uint8Array, LOCK);
    const report = await verifyBuilt(builder);
    expect(report.verdict).toBe('verified');
    expect(codesOf(report)).toEqual(['extra-version']);
    expect(report.chains[0]?.size).toBe(chain.manifests.length);
  });
});

describe('locks', () => {
  it.each([
    ['an end that is no time', { mode: 'COMPLIANCE', untilMs: Number.NaN }, 'retention-short'],
    [
      'an end one second short',
      { mode: 'COMPLIANCE', untilMs: START_MS + 120_000 + YEAR_MS - 1000 },
      'retention-short',
    ],
    [
      'a mode of another spelling',
      { mode: 'compliance' as 'COMPLIANCE', untilMs: LOCK.untilMs },
      'mode-not-compliance',
    ],
  ] as const)('%s', async (_, lock, code) => {
    const { builder, built } = await archiveOf();
    builder.archive.setLock(built[1]?.dataKey ?? '', lock);
    const report = await verifyBuilt(builder);
    expect(report.verdict).toBe('broken');
    expect(codesOf(report)).toEqual([code]);
  });
});

describe('a lock that can’t be read', () => {
  it('is no fault of the seal: the keys that it names are trusted behind it', async () => {
    const [old, next] = [signer('old'), signer('next')];
    const builder = new ArchiveBuilder({ signers: [old, next] });
    const chain = builder.chain();
    await chain.seal({ signers: [old] });
    const { sealKey: key } = await chain.seal({ signers: [old, next] });
    await chain.seal({ signers: [next], lines: entries(0, 2) });
    builder.archive.failures.set(`lock:${key}`, new Error('the disk is on fire'));
    const report = await verifyBuilt(builder);
    expect(allFindings(report).map(({ code, sequence }) => [code, sequence])).toEqual([['unreadable', 1]]);
  });
});

describe('keys', () => {
  it('a key of the archive named after another archive is malformed', async () => {
    const { builder } = await archiveOf();
    const thief = signer('thief');
    const vkey = `${encodeVkey(archiveKey(thief, 'audit.example.com/other'))}\n`;
    builder.archive.put(keyKey(spkiFingerprint(thief.publicKey, sha256)), utf8(vkey), LOCK);
    expect(codesOf(await verifyBuilt(builder))).toEqual(['malformed']);
  });

  it('a signature line with the id of a known key and the signature of another refuses the note', async () => {
    const thief = signer('thief');
    const { builder } = await archiveOf({
      note: (note) => {
        const text = utf8Text(note);
        const blank = text.indexOf('\n\n');
        const [line = ''] = text.slice(blank + 2).split('\n');
        const forged = Buffer.from(line.split(' ')[2] ?? '', 'base64');
        forged[10] = (forged[10] as number) ^ 1;
        return utf8(`${text}— ${line.split(' ')[1]} ${forged.toString('base64')}\n`);
      },
    });
    expect(thief.publicKey).toBeDefined();
    expect(codesOf(await verifyBuilt(builder))).toEqual(['bad-signature']);
  });

  it('an Ed25519 signature with S + L is bad', async () => {
    const L = 2n ** 252n + 27742317777372353535851937790883648493n;
    const { builder } = await archiveOf({
      note: (note) =>
        spoilSignature(note, (signature) => {
          let s = 0n;
          for (let i = 63; i >= 32; i--) s = (s << 8n) | BigInt(signature[i] as number);
          s += L;
          for (let i = 32; i < 64; i++, s >>= 8n) signature[i] = Number(s & 255n);
          return signature;
        }),
    });
    expect(codesOf(await verifyBuilt(builder))).toEqual(['bad-signature']);
  });

  it.each([
    ['with a byte behind it', (der: Uint8Array) => concatBytes(der, Uint8Array.of(0))],
    ['with a longer length', (der: Uint8Array) => concatBytes(Uint8Array.of(0x30, 0x81), der.subarray(1))],
  ])('a P-256 signature %s is bad', async (_, change) => {
    const builder = new ArchiveBuilder({ signers: [signer('p256', 'ecdsa-p256')] });
    const chain = builder.chain();
    await chain.seal();
    expect((await verifyBuilt(builder)).verdict).toBe('verified');
    await chain.seal({ note: (note) => spoilSignature(note, change) });
    expect(codesOf(await verifyBuilt(builder))).toEqual(['bad-signature']);
  });

  it('untrusted seals, however many, move no data out of its place', async () => {
    const { builder, chain } = await archiveOf();
    const thief = signer('thief');
    await chain.seal({ signers: [thief], lines: entries(8, 1), sealedMs: START_MS + (40 * YEAR_MS) / 365 });
    await chain.seal({ signers: [thief], lines: entries(9, 1), sealedMs: START_MS + (80 * YEAR_MS) / 365 });
    await chain.seal({ lines: entries(10, 1), sealedMs: START_MS + 600_000 });
    const report = await verifyBuilt(builder);
    expect(report.verdict).toBe('broken');
    expect(codesOf(report)).toEqual(['clock-ahead', 'clock-backwards', 'unknown-key']);
  });
});

/** The last signature's bytes, without its key id, changed. */
function spoilSignature(note: Uint8Array, change: (signature: Uint8Array) => Uint8Array): Uint8Array {
  const text = utf8Text(note).trimEnd();
  const at = text.lastIndexOf(' ') + 1;
  const bytes = new Uint8Array(Buffer.from(text.slice(at), 'base64'));
  const changed = concatBytes(bytes.subarray(0, 4), change(bytes.slice(4)));
  return utf8(`${text.slice(0, at)}${Buffer.from(changed).toString('base64')}\n`);
}

describe('manifests that lie', () => {
  const lie = (change: (text: string) => string) => archiveOf({ manifestText: change });
  it.each([
    ['a member twice', (text: string) => text.replace('"sequence":1', '"sequence":1,"sequence":1')],
    [
      'a prototype',
      (text: string) => text.replace('"sequence":1', '"__proto__":{"sequence":1},"sequence":1'),
    ],
    ['a day that is none', (text: string) => text.replaceAll('2026-11-22', '2026-02-30')],
    ['the year 10000', (text: string) => text.replace(/"until":"[^"]*"/, '"until":"10000-01-01T00:00:00Z"')],
    [
      'the year +010000',
      (text: string) => text.replace(/"until":"[^"]*"/, '"until":"+010000-01-01T00:00:00Z"'),
    ],
    ['no time', (text: string) => text.replace(/"anchored":"[^"]*"/, '"anchored":"NaN"')],
    ['a block without lines', (text: string) => text.replace(/"lines":4/, '"lines":0')],
    [
      'a block of negative length',
      (text: string) => text.replace(/"blocks":\[\{"bytes":\d+/, '"blocks":[{"bytes":-1'),
    ],
    ['a count beyond numbers', (text: string) => text.replace('"count":4', '"count":1e400')],
    [
      '256 blocks of 64 MiB and a wrong sum',
      (text: string) =>
        text.replace(
          /"blocks":\[.*?\]/,
          `"blocks":[${new Array(256).fill('{"bytes":1,"content":67108864,"lines":1}').join()}]`,
        ),
    ],
    [
      'nine keys',
      (text: string) =>
        text.replace(/"keys":\[("[^"]*")\]/, (_, key: string) => `"keys":[${new Array(9).fill(key).join()}]`),
    ],
    [
      'more than 24 KiB',
      (text: string) => text.replace('"id":"archiver-test"', `"id":"${'x'.repeat(25_000)}"`),
    ],
    [
      'depth without end',
      (text: string) => text.replace('"missing":{}', `"missing":${'['.repeat(9000)}${']'.repeat(9000)}`),
    ],
  ])('%s: malformed', async (_, change) => {
    const { builder } = await lie(change);
    const report = await verifyBuilt(builder);
    expect(report.verdict).toBe('broken');
    expect(codesOf(report)).toContain('malformed');
  });

  it.each<[string, (manifest: Manifest) => Manifest]>([
    ['content that is larger', (m) => withBlock(m, (block) => ({ ...block, content: 64 * 2 ** 20 }))],
    ['content that is smaller', (m) => withBlock(m, (block) => ({ ...block, content: 27 * 4 }))],
  ])('%s: block-mismatch', async (_, manifest) => {
    const { builder } = await archiveOf({ manifest });
    expect(codesOf(await verifyBuilt(builder))).toEqual(['block-mismatch']);
  });

  it('blocks whose borders are moved: block-mismatch', async () => {
    const { builder } = await archiveOf({
      linesPerBlock: 2,
      manifest: (m) => {
        const data = m.data as NonNullable<Manifest['data']>;
        const [first, second] = data.blocks;
        if (first === undefined || second === undefined) throw new Error('the test needs two blocks');
        const blocks = [
          { ...first, bytes: first.bytes + 1 },
          { ...second, bytes: second.bytes - 1 },
        ];
        return { ...m, data: { ...data, blocks } };
      },
    });
    const codes = codesOf(await verifyBuilt(builder));
    expect(codes).toContain('block-mismatch');
  });
});

function withBlock(
  manifest: Manifest,
  change: (
    block: NonNullable<Manifest['data']>['blocks'][number],
  ) => NonNullable<Manifest['data']>['blocks'][number],
): Manifest {
  const data = manifest.data as NonNullable<Manifest['data']>;
  return { ...manifest, data: { ...data, blocks: data.blocks.map(change) } };
}

describe('checkpoints kept from before', () => {
  it('of a size 0 or of this very size by a thief convict and acquit nobody', async () => {
    const { builder, chain } = await archiveOf();
    const thief = signer('thief');
    const text = checkpointText({ origin: chain.origin, size: 3, root: new Uint8Array(32) });
    const name = verifierKey(chain.origin, thief.publicKey, sha256);
    const note = encodeSignedCheckpoint(text, [
      { name: chain.origin, keyId: name.id, signature: await thief.sign(text) },
    ]);
    const report = await verifyBuilt(builder, { since: [note] });
    expect(report.verdict).toBe('unverifiable');
    expect(codesOf(report)).toEqual(['unknown-key']);
  });
});

describe('archives of little', () => {
  it('only keys', async () => {
    expect((await verifyBuilt(new ArchiveBuilder())).verdict).toBe('unverifiable');
  });

  it('only data', async () => {
    const { builder } = await archiveOf();
    for (const key of builder.archive.keys()) if (!key.startsWith('data/')) builder.archive.remove(key);
    const report = await verifyBuilt(builder);
    expect(report.verdict).toBe('broken');
    expect(codesOf(report)).toEqual(['sequence-gap', 'unreferenced-object']);
  });

  it('a continuing chain whose first offset leaves some of the topic out', async () => {
    const builder = new ArchiveBuilder();
    const older = builder.chain('orders');
    const [, last] = await older.fill(1, 4);
    const newer = builder.chain('orders-2', 0, 9);
    const source = last?.manifest.source as Manifest['source'];
    const root = toHex(await rootOf(builder, older));
    const { nextOffset } = older;
    const continues = { origin: older.origin, size: 2, root, nextOffset, reason: 'moved', by: 'ops' };
    await newer.seal({ continues, source });
    const report = await verifyBuilt(builder);
    expect(report.verdict).toBe('broken');
    expect(codesOf(report)).toEqual(['offset-gap']);
  });
});

async function rootOf(builder: ArchiveBuilder, chain: ChainBuilder): Promise<Uint8Array> {
  const seal = utf8Text(
    builder.archive.bytesOf(sealKey(chain.name, chain.partition, chain.manifests.length - 1)) as Uint8Array,
  );
  const lines = seal.split('\n');
  return new Uint8Array(Buffer.from(lines[lines.indexOf(chain.origin) + 2] ?? '', 'base64'));
}

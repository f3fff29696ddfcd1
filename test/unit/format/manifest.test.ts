// Which manifests are manifests? (FORMAT.md: manifest, rule by rule)
import { describe, expect, it } from 'vitest';
import { fromHex, toHex, utf8 } from '../../../src/base/bytes.ts';
import { FormatError } from '../../../src/base/error.ts';
import { portableSha256 as sha256 } from '../../../src/base/hash.ts';
import { LIMITS } from '../../../src/base/limits.ts';
import type { Manifest } from '../../../src/format/manifest.ts';
import { encodeManifest, parseManifest } from '../../../src/format/manifest-bytes.ts';
import { encodeVkey, publicKeyFromSpki, verifierKey } from '../../../src/format/vkey.ts';

const origin = 'audit.example.com/prod/orders/0';
const spki = (seed: string) => publicKeyFromSpki(fromHex(`302a300506032b6570032100${seed.repeat(32)}`));
const vkey = (name: string, seed = '07') => encodeVkey(verifierKey(name, spki(seed), sha256));
const hash = 'ab'.repeat(32);
const emptyRoot = toHex(sha256(utf8('')));

const good = {
  origin,
  sequence: 41,
  previous: 'cd'.repeat(32),
  continues: null,
  source: { kind: 'kafka', cluster: 'lkc-1', topic: 'orders', topicId: null, partition: 0 },
  records: {
    before: 118_000,
    count: 5000,
    firstOffset: 120_000,
    nextOffset: 125_003,
    missing: { transaction: 3 },
  },
  time: {
    first: '2026-11-22T10:00:00.000Z',
    last: '2026-11-22T10:00:59.999Z',
    anchored: '2026-11-22T10:00:30.000Z',
    sealed: '2026-11-22T10:01:00.000Z',
  },
  entries: { size: 5001, root: hash },
  data: {
    key: `data/topic=orders/partition=0/date=2026-11-22/000000000041-${hash}.jsonl.zst`,
    bytes: 300_000,
    sha256: hash,
    encoding: 'zstd',
    blocks: [
      { bytes: 200_000, content: 1_050_000, lines: 4000 },
      { bytes: 100_000, content: 300_000, lines: 1001 },
    ],
  },
  retention: { mode: 'COMPLIANCE', until: '2027-11-22T10:01:00Z', policy: 'pci-12m' },
  keys: [vkey(origin)],
  writer: { id: 'archiver-7f9c', version: '1.0.0' },
} as const satisfies Manifest;

const empty: Manifest = {
  ...good,
  sequence: 0,
  previous: null,
  records: { before: 0, count: 0, firstOffset: 5, nextOffset: 5, missing: {} },
  time: { ...good.time, first: null, last: null },
  entries: { size: 0, root: emptyRoot },
  data: null,
};
const continues = {
  origin: 'audit.example.com/prod/orders-old/0',
  size: 7,
  root: hash,
  nextOffset: 99,
  reason: 'lost key',
  by: 'J. Doe',
};

describe('a manifest', () => {
  it('is one line of JSON with its members in order', () => {
    const text = new TextDecoder().decode(encodeManifest(good));
    expect(text).toBe(
      `{"format":"ledgerstone/segment/1","origin":"${origin}","sequence":41,"previous":"${'cd'.repeat(32)}","continues":null,` +
        '"source":{"kind":"kafka","cluster":"lkc-1","topic":"orders","topicId":null,"partition":0},' +
        '"records":{"before":118000,"count":5000,"firstOffset":120000,"nextOffset":125003,"missing":{"transaction":3}},' +
        '"time":{"first":"2026-11-22T10:00:00.000Z","last":"2026-11-22T10:00:59.999Z","anchored":"2026-11-22T10:00:30.000Z","sealed":"2026-11-22T10:01:00.000Z"},' +
        `"entries":{"size":5001,"root":"${hash}"},` +
        `"data":{"key":"data/topic=orders/partition=0/date=2026-11-22/000000000041-${hash}.jsonl.zst","bytes":300000,"sha256":"${hash}","encoding":"zstd",` +
        '"blocks":[{"bytes":200000,"content":1050000,"lines":4000},{"bytes":100000,"content":300000,"lines":1001}]},' +
        '"retention":{"mode":"COMPLIANCE","until":"2027-11-22T10:01:00Z","policy":"pci-12m"},' +
        `"keys":["${vkey(origin)}"],"writer":{"id":"archiver-7f9c","version":"1.0.0"}}`,
    );
  });

  it.each<[string, Manifest]>([
    ['records', good],
    ['nothing', empty],
    ['records without a time', { ...good, time: { ...good.time, first: null, last: null } }],
    ['a chain that goes on', { ...empty, continues }],
    ['a file', { ...good, source: { kind: 'file', name: 'demo', partition: 0 } }],
    ['two keys', { ...good, keys: [vkey(origin), vkey(origin, '08')] }],
    [
      'every reason',
      {
        ...good,
        records: {
          ...good.records,
          count: 4999,
          missing: { transaction: 1, compacted: 1, expired: 1, accepted: 1 },
        },
        entries: { ...good.entries, size: 5003 },
        data: { ...good.data, blocks: [{ bytes: 300_000, content: 1_050_000, lines: 5003 }] },
      },
    ],
    [
      'gzip',
      { ...good, data: { ...good.data, encoding: 'gzip', key: good.data.key.replace('.zst', '.gz') } },
    ],
    [
      'a lock that ends a millisecond after the seal',
      {
        ...good,
        time: { ...good.time, sealed: '2026-11-22T10:00:59.999Z' },
        retention: { ...good.retention, until: '2026-11-22T10:01:00Z' },
      },
    ],
    ['a source confirmed as it was sealed', { ...good, time: { ...good.time, anchored: good.time.sealed } }],
    ['quotes and other scripts', { ...good, writer: { id: '"a\\b" é 😀', version: '1' } }],
  ])('comes back: %s', (_, manifest) => {
    expect(parseManifest(encodeManifest(manifest))).toEqual({ format: 'ledgerstone/segment/1', ...manifest });
  });

  it('fits its limit at its largest', () => {
    const word = (length: number) => '"'.repeat(length);
    const chain = 'c'.repeat(249);
    const long = `${'o'.repeat(200)}/${chain}/2147483647`;
    const blocks = Array.from({ length: LIMITS.blocksMax }, () => ({
      bytes: 1_048_576,
      content: LIMITS.blockContentMax,
      lines: 390_625,
    }));
    const size = 390_625 * LIMITS.blocksMax;
    const largest: Manifest = {
      origin: long,
      sequence: 0,
      previous: null,
      continues: {
        ...continues,
        origin: `${'p'.repeat(200)}/${chain}/2147483647`,
        size: 2 ** 53 - 1,
        nextOffset: 2 ** 53 - 1,
        reason: word(512),
        by: word(255),
      },
      source: { kind: 'kafka', cluster: word(255), topic: chain, topicId: word(64), partition: 2147483647 },
      records: {
        before: 0,
        count: size - 4,
        firstOffset: 2 ** 53 - 1 - size,
        nextOffset: 2 ** 53 - 1,
        missing: { transaction: 1, compacted: 1, expired: 1, accepted: 1 },
      },
      time: good.time,
      entries: { size, root: hash },
      data: {
        ...good.data,
        key: `data/topic=${chain}/partition=2147483647/date=2026-11-22/000000000000-${hash}.jsonl.zst`,
        bytes: LIMITS.dataBytesMax,
        blocks,
      },
      retention: { ...good.retention, policy: word(64) },
      keys: Array.from({ length: LIMITS.keysMax }, (_, index) => {
        const p256 = publicKeyFromSpki(
          fromHex(`3059301306072a8648ce3d020106082a8648ce3d03010703420004${`0${index}`.repeat(64)}`),
        );
        return encodeVkey(verifierKey(long, p256, sha256));
      }),
      writer: { id: word(255), version: word(64) },
    };
    const bytes = encodeManifest(largest);
    expect(bytes.length).toBeGreaterThan(20_000);
    expect(bytes.length).toBeLessThan(LIMITS.manifestBytesMax);
    expect(parseManifest(bytes)).toMatchObject(largest);
  });
});

/** The base with the member at `path` replaced; numbers in the path are indexes. */
function changed(base: unknown, [name, ...rest]: readonly string[], value: unknown): unknown {
  if (name === undefined) return value;
  const container = structuredClone(base) as Record<string, unknown>;
  container[name] = changed(container[name], rest, value);
  return container;
}

describe('what breaks a rule is refused by writer and reader', () => {
  it('fewer gap lines than reasons', () => {
    const withGapLines = (size: number): Manifest => ({
      ...good,
      records: { ...good.records, count: 5000, missing: { transaction: 1, expired: 2 } },
      entries: { ...good.entries, size },
      data: { ...good.data, blocks: [{ bytes: 300_000, content: 1_050_000, lines: size }] },
    });
    expect(() => encodeManifest(withGapLines(5002))).not.toThrow();
    expect(() => encodeManifest(withGapLines(5003))).not.toThrow();
    expect(() => encodeManifest(withGapLines(5001))).toThrowErrorMatchingSnapshot();
    expect(() => encodeManifest(withGapLines(5004))).toThrowErrorMatchingSnapshot();
  });

  it.each<[string, string, unknown]>([
    ['an origin without a partition', 'origin', 'audit.example.com'],
    ['an origin of another partition', 'origin', 'audit.example.com/prod/orders/1'],
    ['an origin that is none', 'origin', 7],
    ['a negative sequence', 'sequence', -1],
    ['a sequence beyond 12 digits', 'sequence', 1e12],
    ['no previous', 'previous', null],
    ['a previous in capitals', 'previous', 'CD'.repeat(32)],
    ['continues at sequence 41', 'continues', continues],
    ['no source', 'source', null],
    ['another kind of source', 'source.kind', 'http'],
    ['another partition', 'source.partition', 1],
    ['no cluster', 'source.cluster', ''],
    ['a topic that is none', 'source.topic', 'a/b'],
    ['an empty topic id', 'source.topicId', ''],
    ['no records', 'records', null],
    ['a fraction of a record', 'records.count', 0.5],
    ['a count as text', 'records.count', '5000'],
    ['offsets that go back', 'records.nextOffset', 119_999],
    ['an offset that is not covered', 'records.nextOffset', 125_004],
    ['a missing offset that is not counted', 'records.missing', {}],
    ['missing offsets that are a list', 'records.missing', []],
    ['a reason that has none', 'records.missing.expired', 0],
    ['too many records', 'records.before', 2 ** 53 - 100],
    ['a first time without a last', 'time.last', null],
    ['a last time before the first', 'time.last', '2026-11-22T09:59:59.999Z'],
    ['a time without milliseconds', 'time.sealed', '2026-11-22T10:01:00Z'],
    ['a time with an offset', 'time.anchored', '2026-11-22T10:01:00.000+00:00'],
    ['a day that is none', 'time.anchored', '2026-02-30T10:01:00.000Z'],
    ['a year beyond 9999', 'time.anchored', '+010000-01-01T00:00:00.000Z'],
    ['a second that leaps', 'time.anchored', '2026-12-31T23:59:60.000Z'],
    ['a source confirmed after the seal', 'time.anchored', '2026-11-22T10:01:00.001Z'],
    ['fewer lines than records', 'entries.size', 4999],
    ['no gap line for its gap', 'entries.size', 5000],
    ['more gap lines than offsets', 'entries.size', 5004],
    ['a root of another length', 'entries.root', 'ab'],
    ['lines without data', 'data', null],
    ['a key of another day', 'data.key', good.data.key.replace('11-22', '11-23')],
    ['a key of another chain', 'data.key', good.data.key.replace('=orders', '=other')],
    ['a key of another sequence', 'data.key', good.data.key.replace('41-', '42-')],
    ['a key of other bytes', 'data.sha256', 'ac'.repeat(32)],
    ['another encoding', 'data.encoding', 'gzip'],
    ['an unknown encoding', 'data.encoding', 'br'],
    ['too much data', 'data.bytes', LIMITS.dataBytesMax + 1],
    ['no blocks', 'data.blocks', []],
    ['blocks that are none', 'data.blocks', { length: 1 }],
    ['too many blocks', 'data.blocks', new Array(257).fill({ bytes: 1, content: 27, lines: 1 })],
    ['blocks of other bytes', 'data.blocks.0.bytes', 200_001],
    ['blocks of other lines', 'data.blocks.0.lines', 4001],
    ['a block without bytes', 'data.blocks.0.bytes', 0],
    [
      'a block without lines',
      'data.blocks',
      [
        { bytes: 200_000, content: 1_050_000, lines: 5001 },
        { bytes: 100_000, content: 300_000, lines: 0 },
      ],
    ],
    [
      'a block without bytes beside one with all',
      'data.blocks',
      [
        { bytes: 300_000, content: 1_050_000, lines: 4000 },
        { bytes: 0, content: 300_000, lines: 1001 },
      ],
    ],
    ['a hash that is none', 'data.sha256', 'x'],
    ['a block that is none', 'data.blocks.0', null],
    ['a block too small for its lines', 'data.blocks.0.content', 4000 * 27 - 1],
    ['a block too large', 'data.blocks.0.content', LIMITS.blockContentMax + 1],
    ['another mode', 'retention.mode', 'NONE'],
    ['a lock with milliseconds', 'retention.until', '2027-11-22T10:01:00.000Z'],
    ['a lock that ends with the seal', 'retention.until', '2026-11-22T10:01:00Z'],
    ['a lock that ends before the seal', 'retention.until', '2026-11-22T10:00:59Z'],
    ['no policy', 'retention.policy', ''],
    ['no key', 'keys', []],
    ['a key twice', 'keys', [vkey(origin), vkey(origin)]],
    ['nine keys', 'keys', Array.from({ length: 9 }, (_, index) => vkey(origin, `0${index}`))],
    ['a key of another chain', 'keys', [vkey('audit.example.com/prod')]],
    ['a key that is none', 'keys', ['x']],
    ['a key that is a number', 'keys', [7]],
    ['a writer without a name', 'writer.id', ''],
    ['a version of 65 bytes', 'writer.version', '1'.repeat(65)],
    ['a writer that hides', 'writer.id', 'a\u0000'],
  ])('%s', (_, path, value) => {
    expectRefused(changed(good, path.split('.'), value));
  });

  it.each<[string, string, unknown]>([
    ['a previous', 'previous', hash],
    ['records before', 'records.before', 1],
    ['times without a record', 'time', good.time],
    ['a root that is not of nothing', 'entries.root', hash],
    ['data without lines', 'data', good.data],
    ['a chain that continues itself', 'continues', { ...continues, origin }],
    ['a continued chain that is none', 'continues', { ...continues, origin: 'x' }],
    ['a continued chain of size 0', 'continues', { ...continues, size: 0 }],
    ['a continuation by 256 bytes', 'continues', { ...continues, by: 'x'.repeat(256) }],
    ['a continued chain of another root', 'continues', { ...continues, root: 'x' }],
    ['a continued chain without an offset', 'continues', { ...continues, nextOffset: -1 }],
    ['a continued chain without a reason', 'continues', { ...continues, reason: '' }],
    ['a continued chain by a newline', 'continues', { ...continues, by: 'a\nb' }],
  ])('at sequence 0: %s', (_, path, value) => {
    expectRefused(changed(empty, path.split('.'), value));
  });

  function expectRefused(bad: unknown): void {
    expect(() => encodeManifest(bad as Manifest)).toThrowErrorMatchingSnapshot();
    const bytes = utf8(JSON.stringify({ format: 'ledgerstone/segment/1', ...(bad as Manifest) }));
    expect(() => parseManifest(bytes)).toThrow(
      expect.objectContaining({ name: 'FormatError', code: 'malformed' }),
    );
  }
});

describe('what is no manifest at all', () => {
  it.each(['', '{', '\u0000', 'null', '[]', '7'])('is malformed: %j', (text) => {
    expect(() => parseManifest(utf8(text))).toThrow(
      expect.objectContaining({ name: 'FormatError', code: 'malformed' }),
    );
  });

  it.each([7, [], null])('is no object: %j', (value) => {
    const shown = typeof value === 'object' && value !== null ? 'an object' : String(value);
    expect(() => parseManifest(utf8(JSON.stringify(value)))).toThrow(`the manifest can't be ${shown}`);
  });

  it.each([
    'continues',
    'data',
    'data.blocks.0',
    'entries',
    'records',
    'records.missing',
    'retention',
    'source',
    'time',
    'writer',
  ])('names the member that should be an object: %s', (path) => {
    const name = path.replace('.0', '[0]');
    for (const value of [7, 'x', [], true]) {
      const bad = changed(path === 'continues' ? empty : good, path.split('.'), value) as Manifest;
      const shown = typeof value === 'object' ? 'an object' : String(value);
      expect(() => encodeManifest(bad)).toThrow(new FormatError(`manifest: ${name} can't be ${shown}`));
    }
  });

  it.each([
    ...(['continues.origin', 'keys.0', 'origin', 'retention.until', 'source.name', 'source.topic'] as const),
    ...(['time.anchored', 'time.first', 'time.last', 'time.sealed'] as const),
  ])('names the member that should be a text: %s', (path) => {
    const file = { kind: 'file', name: 'orders', id: null, partition: 0 };
    const base =
      path === 'continues.origin'
        ? { ...empty, continues }
        : { ...good, ...(path === 'source.name' && { source: file }) };
    for (const value of [7, null, []]) {
      const bad = changed(base, path.split('.'), value) as Manifest;
      const shown = Array.isArray(value) ? 'an object' : String(value);
      expect(() => encodeManifest(bad)).toThrow(
        new FormatError(`manifest: ${path.replace('.0', '[0]')} can't be ${shown}`),
      );
    }
  });
});

describe('a second spelling is refused', () => {
  const text = new TextDecoder().decode(encodeManifest(good));
  it.each<[string, (text: string) => string]>([
    ['a space', (t) => t.replace(':', ': ')],
    ['a newline at its end', (t) => `${t}\n`],
    ['a byte order mark', (t) => `\ufeff${t}`],
    ['no format', (t) => t.replace('"format":"ledgerstone/segment/1",', '')],
    ['another format', (t) => t.replace('segment/1', 'segment/2')],
    ['a member that is unknown', (t) => t.replace('"sequence"', '"x":1,"sequence"')],
    ['a member that is unknown, deep', (t) => t.replace('"lines":1001', '"lines":1001,"x":1')],
    ['a member twice', (t) => t.replace('"sequence":41', '"sequence":40,"sequence":41')],
    ['a prototype', (t) => t.replace('"sequence"', '"__proto__":{},"sequence"')],
    [
      'another order',
      (t) =>
        t
          .replace('"lines":4000', '')
          .replace('{"bytes":200000', '{"lines":4000,"bytes":200000')
          .replace(',}', '}'),
    ],
    [
      'missing reasons in another order',
      (t) => t.replace('"missing":{"transaction":3}', '"missing":{"expired":1,"transaction":2}'),
    ],
    ['a number with a fraction', (t) => t.replace(':41,', ':41.0,')],
    ['a number with an exponent', (t) => t.replace(':5000,', ':5e3,')],
    ['minus zero', (t) => t.replace('"partition":0', '"partition":-0')],
    ['a number as text', (t) => t.replace(':41,', ':"41",')],
    ['an escape', (t) => t.replace('pci-12m', 'pci\\u002d12m')],
    ['an escaped slash', (t) => t.replace('audit.example.com/', 'audit.example.com\\/')],
    ['half a character', (t) => t.replace('pci-12m', '\\ud800')],
    ['an array', (t) => `[${t}]`],
    ['a number', () => '1'],
    ['null', () => 'null'],
    ['nothing', () => ''],
    [
      'a valueOf',
      (t) => t.replace('"missing":{"transaction":3}', '"missing":{"transaction":{"valueOf":1,"toString":1}}'),
    ],
    [
      'depth',
      (t) => t.replace('"missing":{"transaction":3}', `"missing":${'['.repeat(5000)}${']'.repeat(5000)}`),
    ],
    ['size', (t) => t.padEnd(LIMITS.manifestBytesMax + 1)],
  ])('%s', (_, change) => {
    expect(change(text)).not.toBe(text);
    expect(() => parseManifest(utf8(change(text)))).toThrow(FormatError);
  });

  it('bytes that are no UTF-8', () => {
    const bytes = utf8(text);
    bytes[text.indexOf('pci')] = 0xff;
    expect(() => parseManifest(bytes)).toThrowErrorMatchingSnapshot();
  });
});

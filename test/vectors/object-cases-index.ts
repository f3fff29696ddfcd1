// Which indexes of a segment are frozen: what they must be for these lines, by 9.9 alone, and what must be refused?
import { utf8, utf8Text } from '../../src/base/bytes.ts';
import { encodeEntry } from '../../src/format/line-writer.ts';
import type { KafkaRecord } from '../../src/format/record.ts';
import { naiveIndex, type NaiveField, type NaiveIndex } from '../support/naive-index.ts';
import { freezeBytes } from './archive-vector.ts';
import type { ObjectVector } from './object-vector.ts';

const SHA256 = '5f'.repeat(32);
const ROOT = '0c'.repeat(32);
const TIME = 1_795_341_600_000n;

const record = (offset: number, value: string | Uint8Array | null, more: Partial<KafkaRecord> = {}): KafkaRecord => ({
  ...{ offset, timestamp: TIME, timestampType: 'create', key: null, headers: [] },
  ...more,
  value: typeof value === 'string' ? utf8(value) : value,
});

const text = (records: readonly KafkaRecord[]): string =>
  records.map((one) => `${utf8Text(encodeEntry(one))}\n`).join('');

/** Each line shows one rule of 9.9.4 and 9.9.5. */
const LINES = text([
  record(0, '{"actor":"alice","n":1.50,"at":"2026-11-22T10:00:00Z"}', { key: utf8('k'), headers: [{ name: utf8('h'), value: utf8('v') }] }),
  record(1, '{"\\u0061ctor":["b\\u006fb",{"x":1},[true]],"n":15e-1,"at":1795341600}'),
  record(2, '{"actor":{"x":1},"n":-0.0,"at":"22 Nov"}', { key: new Uint8Array([0xff]), headers: [{ name: utf8('h'), value: null }] }),
  record(3, '{"actor":"1.5","actor":1.5,"n":"-123456","at":"2026-11-23"}'),
  record(4, '"{\\"actor\\":\\"carol\\",\\"n\\":null}"'),
  record(5, '\ufeff{"actor":"\\ud800"}'),
  record(6, new Uint8Array(Buffer.from('{"actor":"dave"}', 'utf16le'))),
  record(7, 'no json'),
  record(8, null),
]);

const field = (name: string, [without, undated]: readonly [number, number], more: Partial<NaiveField>): NaiveField => ({
  ...{ field: name, without, undated, numbers: null, times: null, texts: [] },
  ...more,
});

const PLAIN: NaiveIndex = {
  ...{ dataSha256: SHA256, root: ROOT, records: 9, tombstones: 1, notJson: 1 },
  fields: [
    field('/actor', [3, 8], {
      numbers: { min: '15e-1', max: '15e-1' },
      times: { min: 1500, max: 1500 },
      texts: ['talice', 'tbob', 'ttrue', 't1.5', 'n15e1', 'tcarol', 't\ufffd', 'tdave'],
    }),
    field('/n', [4, 5], {
      numbers: { min: '-13e4', max: '15e-1' },
      times: { min: -123_456_000, max: 1500 },
      texts: ['n15e1', 'ne0', 't-123456', 'tnull'],
    }),
    field('/at', [5, 6], {
      numbers: { min: '17e8', max: '18e8' },
      times: { min: 1_795_341_600_000, max: 1_795_392_000_000 },
      texts: ['t2026-11-22T10:00:00Z', 'n17953416e10', 't22 Nov', 't2026-11-23'],
    }),
    field('key', [7, 9], { texts: ['tk'] }),
    field('header:h', [8, 9], { texts: ['tv'] }),
  ],
};

const MANY = text([record(0, `{"n":[${Array.from({ length: 4097 }, (_, n) => n + 1000)}]}`)]);
const BLOOM: NaiveIndex = {
  ...{ dataSha256: SHA256, root: ROOT, records: 1, tombstones: 0, notJson: 0 },
  fields: [
    field('/n', [0, 0], {
      numbers: { min: '10e2', max: '51e2' },
      times: { min: 1_000_000, max: 5_096_000 },
      texts: Array.from({ length: 4097 }, (_, n) => `n${String(n + 1000).replace(/0+$/, '')}e4`),
    }),
  ],
};

export function indexVectors(): ObjectVector[] {
  const plain = naiveIndex(PLAIN);
  const of = (name: string, about: string, content: string, expect: ObjectVector['expect'], lines = LINES): ObjectVector => ({
    name: `index/${name}`,
    about,
    bytes: freezeBytes(utf8(content)),
    expect,
    segment: { dataSha256: SHA256, root: ROOT, lines },
  });
  const refused = (name: string, about: string, from: string | RegExp, to: string) =>
    of(`not-${name}`, about, plain.replace(from, to), 'malformed');
  const other = (name: string, about: string, content: string) => of(`not-its-${name}`, about, content, 'index-mismatch');
  const [actor, ...fields] = PLAIN.fields as [NaiveField, ...NaiveField[]];
  return [
    of('plain', 'Each kind of value: escapes, arrays, one name twice, JSON in a string, a byte order mark, UTF-16, spellings of a number, times.', plain, 'accepted'),
    of('one-field', 'One field alone.', naiveIndex({ ...PLAIN, fields: [actor] }), 'accepted'),
    of('filter', 'A field with 4,097 values: a filter.', naiveIndex(BLOOM), 'accepted', MANY),
    other('segment', 'Of other stored bytes.', naiveIndex({ ...PLAIN, dataSha256: '60'.repeat(32) })),
    other('root', 'Under another root.', naiveIndex({ ...PLAIN, root: '0d'.repeat(32) })),
    other('value-left-out', 'Without one value.', naiveIndex({ ...PLAIN, fields: [{ ...actor, texts: actor.texts.slice(1) }, ...fields] })),
    other('count', 'One record more without the field.', naiveIndex({ ...PLAIN, fields: [{ ...actor, without: 4 }, ...fields] })),
    other('exact-bound', 'A bound that is not rounded.', plain.replace('"-13e4"', '"-123456"')),
    other('spaces', 'The same with a space.', plain.replace('{"format":', '{ "format":')),
    refused('format', 'No format of this family.', 'ledgerstone/index/1', 'ledgerstone/indices/1'),
    refused('segment', 'No hash of a segment.', /"segment":"[0-9a-f]{64}"/, '"segment":"00"'),
    refused('count', 'A count that is none.', '"records":9', '"records":-9'),
    refused('field', 'A short name in the place of a pointer.', '"field":"/actor"', '"field":"actor"'),
    refused('values', 'A list of hashes that ends within one.', /"hashes":"[^"]{8}/, '"hashes":"'),
    refused('kind', 'A set of a kind that there is not.', '"hashes"', '"xor"'),
    refused('bound', 'A bound that is no number.', '"-13e4"', '"low"'),
    refused('time', 'A time that is no whole number.', '"min":1795341600000', '"min":1.5'),
  ];
}

// Which values do other archives lose, change or choke on? Values, keys, headers and timestamps of records.
import { EMPTY, utf8 } from '../../src/base/bytes.ts';
import type { KafkaRecord } from '../../src/format/record.ts';

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));

const VALUES: readonly (string | Uint8Array | null)[] = [
  '{"eventName":"Login","n":1}',
  ...[bytes('efbbbf7b2261223a317d'), bytes('efbbbf68'), 'a\0b', new Uint8Array(5), '{"a":1}\r', 'a\r\nb\r\n'],
  ...[
    '',
    '\n',
    null,
    '"\u2028\u2029"',
    '"\u007f\u200e\u061c\uffff"',
    '  {"a" : 1 }\t ',
    '42',
    '"x"',
    'null',
    'true',
  ],
  // Half a character, and whole ones.
  ...['{"a":"\\ud800"}', '{"\\udfff":1}', '"\\udc00\\ud800"', '"\\ud800\\ud83d\\ude00"', '"\\ud800\\n"'],
  ...['["\\uD800","","","",""]', '"\\ud83d\\ude00"', '"\\\\ud800"', '{"\\uD800\\uDC00":"\\udbff\\udfff"}'],
  // Numbers.
  '{"n":1e999,"m":-1e999,"k":123456789012345678901234567890,"z":-0,"f":1.0,"g":1E+2,"e":1e-999}',
  ...['9'.repeat(400), '9'.repeat(1_000), '9'.repeat(1_001), '9'.repeat(5_000), `[0.${'3'.repeat(5_000)}]`],
  ...[`1e${'9'.repeat(300)}`, 'NaN', 'Infinity', '01', '.5'],
  // Names.
  ...['{"a":1,"a":2}', '{"a":{"b":1},"a":"x"}', '{"Name":1,"name":2}', '{"":1}', '{"\\u0000":1}'],
  ...['{"__proto__":{"x":1}}', '{"constructor":1}', '{"offset":1,"gap":{"last":9}}', '{"a":"\\u0000"}'],
  ...[63, 64, 5_000].map((depth) => '['.repeat(depth) + ']'.repeat(depth)),
  ...[bytes('7bff7d'), bytes('c0af'), bytes('eda080'), bytes('f4908080'), '{"a":1,}', '{"a":1}{"b":2}'],
  ...['\u001b[31mred\u001b[0m', JSON.stringify({ blob: 'x'.repeat(5_000_000) }), 'y\t'.repeat(1_000_000)],
  ...['{"a":1}', '{"a":"x"}', '{"a":{"b":1}}', '{"a":[]}', '{"eventName":"Logout","n":"one"}'],
];

const TIMESTAMPS = [
  ...[-1n, 0n, 253_402_300_799_999n, 253_402_300_800_000n, 9_007_199_254_740_993n],
  ...[2n ** 63n - 1n, -(2n ** 63n)],
];

const KEYS = ['', 'key', 'a\0b', '"\\ud800"', bytes('ff00'), bytes('eda080'), '\ufeffk', '\u2028'];

const toBytes = (value: string | Uint8Array | null): Uint8Array | null =>
  typeof value === 'string' ? utf8(value) : value;

const plain = {
  timestamp: 1_790_000_000_000n,
  timestampType: 'create',
  key: null,
  headers: [],
  value: null,
} as const;

/** One record for each, with offsets from 0 on. */
export const TRAP_RECORDS: readonly KafkaRecord[] = [
  ...VALUES.map((value) => ({ ...plain, value: toBytes(value) })),
  ...TIMESTAMPS.map((timestamp) => ({ ...plain, timestamp, value: utf8('{"ts":1}') })),
  ...KEYS.map((key) => ({ ...plain, key: toBytes(key) })),
  ...KEYS.map((name) => ({
    ...plain,
    timestampType: 'append' as const,
    headers: [
      { name: toBytes(name) ?? EMPTY, value: null },
      { name: utf8('twice'), value: toBytes(name) },
      { name: utf8('twice'), value: EMPTY },
    ],
  })),
].map((record, offset) => ({ ...record, offset }));

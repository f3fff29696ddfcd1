// Which records and gaps are hostile to a line format?
import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { utf8 } from '../../../src/base/bytes.ts';
import type { GapLine, KafkaRecord } from '../../../src/format/record.ts';

const OFFSET_MAX = Number.MAX_SAFE_INTEGER - 1;

const nastyText = fc.constantFrom(
  ...[
    '',
    '"',
    '\\',
    '\u0000',
    '\u0001\u0002\u0003',
    '\n',
    '\r\n',
    '\t\t\t\t',
    '\u2028',
    '\u2029',
    '\ufeff',
    '\ufeff{}',
  ],
  ...[
    '\u007f',
    '/',
    'é',
    '😀',
    '","value":1}',
    '"}\n{"offset":0',
    '__proto__',
    'constructor',
    '1',
    'null',
    '{"a":1}',
  ],
  ...[
    ' {"a": 1} ',
    '[1,\n2]',
    '1e999',
    '"\\ud800"',
    '"\\ud83d\\ude00"',
    '{"\\uDC00\\uD800":[]}',
    '9'.repeat(1001),
    '{"a":1,"a":2}',
    'x'.repeat(70),
    '\u001f'.repeat(5),
    '""""""""',
  ],
);

/** Bytes that are no UTF-8: lone surrogates, overlong forms, cut sequences. */
const notUtf8 = fc.constantFrom(
  ...['eda080', 'edbfbf', 'c0af', 'e0809f', 'f4908080', 'e282', 'f09f98', '80', 'ff', '22ff22', 'c3'].map(
    (hex) => Buffer.from(hex, 'hex'),
  ),
);

const someBytes: fc.Arbitrary<Uint8Array> = fc.oneof(
  nastyText.map(utf8),
  notUtf8.map((bytes) => new Uint8Array(bytes)),
  fc.uint8Array({ maxLength: 24 }),
  fc.string({ unit: 'binary', maxLength: 24 }).map(utf8),
  fc.string({ unit: fc.constantFrom('"', 'a', '\u0007', '\\', 'é'), maxLength: 12 }).map(utf8),
);

const someValue: fc.Arbitrary<Uint8Array> = fc.oneof(
  someBytes,
  fc.json({ maxDepth: 3 }).map(utf8),
  fc
    .tuple(fc.constantFrom('[', '{"a":'), fc.integer({ min: 60, max: 66 }))
    .map(([open, depth]) => utf8(`${open.repeat(depth)}1${(open === '[' ? ']' : '}').repeat(depth)}`)),
);

const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null, freq: 4 });

const someOffset = fc.oneof(
  fc.constantFrom(0, 1, 9, 10, 99_999_999, 100_000_000, OFFSET_MAX),
  fc.maxSafeNat().map((n) => Math.min(n, OFFSET_MAX)),
);

const someTimestamp = fc.oneof(
  fc.constantFrom(
    -(2n ** 63n),
    2n ** 63n - 1n,
    -1n,
    0n,
    2n ** 53n,
    2n ** 53n + 1n,
    -(2n ** 53n) - 1n,
    999_999_999_999_999n,
    10n ** 15n,
  ),
  fc.constantFrom(253_402_300_799_999n, 253_402_300_800_000n),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
);

export const hostileRecord: fc.Arbitrary<KafkaRecord> = fc.record({
  offset: someOffset,
  timestamp: someTimestamp,
  timestampType: fc.constantFrom('create' as const, 'append' as const),
  key: orNull(someBytes),
  headers: fc.array(fc.record({ name: someBytes, value: orNull(someBytes) }), { maxLength: 4 }),
  value: orNull(someValue),
});

const word = (most: number) =>
  fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: most })
    .filter((text) => !/[\p{Cc}\u2028-\u202e\u2066-\u2069]/u.test(text));

export const someGap: fc.Arbitrary<GapLine> = fc
  .record({
    offset: fc.oneof(fc.constantFrom(0, OFFSET_MAX), fc.nat(OFFSET_MAX)),
    length: fc.integer({ min: 1, max: 1000 }),
    control: fc.nat(1000),
    reason: fc.constantFrom(
      'transaction' as const,
      'compacted' as const,
      'expired' as const,
      'accepted' as const,
    ),
    by: word(20),
    why: word(60),
  })
  .map(({ offset, length, control, reason, by, why }) => {
    const last = Math.min(offset + length - 1, OFFSET_MAX);
    const covered = last - offset + 1;
    const controls = Math.min(control, covered);
    return reason === 'transaction'
      ? { offset, last, reason, control: controls, aborted: covered - controls }
      : { offset, last, reason, by, why };
  });

// What does a record look like in a test? Records from a few words, and arbitrary ones.
import fc from 'fast-check';
import { EMPTY, utf8 } from '../../src/base/bytes.ts';
import type { KafkaRecord } from '../../src/format/record.ts';

export type RecordWords = {
  readonly offset: number;
  readonly key?: string | null;
  readonly value?: string | Uint8Array | null;
  readonly headers?: readonly (readonly [string, string | null])[];
  readonly timestamp?: bigint;
  readonly timestampType?: 'create' | 'append';
};

const bytesOf = (words: string | Uint8Array | null): Uint8Array | null =>
  typeof words === 'string' ? utf8(words) : words;

export const kafkaRecord = (words: RecordWords): KafkaRecord => ({
  offset: words.offset,
  timestamp: words.timestamp ?? 1_795_000_000_000n + BigInt(Math.trunc(words.offset)),
  timestampType: words.timestampType ?? 'create',
  key: bytesOf(words.key ?? null),
  headers: (words.headers ?? []).map(([name, value]) => ({ name: utf8(name), value: bytesOf(value) })),
  value: words.value === undefined ? EMPTY : bytesOf(words.value),
});

const bytesOrNull = (maxLength: number): fc.Arbitrary<Uint8Array | null> =>
  fc.option(fc.uint8Array({ maxLength }), { nil: null });

/** Any record that Kafka can carry, with the extremes of each field often. */
export const anyRecord = (offset: fc.Arbitrary<number> = fc.maxSafeNat()): fc.Arbitrary<KafkaRecord> =>
  fc.record({
    offset,
    timestamp: fc.oneof(
      fc.constantFrom(-1n, 0n, -(2n ** 63n), 2n ** 63n - 1n, 1_795_000_000_000_000_000n),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    ),
    timestampType: fc.constantFrom('create' as const, 'append' as const),
    key: bytesOrNull(20),
    headers: fc.array(fc.record({ name: fc.uint8Array({ maxLength: 8 }), value: bytesOrNull(12) }), {
      maxLength: 4,
    }),
    value: bytesOrNull(300),
  });

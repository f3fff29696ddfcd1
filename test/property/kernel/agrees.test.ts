// Does the kernel agree, byte for byte, with the way without it?
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodePacked } from '../../../src/archiver/encode-packed.ts';
import { utf8 } from '../../../src/base/bytes.ts';
import { LIMITS, MIB } from '../../../src/base/limits.ts';
import { nodeSha256, nodeSha256Into } from '../../../src/base/node/hash.ts';
import { isJsonText, VALUE_DEPTH_MAX } from '../../../src/format/json-text.ts';
import { type Item, recordItem, recordOf } from '../../../src/ingest/item.ts';
import { Packer } from '../../../src/ingest/pack.ts';
import { Kernel } from '../../../src/kernel/kernel.ts';
import { KernelLineTree } from '../../../src/kernel/line-tree.ts';
import { BodyBuilder, type SegmentBody } from '../../../src/segment/body.ts';
import { KernelFuzz } from '../../fuzz/kernel-fuzz.ts';
import { kafkaRecord } from '../../support/records.ts';
import { mutated } from '../format/bytes.ts';
import { nearlyJson } from '../format/json-pieces.ts';
import { hostileRecord, someGap } from '../format/records.ts';

const opened = Kernel.open();
if (opened === null) throw new Error('the Node of the tests has WebAssembly with SIMD');
const kernel = opened;

/** `.ci/run` gives it two minutes. */
const FUZZ_SECONDS = Number(process.env['LEDGERSTONE_FUZZ_SECONDS'] ?? 5);

describe('JSON', () => {
  const agrees = (bytes: Uint8Array) => {
    const expected = isJsonText(bytes);
    // What lies behind the bytes was loaded before: quotes, brackets and digits decide nothing there.
    for (const before of ['"', '}', ']', '0', '\u00ff']) {
      kernel.load(utf8(before.repeat(bytes.length + 40)));
      expect(kernel.isJson(bytes)).toBe(expected);
    }
  };

  it('of every kind', () => {
    const text = fc.tuple(fc.json({ maxDepth: 5 }), fc.constantFrom(0, 1, '\t'));
    fc.assert(
      fc.property(text, ([json, indent]) => {
        agrees(utf8(json));
        agrees(utf8(JSON.stringify(JSON.parse(json), null, indent)));
      }),
      { numRuns: 500 },
    );
  });

  it('with a few bytes changed, and what is nearly JSON', () => {
    fc.assert(fc.property(mutated(fc.json({ maxDepth: 4 }).map(utf8)), agrees), { numRuns: 2000 });
    fc.assert(fc.property(nearlyJson, agrees), { numRuns: 5000 });
  });

  it('with any bytes in a string, escapes of halves of characters among them', () => {
    const units = fc.constantFrom(
      '\\ud83d',
      '\\uDE00',
      '\\udbff',
      '\\udC00',
      '\\ue000',
      '\\n',
      '\\',
      'u',
      'a',
      'é',
    );
    const escapes = fc.array(units, { maxLength: 6 }).map((parts) => utf8(`"${parts.join('')}"`));
    const inString = fc.uint8Array({ maxLength: 40 }).map((bytes) => new Uint8Array([0x22, ...bytes, 0x22]));
    fc.assert(fc.property(fc.oneof(escapes, inString), agrees), { numRuns: 5000 });
  });

  it('at every place of a string and of its sixteen bytes', () => {
    for (let byte = 0; byte < 0x100; byte++) {
      for (let place = 1; place <= 33; place++) {
        const text = utf8(`"${'a'.repeat(33)}"`);
        text[place] = byte;
        expect(kernel.isJson(text)).toBe(isJsonText(text));
      }
    }
  });

  it('cut anywhere, with the rest of it behind the cut', () => {
    for (const text of [
      'true',
      'false',
      'null',
      '-1.5e+10',
      '"a"',
      '[1]',
      '"\\u00e9\\ud83d\\ude00"',
      '"é漢😀"',
    ]) {
      const bytes = utf8(text);
      for (let end = 0; end <= bytes.length; end++) {
        kernel.load(bytes);
        expect(kernel.isJson(bytes.subarray(0, end))).toBe(isJsonText(bytes.subarray(0, end)));
      }
    }
  });

  it('that nests as deep as a line may, one deeper, and without an end', () => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
      [' [ ', ' ] '],
    ] as const) {
      for (const depth of [VALUE_DEPTH_MAX - 1, VALUE_DEPTH_MAX, VALUE_DEPTH_MAX + 1, 64, 65, 128, 500_000])
        agreesAt(`${open.repeat(depth)}1${close.repeat(depth)}`, depth <= VALUE_DEPTH_MAX);
    }
    agreesAt('['.repeat(1_000_000), false);
  });

  it('with numbers as long as readers take, and longer ones', () => {
    for (const length of [999, 1000, 1001]) {
      agreesAt('1'.repeat(length), length <= 1000);
      agreesAt(`[-0.${'1'.repeat(length - 3)}]`, length <= 1000);
      agreesAt(`{"a":1e${'1'.repeat(length - 2)}}`, length <= 1000);
    }
  });

  it('of long text that is not ASCII, cut anywhere', () => {
    const text = utf8(`"${'漢字 é 😀 юникод '.repeat(2000)}"`);
    agreesAt(text, true);
    for (let end = text.length - 40; end < text.length; end++) agreesAt(text.subarray(0, end), false);
    text[text.length - 5] = 0xff;
    agreesAt(text, false);
  });

  function agreesAt(text: string | Uint8Array, expected: boolean): void {
    const bytes = typeof text === 'string' ? utf8(text) : text;
    expect(isJsonText(bytes)).toBe(expected);
    expect(kernel.isJson(bytes)).toBe(expected);
  }
});

/** Short lines are hashed four at a time, and long ones by the host. */
const treeOf = (by: Kernel | null) =>
  by && {
    lineTree: () => new KernelLineTree({ kernel: by, sha256Into: nodeSha256Into, hostHashesFrom: 300 }),
  };

/** The batch of these items, or why there is none. */
function batchOf(items: readonly Item[], firstOffset: number, by: Kernel | null): SegmentBody | string {
  const tools = { sha256: nodeSha256, sha256Into: nodeSha256Into, encoding: 'zstd' as const, ...treeOf(by) };
  const builder = new BodyBuilder(firstOffset, { ...tools, compress: (content) => content.slice() });
  const packer = new Packer(2_000);
  for (const item of items) packer.add(item);
  try {
    encodePacked(by, packer.take(), builder);
    return builder.finish();
  } catch (error) {
    return String(error);
  }
}

function agree(items: readonly Item[], firstOffset: number): SegmentBody | string {
  const slow = batchOf(items, firstOffset, null);
  const fast = batchOf(items, firstOffset, kernel);
  if (typeof slow === 'string' || typeof fast === 'string') {
    expect(fast).toEqual(slow);
  } else {
    // Many megabytes are compared without being described.
    expect(Buffer.compare(dataOf(fast), dataOf(slow))).toBe(0);
    expect({ ...fast, data: null }).toEqual({ ...slow, data: null });
  }
  return fast;
}
const dataOf = (body: SegmentBody): Uint8Array => body.data ?? new Uint8Array();

describe('lines', () => {
  it('of hostile records, with gaps between them', () => {
    const item = fc.oneof(
      { weight: 5, arbitrary: hostileRecord.map(recordItem) },
      { weight: 1, arbitrary: someGap.map((gap) => ({ kind: 'gap' as const, gap })) },
    );
    const firsts = fc.constantFrom(0, 9, 99_999_999, 10 ** 12, LIMITS.offsetMax - 5);
    fc.assert(
      fc.property(fc.array(item, { maxLength: 8 }), firsts, (items, first) => {
        let next = first;
        const inOrder = items.map((one): Item => {
          const offset = next;
          if (one.kind === 'record') next += 1;
          else next += one.gap.last - one.gap.offset + 1;
          return one.kind === 'record'
            ? recordItem({ ...recordOf(one), offset })
            : { kind: 'gap', gap: { ...one.gap, offset, last: next - 1 } };
        });
        agree(inOrder, first);
      }),
      { numRuns: 2000 },
    );
  });

  it('over several blocks, each ending where it ends without the kernel', () => {
    const value = (i: number) => JSON.stringify({ i, pad: 'x'.repeat((i * 37) % 1500) });
    const items = Array.from({ length: 6000 }, (_, i) =>
      recordItem(kafkaRecord({ offset: i, value: value(i) })),
    );
    const body = agree(items, 0) as SegmentBody;
    expect(body.blocks.length).toBeGreaterThan(3);
  });

  it('that reach the end of a block to the byte, or miss it by one', () => {
    const bare = (agree([recordItem(kafkaRecord({ offset: 0, value: '""' }))], 0) as SegmentBody).blocks[0]
      ?.content;
    for (const missing of [-1, 0, 1]) {
      const value = `"${'x'.repeat(LIMITS.blockContentTarget - (bare as number) - missing)}"`;
      const items = [value, '1', '2'].map((one, offset) => recordItem(kafkaRecord({ offset, value: one })));
      expect((agree(items, 0) as SegmentBody).blocks.length).toBe(2);
    }
  });

  it('of records that are as large as the kernel takes, and larger', () => {
    for (const bytes of [MIB, 2 * MIB, 3 * MIB, 4 * MIB - 100, 4 * MIB, 5 * MIB]) {
      for (const byte of [0x61, 0x01, 0xff]) {
        const values = [utf8('{}'), new Uint8Array(bytes).fill(byte), utf8('[1]')];
        agree(
          values.map((value, offset) => recordItem(kafkaRecord({ offset, value }))),
          0,
        );
      }
    }
  });

  it('of records with thousands of headers', () => {
    const headers = Array.from({ length: 60_000 }, (_, i) => [`h${i}`, i % 3 === 0 ? null : '"'] as const);
    agree([recordItem(kafkaRecord({ offset: 3, headers }))], 3);
  });

  it('stop where the offsets do not follow each other, with the same words', () => {
    const offsets = (...all: number[]) => all.map((offset) => recordItem(kafkaRecord({ offset })));
    expect(agree(offsets(5, 6, 9, 10), 5)).toContain('offset 9 where 7 follows');
    expect(agree(offsets(4), 5)).toContain('offset 4 where 5 follows');
    expect(agree(offsets(LIMITS.offsetMax), LIMITS.offsetMax)).toContain('a line carries 0 to');
  });
});

describe('packed bytes that nobody packed', () => {
  it('end a run, and never lead beyond their end', () => {
    const packer = new Packer(2_000);
    for (let offset = 0; offset < 4; offset++)
      packer.add(recordItem(kafkaRecord({ offset, key: 'key', value: '{"a":1}', headers: [['h', 'v']] })));
    const good = packer.take().slice();
    const edits = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(edits, fc.nat(good.length), (changes, length) => {
        const bytes = good.slice(0, length);
        for (const [at, byte] of changes) if (at < length) bytes[at] = byte;
        kernel.load(bytes);
        const run = kernel.run(0, 0, MIB);
        expect(run.inputEnd).toBeLessThanOrEqual(length);
        expect(run.starts.length).toBeLessThanOrEqual(4);
        expect(run.bytes.length).toBeLessThanOrEqual(run.starts.length * 2000);
      }),
      { numRuns: 5000 },
    );
  });

  it('are refused where they are too long', () => {
    expect(() => kernel.load(new Uint8Array(Kernel.inputBytesMax + 1))).toThrow('the kernel takes');
  });
});

it(`nothing differs in ${FUZZ_SECONDS} seconds of changed events`, () => {
  const counts = new KernelFuzz(kernel, 1).run(FUZZ_SECONDS);
  console.log(
    `kernel: ${counts.texts} texts (${counts.jsonTexts} JSON), ${counts.records} records, ${counts.batches} batches, seed 1`,
  );
  expect(counts.jsonTexts).toBeGreaterThan(counts.texts / 100);
  expect(counts.records).toBeGreaterThan(1000);
  expect(counts.batchRecords).toBeGreaterThan(counts.batches * 3);
});

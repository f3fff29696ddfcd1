// Is the byte validator exactly JSON.parse over strict UTF-8, less CR, LF and deep nesting?
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../src/base/bytes.ts';
import { viewOf } from '../../../src/format/json-bytes.ts';
import { isJsonRange, isJsonText, VALUE_DEPTH_MAX } from '../../../src/format/json-text.ts';
import { mutated } from './bytes.ts';
import { nearlyJson } from './json-pieces.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

function isJsonByParse(bytes: Uint8Array): boolean {
  try {
    const text = decoder.decode(bytes);
    return !/[\r\n]/.test(text) && depthOf(JSON.parse(text)) <= VALUE_DEPTH_MAX;
  } catch {
    return false;
  }
}

const agrees = (bytes: Uint8Array) => {
  const expected = isJsonByParse(bytes);
  expect(isJsonText(bytes)).toBe(expected);
  // The same in the middle of other bytes, where a loop that runs over its end would find more.
  const around = new Uint8Array(bytes.length + 14).fill(0x20);
  around.set(bytes, 7);
  expect(isJsonRange(around, viewOf(around), 7, 7 + bytes.length)).toBe(expected);
};

describe('isJsonText', () => {
  it('agrees on JSON of every kind', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), fc.constantFrom(0, 1, '\t'), (text, indent) => {
        agrees(utf8(text));
        agrees(utf8(JSON.stringify(JSON.parse(text), null, indent)));
      }),
      { numRuns: 1000 },
    );
  });

  it('agrees on JSON with a few bytes changed', () => {
    fc.assert(fc.property(mutated(fc.json({ maxDepth: 4 }).map(utf8)), agrees), { numRuns: 4000 });
  });

  it('agrees on strings of any bytes', () => {
    const inString = fc.uint8Array({ maxLength: 12 }).map((bytes) => new Uint8Array([0x22, ...bytes, 0x22]));
    fc.assert(fc.property(inString, agrees), { numRuns: 4000 });
  });

  it('agrees on what is nearly JSON', () => {
    fc.assert(fc.property(nearlyJson, agrees), {
      numRuns: 20_000,
    });
  });

  it('agrees on numbers', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'0123-+.eE'), maxLength: 7 }).map(utf8), agrees),
      {
        numRuns: 10_000,
      },
    );
  });

  it('agrees on every pair and every triple of bytes that can begin a UTF-8 sequence', () => {
    for (let lead = 0x80; lead < 0x100; lead++) {
      for (const second of [0x00, 0x22, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff]) {
        agrees(Uint8Array.of(0x22, lead, second, 0x22));
        agrees(Uint8Array.of(0x22, lead, second, 0x80, 0x22));
        agrees(Uint8Array.of(0x22, lead, second, 0x80, 0xbf, 0x22));
        agrees(Uint8Array.of(0x22, lead, second, 0x80, 0xc0, 0x22));
      }
    }
  });

  it('agrees on every byte at every place of a string, whatever the alignment', () => {
    for (let byte = 0; byte < 0x100; byte++) {
      for (let place = 1; place <= 9; place++) {
        const text = utf8('"abcdefghi"');
        text[place] = byte;
        agrees(text);
      }
    }
  });
});

describe('nesting', () => {
  const nested = (depth: number, open: string, close: string) =>
    utf8(open.repeat(depth) + close.repeat(depth));

  it('is JSON up to the bound, and not above it', () => {
    expect(isJsonText(nested(VALUE_DEPTH_MAX, '[', ']'))).toBe(true);
    expect(isJsonText(nested(VALUE_DEPTH_MAX + 1, '[', ']'))).toBe(false);
    const objects = (depth: number) => utf8(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`);
    expect(isJsonText(objects(VALUE_DEPTH_MAX))).toBe(true);
    expect(isJsonText(objects(VALUE_DEPTH_MAX + 1))).toBe(false);
  });

  it('never overflows, however deep', () => {
    expect(isJsonText(nested(5_000_000, '[', ']'))).toBe(false);
    expect(isJsonText(utf8('['.repeat(5_000_000)))).toBe(false);
  });

  it('closes what was opened', () => {
    for (const text of ['[}', '{]', '[{]}', '{"a":[}', ']', '}', '[[]', '[]]']) agrees(utf8(text));
  });
});

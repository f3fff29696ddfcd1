// Does every record come back byte for byte, and has it exactly one line?
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { equalBytes, utf8 } from '../../../src/base/bytes.ts';
import { FormatError } from '../../../src/base/error.ts';
import {
  decodeLine,
  encodeEntry,
  encodeGap,
  type Line,
  LineScanner,
  LineWriter,
  scanLine,
} from '../../../src/format/record.ts';
import { TIME_MS_MAX } from '../../../src/format/time.ts';
import { mutated } from './bytes.ts';
import { hostileRecord, someGap } from './records.ts';
import { referenceLine } from './reference-line.ts';

const someLine = fc.oneof(hostileRecord.map(encodeEntry), someGap.map(encodeGap));

/** The line, or null where it was refused; anything thrown but a FormatError fails the test. */
function decoded(bytes: Uint8Array): Line | null {
  try {
    return decodeLine(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    return null;
  }
}

function scans(bytes: Uint8Array): boolean {
  // Among other bytes: a scanner that looks beyond its line would see more digits, braces and quotes.
  const around = new Uint8Array(bytes.length + 20).fill(0x31);
  around.set(bytes, 10);
  try {
    new LineScanner().scan(around, 10, 10 + bytes.length);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    return false;
  }
}

describe('a record', () => {
  it('comes back byte for byte', () => {
    fc.assert(
      fc.property(hostileRecord, (record) => {
        expect(decodeLine(encodeEntry(record))).toEqual({ kind: 'entry', record });
      }),
      { numRuns: 5000 },
    );
  });

  it('has the line that the rules give in their plainest words', () => {
    fc.assert(
      fc.property(hostileRecord, (record) => {
        expect(new TextDecoder().decode(encodeEntry(record))).toBe(
          new TextDecoder().decode(referenceLine(record)),
        );
      }),
      { numRuns: 5000 },
    );
  });

  it('has a line of JSON without control characters, nested at most 64 deep', () => {
    const depth = (value: unknown): number =>
      typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depth)) : 0;
    fc.assert(
      fc.property(hostileRecord, (record) => {
        const line = encodeEntry(record);
        // A tab may stand between the tokens of a value.
        expect(line.every((byte) => byte >= 0x20 || byte === 0x09)).toBe(true);
        expect(depth(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(line)))).toBeLessThanOrEqual(
          64,
        );
      }),
      { numRuns: 2000 },
    );
  });

  it('is scanned for what it covers', () => {
    fc.assert(
      fc.property(hostileRecord, (record) => {
        const line = encodeEntry(record);
        const { offset, timestamp } = record;
        expect(scanLine(line, 0, line.length)).toEqual({
          offset,
          nextOffset: offset + 1,
          gap: null,
          timestamp,
        });
        const scanner = new LineScanner();
        scanner.scan(line, 0, line.length);
        const shown = timestamp >= 0n && timestamp <= BigInt(TIME_MS_MAX) ? Number(timestamp) : -1;
        expect(scanner.timestampMs).toBe(shown);
      }),
    );
  });
});

describe('a gap', () => {
  it('comes back, and is scanned for what it covers', () => {
    fc.assert(
      fc.property(someGap, (gap) => {
        const line = encodeGap(gap);
        expect(decodeLine(line)).toEqual({ kind: 'gap', gap });
        const found = { offset: gap.offset, nextOffset: gap.last + 1, gap: gap.reason, timestamp: null };
        expect(scanLine(line, 0, line.length)).toEqual(found);
      }),
    );
  });
});

describe('hostile bytes', () => {
  it('are refused, or are the one line of what they say: changed lines', () => {
    fc.assert(
      fc.property(mutated(someLine), (bytes) => {
        const line = decoded(bytes);
        expect(scans(bytes)).toBe(line !== null);
        if (line !== null) {
          expect(
            equalBytes(line.kind === 'gap' ? encodeGap(line.gap) : referenceLine(line.record), bytes),
          ).toBe(true);
        }
      }),
      { numRuns: 20_000 },
    );
  });

  it('are refused, or are the one line of what they say: members put together', () => {
    const members = fc.constantFrom(
      ...[
        '"offset":1',
        '"offset":01',
        '"offset":-0',
        '"offset":1.0',
        '"timestamp":2',
        '"timestamp":-0',
        '"timestamp":9223372036854775808',
      ],
      ...[
        '"timestampType":"append"',
        '"timestampType":"create"',
        '"key":"k"',
        '"key":"\\/"',
        '"key":"\\u0041"',
        '"key":null',
        '"keyBase64":"aw=="',
      ],
      ...[
        '"keyBase64":"/w=="',
        '"keyBase64":"/x=="',
        '"headers":[]',
        '"headers":[["a","b"]]',
        '"headers":[["a",null],["a",null]]',
        '"headers":[["a"]]',
      ],
      ...[
        '"headers":[[{"base64":"/w=="},null]]',
        '"headers":[[{"base64":"YQ=="},null]]',
        '"value":1',
        '"value": 1 ',
        '"value":',
        '"value":1,"value":2',
      ],
      ...[
        '"text":"a"',
        '"text":"1"',
        '"text":"\\"\\""',
        '"text":"\\n1"',
        '"base64":"/w=="',
        '"base64":"MQ=="',
        '"extra":1',
        '"gap":{"last":1,"reason":"expired"}',
      ],
    );
    const put = fc
      .array(members, { maxLength: 5 })
      .map((rest) => utf8(`{"offset":1,"timestamp":2${['', ...rest].join(',')}}`));
    const putFree = fc.array(members, { maxLength: 5 }).map((all) => utf8(`{${all.join(',')}}`));
    fc.assert(
      fc.property(fc.oneof(put, putFree), (bytes) => {
        const line = decoded(bytes);
        expect(scans(bytes)).toBe(line !== null);
        if (line?.kind === 'entry') expect(equalBytes(referenceLine(line.record), bytes)).toBe(true);
      }),
      { numRuns: 20_000 },
    );
  });

  it('are refused: any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        expect(decoded(bytes)).toBeNull();
        expect(scans(bytes)).toBe(false);
      }),
    );
  });
});

describe('LineWriter', () => {
  it('writes many lines as one by one, from any size of buffer', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(hostileRecord, someGap), { maxLength: 12 }),
        fc.nat(300),
        (all, initialBytes) => {
          const writer = new LineWriter(initialBytes);
          const expected: number[] = [];
          for (const each of all) {
            const line = 'last' in each ? encodeGap(each) : encodeEntry(each);
            const start = 'last' in each ? writer.gap(each) : writer.entry(each);
            expect(start).toBe(expected.length);
            for (const byte of line) expected.push(byte);
            expected.push(0x0a);
            expect(writer.length).toBe(expected.length);
          }
          const view = writer.view();
          expect(Array.from(view)).toEqual(expected);
          const taken = writer.take();
          expect(writer.length).toBe(0);
          writer.entry({
            offset: 1,
            timestamp: 1n,
            timestampType: 'create',
            key: null,
            headers: [],
            value: null,
          });
          expect(Array.from(taken)).toEqual(expected);
        },
      ),
    );
  });
});

// Do the patterns by which SQL engines cut a line agree with the format's own reader, on hostile records too?
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8Text } from '../../../../src/base/bytes.ts';
import { encodeEntry, encodeGap } from '../../../../src/format/line-writer.ts';
import { ENTRY_HEAD, GAP_LINE } from '../../../../src/read/sql/line-pattern.ts';
import { hostileRecord, someGap } from '../../../property/format/records.ts';
import { TRAP_RECORDS } from '../../../support/trap-values.ts';

const head = new RegExp(ENTRY_HEAD, 's');
const gap = new RegExp(GAP_LINE, 's');

/** What the views make of a line, in JavaScript. */
function carriedBy(line: string): string | Uint8Array | null {
  const rest = line.slice((head.exec(line)?.[0] ?? '').length);
  if (rest === '}') return null;
  if (rest.startsWith(',"value":')) return rest.slice(9, -1);
  if (rest.startsWith(',"text":')) return JSON.parse(rest.slice(8, -1)) as string;
  expect(rest.slice(0, 11)).toBe(',"base64":"');
  return Buffer.from(rest.slice(11, -2), 'base64');
}

const hex = (value: string | Uint8Array | null) =>
  value === null ? null : Buffer.from(value as string).toString('hex');

describe('the head of an entry', () => {
  it('ends where what it carries begins, in each trap', () => {
    for (const record of TRAP_RECORDS) {
      const line = utf8Text(encodeEntry(record));
      expect(gap.test(line), line.slice(0, 200)).toBe(false);
      expect(hex(carriedBy(line)), line.slice(0, 200)).toBe(hex(record.value));
    }
  });

  it('ends there for every record that there can be', () => {
    fc.assert(
      fc.property(hostileRecord, (record) => {
        const line = utf8Text(encodeEntry(record));
        expect(gap.test(line)).toBe(false);
        expect(hex(carriedBy(line))).toBe(hex(record.value));
      }),
      { numRuns: 500 },
    );
  });

  it('takes linear time on a line that does not fit', () => {
    const line = `{"offset":1,"timestamp":2,"key":"${'\\"'.repeat(500_000)}`;
    const startMs = performance.now();
    expect(head.exec(line)?.[0]).toBe('{"offset":1,"timestamp":2');
    expect(performance.now() - startMs).toBeLessThan(5000);
  });
});

it('a gap line is a gap line, and no entry', () => {
  fc.assert(
    fc.property(someGap, (line) => {
      const text = utf8Text(encodeGap(line));
      expect(gap.test(text)).toBe(true);
      expect(head.test(text)).toBe(false);
    }),
  );
});

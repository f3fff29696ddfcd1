// Is the table for people what the events say, and does no cell of it command a spreadsheet?
import { describe, expect, it } from 'vitest';
import { utf8Text } from '../../../src/base/bytes.ts';
import { tableHead, tableRow } from '../../../src/evidence/csv.ts';
import { shownEvent } from '../../../src/evidence/event.ts';
import { encodeEntry, encodeGap } from '../../../src/format/line-writer.ts';
import { entries, transactionGap } from '../../support/archive-builder.ts';

const row = (line: Uint8Array): string =>
  utf8Text(
    tableRow({
      chain: 'orders',
      partition: 0,
      event: shownEvent(line),
      archivedAt: '2026-11-22T10:02:00.000Z',
    }),
  );
const [record] = entries(12, 1);
const withKey = (key: string, value: string | null = null): string =>
  row(
    encodeEntry({
      ...(record as typeof record & object),
      key: Buffer.from(key),
      value: value === null ? null : Buffer.from(value),
    }),
  );

describe('the table', () => {
  it('begins as spreadsheets need it, with lines that end as RFC 4180 says', () => {
    const head = utf8Text(tableHead());
    expect(head.startsWith('\ufefftopic,partition,offset,time_utc,')).toBe(true);
    expect(head.endsWith(',note\r\n')).toBe(true);
  });

  it('shows times in UTC, and quotes what has commas, quotes or line ends', () => {
    expect(withKey('a "b", c\nd')).toBe(
      'orders,0,12,2026-11-22T10:00:12.000Z,producer,2026-11-22T10:02:00.000Z,"a ""b"", c\nd",,,no value (tombstone)\r\n',
    );
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '\n=1', '\uff1d1'])('makes text of %j', (text) => {
    for (const line of [withKey(text), withKey('k', text)]) {
      const shown = line.includes(`'${text}`);
      expect([line, shown]).toEqual([line, true]);
      expect(line).not.toMatch(/(^|,)"?[=+@\t\uff1d-]/);
    }
  });

  it('names no clock for a time that is none', () => {
    const line = encodeEntry({ ...(record as typeof record & object), timestamp: -1n });
    expect(row(line)).toMatch(/^orders,0,12,,,2026-11-22T10:02:00\.000Z,/);
  });

  it('says of a gap line which offsets have no event, and why', () => {
    expect(row(encodeGap(transactionGap(30, 3)))).toBe(
      'orders,0,30,,,2026-11-22T10:02:00.000Z,,,,offsets 30 to 32 have no event: transaction\r\n',
    );
    const decided = { offset: 5, last: 5, reason: 'expired', by: 'Ada', why: 'too late' } as const;
    expect(row(encodeGap(decided))).toContain('offset 5 has no event: expired, by Ada: too late');
  });

  it('shows bytes that are no text as base64', () => {
    const line = encodeEntry({ ...(record as typeof record & object), value: Uint8Array.of(0xff, 0xfe) });
    expect(row(line)).toContain(',base64://4=,');
  });
});

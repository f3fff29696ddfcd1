// Is the table for people what the events say, and does no cell of it command a spreadsheet?
import { describe, expect, it } from 'vitest';
import { utf8Text } from '../../../src/base/bytes.ts';
import { tableHead, tableRow } from '../../../src/evidence/csv.ts';
import { shownEvent } from '../../../src/evidence/event.ts';
import { OwnTimes } from '../../../src/evidence/own-time.ts';
import { encodeEntry, encodeGap } from '../../../src/format/line-writer.ts';
import { entries, transactionGap } from '../../support/archive-builder.ts';

const NONE = new OwnTimes([]);
const row = (line: Uint8Array, ownTimes = NONE): string =>
  utf8Text(
    tableRow(
      { chain: 'orders', partition: 0, event: shownEvent(line), archivedAt: '2026-11-22T10:02:00.000Z' },
      ownTimes,
    ),
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
    const head = utf8Text(tableHead(NONE));
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

  it('has the own time of events where the topic has one: the moment if it is known, and what is written', () => {
    const ownTimes = new OwnTimes([{ chain: 'orders', fields: ['/at'] }]);
    const written = (at: unknown, chain = ownTimes): string =>
      row(
        encodeEntry({ ...(record as typeof record & object), value: Buffer.from(JSON.stringify({ at })) }),
        chain,
      ).replace(/,"?\{.*(?=,[^,]*\r\n)/, ',…');
    expect(utf8Text(tableHead(ownTimes))).toContain(',archived_utc,event_time_utc,event_time,key,');
    const before = 'orders,0,12,2026-11-22T10:00:12.000Z,producer,2026-11-22T10:02:00.000Z,';
    const after = ',key-5,,…,';
    const cellsOf = (at: unknown) => written(at).slice(before.length).replace(/\r\n$/, '');
    expect(written('x').startsWith(before)).toBe(true);
    expect(cellsOf('2026-11-21T23:30:00+01:00')).toBe(
      `2026-11-21T22:30:00.000Z,2026-11-21T23:30:00+01:00${after}`,
    );
    expect(cellsOf('2026-11-21 23:30')).toBe(`,2026-11-21 23:30${after}`);
    expect(cellsOf('=1+1')).toBe(`,'=1+1${after}`);
    expect(cellsOf(undefined)).toBe(`,${after}`);
    expect(cellsOf(['2026-11-21T22:30:00Z', '2026-11-22'])).toBe(
      `2026-11-21T22:30:00.000Z,2026-11-21T22:30:00Z${after}more than one event_time: the first is shown`,
    );
    // A chain that has none, beside one that has.
    expect(written('2026-11-21T22:30:00Z', new OwnTimes([{ chain: 'other', fields: ['/at'] }]))).toBe(
      `${before},${after}\r\n`,
    );
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

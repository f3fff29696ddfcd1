// Is a search by time exact: does it find each record of the range, and say what it looked at?
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { momentFromText } from '../../../src/apps/cli/time-option.ts';
import type { KafkaRecord } from '../../../src/format/record.ts';
import { encodeVkey, type VerifierKey } from '../../../src/format/vkey.ts';
import { ArchiveBuilder, entries, transactionGap, writeCopy } from '../../support/archive-builder.ts';
import { ledgerstone } from './captured-io.ts';

let folder: string;
let key: string[];
const get = (...args: string[]) =>
  ledgerstone(['get', folder, '--topic', 'orders', '--partition', '0', ...args]);
const offsetsOf = (text: string): number[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line).offset);
const stamped = (records: readonly KafkaRecord[], time: string | number): KafkaRecord[] =>
  records.map((one, i) => ({
    ...one,
    timestamp: typeof time === 'number' ? BigInt(time) : BigInt(Date.parse(time) + i * 1000),
  }));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ledgerstone-times-'));
  const builder = new ArchiveBuilder();
  const chain = builder.chain();
  await chain.seal();
  await chain.seal({ lines: entries(0, 3) });
  // A backfill: records of years ago, and of years to come, sealed between those of today.
  await chain.seal({ lines: stamped(entries(3, 2), '2024-03-15T12:00:00Z') });
  await chain.seal({ lines: stamped(entries(5, 2), '2031-01-01T00:00:00Z') });
  // Lines of a file have no time.
  await chain.seal({ lines: stamped(entries(7, 2), -1) });
  await chain.seal({ lines: entries(9, 1) });
  writeCopy(builder.archive, folder);
  key = ['--key', encodeVkey(builder.trusted[0] as VerifierKey)];
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('get by time', () => {
  it('finds records of years ago that are sealed today', async () => {
    const { code, out, err } = await get('--since-time', '2024-03-01', '--until-time', '2024-04-01', ...key);
    expect([code, offsetsOf(out)]).toEqual([0, [3, 4]]);
    expect(err).toContain('all 6 seals');
  });

  it('finds records stamped years ahead', async () => {
    expect(offsetsOf((await get('--since-time', '2030-01-01T00:00:00Z')).out)).toEqual([5, 6]);
  });

  it('says what it looked at when it finds none, and calls nothing proven', async () => {
    const { code, out, err } = await get(
      '--since-time',
      '2025-01-01',
      '--until-time',
      '2025-02-01',
      '--prove',
      ...key,
    );
    expect([code, out]).toEqual([0, '']);
    expect(err).toContain(
      'no record is stamped in this range of times, as the seals state it: all 6 seals were read',
    );
    expect(err).toContain('1 segment holds no record with a time');
    expect(err).not.toContain('proven: every');
  });

  it('has neither gap lines nor records without a time in a range of times that is open at its beginning', async () => {
    const mixed = mkdtempSync(join(tmpdir(), 'ledgerstone-mixed-'));
    try {
      const builder = new ArchiveBuilder();
      const chain = builder.chain();
      const untimed = stamped(entries(2, 2), -1);
      await chain.seal({ lines: [...entries(0, 2), ...untimed, transactionGap(4, 2), ...entries(6, 1)] });
      writeCopy(builder.archive, mixed);
      const inTime = (...args: string[]) =>
        ledgerstone([
          'get',
          mixed,
          '--topic',
          'orders',
          '--partition',
          '0',
          '--until-time',
          '2027-01-01',
          ...args,
        ]);
      expect(offsetsOf((await inTime()).out)).toEqual([0, 1, 6]);
      const none = await inTime('--from', '2', '--to', '5');
      expect(none.out).toBe('');
      expect(none.err).toContain('no record is stamped in this range of times among those offsets');
    } finally {
      rmSync(mixed, { recursive: true, force: true });
    }
  });

  it('does not call times empty where only the offsets leave the records out', async () => {
    const { out, err } = await get('--since-time', '2024-03-01', '--until-time', '2024-04-01', '--from', '5');
    expect(out).toBe('');
    expect(err).not.toContain('in this range of times: ');
    expect(err).toContain(
      'no record is stamped in this range of times among those offsets, as the seals state it: all 6',
    );
  });

  it('refuses an inverted range', async () => {
    const { code, err } = await get('--since-time', '2025-02-01', '--until-time', '2025-01-01');
    expect([code, err]).toEqual([2, expect.stringContaining('--since-time 2025-02-01 is not before')]);
  });

  it('says where a seal is missing in the middle, and does not search around it', async () => {
    rmSync(join(folder, 'seals/topic=orders/partition=0/000000000002.tlog-proof'));
    const { code, err } = await get('--since-time', '2024-03-01', '--until-time', '2024-04-01');
    expect(code).not.toBe(0);
    expect(err).toContain('000000000002');
  });
});

describe('a moment', () => {
  it.each([
    ['2026-03-01', 'UTC', '2026-03-01T00:00:00.000Z'],
    ['2026-03-01', 'Europe/Berlin', '2026-02-28T23:00:00.000Z'],
    ['2026-07-01', 'Europe/Berlin', '2026-06-30T22:00:00.000Z'],
    ['2026-07-01T10:30', 'America/New_York', '2026-07-01T14:30:00.000Z'],
    ['2026-07-01 10:30:05', 'UTC', '2026-07-01T10:30:05.000Z'],
    ['2026-07-01T10:30:05.25', 'Asia/Kolkata', '2026-07-01T05:00:05.250Z'],
    ['2026-07-01T10:30Z', 'Europe/Berlin', '2026-07-01T10:30:00.000Z'],
    ['2026-07-01T10:30:00+02:00', 'UTC', '2026-07-01T08:30:00.000Z'],
    ['2024-02-29', 'UTC', '2024-02-29T00:00:00.000Z'],
    // A date is its first moment, also where its midnight is skipped, or shown twice.
    ['2026-04-24', 'Africa/Cairo', '2026-04-23T22:00:00.000Z'],
    ['2026-09-06', 'America/Santiago', '2026-09-06T04:00:00.000Z'],
    ['2026-11-01', 'America/Havana', '2026-11-01T04:00:00.000Z'],
  ])('%s in %s is %s', (text, zone, iso) => {
    expect(new Date(momentFromText(text, zone)).toISOString()).toBe(iso);
  });

  it.each([
    ['yesterday', 'UTC', 'not a time'],
    ['2026-02-29', 'UTC', 'no day or time'],
    ['2026-13-01', 'UTC', 'no day or time'],
    ['2026-01-01T24:00', 'UTC', 'no day or time'],
    ['2026-03-29T02:30', 'Europe/Berlin', 'does not exist'],
    ['2026-10-25T02:30', 'Europe/Berlin', 'twice'],
    ['2026-11-01T00:30', 'America/Havana', 'twice'],
    ['2011-12-30', 'Pacific/Apia', 'does not exist'],
    ['0000-01-01', 'UTC', 'no day or time'],
    ['2026-01-01', 'Mars/Olympus', 'time zone'],
  ])('%s in %s is none: %s', (text, zone, reason) => {
    expect(() => momentFromText(text, zone)).toThrow(reason);
  });
});

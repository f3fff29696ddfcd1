// Do get, show and prove give what is archived: in long chains, by time, and for offsets without a record?
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { utf8 } from '../../../src/base/bytes.ts';
import type { KafkaRecord } from '../../../src/format/record.ts';
import {
  ArchiveBuilder,
  entries,
  START_MS,
  transactionGap,
  writeCopy,
} from '../../support/archive-builder.ts';
import { ledgerstone } from './captured-io.ts';

const iso = (ms: number): string => new Date(ms).toISOString();
const offsetsOf = (text: string): number[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line).offset);
const readsOf = (err: string): number => Number(/\((\d+) reads/.exec(err)?.[1]);

describe('a chain of more segments than one listing has', () => {
  const SEGMENTS = 1_150;
  const PER_SEGMENT = 3;
  let folder: string;
  const get = (...args: string[]) =>
    ledgerstone(['get', folder, '--topic', 'orders', '--partition', '0', ...args]);

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ledgerstone-long-'));
    const builder = new ArchiveBuilder();
    await builder.chain().fill(SEGMENTS, PER_SEGMENT);
    writeCopy(builder.archive, folder);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('has its head found', async () => {
    const { code, out } = await ledgerstone([
      'show',
      folder,
      '--topic',
      'orders',
      '--partition',
      '0',
      '--json',
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(out).manifest.sequence).toBe(SEGMENTS);
  });

  it.each([0, 1, 1_724, 3_000, SEGMENTS * PER_SEGMENT - 1])(
    'has offset %i found in a few reads',
    async (offset) => {
      const { code, out, err } = await get('--from', String(offset), '--to', String(offset));
      expect(code).toBe(0);
      expect(offsetsOf(out)).toEqual([offset]);
      expect(readsOf(err)).toBeLessThanOrEqual(5);
    },
  );

  it('gives a range over many segments in order', async () => {
    const { out } = await get('--from', '2990', '--to', '3020');
    expect(offsetsOf(out)).toEqual(Array.from({ length: 31 }, (_, i) => 2990 + i));
  });

  // The search for the head asks for this one, and finds later ones behind it.
  it('is not taken to end where a seal is missing', async () => {
    rmSync(join(folder, 'seals/topic=orders/partition=0/000000001062.tlog-proof'));
    const status = await ledgerstone(['status', folder]);
    expect(status.out).toMatch(/orders\/0 .* 1,151 /);
    expect(offsetsOf((await get('--from', '3300', '--to', '3301')).out)).toEqual([3300, 3301]);
    for (const all of [
      get('--since-time', '2030-01-01'),
      get('--from', '2990'),
      ledgerstone(['losses', folder]),
    ]) {
      const { code, err } = await all;
      expect(code).toBe(1);
      expect(err).toContain('000000001062');
    }
  });
});

describe('times, gaps and records without a value', () => {
  let folder: string;
  const get = (...args: string[]) =>
    ledgerstone(['get', folder, '--topic', 'orders', '--partition', '0', ...args]);
  const record = (offset: number, value: Uint8Array | null): KafkaRecord => ({
    ...entries(offset, 1)[0]!,
    value,
  });

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ledgerstone-reading-'));
    const builder = new ArchiveBuilder();
    const chain = builder.chain('orders', 0, 100);
    await chain.seal();
    await chain.seal({ lines: entries(100, 10), linesPerBlock: 4 });
    await chain.seal({
      lines: [...entries(110, 3), transactionGap(113, 5), ...entries(118, 2)],
      linesPerBlock: 2,
    });
    await chain.seal({
      lines: [record(120, null), record(121, new Uint8Array(0)), record(122, utf8('text\r'))],
    });
    // Stamped an hour before what was sealed earlier: producers' clocks are their own.
    await chain.seal({
      lines: entries(123, 3).map((one) => ({ ...one, timestamp: one.timestamp - 3_600_000n })),
    });
    // And an hour ahead of the clock that sealed them.
    await chain.seal({
      lines: entries(126, 2).map((one) => ({ ...one, timestamp: one.timestamp + 3_600_000n })),
    });
    await chain.seal();
    writeCopy(builder.archive, folder);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('a chain that begins at 100 begins there', async () => {
    expect(offsetsOf((await get('--from', '5', '--to', '101')).out)).toEqual([100, 101]);
    expect(offsetsOf((await get('--from', '0', '--to', '100')).out)).toEqual([100]);
    const prove = await ledgerstone([
      'prove',
      folder,
      '--topic',
      'orders',
      '--partition',
      '0',
      '--offset',
      '99',
    ]);
    expect(prove).toMatchObject({ code: 2, out: '' });
    expect(prove.err).toContain('offset 99 lies before the first one');
  });

  it.each([113, 115, 117])('a gap line stands for offset %i', async (offset) => {
    const { out } = await get('--from', String(offset), '--to', String(offset));
    expect(JSON.parse(out)).toMatchObject({ offset: 113, gap: { last: 117, reason: 'transaction' } });
    const values = await get('--from', String(offset), '--to', String(offset), '--values');
    expect(values).toMatchObject({ code: 0, out: '' });
  });

  it('every offset around a gap is found, each in one block', async () => {
    for (const offset of [110, 112, 118, 119]) {
      expect(offsetsOf((await get('--from', String(offset), '--to', String(offset))).out)).toEqual([offset]);
    }
  });

  it('values are the original bytes; a tombstone has none, an empty one is a line', async () => {
    const { out, err } = await get('--from', '120', '--to', '122', '--values');
    expect(out).toBe('\ntext\r\n');
    expect(err).toContain('1 tombstone has no value and was left out');
    const json = await get('--from', '120', '--to', '122', '--values', '--json');
    expect(json.out).toBe(
      [
        '{"offset":120,"timestamp":1795341720000,"time":"2026-11-22T10:02:00.000Z","base64":null}\n',
        '{"offset":121,"timestamp":1795341721000,"time":"2026-11-22T10:02:01.000Z","base64":""}\n',
        '{"offset":122,"timestamp":1795341722000,"time":"2026-11-22T10:02:02.000Z","base64":"dGV4dA0="}\n',
      ].join(''),
    );
  });

  it('a range that goes on behind what is sealed is said to', async () => {
    const within = await get('--from', '111', '--to', '112');
    expect(within.err).not.toContain('behind what is sealed');
    const { code, err } = await get('--from', '121', '--to', '5000');
    expect(code).toBe(0);
    expect(err).toMatch(/the range goes on behind what is sealed; the next offset to be sealed is \d+\n/);
  });

  it('times stand as dates before lines and values with --times, and a gap has none', async () => {
    const { out } = await get('--from', '112', '--to', '118', '--times');
    const [first = '', second = '', third = ''] = out.split('\n');
    expect(first).toMatch(/^2026-11-22T10:01:52\.000Z\t\{"offset":112,"timestamp":1795341712000,/);
    expect(second).toMatch(/^-\t\{"offset":113,"gap"/);
    expect(third).toMatch(/^2026-11-22T10:01:58\.000Z\t\{"offset":118,/);
    const values = await get('--from', '122', '--to', '122', '--values', '--times');
    expect(values.out).toBe('2026-11-22T10:02:02.000Z\ttext\r\n');
    expect((await get('--values', '--json', '--times')).code).toBe(2);
  });

  it('times are the records own, from the first to before the last', async () => {
    const from = START_MS + 105_000;
    const range = await get('--since-time', iso(from), '--until-time', iso(from + 3_000));
    expect(offsetsOf(range.out)).toEqual([105, 106, 107]);
    const hourBefore = await get('--until-time', iso(START_MS));
    expect(offsetsOf(hourBefore.out)).toEqual([123, 124, 125]);
    const both = await get('--since-time', iso(from), '--from', '119');
    expect(offsetsOf(both.out)).toEqual([119, 120, 121, 122, 126, 127]);
    const hourAhead = await get('--since-time', iso(START_MS + 3_600_000));
    expect(offsetsOf(hourAhead.out)).toEqual([126, 127]);
    const dayLater = await get('--since-time', iso(START_MS + 2 * 86_400_000));
    expect(dayLater.out).toBe('');
  });
});

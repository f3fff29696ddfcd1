// Does `losses` name every gap that stands on somebody's word, and does `show` tell that there are some?
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GapLine } from '../../../src/format/record.ts';
import { encodeVkey, type VerifierKey } from '../../../src/format/vkey.ts';
import {
  ArchiveBuilder,
  entries,
  transactionGap,
  writeCopy,
  YEAR_MS,
} from '../../support/archive-builder.ts';
import { ledgerstone } from './captured-io.ts';

const DAY_MS = 86_400_000;
const NOW_MS = Date.now();
const gap = (offset: number, count: number, reason: GapLine['reason'], why: string): GapLine => ({
  offset,
  last: offset + count - 1,
  ...{ reason, by: 'J. Doe', why },
});

let dir: string;
let key: string[];
let lossySeal: string;
const losses = (...args: string[]) => ledgerstone(['losses', join(dir, 'lossy'), ...key, ...args]);
const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-losses-'));
  const builder = new ArchiveBuilder();
  key = ['--key', encodeVkey(builder.trusted[0] as VerifierKey)];
  const orders = builder.chain();
  const sealedMs = (days: number) => ({ sealedMs: NOW_MS - days * DAY_MS });
  await orders.seal(sealedMs(500));
  // Its data is gone after a year, as was agreed.
  const gone = await orders.seal({ ...sealedMs(500), lines: [gap(0, 3, 'expired', 'gone')] });
  await orders.seal({
    ...sealedMs(20),
    lines: [...entries(3, 2), gap(5, 20, 'accepted', '=HYPERLINK("x")')],
  });
  await orders.seal({ ...sealedMs(10), lines: [transactionGap(25, 3), gap(28, 5, 'compacted', 'a, b')] });
  const made = await orders.seal({
    ...sealedMs(1),
    lines: [gap(33, 1, 'expired', 'outage'), ...entries(34, 1)],
  });
  lossySeal = made.sealKey;
  await builder.chain('payments').fill(2, 3);
  writeCopy(builder.archive, join(dir, 'lossy'));
  rmSync(join(dir, 'lossy', gone.dataKey as string));

  const whole = new ArchiveBuilder();
  await whole.chain().fill(2, 3);
  writeCopy(whole.archive, join(dir, 'whole'));
  expect(YEAR_MS).toBeLessThan(500 * DAY_MS);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('losses', () => {
  it('lists each gap with its time, who and why, and counts transactions apart', async () => {
    const { code, out, err } = await losses();
    expect([code, err]).toEqual([0, expect.any(String)]);
    expect(out).toMatch(/orders\/0 +in segment 1 +3 +expired +lost +\S+Z +- +its data has expired\n/);
    expect(out).toMatch(/orders\/0 +5 to 24 +20 +accepted +lost +\S+Z +J\. Doe +=HYPERLINK\("x"\)\n/);
    expect(out).toMatch(/orders\/0 +28 to 32 +5 +compacted +- +\S+Z +J\. Doe +a, b\n/);
    expect(out).toMatch(/orders\/0 +33 +1 +expired +lost +\S+Z +J\. Doe +outage\n/);
    expect(out).toContain('24 records lost in 3 gaps\n5 offsets compacted in 1 gap, which is no loss\n');
    expect(err).toContain(
      'orders/0, by the count of its seals: 3 of 35 offsets are archived; 24 are lost (4 expired, 20 accepted); not counted as lost: 3 of transactions, 5 compacted (5 seals read, sealed up to ',
    );
    expect(err).toContain('payments/0, by the count of its seals: 6 of 6 offsets are archived (3 seals read');
    expect(err).toContain('which the seals count are still there was not looked at: `verify` reads them\n');
    expect(err).not.toContain('no key');
  });

  it('chooses by the time of sealing', async () => {
    const { out } = await losses('--since', day(NOW_MS - 15 * DAY_MS), '--until', day(NOW_MS - 5 * DAY_MS));
    expect(out).toContain('compacted');
    expect(out).not.toContain('accepted');
    expect(out).toContain(
      'no loss among the gaps sealed in this range of times\n5 offsets compacted in 1 gap',
    );
    expect((await losses('--since', '2026-02-01', '--until', '2026-01-01')).code).toBe(2);
    expect((await losses('--since', 'yesterday')).code).toBe(2);
  });

  it('has a table for spreadsheets, in which nothing becomes a formula', async () => {
    const { out } = await losses('--csv');
    const [head, ...rows] = out.split('\n');
    expect(head).toBe(
      'chain,partition,first_offset,last_offset,offsets,reason,lost,sealed,by,why,segment,accepted_loss,accepted_by,accepted_since',
    );
    expect(rows[0]).toMatch(/^orders,0,,,3,expired,yes,\S+Z,,its data has expired,1,0,,$/);
    expect(rows[1]).toMatch(/^orders,0,5,24,20,accepted,yes,\S+Z,J\. Doe,"'=HYPERLINK\(""x""\)",2,0,,$/);
    expect(rows[2]).toMatch(/^orders,0,28,32,5,compacted,no,\S+Z,J\. Doe,"a, b",3,,,$/);
    expect((await losses('--csv', '--json')).code).toBe(2);
  });

  it('has the same for programs', async () => {
    const json = JSON.parse((await losses('--json')).out);
    expect(json.gaps).toHaveLength(4);
    expect(json.gaps[1]).toMatchObject({
      firstOffset: 5,
      lastOffset: 24,
      reason: 'accepted',
      lost: true,
      sequence: 2,
    });
    expect(json.chains[0]).toMatchObject({
      problem: null,
      counts: { archived: 3, missing: { transaction: 3 } },
    });
  });

  it('reads one chain only, if one is named', async () => {
    const payments = ['--topic', 'payments', '--partition', '0'];
    const { code, out, err } = await losses(...payments);
    expect([code, out]).toEqual([
      0,
      "no gap stands on somebody's word in the 3 seals of 1 chain that were read\n",
    ]);
    expect(err).not.toContain('orders/0');
    const orders = ['--topic', 'orders', '--partition', '0'];
    expect((await losses(...orders, '--csv')).out).toBe((await losses('--csv')).out);
    expect((await losses(...payments, '--csv')).out.trim().split('\n')).toHaveLength(1);
    const { gaps, chains } = JSON.parse((await losses(...orders, '--json')).out);
    expect([gaps.length, chains.map(({ chain }: { chain: string }) => chain)]).toEqual([4, ['orders']]);
  });

  it.each([
    [['--topic', 'orders'], '--topic without --partition'],
    [['--partition', '0'], '--partition without --topic'],
    [['--topic', 'odrers', '--partition', '0'], 'has no chain odrers/0'],
    [['--topic', '..', '--partition', '0'], 'is not a topic'],
  ])('is a wrong command with %j', async (args, words) => {
    const { code, out, err } = await losses(...args);
    expect([code, out, err]).toEqual([2, '', expect.stringContaining(words)]);
  });

  it('says what it looked at when it finds none', async () => {
    const { code, out } = await ledgerstone(['losses', join(dir, 'whole'), ...key]);
    expect([code, out]).toEqual([
      0,
      "no gap stands on somebody's word in the 3 seals of 1 chain that were read\n",
    ]);
  });
});

describe('show', () => {
  const show = (name: string, ...args: string[]) =>
    ledgerstone(['show', join(dir, name), '--topic', 'orders', '--partition', '0', ...key, ...args]);

  it('tells of missing records in the chain when it shows the newest segment', async () => {
    const { out } = await show('lossy');
    expect(out).toContain(
      'the chain so far, as its seals state it: 3 of 35 offsets are archived; 24 are lost',
    );
    expect(out).toContain('`ledgerstone losses`');
    expect(JSON.parse((await show('lossy', '--json')).out).chain).toMatchObject({ archived: 3, offsets: 35 });
    expect((await show('whole')).out).toContain('6 of 6 offsets are archived\n');
  });

  it('tells nothing of the chain with a segment that was asked for', async () => {
    expect((await show('lossy', '--sequence', '2')).out).not.toContain('the chain so far');
  });
});

it('counts no chain of which no seal was read, and takes no foreign folder for one', async () => {
  const builder = new ArchiveBuilder();
  await builder.chain().fill(1, 2);
  builder.archive.put('seals/topic=foreign/partition=0/junk', new Uint8Array(1));
  writeCopy(builder.archive, join(dir, 'foreign'));
  const foreign = await ledgerstone(['losses', join(dir, 'foreign'), ...key]);
  expect([foreign.code, foreign.out]).toEqual([0, expect.stringContaining('in the 2 seals of 1 chain ')]);
  expect(foreign.err).toContain('the folder of foreign/0 has no seal and no data object, so it is no chain');
  builder.archive.put('seals/topic=bad/partition=0/000000000000.tlog-proof', new Uint8Array(1));
  writeCopy(builder.archive, join(dir, 'foreign'));
  const bad = await ledgerstone(['losses', join(dir, 'foreign'), ...key]);
  expect([bad.code, bad.out]).toEqual([1, expect.stringContaining('in the 2 seals of 1 chain ')]);
});

it('a time zone that is none is refused, also where no time needs it', async () => {
  expect((await losses('--tz', 'Mars/Olympus')).code).toBe(2);
  const place = ['--topic', 'orders', '--partition', '0'];
  expect((await ledgerstone(['get', join(dir, 'lossy'), ...place, '--tz', 'Mars/Olympus'])).code).toBe(2);
});

describe('an archive of which nothing can be said', () => {
  it.each(['--csv', '--json', '--tz=UTC'])(
    'has no list of losses where it has no chain (%s)',
    async (format) => {
      mkdirSync(join(dir, 'empty'), { recursive: true });
      const { code, out, err } = await ledgerstone(['losses', join(dir, 'empty'), ...key, format]);
      expect(code).toBe(3);
      expect(`${out}${err}`).toContain('no chain');
      expect(out).not.toContain('no gap');
    },
  );

  it('is not one without losses where all seals of a chain were removed', async () => {
    const builder = new ArchiveBuilder();
    await builder.chain().fill(2, 3);
    await builder.chain('payments').fill(2, 3);
    writeCopy(builder.archive, join(dir, 'unsealed'));
    rmSync(join(dir, 'unsealed/seals/topic=orders'), { recursive: true });
    const { code, out, err } = await ledgerstone(['losses', join(dir, 'unsealed'), ...key]);
    expect(code).toBe(1);
    expect(out).toContain('not all chains could be looked at');
    expect(err).toContain('orders/0: not looked at any further: sequence-gap');
    const status = await ledgerstone(['status', join(dir, 'unsealed'), ...key]);
    expect([status.code, status.out]).toEqual([
      1,
      expect.stringContaining('unreadable orders/0: sequence-gap'),
    ]);
  });
});

it('counts of a seal that its lines do not bear out are no answer', async () => {
  const builder = new ArchiveBuilder();
  await builder.chain().seal({
    lines: [...entries(0, 2), transactionGap(2, 3)],
    manifest: (plain) => ({ ...plain, records: { ...plain.records, missing: { expired: 3 } } }),
  });
  writeCopy(builder.archive, join(dir, 'miscounted'));
  const { code, out, err } = await ledgerstone(['losses', join(dir, 'miscounted'), ...key]);
  expect([code, out]).toEqual([1, expect.stringContaining('not all chains could be looked at')]);
  expect(err).toContain('count-mismatch');
});

it('a chain that can not be read to its end is named, and the exit code says so', async () => {
  rmSync(join(dir, 'lossy', lossySeal.replace('000000000004', '000000000003')));
  const { code, out, err } = await losses();
  expect(code).toBe(1);
  expect(out).toContain('not all chains could be looked at');
  expect(err).toMatch(/orders\/0: not looked at any further: .*000000000003/);
  const shown = await ledgerstone(['show', join(dir, 'lossy'), '--topic', 'orders', '--partition', '0']);
  expect([shown.code, shown.err]).toEqual([0, expect.stringContaining('is not known')]);
});

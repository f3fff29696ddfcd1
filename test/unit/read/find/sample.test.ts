// Is a sample drawn from all of the population, each record as likely as any other, and the same one again?
import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import type { SampleSeed } from '../../../../src/format/sample-rank.ts';
import { type DrawnRecord, drawSample } from '../../../../src/read/find/sample.ts';
import {
  ArchiveBuilder,
  entries,
  NOW_MS,
  ORIGIN,
  START_MS,
  transactionGap,
} from '../../../support/archive-builder.ts';
import { type Asked, queryOf, recordsOf } from '../../../support/find-world.ts';
import { lawlessStore } from '../../../support/lawless-store.ts';

let builder: ArchiveBuilder;
beforeAll(async () => {
  builder = new ArchiveBuilder();
  const orders = builder.chain('orders');
  await orders.fill(4, 10);
  await orders.seal({ lines: [transactionGap(40, 3), ...entries(43, 7)] });
  await builder.chain('payments', 1).fill(3, 11);
});

const draw = (count: number, seed: Partial<SampleSeed> = {}, asked: Asked = {}, threads = 0) =>
  drawSample(
    {
      ...{
        store: lawlessStore(builder.archive),
        trusted: builder.trusted,
        query: queryOf(asked),
        nowMs: NOW_MS,
      },
      ...{ signal: new AbortController().signal, threads },
    },
    { text: 'seed', root: '', ...seed },
    count,
  );
const idsOf = (drawn: readonly DrawnRecord[]) => drawn.map(({ origin, offset }) => `${origin} ${offset}`);
/** 47 of orders/0, and 33 of payments/1. */
const POPULATION = [
  ...[...Array.from({ length: 40 }, (_, n) => n), ...Array.from({ length: 7 }, (_, n) => 43 + n)].map(
    (offset) => `${ORIGIN}/orders/0 ${offset}`,
  ),
  ...Array.from({ length: 33 }, (_, offset) => `${ORIGIN}/payments/1 ${offset}`),
];
/** By the words of docs/sampling.md, apart from the product. */
const byHand = (text: string, root: string, count: number): string[] =>
  POPULATION.map((id) => {
    const [origin = '', offset = ''] = id.split(' ');
    const input = ['ledgerstone/sample/1', text, root, origin, offset, ''].join('\n');
    return { id, rank: createHash('sha256').update(input).digest('hex') };
  })
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .slice(0, count)
    .map(({ id }) => id);

describe('a sample', () => {
  it('is what the rule says by hand', async () => {
    const root = 'ab'.repeat(32);
    for (const seed of [
      { text: 'seed', root: '' },
      { text: '', root },
      { text: 'é 😀', root },
    ]) {
      const { drawn, population } = await draw(9, seed);
      expect(population).toBe(80);
      expect(idsOf(drawn)).toEqual(byHand(seed.text, seed.root, 9));
      expect(drawn.map(({ rank }) => rank)).toEqual(drawn.map(({ rank }) => rank).sort());
    }
  });

  it('begins with the smaller one of the same seed, and has everything if it may', async () => {
    const [small, large, all] = await Promise.all([draw(5), draw(20), draw(100)]);
    expect(idsOf(large.drawn).slice(0, 5)).toEqual(idsOf(small.drawn));
    expect(idsOf(all.drawn).sort()).toEqual([...POPULATION].sort());
  });

  it('is the same with threads, and depends on the seed and the root', async () => {
    const first = idsOf((await draw(8)).drawn);
    expect(idsOf((await draw(8, {}, {}, 2)).drawn)).toEqual(first);
    expect(idsOf((await draw(8, { text: 'seed ' })).drawn)).not.toEqual(first);
    expect(idsOf((await draw(8, { root: '00'.repeat(32) })).drawn)).not.toEqual(first);
  });

  it('takes each record about as often as any other', async () => {
    const times = new Map(POPULATION.map((id) => [id, 0]));
    const draws = 400;
    for (let n = 0; n < draws; n++)
      for (const id of byHand(`draw ${n}`, '', 8)) times.set(id, (times.get(id) ?? 0) + 1);
    // Expected 40 each. Chi-square of 79 degrees: above 123 in one of a thousand.
    const chi = [...times.values()].reduce((sum, seen) => sum + (seen - 40) ** 2 / (40 * (1 - 8 / 80)), 0);
    expect(chi).toBeLessThan(123);
    expect(Math.min(...times.values())).toBeGreaterThan(10);
  });

  it('counts the population by chain and day of the record, and nothing of it is lost', async () => {
    const late = new ArchiveBuilder();
    const day = 86_400_000n;
    const at = (offset: number, timestamp: bigint) => ({ ...entries(offset, 1)[0]!, timestamp });
    const start = BigInt(START_MS);
    await late.chain('orders').seal({
      lines: [at(0, start), at(1, start + day), at(2, start + day), at(3, -1n), at(4, 2n ** 62n)],
    });
    const find = {
      ...{ store: lawlessStore(late.archive), trusted: late.trusted, query: queryOf({}), nowMs: NOW_MS },
      ...{ signal: new AbortController().signal, threads: 0 },
    };
    const { days, population } = await drawSample(find, { text: 's', root: '' }, 2);
    expect(population).toBe(5);
    expect(days).toEqual([
      { chain: 'orders', partition: 0, day: '2026-11-22', records: 1, clock: 'record' },
      { chain: 'orders', partition: 0, day: '2026-11-23', records: 2, clock: 'record' },
      { chain: 'orders', partition: 0, day: 'none', records: 2, clock: null },
    ]);
  });

  describe('of lines of a file, which have no time of their own', () => {
    const times = ['"2026-05-01T23:59:59Z"', '"2026-05-01T23:59:59-02:00"', '"soon"', 'null', '1777680000'];
    const lines = () =>
      recordsOf(
        times.map((at) => `{"at":${at}}`),
        { timestamp: -1n },
      );
    const drawn = async (asked: Asked) => {
      const builder = new ArchiveBuilder();
      await builder.chain('orders').seal({ lines: lines() });
      const find = {
        ...{ store: lawlessStore(builder.archive), trusted: builder.trusted, query: queryOf(asked) },
        ...{ nowMs: NOW_MS, signal: new AbortController().signal, threads: 0 },
      };
      const { days, dayNotes, population, drawn } = await drawSample(find, { text: 's', root: '' }, 9);
      return {
        ...{ dayNotes, population, clocks: new Set(drawn.map(({ time }) => time?.clock ?? null)) },
        days: days.map(({ day, records, clock }) => `${day} ${records} ${clock}`),
      };
    };

    it('counts by the time of the event where its field is known, and says what is on no day', async () => {
      const { days, dayNotes, clocks } = await drawn({ fields: { time: '/at' } });
      expect(days).toEqual(['2026-05-01 1 event', '2026-05-02 2 event', 'none 2 null']);
      expect(dayNotes).toEqual([expect.stringMatching(/^orders\/0: 2 records on no day, .* is missing or/)]);
      expect(clocks).toEqual(new Set(['event', null]));
    });

    it('counts by the time of the event, or of the seal, if that was asked for', async () => {
      const time = { kind: 'event', fromMs: Date.parse('2026-05-02T00:00:00Z'), toMs: NOW_MS } as const;
      const asked = { fields: { time: '/at' }, readsAll: true };
      expect((await drawn({ ...asked, time })).days).toEqual(['2026-05-02 2 event']);
      const { days } = await drawn({ ...asked, time: { ...time, kind: 'sealed' } });
      expect(days).toEqual(['2026-11-22 5 sealed']);
    });

    it('says why it can not where no field is known', async () => {
      const { days, dayNotes } = await drawn({});
      expect(days).toEqual(['none 5 null']);
      expect(dayNotes).toEqual([expect.stringContaining('name it `time` in `fields` or --fields')]);
    });
  });

  it('of some records is drawn from those alone', async () => {
    const { drawn, population } = await draw(3, {}, { where: ['/n<4'], topics: ['payments'] });
    expect(population).toBe(4);
    expect(drawn.every(({ chain, offset }) => chain === 'payments' && offset < 4)).toBe(true);
  });
});

// Is each line written once, whatever breaks off: before, within or after a transaction, with or without an answer?
import { describe, expect, it } from 'vitest';
import { LedgerstoneError } from '../../../src/base/error.ts';
import { encodeEntry } from '../../../src/format/record.ts';
import type { RecordToSend } from '../../../src/ingest/kafka/produce/batch.ts';
import type { Transaction, WrittenPosition } from '../../../src/ingest/kafka/produce/producer.ts';
import type { FoundLine } from '../../../src/read/line-range.ts';
import { Pace } from '../../../src/replay/pace.ts';
import { positionMetadata } from '../../../src/replay/position.ts';
import { type ReplayTools, replay } from '../../../src/replay/run.ts';
import { entries } from '../../support/archive-builder.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const PLAN = 'a'.repeat(64);
const lost = () => new LedgerstoneError('kafka-unavailable', 'no answer', { disposition: 'retriable' });

/** A topic of two partitions that takes transactions, and fails as it is told. */
class MemoryTarget {
  readonly records = new Map<number, RecordToSend[]>([
    [0, []],
    [1, []],
  ]);
  readonly kept = new Map<number, WrittenPosition>();
  topicId: string | null = 't'.repeat(22);
  claims = 0;
  writes = 0;
  aborted = 0;
  /** By number of the write: what goes wrong. `after`: it is committed, and the answer is lost. */
  failures = new Map<number, 'before' | 'after'>();

  async target() {
    return { partitions: [...this.records.keys()], topicId: this.topicId };
  }
  /** With what aborted transactions left there. */
  async endOf(partition: number) {
    return this.records.get(partition)!.length + this.aborted;
  }
  async claim() {
    this.claims++;
  }
  async positions(partitions: readonly number[]) {
    return new Map(partitions.map((one) => [one, this.kept.get(one) ?? null] as const));
  }
  async write({ partition, batches, positions }: Transaction) {
    const how = this.failures.get(this.writes++);
    if (how === 'before') {
      this.aborted += batches.length;
      throw lost();
    }
    this.records.get(partition)!.push(...batches.flat());
    for (const [one, position] of positions) this.kept.set(one, position);
    if (how === 'after') throw lost();
  }
  values(partition: number) {
    return this.records.get(partition)!.map(({ value }) => Buffer.from(value!).toString());
  }
}

const lines = (offset: number, count: number): FoundLine[] =>
  entries(offset, count).map((record) => ({
    ...{ line: encodeEntry(record), offset: record.offset, nextOffset: record.offset + 1 },
    ...{ isGap: false, timestampMs: Number(record.timestamp) },
  }));
const valuesOf = (offset: number, count: number) =>
  entries(offset, count).map(({ value }) => Buffer.from(value!).toString());

const archived = new Map([
  [0, lines(10, 25)],
  [1, lines(0, 7)],
]);

function tools(target: MemoryTarget, more: Partial<ReplayTools> = {}): ReplayTools {
  const clock = new FakeClock({ auto: true });
  return {
    ...{ target, plan: PLAN, toTopic: 'again', partitions: [0, 1], from: 0, append: false },
    async *linesOf(partition, from) {
      yield* archived.get(partition)!.filter(({ offset }) => offset >= from);
    },
    limits: { records: 5, bytes: 1_000_000, batchBytes: 300 },
    pace: new Pace({ recordsPerSecond: null, bytesPerSecond: null }, clock),
    ...{ clock, random: () => 0.5, signal: new AbortController().signal },
    onTrouble: () => {},
    onCommitted: () => {},
    ...more,
  };
}

function expectWhole(target: MemoryTarget): void {
  expect(target.values(0)).toEqual(valuesOf(10, 25));
  expect(target.values(1)).toEqual(valuesOf(0, 7));
}

describe('a replay', () => {
  it('writes all, and nothing the second time', async () => {
    const target = new MemoryTarget();
    const done = await replay(tools(target));
    expectWhole(target);
    expect(done.map(({ tally, position }) => [tally.records, position.records, tally.nextOffset])).toEqual([
      [25, 25, 35],
      [7, 7, 7],
    ]);
    const again = await replay(tools(target));
    expectWhole(target);
    expect(again.map(({ tally, position }) => [tally.from, tally.records, position.records])).toEqual([
      [35, 0, 25],
      [7, 0, 7],
    ]);
  });

  it.each(['before', 'after'] as const)(
    'writes each once when any write fails %s its commit',
    async (how) => {
      for (let failing = 0; failing < 8; failing++) {
        const target = new MemoryTarget();
        target.failures = new Map([
          [failing, how],
          [failing + 2, 'before'],
        ]);
        await replay(tools(target));
        expectWhole(target);
        expect(target.claims).toBeGreaterThan(1);
      }
    },
  );

  it('goes on where a run died, also with its very first records', async () => {
    for (let last = 1; last < 8; last++) {
      const target = new MemoryTarget();
      const dying = new AbortController();
      const write = target.write.bind(target);
      target.write = async (transaction) => {
        await write(transaction);
        if (target.writes > last) dying.abort(new Error('killed'));
      };
      await replay(tools(target, { signal: dying.signal })).catch(() => {});
      target.write = write;
      await replay(tools(target));
      expectWhole(target);
    }
  });

  it('knows its own topic again when it died in the first transaction with records', async () => {
    const target = new MemoryTarget();
    target.failures = new Map([[1, 'before']]);
    const dying = new AbortController();
    const onTrouble = () => dying.abort(new Error('killed'));
    await expect(replay(tools(target, { signal: dying.signal, onTrouble }))).rejects.toThrow('killed');
    expect(await target.endOf(0)).toBeGreaterThan(0);
    await replay(tools(target));
    expectWhole(target);
  });

  it('gives up a broker that never answers, and what it will never take', async () => {
    const target = new MemoryTarget();
    target.failures = new Map(Array.from({ length: 50 }, (_, index) => [index, 'before']));
    await expect(replay(tools(target))).rejects.toMatchObject({ code: 'kafka-unavailable' });
    const refusing = new MemoryTarget();
    refusing.write = async () => {
      throw new LedgerstoneError('replay-refused', 'too large');
    };
    await expect(replay(tools(refusing))).rejects.toMatchObject({ code: 'replay-refused' });
  });

  it('writes nothing into a topic that was written before, unless that is meant', async () => {
    const target = new MemoryTarget();
    target.records.get(1)!.push({ timestamp: 1n, key: null, headers: [], value: null });
    await expect(replay(tools(target))).rejects.toMatchObject({ code: 'replay-not-empty' });
    expect(target.writes).toBe(0);
    await replay(tools(target, { append: true }));
    expect(target.records.get(1)).toHaveLength(8);
  });

  it('takes no position that it did not commit, nor one of an earlier topic of this name', async () => {
    for (const metadata of [
      '',
      'ledgerstone-replay/1',
      positionMetadata({ ...POSITION, plan: 'b'.repeat(64) }),
    ]) {
      const target = new MemoryTarget();
      target.kept.set(0, { nextOffset: 12, metadata });
      await expect(replay(tools(target))).rejects.toMatchObject({ code: 'replay-position' });
      expect(target.writes).toBe(0);
    }
    const anew = new MemoryTarget();
    anew.kept.set(0, {
      nextOffset: 12,
      metadata: positionMetadata({ ...POSITION, topicId: 'x'.repeat(22) }),
    });
    await replay(tools(anew));
    expectWhole(anew);
  });

  it('ends where somebody else moved its position, or made the topic anew', async () => {
    const target = new MemoryTarget();
    target.failures = new Map([[2, 'before']]);
    const claim = target.claim.bind(target);
    target.claim = async () => {
      await claim();
      if (target.claims > 1) target.kept.set(0, { nextOffset: 1, metadata: 'other' });
    };
    await expect(replay(tools(target))).rejects.toMatchObject({ code: 'replay-contradicted' });
    const anew = new MemoryTarget();
    const onCommitted = () => {
      anew.topicId = 'z'.repeat(22);
    };
    const remedy = expect.stringMatching(/empty again.*or name another.*Then run the same command/);
    await expect(replay(tools(anew, { onCommitted }))).rejects.toMatchObject({
      ...{ code: 'replay-contradicted', remedy },
    });
    // Some of it lies in the new topic.
    const again = replay(tools(anew));
    await expect(again).rejects.toMatchObject({ code: 'replay-not-empty', remedy });
    await expect(again).rejects.not.toMatchObject({ remedy: expect.stringContaining('--append') });
    for (const records of anew.records.values()) records.length = 0;
    await replay(tools(anew));
    expectWhole(anew);
  });

  it('needs every partition', async () => {
    const target = new MemoryTarget();
    target.records.delete(1);
    await expect(replay(tools(target))).rejects.toMatchObject({
      ...{ code: 'replay-partitions', remedy: expect.stringContaining('2 partitions') },
    });
    expect(target.claims).toBe(0);
  });

  it('goes out no faster than it may', async () => {
    const clock = new FakeClock({ auto: true });
    const pace = new Pace({ recordsPerSecond: 10, bytesPerSecond: null }, clock);
    const began = clock.monotonic();
    await replay(tools(new MemoryTarget(), { clock, pace }));
    // 32 records; the last transaction waits for all before it: 25 + 5.
    expect(clock.monotonic() - began).toBeGreaterThanOrEqual(3_000);
    expect(clock.monotonic() - began).toBeLessThan(3_300);
  });
});

const POSITION = { plan: PLAN, topicId: null, nextOffset: 12, records: 2, bytes: 9 };

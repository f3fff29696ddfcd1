// What does the pipeline rely on in every source? One suite, run on files, the in-memory broker and real Kafka.
import { afterEach, describe, expect, it } from 'vitest';
import { kafkaContract } from './source-suite-kafka.ts';
import {
  LARGE,
  numbered,
  SILENCE_MS,
  SourceBench,
  type SourceContract,
  taken,
  text,
  untilNext,
  WAIT_MS,
} from './source-world.ts';

export type { SourceContract, WrittenRecord } from './source-world.ts';

export function sourceContract(name: string, contract: SourceContract): void {
  describe(`${name} is a source`, () => {
    const bench = new SourceBench(contract);
    afterEach(() => bench.closeAll());

    it('assigns first, and delivers nothing before resume', async () => {
      const { world, partition, member } = await bench.open(numbered(3));
      const { source, recorder } = await member();
      const [first] = recorder.events.filter(({ kind }) => kind !== 'topics');
      expect(first).toEqual({ kind: 'assign', owned: [partition] });
      source.seek(partition, 0);
      await world.pass(SILENCE_MS);
      expect(recorder.fetches()).toEqual([]);
      source.resume(partition);
      await untilNext(recorder, 3);
    });

    it('delivers every record from the sought offset, once, in order, byte for byte', async () => {
      const written = numbered(3_000);
      const { partition, member } = await bench.open(written);
      const { source, recorder } = await member();
      source.seek(partition, 7);
      source.resume(partition);
      await untilNext(recorder, 3_000, 7);
      const { records, refused } = taken(recorder, 7);
      expect(refused).toBeNull();
      expect(records.map(text)).toEqual(written.slice(7).map(({ value }) => value));
      expect(records.map((record) => record.offset)).toEqual(written.slice(7).map((_, index) => index + 7));
      expect(recorder.fetches().every((fetched) => fetched.highWatermark <= 3_000)).toBe(true);
    });

    it('a seek and a resume inside onAssign take effect', async () => {
      const { partition, member } = await bench.open(numbered(10));
      const { recorder } = await member((event, source) => {
        if (event.kind !== 'assign') return;
        source.seek(partition, 8);
        source.resume(partition);
      });
      await untilNext(recorder, 10, 8);
      expect(taken(recorder, 8).refused).toBeNull();
    });

    it('a pause lets at most one more delivery come, and a resume goes on without loss or repeat', async () => {
      const { world, partition, member } = await bench.open(numbered(12_000));
      let rounds = 5;
      const { source, recorder: pausing } = await member((event, own) => {
        if (event.kind === 'fetched' && rounds-- > 0) own.pause(partition);
      });
      source.seek(partition, 0);
      while (rounds > 0) {
        const before = pausing.fetches().length;
        source.resume(partition);
        await pausing.until('one more delivery', () => pausing.fetches().length > before, WAIT_MS);
        await world.pass(SILENCE_MS);
        expect(pausing.fetches().length - before).toBeLessThanOrEqual(2);
      }
      source.resume(partition);
      await untilNext(pausing, 12_000);
      expect(taken(pausing).refused).toBeNull();
    });

    it('a seek leads anywhere, and nothing of the old place comes after it', async () => {
      const { partition, member } = await bench.open(numbered(6_000));
      const { source, recorder } = await member();
      source.seek(partition, 0);
      source.resume(partition);
      await recorder.until('the first records', () => recorder.records().length > 0, WAIT_MS);
      for (const [from, until] of [
        [5_990, 6_000],
        [10, 30],
        [3_000, 3_100],
        [3_050, 3_060],
      ] as const) {
        recorder.forget();
        source.seek(partition, from);
        await untilNext(recorder, until, from);
        expect(taken(recorder, from).refused).toBeNull();
      }
    });

    it('tells the range of the log, reads one record apart, and neither moves its place', async () => {
      const { partition, member } = await bench.open(numbered(200));
      const { source, recorder } = await member();
      source.seek(partition, 0);
      source.resume(partition);
      expect(await source.logRange(partition)).toEqual({ low: 0, high: 200 });
      const anchor = await source.readAt(partition, 150);
      expect(anchor).toMatchObject({ topic: partition.topic, partition: 0 });
      expect(text(anchor.records[0])).toBe(`150 ${LARGE}`);
      expect(anchor.records[0]?.offset).toBe(150);
      expect(text((await source.readAt(partition, 199)).records[0])).toBe(`199 ${LARGE}`);
      expect((await source.readAt(partition, 200)).records).toEqual([]);
      await untilNext(recorder, 200);
      expect(taken(recorder).refused).toBeNull();
      await expect(source.readAt(partition, 0, AbortSignal.abort(new Error('enough')))).rejects.toThrow();
    });

    it('an anchor read again is the same record', async () => {
      const { partition, member } = await bench.open(numbered(5));
      const { source, recorder } = await member();
      source.seek(partition, 0);
      source.resume(partition);
      await untilNext(recorder, 5);
      const again = (await source.readAt(partition, 4)).records[0];
      expect(again).toEqual(recorder.records()[4]);
    });

    it('knows its partitions and says the same of one each time', async () => {
      const { world, partition, member } = await bench.open(numbered(1));
      const { source } = await member();
      expect(source.kind).toBe(contract.kind);
      expect(await source.partitions(world.topic)).toEqual([0]);
      const described = await source.describe(partition);
      expect(await source.describe(partition)).toEqual(described);
      expect(typeof described.cluster).toBe('string');
    });

    it('says nothing once it is closed, and closing again is no harm', async () => {
      const { world, partition, member } = await bench.open(numbered(5_000));
      const { source, recorder } = await member();
      source.seek(partition, 0);
      source.resume(partition);
      await recorder.until('the first records', () => recorder.records().length > 0, WAIT_MS);
      const closed = source.close();
      await closed;
      const { length } = recorder.events;
      await world.pass(SILENCE_MS);
      expect(recorder.events).toHaveLength(length);
      await source.close();
    });

    it('an empty log is a place to stand', async () => {
      const { partition, member } = await bench.open([]);
      const { source, recorder } = await member();
      expect(await source.logRange(partition)).toEqual({ low: 0, high: 0 });
      expect((await source.readAt(partition, 0)).records).toEqual([]);
      source.seek(partition, 0);
      source.resume(partition);
      expect(recorder.records()).toEqual([]);
      expect(recorder.of('fatal')).toEqual([]);
    });

    if (contract.kind === 'file') fileContract();
    else kafkaContract(bench);

    function fileContract(): void {
      it('ends once, after the last record, and again after a seek back', async () => {
        const { partition, member } = await bench.open(numbered(1_000));
        const { source, recorder } = await member();
        source.resume(partition);
        for (const round of [1, 2]) {
          await recorder.until('the end', () => recorder.of('end').length === round);
          expect(recorder.of('end').at(-1)).toEqual({ kind: 'end', partition, nextOffset: 1_000 });
          expect(recorder.events.at(-1)?.kind).toBe('end');
          source.seek(partition, 990);
        }
      });

      it('has neither times nor hints', async () => {
        const { partition, member } = await bench.open(numbered(3));
        const { source } = await member();
        expect(await source.offsetAtTime(partition, 0)).toBeNull();
        expect(await source.commitHint(partition, { nextOffset: 3, metadata: 'm' })).toBe(false);
        expect(await source.committed(partition)).toBeNull();
      });
    }
  });
}

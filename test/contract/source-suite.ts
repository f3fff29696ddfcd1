// What does the pipeline rely on in every source? One suite, run on files, the in-memory broker and real Kafka.
import { afterEach, describe, expect, it } from 'vitest';
import { utf8 } from '../../src/base/bytes.ts';
import type { KafkaRecord } from '../../src/format/record.ts';
import { admit, type Item } from '../../src/ingest/gate.ts';
import type { Fetched, Source, TopicPartition } from '../../src/ingest/source.ts';
import { SourceRecorder } from '../support/source-recorder.ts';

/** Headers have distinct names here, so that every producer can write them. */
export type WrittenRecord = {
  readonly value: string | null;
  readonly key?: string | null;
  readonly headers?: readonly (readonly [string, string])[];
  readonly timestampMs?: number;
};

export type SourceWorld = {
  readonly topic: string;
  /** A new one: of a group, a new member. */
  source(): Source;
  /** So much time passes, real or virtual. */
  pass(ms: number): Promise<void>;
  close(): Promise<void>;
  /** Records after those that are there. Not for files. */
  append(partition: number, records: readonly WrittenRecord[]): Promise<void>;
  /** A transaction with these values on partition 0, ended or left open. */
  transaction(values: readonly string[]): Promise<{ commit(): Promise<void>; abort(): Promise<void> }>;
  /** The log of partition 0 begins at `low` from now on. */
  expire(low: number): Promise<void>;
};

export type SourceContract = {
  readonly kind: Source['kind'];
  /** `records` lie in partition 0 from offset 0. */
  open(records: readonly WrittenRecord[], partitions: number): Promise<SourceWorld>;
};

const SILENCE_MS = 700;
const LARGE = 'x'.repeat(900);
const numbered = (count: number): WrittenRecord[] =>
  Array.from({ length: count }, (_, n) => ({ value: `${n} ${LARGE}` }));

/** What the pipeline would have: everything that the gate took, and the first thing that it refused. */
class Taken {
  readonly items: Item[] = [];
  refused: string | null = null;
  next: number;

  constructor(next: number) {
    this.next = next;
  }

  add(fetched: Fetched): void {
    const admission = admit(this.next, fetched);
    if (admission.kind === 'nothing') return;
    if (admission.kind !== 'accept') {
      this.refused ??= JSON.stringify(admission);
      return;
    }
    this.items.push(...admission.items);
    this.next = admission.next;
    if (admission.stop !== null) this.refused ??= JSON.stringify(admission.stop);
  }

  get records(): KafkaRecord[] {
    return this.items.flatMap((item) => (item.kind === 'record' ? [item.record] : []));
  }
}

const text = (record: KafkaRecord | undefined): string | null =>
  record?.value ? Buffer.from(record.value).toString() : null;

export function sourceContract(name: string, contract: SourceContract): void {
  describe(`${name} is a source`, () => {
    const used: { world: SourceWorld; sources: Source[] }[] = [];
    afterEach(async () => {
      for (const { world, sources } of used.splice(0)) {
        for (const source of sources) await source.close();
        await world.close();
      }
    });

    async function open(records: readonly WrittenRecord[], partitions = 1) {
      const world = await contract.open(records, partitions);
      const sources: Source[] = [];
      used.push({ world, sources });
      const partition: TopicPartition = { topic: world.topic, partition: 0 };
      /** Started, and told what it owns. */
      const member = async (
        onAssign: (source: Source, owned: readonly TopicPartition[]) => void = () => {},
      ) => {
        const source = world.source();
        sources.push(source);
        const recorder = new SourceRecorder((event) => {
          if (event.kind === 'assign') onAssign(source, event.owned);
        });
        await source.start(recorder);
        await recorder.until('an assignment', () => recorder.of('assign').length > 0, 30_000);
        return { source, recorder };
      };
      return { world, partition, member };
    }

    const taken = (recorder: SourceRecorder, from = 0): Taken => {
      const all = new Taken(from);
      for (const fetched of recorder.fetches()) all.add(fetched);
      return all;
    };
    /** Waits for what the gate takes; looked at only when the newest delivery reaches that far. */
    const untilNext = (recorder: SourceRecorder, next: number, from = 0) =>
      recorder.until(
        `everything below offset ${next}`,
        () => {
          const newest = recorder.of('fetched').at(-1)?.fetched;
          const reached = Math.max(newest?.records.at(-1)?.offset ?? -1, newest?.seen.at(-1)?.last ?? -1);
          return reached + 1 >= next && taken(recorder, from).next >= next;
        },
        30_000,
      );

    it('assigns first, and delivers nothing before resume', async () => {
      const { world, partition, member } = await open(numbered(3));
      const { source, recorder } = await member();
      expect(recorder.events[0]).toEqual({ kind: 'assign', owned: [partition] });
      source.seek(partition, 0);
      await world.pass(SILENCE_MS);
      expect(recorder.fetches()).toEqual([]);
      source.resume(partition);
      await untilNext(recorder, 3);
    });

    it('delivers every record from the sought offset, once, in order, byte for byte', async () => {
      const written = numbered(3_000);
      const { partition, member } = await open(written);
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
      const { partition, member } = await open(numbered(10));
      const { recorder } = await member((source) => {
        source.seek(partition, 8);
        source.resume(partition);
      });
      await untilNext(recorder, 10, 8);
      expect(taken(recorder, 8).refused).toBeNull();
    });

    it('a pause lets at most one more delivery come, and a resume goes on without loss or repeat', async () => {
      const { world, partition } = await open(numbered(12_000));
      const source = world.source();
      used.at(-1)?.sources.push(source);
      const pausing = new SourceRecorder((event) => {
        if (event.kind === 'fetched' && rounds-- > 0) source.pause(partition);
      });
      let rounds = 5;
      await source.start(pausing);
      await pausing.until('an assignment', () => pausing.of('assign').length > 0, 30_000);
      source.seek(partition, 0);
      while (rounds > 0) {
        const before = pausing.fetches().length;
        source.resume(partition);
        await pausing.until('one more delivery', () => pausing.fetches().length > before, 30_000);
        await world.pass(SILENCE_MS);
        expect(pausing.fetches().length - before).toBeLessThanOrEqual(2);
      }
      source.resume(partition);
      await untilNext(pausing, 12_000);
      expect(taken(pausing).refused).toBeNull();
    });

    it('a seek leads anywhere, and nothing of the old place comes after it', async () => {
      const { partition, member } = await open(numbered(6_000));
      const { source, recorder } = await member();
      source.seek(partition, 0);
      source.resume(partition);
      await recorder.until('the first records', () => recorder.records().length > 0, 30_000);
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
      const { partition, member } = await open(numbered(200));
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
      const { partition, member } = await open(numbered(5));
      const { source, recorder } = await member();
      source.seek(partition, 0);
      source.resume(partition);
      await untilNext(recorder, 5);
      const again = (await source.readAt(partition, 4)).records[0];
      expect(again).toEqual(recorder.records()[4]);
    });

    it('knows its partitions and says the same of one each time', async () => {
      const { world, partition, member } = await open(numbered(1));
      const { source } = await member();
      expect(source.kind).toBe(contract.kind);
      expect(await source.partitions(world.topic)).toEqual([0]);
      const described = await source.describe(partition);
      expect(await source.describe(partition)).toEqual(described);
      expect(typeof described.cluster).toBe('string');
    });

    it('says nothing once it is closed, and closing again is no harm', async () => {
      const { world, partition, member } = await open(numbered(5_000));
      const { source, recorder } = await member();
      source.seek(partition, 0);
      source.resume(partition);
      await recorder.until('the first records', () => recorder.records().length > 0, 30_000);
      const closed = source.close();
      await closed;
      const { length } = recorder.events;
      await world.pass(SILENCE_MS);
      expect(recorder.events).toHaveLength(length);
      await source.close();
    });

    it('an empty log is a place to stand', async () => {
      const { partition, member } = await open([]);
      const { source, recorder } = await member();
      expect(await source.logRange(partition)).toEqual({ low: 0, high: 0 });
      expect((await source.readAt(partition, 0)).records).toEqual([]);
      source.seek(partition, 0);
      source.resume(partition);
      expect(recorder.records()).toEqual([]);
      expect(recorder.of('fatal')).toEqual([]);
    });

    if (contract.kind === 'file') fileContract();
    else kafkaContract();

    function fileContract(): void {
      it('ends once, after the last record, and again after a seek back', async () => {
        const { partition, member } = await open(numbered(1_000));
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
        const { partition, member } = await open(numbered(3));
        const { source } = await member();
        expect(await source.offsetAtTime(partition, 0)).toBeNull();
        expect(await source.commitHint(partition, { nextOffset: 3, metadata: 'm' })).toBe(false);
        expect(await source.committed(partition)).toBeNull();
      });
    }

    function kafkaContract(): void {
      it('carries keys, headers, timestamps, tombstones and empty values', async () => {
        const written: WrittenRecord[] = [
          {
            value: 'v',
            key: 'k',
            headers: [
              ['a', '1'],
              ['constructor', ''],
              ['__proto__', 'é'],
            ],
            timestampMs: 1_700_000_000_123,
          },
          { value: null, key: 'gone', timestampMs: 0 },
          { value: '', key: '' },
          { value: '{"a":1}', key: null },
        ];
        const { partition, member } = await open(written);
        const { source, recorder } = await member();
        source.seek(partition, 0);
        source.resume(partition);
        await untilNext(recorder, 4);
        const bytes = (words: string | null | undefined) => (typeof words === 'string' ? utf8(words) : null);
        for (const [offset, { value, key, headers, timestampMs }] of written.entries()) {
          const record = recorder.records()[offset] as KafkaRecord;
          expect(record).toMatchObject({ offset, timestampType: 'create' });
          expect(plain(record.value)).toEqual(plain(bytes(value)));
          expect(plain(record.key)).toEqual(plain(bytes(key)));
          expect(record.headers.map((header) => [plain(header.name), plain(header.value)])).toEqual(
            (headers ?? []).map(([headerName, headerValue]) => [
              plain(utf8(headerName)),
              plain(utf8(headerValue)),
            ]),
          );
          if (timestampMs !== undefined) expect(record.timestamp).toBe(BigInt(timestampMs));
        }
      });

      it('goes on with what is written later', async () => {
        const { world, partition, member } = await open(numbered(2));
        const { source, recorder } = await member();
        source.seek(partition, 0);
        source.resume(partition);
        await untilNext(recorder, 2);
        for (let round = 0; round < 3; round++) await world.append(0, [{ value: `later ${round}` }]);
        await untilNext(recorder, 5);
        expect(taken(recorder).refused).toBeNull();
        expect(recorder.fetches().at(-1)?.highWatermark).toBe(5);
        expect((await source.logRange(partition)).high).toBe(5);
      });

      it('explains every offset of ended transactions, and waits at an open one', async () => {
        const { world, partition, member } = await open(numbered(1));
        await (await world.transaction(['a', 'b'])).commit();
        await (await world.transaction(['c', 'd'])).abort();
        await (await world.transaction(['e'])).abort();
        await world.append(0, [{ value: 'between' }]);
        const hanging = await world.transaction(['f']);
        await world.append(0, [{ value: 'after' }]);
        const { source, recorder } = await member();
        source.seek(partition, 0);
        source.resume(partition);
        // 0 · 1 2 marker 3 · aborted 4 5 marker 6 · aborted 7 marker 8 · 9 · open 10 · 11
        await untilNext(recorder, 10);
        await world.pass(SILENCE_MS);
        expect(taken(recorder).next).toBe(10);
        expect((await source.logRange(partition)).high).toBe(12);
        await hanging.commit();
        await untilNext(recorder, 13);
        const all = taken(recorder);
        expect(all.refused).toBeNull();
        expect(all.records.slice(1).map(text)).toEqual(['a', 'b', 'between', 'f', 'after']);
        const gaps = all.items.flatMap((item) => (item.kind === 'gap' ? [item.gap] : []));
        expect(gaps.reduce((sum, gap) => sum + (gap.control ?? 0), 0)).toBe(4);
        expect(gaps.reduce((sum, gap) => sum + (gap.aborted ?? 0), 0)).toBe(3);
        // The first record after what carries none, and the evidence before it.
        const after = await source.readAt(partition, 3);
        expect(text(after.records[0])).toBe('between');
        expect(admit(3, after)).toMatchObject({ kind: 'accept', stop: null });
      });

      it('a seek into the middle of a batch, a transaction or its end begins exactly there', async () => {
        const { world, partition, member } = await open(numbered(20));
        await (await world.transaction(['a', 'b', 'c'])).abort();
        await world.append(0, [{ value: 'last' }]);
        const { source, recorder } = await member();
        source.resume(partition);
        for (const from of [13, 19, 20, 21, 22, 23, 24]) {
          recorder.forget();
          source.seek(partition, from);
          await untilNext(recorder, 25, from);
          expect(taken(recorder, from).refused).toBeNull();
          expect(text(taken(recorder, from).records.at(-1))).toBe('last');
        }
      });

      it('never passes over what expired: it says so, or the gate sees it', async () => {
        const { world, partition, member } = await open(numbered(10));
        await world.expire(6);
        const { source, recorder } = await member();
        expect(await source.logRange(partition)).toEqual({ low: 6, high: 10 });
        source.seek(partition, 2);
        source.resume(partition);
        await recorder.until(
          'a word about it',
          () => recorder.of('out-of-range').length > 0 || taken(recorder, 2).refused !== null,
          30_000,
        );
        expect(taken(recorder, 2).items).toEqual([]);
        source.seek(partition, 6);
        await recorder.until('the log again', () => recorder.offsets().includes(9), 30_000);
      });

      it('a place beyond the log is not silently another one', async () => {
        const { world, partition, member } = await open(numbered(4));
        const { source, recorder } = await member();
        source.seek(partition, 9);
        source.resume(partition);
        await recorder.until(
          'a word about it',
          () => recorder.of('out-of-range').length > 0 || taken(recorder, 9).refused !== null,
          30_000,
        );
        await world.append(0, numbered(8));
        await world.pass(SILENCE_MS);
        source.seek(partition, 9);
        await untilNext(recorder, 12, 9);
      });

      it('finds the first offset at or after a time', async () => {
        const { partition, member } = await open([
          { value: 'a', timestampMs: 1_000 },
          { value: 'b', timestampMs: 2_000 },
          { value: 'c', timestampMs: 3_000 },
        ]);
        const { source } = await member();
        expect(await source.offsetAtTime(partition, 0)).toBe(0);
        expect(await source.offsetAtTime(partition, 2_000)).toBe(1);
        expect(await source.offsetAtTime(partition, 2_001)).toBe(2);
        expect(await source.offsetAtTime(partition, 3_001)).toBeNull();
      });

      it('keeps a hint with its words, and shows it to the next member', async () => {
        const { partition, member } = await open(numbered(3));
        const first = await member();
        expect(await first.source.committed(partition)).toBeNull();
        expect(await first.source.commitHint(partition, { nextOffset: 2, metadata: '{"sequence":41}' })).toBe(
          true,
        );
        await first.source.close();
        const second = await member();
        expect(await second.source.committed(partition)).toEqual({
          nextOffset: 2,
          metadata: '{"sequence":41}',
        });
        // Only ever a hint: it moves nobody.
        second.source.seek(partition, 0);
        second.source.resume(partition);
        await untilNext(second.recorder, 3);
      });

      it('shares partitions: every one has one owner, each change ends ownership first, and all begins paused', async () => {
        const { world, member } = await open(numbered(5), 3);
        for (const partition of [1, 2]) await world.append(partition, numbered(5));
        const all = [0, 1, 2];
        const owned = (recorder: SourceRecorder) =>
          recorder
            .of('assign')
            .at(-1)
            ?.owned.map(({ partition }) => partition)
            .toSorted() ?? [];
        const first = await member();
        expect(owned(first.recorder)).toEqual(all);
        first.source.seek({ topic: world.topic, partition: 0 }, 0);
        first.source.resume({ topic: world.topic, partition: 0 });
        await untilNext(first.recorder, 5);
        const second = await member();
        await first.recorder.until('its own new share', () => first.recorder.of('assign').length > 1, 30_000);
        const kinds = first.recorder.events
          .map((event) => event.kind)
          .filter((kind) => kind !== 'fetched' && kind !== 'doubt');
        expect(kinds.slice(0, 3)).toEqual(['assign', 'revoke', 'assign']);
        expect([...owned(first.recorder), ...owned(second.recorder)].toSorted()).toEqual(all);
        expect(owned(second.recorder).length).toBeGreaterThan(0);
        first.recorder.forget();
        second.recorder.forget();
        await world.pass(SILENCE_MS);
        expect([...first.recorder.of('fetched'), ...second.recorder.of('fetched')]).toEqual([]);
        await second.source.close();
        await first.recorder.until('everything', () => owned(first.recorder).length === 3, 30_000);
      });

      it('takes no hint for a partition of somebody else', async () => {
        const { world, member } = await open(numbered(1), 2);
        const first = await member();
        const second = await member();
        await first.recorder.until('its new share', () => first.recorder.of('assign').length > 1, 30_000);
        const theirs = second.recorder.of('assign').at(-1)?.owned[0] as TopicPartition;
        expect(await first.source.commitHint(theirs, { nextOffset: 1, metadata: '' })).toBe(false);
        expect(await second.source.committed(theirs)).toBeNull();
        expect(await second.source.commitHint(theirs, { nextOffset: 1, metadata: '' })).toBe(true);
        expect(theirs.topic).toBe(world.topic);
      });
    }
  });
}

/** Buffers and plain arrays of the same bytes are equal. */
const plain = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : Buffer.from(bytes).toString('hex');

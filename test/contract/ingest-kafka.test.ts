// Does the Kafka source keep the promises of a source on a real cluster, and withstand what is known to go wrong there?

import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { produceLines } from '../../localstack/kafka-tools.ts';
import { silentLogger } from '../../src/base/log.ts';
import type { KafkaRecord } from '../../src/format/record.ts';
import { admit } from '../../src/ingest/gate.ts';
import { Client } from '../../src/ingest/kafka/client.ts';
import type { ClusterMetadata } from '../../src/ingest/kafka/protocol/metadata-api.ts';
import type { SourceRecorder } from '../support/source-recorder.ts';
import { describeWithStack } from '../support/stack/global.ts';
import { bytesOf, recordBytes } from '../unit/ingest/kafka/protocol/encode.ts';
import { COMPRESSION, KafkaWorld, unique } from './ingest-kafka-world.ts';
import { sourceContract, type WrittenRecord } from './source-suite.ts';

const text = (record: KafkaRecord | undefined): string | null =>
  record?.value ? Buffer.from(record.value).toString() : null;
const texts = (records: readonly KafkaRecord[]) => records.map(text);

/** Where the gate would be after all that came, and whether it ever refused. */
function gated(recorder: SourceRecorder, partition = 0) {
  let next = 0;
  for (const fetched of recorder.fetches(partition)) {
    const admission = admit(next, fetched);
    if (admission.kind === 'accept') next = admission.next;
    else if (admission.kind !== 'nothing') return { next, refused: admission };
    if (admission.kind === 'accept' && admission.stop !== null) return { next, refused: admission.stop };
  }
  return { next, refused: null };
}

const untilNext = (recorder: SourceRecorder, next: number, partition = 0) =>
  recorder.until(
    `everything below ${next} of partition ${partition}`,
    () => gated(recorder, partition).next >= next,
  );

/** What a broker would say that knows of one more election. */
const metadataOf = (topic: string, topicId: string | null, leaderEpoch: number): ClusterMetadata => ({
  ...{ clientSideThrottleTime: 0, brokers: [], clusterId: null, controllerId: 1 },
  topicMetadata: [
    {
      ...{ topicErrorCode: 0, topic, topicId, isInternal: false },
      partitionMetadata: [
        {
          ...{ partitionErrorCode: 0, partitionId: 0, leader: 1, leaderEpoch },
          ...{ replicas: [], isr: [], offlineReplicas: [] },
        },
      ],
    },
  ],
});

describeWithStack('the Kafka source', { kafka: true }, (stack) => {
  let world: KafkaWorld;
  beforeEach(() => {
    world = new KafkaWorld(stack().kafka.bootstrap);
  });
  afterEach(() => world.close());

  sourceContract('kafkajs on a real cluster', {
    kind: 'kafka',
    open: async (records, partitions) => {
      const topic = await world.topic({ partitions });
      const groupId = unique('group');
      const append = async (partition: number, more: readonly WrittenRecord[]): Promise<void> => {
        const messages = more.map(({ value, key = null, headers = [], timestampMs }) => ({
          partition,
          key,
          value,
          headers: Object.fromEntries(headers),
          ...(timestampMs === undefined ? {} : { timestamp: String(timestampMs) }),
        }));
        const producer = await world.producer();
        for (let at = 0; at < messages.length; at += 500) {
          await producer.send({ topic, messages: messages.slice(at, at + 500) });
        }
      };
      await append(0, records);
      return {
        topic,
        source: () => world.source([topic], groupId),
        pass: (ms) => sleep(ms),
        close: async () => {},
        append,
        transaction: (values) =>
          world.transaction(
            topic,
            values.map((value) => ({ value })),
          ),
        expire: (low) => world.expire(topic, low),
      };
    },
  });

  describe('records', () => {
    it('keep what kafkajs would lose of headers, keys and values', async () => {
      const topic = await world.topic();
      const headers = [
        [bytesOf('__proto__'), bytesOf('a')],
        [bytesOf('z'), bytesOf('b')],
        [bytesOf('1'), bytesOf('c')],
        [bytesOf('constructor'), bytesOf('d')],
        [bytesOf('1'), null],
        [bytesOf('z'), new Uint8Array(0)],
        [bytesOf(''), new Uint8Array([0xff, 0xfe, 0x00])],
        [bytesOf('0'), bytesOf('e')],
      ] as const;
      const invalid = new Uint8Array([0xc3, 0x28, 0x80, 0xed, 0xa0, 0x80]);
      await world.sendBatch(topic, {
        records: [
          { key: invalid, value: invalid, headers },
          { key: bytesOf('k'), value: null },
          { key: new Uint8Array(0), value: new Uint8Array(0) },
          { key: null, value: bytesOf('{"a":1}') },
        ],
      });
      const { recorder } = await world.reader([topic]);
      await untilNext(recorder, 4);
      const hex = (bytes: Uint8Array | null | undefined) => bytes && Buffer.from(bytes).toString('hex');
      const [first, second, third, fourth] = recorder.records();
      expect(first?.headers.map(({ name, value }) => [hex(name), hex(value)])).toEqual(
        headers.map(([name, value]) => [hex(name), hex(value)]),
      );
      expect([hex(first?.key), hex(first?.value)]).toEqual([hex(invalid), hex(invalid)]);
      expect([hex(second?.key), second?.value]).toEqual(['6b', null]);
      expect([hex(third?.key), hex(third?.value)]).toEqual(['', '']);
      expect([fourth?.key, text(fourth)]).toEqual([null, '{"a":1}']);
    });

    it('carry timestamps of any size, and the broker’s where the topic says so', async () => {
      const wide = await world.topic({
        config: {
          'message.timestamp.after.max.ms': String(2n ** 63n - 1n),
          'message.timestamp.before.max.ms': String(2n ** 63n - 1n),
        },
      });
      const nanoseconds = 1_795_000_000_123_456_789n;
      await world.sendBatch(wide, {
        firstTimestamp: nanoseconds,
        maxTimestamp: nanoseconds + 2n ** 40n,
        records: [{}, { timestampDelta: 2n ** 40n }, { timestampDelta: -1n }],
      });
      await world.sendBatch(wide, { firstTimestamp: -1n, maxTimestamp: -1n, records: [{}] });
      const appended = await world.topic({ config: { 'message.timestamp.type': 'LogAppendTime' } });
      await world.sendBatch(appended, { firstTimestamp: 5n, records: [{}, { timestampDelta: 3n }] });
      const { recorder } = await world.reader([wide, appended]);
      await recorder.until('both', () => recorder.records().length === 6);
      const of = (topic: string) =>
        recorder
          .fetches()
          .filter((fetched) => fetched.topic === topic)
          .flatMap((fetched) => [...fetched.records]);
      expect(of(wide).map(({ timestamp, timestampType }) => [timestamp, timestampType])).toEqual([
        [nanoseconds, 'create'],
        [nanoseconds + 2n ** 40n, 'create'],
        [nanoseconds - 1n, 'create'],
        [-1n, 'create'],
      ]);
      const [one, two] = of(appended);
      expect([one?.timestampType, two?.timestampType, one?.timestamp === two?.timestamp]).toEqual([
        'append',
        'append',
        true,
      ]);
      expect(Math.abs(Number(one?.timestamp) - Date.now())).toBeLessThan(600_000);
    });
  });

  describe('codecs', () => {
    const values = Array.from({ length: 3_000 }, (_, i) => `${i} ${'äöü audit '.repeat(i % 40)}`);

    it.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)(
      '%s, of kafkajs and of Kafka’s own producer',
      async (codec) => {
        const topic = await world.topic();
        for (let at = 0; at < values.length; at += 500) {
          await world.send(topic, values.slice(at, at + 500), COMPRESSION[codec]);
        }
        await produceLines(stack(), { topic, codec, records: values.map((value) => ({ value })) });
        const { recorder } = await world.reader([topic]);
        await untilNext(recorder, 2 * values.length);
        expect(gated(recorder).refused).toBeNull();
        expect(texts(recorder.records())).toEqual([...values, ...values]);
      },
    );

    it.each(['gzip', 'lz4', 'zstd', 'snappy'] as const)(
      '%s with a content of more than 4 MiB',
      async (codec) => {
        const topic = await world.topic({ config: { 'max.message.bytes': String(20_000_000) } });
        const large = Array.from({ length: 500_000 }, (_, i) => (i * 2654435761) % 4294967296).join(' ');
        expect(large.length).toBeGreaterThan(4 * 1024 * 1024);
        await world.send(topic, ['before', large, 'after'], COMPRESSION[codec]);
        const { recorder } = await world.reader([topic]);
        await untilNext(recorder, 3);
        const came = texts(recorder.records());
        expect([came[0], came[1] === large, came[2]]).toEqual(['before', true, 'after']);
      },
    );

    it('a record beyond the bound stops its partition with the reason, and no other', async () => {
      const topic = await world.topic({ partitions: 2 });
      await world.send(topic, ['good', 'too'], COMPRESSION.none, 0);
      await world.send(topic, ['before', 'x'.repeat(30_000_000), 'after'], COMPRESSION.zstd, 0);
      await world.send(topic, ['behind'], COMPRESSION.none, 0);
      await world.send(topic, ['other'], COMPRESSION.none, 1);
      const { source, recorder } = await world.reader([topic], { recordBytesMax: 1_000 });
      await recorder.until('the reason', () =>
        recorder.fetches(0).some(({ undecodable }) => undecodable !== undefined),
      );
      await untilNext(recorder, 1, 1);
      await world.send(topic, ['more'], COMPRESSION.none, 1);
      await untilNext(recorder, 2, 1);
      expect(recorder.offsets(0)).toEqual([0, 1, 2]);
      const tooLarge = {
        offset: 3,
        last: 3,
        reason: expect.stringContaining('too large'),
        tooLarge: { bytes: 30_000_009 },
      };
      expect(recorder.fetches(0).at(-1)?.undecodable).toEqual(tooLarge);
      expect((await source.readAt({ topic, partition: 0 }, 3)).undecodable).toEqual(tooLarge);
      // An operator's word: go on behind it.
      source.seek({ topic, partition: 0 }, 4);
      await recorder.until('what lies behind it', () => recorder.offsets(0).includes(5));
      expect(texts(recorder.records(0))).toEqual(['good', 'too', 'before', 'after', 'behind']);
      expect(recorder.of('fatal')).toEqual([]);
    });
  });

  describe('transactions', () => {
    it('every gap is explained, for interleaved, aborted and committed ones, and for keys of four zero bytes', async () => {
      const topic = await world.topic();
      const zeros = { key: Buffer.alloc(4), value: 'thrown away' };
      const kept = await world.transaction(topic, [{ value: 'kept 1' }]);
      const thrown = await world.transaction(topic, [zeros, zeros]);
      await kept.send([{ value: 'kept 2' }]);
      await thrown.send([{ value: 'thrown away too' }]);
      await world.send(topic, ['plain']);
      await kept.commit();
      await thrown.abort();
      await world.send(topic, ['last']);
      const { recorder } = await world.reader([topic]);
      await untilNext(recorder, 9);
      expect(gated(recorder)).toEqual({ next: 9, refused: null });
      expect(texts(recorder.records())).toEqual(['kept 1', 'kept 2', 'plain', 'last']);
      const seen = recorder.fetches().flatMap((fetched) => [...fetched.seen]);
      const count = (kind: string) =>
        seen.filter((run) => run.kind === kind).reduce((sum, { first, last }) => sum + last - first + 1, 0);
      expect([count('aborted'), count('control')]).toEqual([3, 2]);
    });

    it('a range that was wholly aborted, larger than a fetch, is all seen and passed', async () => {
      const topic = await world.topic();
      const filler = 'x'.repeat(20_000);
      for (const _ of [1, 2, 3]) {
        const thrown = await world.transaction(topic, []);
        for (let i = 0; i < 4; i++) await thrown.send(Array.from({ length: 20 }, () => ({ value: filler })));
        await thrown.abort();
      }
      const { source, recorder } = await world.reader([topic], { tuning: { partitionBytesMax: 300_000 } });
      await untilNext(recorder, 243);
      expect(recorder.records()).toEqual([]);
      expect(recorder.fetches().length).toBeGreaterThan(3);
      await world.send(topic, ['first record']);
      await untilNext(recorder, 244);
      expect(gated(recorder).refused).toBeNull();
      const found = await source.readAt({ topic, partition: 0 }, 5);
      expect(text(found.records[0])).toBe('first record');
      expect(found.seen.at(0)?.first).toBe(5);
    });
  });

  describe('a topic that changes', () => {
    it('created again under its name, longer than our position: nothing of the new one is delivered', async () => {
      const topic = await world.topic();
      await world.send(topic, ['old 0', 'old 1', 'old 2']);
      const { source, recorder } = await world.reader([topic]);
      await untilNext(recorder, 3);
      const partition = { topic, partition: 0 };
      const before = await source.describe(partition);
      const suspicionsBefore = recorder.of('suspect').length;
      await (await world.admin()).deleteTopics({ topics: [topic] });
      await world.topic({ name: topic });
      await world.send(
        topic,
        Array.from({ length: 50 }, (_, i) => `new ${i}`),
      );
      await recorder.until('a suspicion', () => recorder.of('suspect').length > suspicionsBefore);
      await sleep(4_000);
      expect(texts(recorder.records())).toEqual(['old 0', 'old 1', 'old 2']);
      const after = await source.describe(partition);
      expect(after.cluster).toBe(before.cluster);
      expect(after.topicId).not.toBe(before.topicId);
      // Who asked who it is now, and still wants it, gets it.
      source.seek(partition, 0);
      await recorder.until('the new one', () => texts(recorder.records()).includes('new 49'));
      expect(recorder.of('fatal')).toEqual([]);
    });

    it('a broker that is behind what another one named is not believed about a record', async () => {
      const topic = await world.topic();
      await world.send(topic, ['one', 'two']);
      const client = new Client({
        ...{ brokers: world.brokers, clientId: unique('reader'), groupId: unique('group'), tls: false },
        topics: [{ name: topic }],
        recordBytesMax: 1024 * 1024,
        log: silentLogger,
      });
      const reader = await client.openReader();
      try {
        const partition = { topic, partition: 0 };
        expect(texts((await reader.readAt(partition, 1)).records)).toEqual(['two']);
        const { topicId } = await reader.describe(partition);
        expect(client.epochs.of(topicId, 0)).toBeGreaterThanOrEqual(0);
        client.epochs.observe(metadataOf(topic, topicId, client.epochs.of(topicId, 0) + 1));
        await expect(reader.readAt(partition, 1)).rejects.toThrow('UNKNOWN_LEADER_EPOCH');
      } finally {
        await reader.close();
        client.cut();
      }
    });

    it('a new partition is ours soon, and begins paused', async () => {
      const topic = await world.topic();
      await world.send(topic, ['a']);
      const { recorder } = await world.reader([topic]);
      await untilNext(recorder, 1);
      await world.addPartitions(topic, 3);
      await recorder.until('three partitions', () => recorder.of('assign').at(-1)?.owned.length === 3);
      expect(recorder.of('topics').map(({ partitions }) => partitions[topic])).toEqual([1, 3]);
      await world.send(topic, ['b'], COMPRESSION.none, 2);
      await untilNext(recorder, 1, 2);
    });

    it('a topic that is missing, or vanishes, stops no other, and is read when it comes', async () => {
      const [here, missing] = [await world.topic(), unique('missing')];
      await world.send(here, ['a']);
      const { recorder } = await world.reader([here, missing]);
      await recorder.until('the one that is there', () => recorder.records().length === 1);
      expect(recorder.of('missing').map(({ topics }) => topics)).toEqual([[missing]]);
      await world.topic({ name: missing });
      await world.send(missing, ['m']);
      await recorder.until('the other', () => texts(recorder.records()).includes('m'));
      await (await world.admin()).deleteTopics({ topics: [missing] });
      await recorder.until('a suspicion', () =>
        recorder.of('suspect').some(({ reason }) => reason.includes(missing)),
      );
      const assigned = recorder.of('assign').length;
      for (let i = 0; i < 5; i++) {
        await world.send(here, [`more ${i}`]);
        await recorder.until(`more ${i}`, () => texts(recorder.records()).includes(`more ${i}`));
        await sleep(500);
      }
      expect(recorder.of('assign').length).toBeLessThanOrEqual(assigned + 1);
      expect(recorder.of('fatal')).toEqual([]);
      await recorder.until('gone again', () => recorder.of('missing').length === 3);
      expect(recorder.of('missing').map(({ topics }) => topics)).toEqual([[missing], [], [missing]]);
      const counts = recorder.of('topics').map(({ partitions }) => partitions[missing] ?? 0);
      expect(counts).toEqual([0, 1, 0]);
    });
  });

  describe('members', () => {
    it('a commit of a generation that is over is not taken', async () => {
      const topic = await world.topic({ partitions: 2 });
      const groupId = unique('group');
      const first = await world.reader([topic], { groupId });
      const mine = { topic, partition: 0 };
      expect(await first.source.commitHint(mine, { nextOffset: 1, metadata: 'one' })).toBe(true);
      await first.source.close();
      expect(await first.source.commitHint(mine, { nextOffset: 9, metadata: 'late' })).toBe(false);
      const second = await world.reader([topic], { groupId });
      expect(await second.source.committed(mine)).toEqual({ nextOffset: 1, metadata: 'one' });
    });

    it('one whose pipeline takes longer for an answer than the group would wait stays a member', async () => {
      const topic = await world.topic({ partitions: 24 });
      for (let partition = 0; partition < 24; partition++) {
        await world.send(topic, ['a', 'b'], COMPRESSION.none, partition);
      }
      const tuning = { sessionMs: 3_000, heartbeatMs: 300 };
      const { recorder } = await world.reader([topic], { tuning, ready: () => sleep(250) });
      const everything = () => recorder.of('fetched').flatMap(({ fetched }) => fetched.records).length === 48;
      await recorder.until('everything', everything);
      // One that was put out would learn of it by now.
      await sleep(1_500);
      expect(recorder.of('revoke')).toEqual([]);
    });

    it('while members come and go, nothing is delivered after a revoke, and no record is lost', async () => {
      const topic = await world.topic({ partitions: 4 });
      const groupId = unique('group');
      const wanted = 2_000;
      const writing = (async () => {
        for (let i = 0; i < wanted; i += 20) {
          const partition = (i / 20) % 4;
          await world.send(
            topic,
            Array.from({ length: 20 }, (_, n) => `${i + n}`),
            COMPRESSION.none,
            partition,
          );
          await sleep(20);
        }
      })();
      const readers = [await world.reader([topic], { groupId })];
      for (let round = 0; round < 3; round++) {
        readers.push(await world.reader([topic], { groupId }));
        await sleep(400);
        await readers[round]?.source.close();
        await sleep(300);
      }
      await writing;
      const seen = () =>
        new Set(readers.flatMap(({ recorder }) => [0, 1, 2, 3].flatMap((p) => texts(recorder.records(p)))));
      const last = readers.at(-1)?.recorder as SourceRecorder;
      await last.until('every record', () => seen().size === wanted);
      for (const { recorder } of readers) {
        let ours = false;
        for (const event of recorder.events) {
          if (event.kind === 'assign') ours = true;
          if (event.kind === 'revoke') ours = false;
          if (event.kind === 'fetched') expect(ours).toBe(true);
        }
        for (const { owned } of recorder.of('assign')) {
          expect(new Set(owned.map(({ partition }) => partition)).size).toBe(owned.length);
        }
        expect(recorder.of('fatal')).toEqual([]);
      }
    });
  });

  it('a batch that a broker would take, and whose bytes lie about themselves, can not be written at all', async () => {
    const topic = await world.topic();
    await expect(world.sendBatch(topic, { records: [{}], crc: 1 })).rejects.toThrow('code 2');
    const content = recordBytes({ value: bytesOf('x') });
    await expect(world.sendBatch(topic, { content, count: 2 })).rejects.toThrow(/code/);
  });
});

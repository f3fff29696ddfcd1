// What is known to go wrong with Kafka and kafkajs, done for real against Kafka 3.9 and 4: is the archive exact, or halted aloud? (HAZARDS.md)
import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { KafkaVersion } from '../../localstack/native/kafka-install.ts';
import { freePorts } from '../../localstack/native/ports.ts';
import type { RunningStack } from '../../localstack/running.ts';
import { startStack } from '../../localstack/stack.ts';
import { partitionStatus } from '../../src/archiver/status.ts';
import { systemClock } from '../../src/base/clock.ts';
import { crc32c } from '../../src/ingest/kafka/protocol/crc32c.ts';
import { describeWithMeans } from '../support/stack/global.ts';
import { type TcpProxy, tcpProxy } from '../support/tcp-proxy.ts';
import { bytesOf } from '../unit/ingest/kafka/protocol/encode.ts';
import { groupHazards } from './ingest-kafka-hazards-group.ts';
import { processHazards } from './ingest-kafka-hazards-process.ts';
import { type HazardBench, HazardWorld, logFileOf, numbered, SHORT } from './ingest-kafka-hazards-world.ts';
import { COMPRESSION, unique } from './ingest-kafka-world.ts';

const START_MS = 30 * 60_000;

export function hazards(version: KafkaVersion): void {
  describeWithMeans('the hazards of the consumer', { kafka: true, native: true }, () => {
    let stack: RunningStack;
    let world: HazardWorld;
    let proxy: TcpProxy;
    const bench: HazardBench = { version, stack: () => stack, world: () => world, proxy: () => proxy };
    beforeAll(async () => {
      const [port] = (await freePorts(1)) as [number];
      const kafka = { version, advertisedPorts: [port] };
      stack = await startStack({ s3: false, kafka, backend: 'native' });
      const behind = new URL(`tcp://${stack.kafka.behindProxies[0]}`);
      proxy = await tcpProxy({ host: behind.hostname, port: Number(behind.port) }, port);
    }, START_MS);
    afterAll(async () => {
      await proxy?.close();
      await stack?.stop();
    });
    beforeEach(() => {
      world = new HazardWorld(stack.kafka.bootstrap);
    });
    afterEach(() => world.close());

    describe('a position that the log does not hold', () => {
      it.each([
        ['to a later start', 25],
        ['to the log’s end', 30],
      ])('kafkajs #1119: DeleteRecords beyond the position, %s, halts before any jump', async (_, low) => {
        const topic = await world.orders(2);
        await world.send(topic, numbered(10));
        const archiver = world.start();
        await world.sealed(10);
        const partition = { topic, partition: 0 };
        archiver.source.pause(partition);
        await world.send(topic, numbered(20));
        await world.expire(topic, low);
        archiver.source.resume(partition);
        await world.waitFor('a halt', () => archiver.actor()?.state === 'halted');
        expect(archiver.actor()?.halt).toMatchObject({ code: 'expired', gap: { from: 10, to: low } });
        await world.send(topic, numbered(5));
        await world.send(topic, numbered(5), COMPRESSION.none, 1);
        await world.sealed(5, 1);
        expect([world.nextOffset(0), world.values(0)]).toEqual([10, numbered(10)]);
      });

      it.each([
        ['more', 30],
        ['fewer', 4],
      ])(
        'a topic deleted and recreated with %s records: nothing of the new one is sealed, and it halts',
        async (_, count) => {
          const topic = await world.orders();
          await world.send(topic, numbered(10));
          const archiver = world.start();
          await world.sealed(10);
          await (await world.admin()).deleteTopics({ topics: [topic] });
          await world.topic({ name: topic });
          await world.send(topic, numbered(count, 'other'));
          await world.waitFor('a halt', () => archiver.actor()?.state === 'halted');
          expect(archiver.actor()?.halt?.code).toMatch(/^(topic-replaced|truncated)$/);
          expect(world.values()).toEqual(numbered(10));
        },
      );
    });

    describe('a handler', () => {
      it.each([
        new TypeError('x is undefined'),
        new RangeError('Maximum call stack'),
        new Error('S3 is down'),
      ])(
        'that throws %o: no CRASH without restart, no leaving and rejoining, but one fatal word',
        async (error) => {
          const topic = await world.orders();
          await world.send(topic, numbered(3));
          const { recorder } = await world.reader([topic], {
            onFetched: () => {
              throw error;
            },
          });
          await recorder.until('the end', () => recorder.of('fatal').length > 0);
          await sleep(1_000);
          expect(recorder.of('fatal').map((event) => event.error)).toEqual([error]);
          expect([recorder.of('assign').length, recorder.of('revoke').length]).toEqual([1, 1]);
        },
      );

      it('whose store is down for longer than a session: no rebalance, and everything once it is back', async () => {
        const topic = await world.orders();
        let down = false;
        const archiver = world.start({ tuning: SHORT, faults: () => (down ? { kind: 'fails' } : undefined) });
        await world.sealed(0);
        down = true;
        await world.send(topic, numbered(30));
        await sleep(4_000);
        expect(world.nextOffset()).toBe(0);
        down = false;
        await world.exact(numbered(30));
        expect(archiver.log.filter((line) => line.includes('partitions assigned'))).toHaveLength(1);
      });
    });

    groupHazards(bench);
    processHazards(bench);

    describe('what the log holds', () => {
      it('lag under a hanging transaction counts to the high watermark', async () => {
        const topic = await world.orders();
        await world.send(topic, numbered(2));
        const hanging = await world.transaction(topic, [{ value: 'open' }]);
        await world.send(topic, ['behind it']);
        const archiver = world.start();
        await world.sealed(2);
        await world.waitFor('the high watermark', () => archiver.actor()?.highWatermark === 4);
        const actor = archiver.actor();
        expect(actor && partitionStatus(actor, systemClock).lag).toBe(2);
        expect(
          Number((await (await world.admin()).fetchTopicOffsets(topic))[0]?.high),
        ).toBeGreaterThanOrEqual(2);
        await hanging.commit();
        await world.sealed(5);
        expect(world.values()).toEqual([...numbered(2), 'open', 'behind it']);
      });

      it('a wholly filtered batch, and nothing behind it, is archived as a gap', async () => {
        const topic = await world.orders();
        world.start();
        await world.sealed(0);
        const thrown = await world.transaction(
          topic,
          numbered(5).map((value) => ({ value })),
        );
        await thrown.abort();
        await world.sealed(6);
        expect(world.lines()).toMatchObject([
          { kind: 'gap', gap: { offset: 0, last: 5, control: 1, aborted: 5 } },
        ]);
        expect(await world.verdict()).toBe('verified');
      });

      it('headers named as traps, twice, null, empty and no UTF-8 are archived as they are', async () => {
        const topic = await world.orders();
        const headers = [
          [bytesOf('__proto__'), bytesOf('a')],
          [bytesOf('1'), bytesOf('b')],
          [bytesOf('constructor'), null],
          [bytesOf('1'), new Uint8Array(0)],
          [bytesOf('0'), new Uint8Array([0xff, 0xfe])],
          [new Uint8Array([0xc3, 0x28]), bytesOf('z')],
        ] as const;
        await world.sendBatch(topic, { records: [{ key: null, value: bytesOf('{}'), headers }] });
        world.start();
        await world.sealed(1);
        const [line] = world.lines();
        const hex = (bytes: Uint8Array | null) => bytes && Buffer.from(bytes).toString('hex');
        expect(
          line?.kind === 'entry' && line.record.headers.map(({ name, value }) => [hex(name), hex(value)]),
        ).toEqual(headers.map(([name, value]) => [hex(name), hex(value)]));
      });

      it('batches of every codec in one log come out in order', async () => {
        const topic = await world.orders();
        world.start();
        const all: string[] = [];
        for (const codec of ['zstd', 'none', 'lz4', 'gzip', 'snappy', 'zstd'] as const) {
          const values = numbered(40, `${codec} ${unique('v')}`);
          await world.send(topic, values, COMPRESSION[codec]);
          all.push(...values);
        }
        await world.exact(all);
      });
    });

    describe('bytes that are not what was written', () => {
      /** The batch of the record with this value, as the broker's disk has it, is changed in place. */
      const rewrite = async (topic: string, value: string, change: (batch: Buffer) => void) => {
        const file = await open(await logFileOf(stack, topic), 'r+');
        try {
          const bytes = await file.readFile();
          let start = 0;
          for (let at = 0; at < bytes.indexOf(value); at = start + 12 + bytes.readInt32BE(start + 8))
            start = at;
          const batch = bytes.subarray(start, start + 12 + bytes.readInt32BE(start + 8));
          change(batch);
          await file.write(batch, 0, batch.length, start);
        } finally {
          await file.close();
        }
      };
      const CRC_AT = 17;
      const ATTRIBUTES_AT = 21;

      it.each([
        [
          'a flipped bit: the CRC, which kafkajs does not check',
          'crc-32c',
          (batch: Buffer) => {
            batch.writeUInt8(batch.readUInt8(batch.length - 3) ^ 1, batch.length - 3);
          },
        ],
        [
          'a codec that nobody knows: no CRASH without restart',
          'codec 6',
          (batch: Buffer) => {
            batch.writeInt16BE(6, ATTRIBUTES_AT);
            batch.writeUInt32BE(crc32c(batch.subarray(ATTRIBUTES_AT)), CRC_AT);
          },
        ],
      ])('%s halts its partition behind what is good', async (_, said, change) => {
        const topic = await world.orders(2);
        await world.send(topic, numbered(3));
        await world.send(topic, ['the bad one']);
        await world.send(topic, numbered(3));
        await world.send(topic, numbered(3), COMPRESSION.none, 1);
        await rewrite(topic, 'the bad one', change);
        const archiver = world.start();
        await world.waitFor('a halt', () => archiver.actor()?.state === 'halted');
        expect(archiver.actor()?.halt).toMatchObject({ code: 'undecodable', gap: { from: 3, to: 4 } });
        expect(archiver.actor()?.halt?.message.toLowerCase()).toContain(said);
        await world.sealed(3);
        await world.exact(numbered(3), 1);
        expect([world.nextOffset(), world.values()]).toEqual([3, numbered(3)]);
      });
    });

    describe('a broker', () => {
      it('frozen for a while under load, and back: nothing twice, nothing missing, nothing fatal', async () => {
        const topic = await world.orders();
        const archiver = world.start({ tuning: { requestTimeoutMs: 2_000 } });
        await world.send(topic, numbered(50));
        await world.sealed(50);
        const [broker] = stack.kafka.brokers;
        const writer = new HazardWorld(stack.kafka.bootstrap);
        const writing = writer.send(topic, numbered(50, 'while it froze'));
        await broker?.signal('SIGSTOP');
        await sleep(6_000);
        await broker?.signal('SIGCONT');
        await writing;
        await writer.send(topic, numbered(50, 'after it'));
        await writer.close();
        await world.exact([...numbered(50), ...numbered(50, 'while it froze'), ...numbered(50, 'after it')]);
        expect(archiver.log.filter((line) => /HALTED/.test(line))).toEqual([]);
      });

      it('kafkajs #1008 #335: killed and back after a while, its election is waited for', async () => {
        const topic = await world.orders();
        const archiver = world.start();
        await world.send(topic, numbered(20));
        await world.sealed(20);
        const [broker] = stack.kafka.brokers;
        await broker?.kill();
        await sleep(3_000);
        await broker?.restart();
        const writer = new HazardWorld(stack.kafka.bootstrap);
        await writer.eventually('a broker that takes records', async () => {
          await writer.send(topic, numbered(20, 'later'));
          return true;
        });
        await writer.close();
        await world.exact([...numbered(20), ...numbered(20, 'later')]);
        expect(archiver.log.filter((line) => /crash|HALTED/i.test(line))).toEqual([]);
      });
    });
  });
}

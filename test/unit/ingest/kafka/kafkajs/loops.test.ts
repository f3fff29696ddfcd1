// Does one broker's trouble stay its own?
import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { KafkajsBroker, KafkajsCluster } from '../../../../../src/ingest/kafka/kafkajs/kafkajs.ts';
import { joinAgain, keepLoopsRunning } from '../../../../../src/ingest/kafka/kafkajs/loops.ts';

const failure = (fields: object) => Object.assign(new Error('failed'), fields);

function running(cluster: Partial<KafkajsCluster>) {
  const told = { suspicions: [] as string[], failed: [] as unknown[] };
  const one = {
    findBroker: async () => ({}) as KafkajsBroker,
    findGroupCoordinator: async () => ({}) as KafkajsBroker,
    refreshMetadata: async () => {},
    refreshMetadataIfNecessary: async () => {},
    getNodeIds: () => [],
    ...cluster,
  } as KafkajsCluster;
  const fetching = keepLoopsRunning(one, {
    suspect: (reason) => told.suspicions.push(reason),
    brokerFailed: async (nodeId, error) => void told.failed.push([nodeId, error]),
  });
  return { one, told, fetching };
}

describe('a broker that can not be reached', () => {
  const refused = failure({ name: 'KafkaJSConnectionError' });
  const findBroker = () => Promise.reject(refused);

  it('is one that has nothing, for the loop that fetches from it', async () => {
    const { one, told } = running({ findBroker });
    const broker = await one.findBroker({ nodeId: '3' });
    expect(await broker.fetch({ topics: [] })).toEqual({ responses: [] });
    expect(told.failed).toEqual([['3', refused]]);
  });

  it('is an error for whom it coordinates', async () => {
    const { one } = running({ findBroker });
    await expect(one.findBroker({ nodeId: 3 })).rejects.toBe(refused);
  });
});

describe('metadata that is due', () => {
  const pool = (metadataExpireAt: number | null) =>
    ({ metadata: {}, metadataExpireAt }) as unknown as KafkajsCluster['brokerPool'];

  it('is asked for aside, once at a time, and holds nobody up', async () => {
    let asked = 0;
    const { promise, reject } = Promise.withResolvers<void>();
    const refreshMetadata = () => {
      asked += 1;
      return promise;
    };
    const { one, told } = running({ brokerPool: pool(null), refreshMetadata });
    await one.refreshMetadataIfNecessary();
    await one.refreshMetadataIfNecessary();
    expect(asked).toBe(1);
    reject(new Error('frozen'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(told.suspicions).toEqual(['metadata: frozen']);
    await one.refreshMetadataIfNecessary();
    expect(asked).toBe(2);
  });

  it('is not asked for before', async () => {
    let asked = 0;
    const refreshMetadata = async () => {
      asked += 1;
    };
    const { one } = running({ brokerPool: pool(Date.now() + 60_000), refreshMetadata });
    await one.refreshMetadataIfNecessary();
    expect(asked).toBe(0);
  });

  it('is waited for when there is none', async () => {
    const brokerPool = { metadata: null } as unknown as KafkajsCluster['brokerPool'];
    const refreshMetadataIfNecessary = () => Promise.reject(new Error('first'));
    const { one } = running({ brokerPool, refreshMetadataIfNecessary });
    await expect(one.refreshMetadataIfNecessary()).rejects.toThrow('first');
  });
});

/** As far as the tests below use it. */
type Runner = { start(): Promise<void>; stop(): Promise<void>; readonly running: boolean };
type NewRunner = new (options: object) => Runner;
const KafkajsRunner = createRequire(import.meta.url)('kafkajs/src/consumer/runner') as NewRunner;

describe('the fetch loops of kafkajs', () => {
  const quiet = { debug() {}, info() {}, warn() {}, error() {}, namespace: () => quiet };

  /** kafkajs's own runner over this cluster. `fetched` is called with each fetch of the running consumer. */
  function runnerOver(cluster: KafkajsCluster, fetching: () => void, fetched: () => void): Runner {
    const emitter = new EventEmitter();
    emitter.on('consumer.fetch_start', fetching);
    const consumerGroup = {
      connect: async () => {},
      joinAndSync: async () => {},
      leave: async () => {},
      heartbeat: async () => {},
      getNodeIds: () => cluster.getNodeIds(),
      fetch: async () => {
        fetched();
        await nextTurn();
        return [];
      },
    };
    const crashed = (error: unknown) => {
      throw error;
    };
    const options = { consumerGroup, instrumentationEmitter: emitter, concurrency: 1, retry: { retries: 1 } };
    return new KafkajsRunner({ ...options, logger: quiet, heartbeatInterval: 1, onCrash: crashed });
  }

  it('end where the consumer is stopped while a broker comes, and give the process its turn', async () => {
    let [brokers, asked, loopsMade] = [['1'], 0, 0];
    let stopped: Promise<void> | null = null;
    const { one, fetching } = running({
      getNodeIds: () => {
        // Without the end under test nothing else would ever end this test.
        if (++asked > 1_000_000) throw new TypeError('the loops go round and round');
        if (brokers.length > 1 && ++loopsMade === 2) stopped = runner.stop();
        return brokers;
      },
    });
    let fetches = 0;
    const runner = runnerOver(one, fetching, () => {
      fetches += 1;
      if (fetches === 3) brokers = ['1', '2'];
    });
    await runner.start();
    await expect.poll(() => stopped !== null).toBe(true);
    await stopped;
    expect(runner.running).toBe(false);
    expect(fetches).toBe(3);
    expect(asked).toBeLessThan(100_000);
  });

  it('go on for as long as the consumer runs', async () => {
    const { one, fetching } = running({ getNodeIds: () => ['1', '2'] });
    let fetches = 0;
    const runner = runnerOver(one, fetching, () => {
      fetches += 1;
    });
    await runner.start();
    await expect.poll(() => fetches, { interval: 5 }).toBeGreaterThan(30_000);
    expect(runner.running).toBe(true);
    await runner.stop();
  });
});

describe('joinAgain', () => {
  it.each([
    ['GROUP_LOAD_IN_PROGRESS', true, 'NOT_COORDINATOR_FOR_GROUP'],
    [undefined, true, 'NOT_COORDINATOR_FOR_GROUP'],
    ['REBALANCE_IN_PROGRESS', true, 'REBALANCE_IN_PROGRESS'],
    ['UNKNOWN_MEMBER_ID', false, 'UNKNOWN_MEMBER_ID'],
    ['GROUP_AUTHORIZATION_FAILED', false, 'GROUP_AUTHORIZATION_FAILED'],
    [undefined, undefined, undefined],
  ])('%s, retriable %s: %s', async (type, retriable, seen) => {
    const error = failure({ type, retriable });
    await expect(joinAgain(() => Promise.reject(error))).rejects.toBe(error);
    expect((error as { type?: unknown }).type).toBe(seen);
  });

  it('kafkajs #1008 #335: so a search for the coordinator is repeated as well', async () => {
    const error = failure({ retriable: true });
    const { one } = running({ findGroupCoordinator: () => Promise.reject(error) });
    await expect(one.findGroupCoordinator({ groupId: 'g' })).rejects.toMatchObject({
      type: 'NOT_COORDINATOR_FOR_GROUP',
    });
  });
});

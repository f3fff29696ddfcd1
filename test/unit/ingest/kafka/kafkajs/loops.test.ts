// Does one broker's trouble stay its own?
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
    ...cluster,
  } as KafkajsCluster;
  keepLoopsRunning(one, {
    suspect: (reason) => told.suspicions.push(reason),
    brokerFailed: async (nodeId, error) => void told.failed.push([nodeId, error]),
  });
  return { one, told };
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

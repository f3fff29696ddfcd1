// Does the start fail, with a clear error, when kafkajs is not the one that this was written for?
import { createRequire } from 'node:module';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openCluster } from '../../../../../src/ingest/kafka/kafkajs/cluster.ts';
import { Sockets } from '../../../../../src/ingest/kafka/kafkajs/connect.ts';
import type {
  Kafkajs,
  KafkajsClusterOptions,
  KafkajsConnectionPool,
  KafkajsRequestQueue,
} from '../../../../../src/ingest/kafka/kafkajs/kafkajs.ts';
import { loadKafkajs } from '../../../../../src/ingest/kafka/kafkajs/kafkajs.ts';

const require = createRequire(import.meta.url);

const tampered = (name: string, change: (module: never) => unknown) => () =>
  loadKafkajs((wanted) => {
    const module = require(wanted) as never;
    return wanted === name ? change(module) : module;
  });

const OPTIONS: Omit<KafkajsClusterOptions, 'logger'> = {
  socketFactory: new Sockets().factory,
  brokers: ['127.0.0.1:9', '[::1]:19'],
  ssl: undefined,
  sasl: undefined,
  clientId: 'test',
  connectionTimeout: 100,
  authenticationTimeout: 100,
  reauthenticationThreshold: 100,
  requestTimeout: 100,
  enforceRequestTimeout: true,
  metadataMaxAge: 100,
  retry: { retries: 0 },
  allowAutoTopicCreation: false,
  maxInFlightRequests: null,
  isolationLevel: 1,
  instrumentationEmitter: null,
};

const open = (kafkajs: Kafkajs, hooks = {}) =>
  openCluster(
    kafkajs,
    { ...OPTIONS, logger: kafkajs.createLogger({ level: 0, logCreator: () => () => {} }) },
    { onMetadata: () => {}, ...hooks },
  );

describe('loadKafkajs', () => {
  it('takes the version that is installed here', () => {
    expect(() => loadKafkajs()).not.toThrow();
  });

  it('refuses another version', () => {
    expect(tampered('kafkajs/package.json', () => ({ version: '2.2.5' }))).toThrow(
      expect.objectContaining({
        code: 'kafkajs-changed',
        message: expect.stringContaining('kafkajs is 2.2.5'),
        remedy: expect.stringContaining('2.2.4'),
      }),
    );
  });

  it.each([
    ['kafkajs/src/cluster', () => ({})],
    ['kafkajs/src/consumer', () => ({ createConsumer: true })],
    ['kafkajs/src/loggers', () => ({})],
    ['kafkajs/src/instrumentation/emitter', () => undefined],
    ['kafkajs/src/protocol/requests', () => ({ requests: {} })],
    ['kafkajs/src/protocol/encoder', () => class {}],
    [
      'kafkajs/src/cluster',
      () => {
        throw new Error('Cannot find module');
      },
    ],
  ])('refuses a changed %s', (name, change) => {
    expect(tampered(name, change)).toThrow(expect.objectContaining({ code: 'kafkajs-changed' }));
  });
});

describe('openCluster', () => {
  const kafkajs = loadKafkajs();
  const changedCluster = (
    change: (cluster: Record<string, unknown> & { brokerPool: Record<string, unknown> }) => void,
  ) => ({
    ...kafkajs,
    Cluster: class extends kafkajs.Cluster {
      constructor(options: KafkajsClusterOptions) {
        super(options);
        change(this as never);
      }
    },
  });

  it.each([
    ['no createBroker', changedCluster(({ brokerPool }) => delete brokerPool['createBroker'])],
    ['no connectionPoolBuilder', changedCluster((cluster) => delete cluster['connectionPoolBuilder'])],
    [
      'another builder in its pool',
      changedCluster(({ brokerPool }) => {
        brokerPool['connectionPoolBuilder'] = { build() {} };
      }),
    ],
  ])('refuses a cluster with %s', (_, broken) => {
    expect(() => open(broken)).toThrow(expect.objectContaining({ code: 'kafkajs-changed' }));
  });

  it('refuses a broker without a method that is wrapped', () => {
    for (const method of ['metadata', 'fetch', 'heartbeat', 'joinGroup', 'syncGroup', 'lookupRequest']) {
      const cluster = open(
        changedCluster(({ brokerPool }) => {
          brokerPool['createBroker'] = () => ({
            metadata() {},
            fetch() {},
            heartbeat() {},
            syncGroup() {},
            joinGroup() {},
            lookupRequest() {},
            [method]: 1,
          });
        }),
      );
      expect(() => cluster.brokerPool.createBroker({})).toThrow(`no ${method}`);
    }
  });

  it('refuses connections whose queue is another one', async () => {
    const cluster = open(
      changedCluster((it) => {
        const builder = { build: async () => ({ send() {}, pool: [{ requestQueue: {}, connect() {} }] }) };
        it['connectionPoolBuilder'] = builder;
        it.brokerPool['connectionPoolBuilder'] = builder;
      }),
    );
    await expect(cluster.connectionPoolBuilder.build()).rejects.toThrow('scheduleCheckPendingRequests');
  });

  it('brings its own fetch to every broker, and never a record through kafkajs', async () => {
    const fetch = vi.fn(async () => {});
    const cluster = open(kafkajs, { fetch });
    const broker = cluster.brokerPool.createBroker({
      connectionPool: await cluster.connectionPoolBuilder.build(),
      logger: { namespace: () => ({ debug() {} }) },
    });
    const topics = [{ topic: 't', partitions: [{ partition: 0 }] }];
    expect(await broker.fetch({ topics })).toEqual({ responses: [] });
    expect(fetch).toHaveBeenCalledWith(broker, topics);
  });

  it('tells of a join before it asks, and who we are after it', async () => {
    const told: unknown[] = [];
    const cluster = open(
      changedCluster(({ brokerPool }) => {
        brokerPool['createBroker'] = () => ({
          metadata() {},
          fetch() {},
          heartbeat() {},
          syncGroup() {},
          lookupRequest() {},
          joinGroup: async () => {
            told.push('asked');
            return { generationId: 3, memberId: 'm' };
          },
        });
      }),
      { onJoining: () => told.push('joining'), onJoined: (member: unknown) => told.push(member) },
    );
    await cluster.brokerPool.createBroker({}).joinGroup({});
    expect(told).toEqual(['joining', 'asked', { generationId: 3, memberId: 'm' }]);
  });

  it('lets a beat be sent to another broker than kafkajs names', async () => {
    const sent: unknown[] = [];
    const other = { nodeId: 2 };
    const cluster = open(
      changedCluster(({ brokerPool }) => {
        brokerPool['createBroker'] = () => ({
          metadata() {},
          fetch() {},
          joinGroup() {},
          syncGroup() {},
          lookupRequest() {},
          async heartbeat(request: unknown) {
            sent.push(this, request);
          },
        });
      }),
      { heartbeat: (_: unknown, __: unknown, send: (to: unknown) => Promise<unknown>) => void send(other) },
    );
    await cluster.brokerPool.createBroker({}).heartbeat({ groupGenerationId: 3 });
    expect(sent).toEqual([other, { groupGenerationId: 3 }]);
  });

  it('asks again for metadata when the broker that was asked does not answer', async () => {
    let asked = 0;
    const cluster = open(
      changedCluster((it) => {
        it['refreshMetadata'] = async () => {
          asked += 1;
          if (asked < 3) throw new Error('frozen');
        };
      }),
    );
    await cluster.refreshMetadata();
    expect(asked).toBe(3);
  });

  it('opens one socket for a connection, however many requests find it closed', async () => {
    let sockets = 0;
    const factory: KafkajsClusterOptions['socketFactory'] = () => {
      sockets += 1;
      throw new Error('no network here');
    };
    const cluster = openCluster(
      kafkajs,
      {
        ...OPTIONS,
        socketFactory: factory,
        logger: kafkajs.createLogger({ level: 0, logCreator: () => () => {} }),
      },
      { onMetadata: () => {} },
    );
    const connection = (await cluster.connectionPoolBuilder.build()).pool[0];
    await Promise.allSettled([connection?.connect(), connection?.connect(), connection?.connect()]);
    expect(sockets).toBe(1);
  });

  it('turns through the seeds, IPv6 among them', async () => {
    const { connectionPoolBuilder } = open(kafkajs);
    const pools = [await connectionPoolBuilder.build(), await connectionPoolBuilder.build()];
    expect(pools.map(({ host, port }) => [host, port])).toEqual([
      ['127.0.0.1', 9],
      ['::1', 19],
    ]);
    expect(await connectionPoolBuilder.build({ host: 'b', port: 1 })).toMatchObject({ host: 'b', port: 1 });
  });

  it('leaves other clients of kafkajs in this process alone', async () => {
    open(kafkajs);
    const other = new kafkajs.Cluster({
      ...OPTIONS,
      logger: kafkajs.createLogger({ level: 0, logCreator: () => () => {} }),
    });
    const broker = other.brokerPool.createBroker({
      connectionPool: await other.connectionPoolBuilder.build({ host: 'b', port: 1 }),
      logger: { namespace: () => ({ debug() {} }) },
    });
    expect(Object.hasOwn(broker, 'fetch')).toBe(false);
    const Queue = require('kafkajs/src/network/requestQueue') as { prototype: KafkajsRequestQueue };
    expect(Queue.prototype.scheduleCheckPendingRequests.toString()).not.toContain('CHECK_PENDING_MS');
  });
});

describe('the queue of requests (kafkajs #1751)', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  async function queue(): Promise<KafkajsRequestQueue & { pending: unknown[] }> {
    const pool: KafkajsConnectionPool = await open(loadKafkajs()).connectionPoolBuilder.build();
    return pool.pool[0]?.requestQueue as KafkajsRequestQueue & { pending: unknown[] };
  }

  it('sets no timer when nothing waits', async () => {
    const one = await queue();
    for (let i = 0; i < 100; i++) one.checkPendingRequests();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('asks again when the broker’s pause is over, once', async () => {
    const one = await queue();
    const check = vi.spyOn(one, 'checkPendingRequests').mockImplementation(() => {});
    one.pending.push({});
    one.throttledUntil = Date.now() + 400;
    one.scheduleCheckPendingRequests();
    one.scheduleCheckPendingRequests();
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(399);
    expect(check).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(check).toHaveBeenCalledTimes(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('waits a moment when it is only full', async () => {
    const one = await queue();
    const check = vi.spyOn(one, 'checkPendingRequests').mockImplementation(() => {});
    one.pending.push({});
    one.scheduleCheckPendingRequests();
    vi.advanceTimersByTime(10);
    expect(check).toHaveBeenCalledTimes(1);
  });
});

// How do the group, the fetching and the watching belong together? Wires what one started source consists of.
import type { Consumer } from 'kafkajs';
import { systemClock } from '../../base/clock.ts';
import { messageOf } from '../../base/error.ts';
import type { SourceListener } from '../source.ts';
import type { Assignment } from './assignment.ts';
import type { Client } from './client.ts';
import { fetchFrom } from './cluster.ts';
import { Fetcher } from './fetcher.ts';
import { Group } from './group.ts';
import { Heart } from './heart.ts';
import type { Kafkajs, KafkajsBroker, KafkajsCluster } from './kafkajs.ts';
import { Leaders } from './leaders.ts';
import type { ClusterMetadata } from './metadata-api.ts';
import { Watchdog } from './watchdog.ts';

const READ_COMMITTED = 1;
/** The same doubt is told again after so long. */
const SAME_DOUBT_MS = 1_000;

export class Member {
  readonly #kafkajs: Kafkajs;
  readonly #client: Client;
  readonly #listener: SourceListener;
  readonly #leaders: Leaders;
  readonly #watchdog: Watchdog;
  readonly #doubts = new Map<string, number>();
  #fetcher: Fetcher | null = null;
  #heart: Heart | null = null;
  #group: Group | null = null;
  #consumer: Consumer | null = null;
  #refreshing: Promise<void> | null = null;
  #closed = false;

  constructor(kafkajs: Kafkajs, client: Client, listener: SourceListener) {
    this.#kafkajs = kafkajs;
    this.#client = client;
    this.#listener = listener;
    this.#leaders = new Leaders((reason) => this.#doubt(reason));
    this.#watchdog = new Watchdog({
      stallMs: client.tuning.stallMs,
      now: () => systemClock.monotonic(),
      assignment: () => this.assignment,
      hasLeader: (topic, partition) => this.#leaders.hasLeader(topic, partition),
      onStall: (error) => this.#group?.fatal(error),
    });
  }

  get assignment(): Assignment | null {
    return this.#group?.assignment ?? null;
  }

  wake(): void {
    this.#fetcher?.wake();
  }

  async start(): Promise<void> {
    const { options, tuning, topics } = this.#client;
    const emitter = new this.#kafkajs.InstrumentationEmitter();
    const retry = { retries: tuning.retries, initialRetryTime: 100, maxRetryTime: tuning.retryMsMax };
    const cluster = await this.#client.openCluster(
      retry,
      {
        onMetadata: (metadata) => this.#observe(metadata),
        fetch: (broker, asked) => this.#fetcher?.fetch(broker, asked) ?? Promise.resolve(),
        onJoining: () => this.#group?.joining(),
        onJoined: (member) => this.#group?.joined(member),
        heartbeat: (coordinator, { groupGenerationId }, send) =>
          this.#heart?.beat(coordinator, groupGenerationId, send),
      },
      emitter,
    );
    this.#outliveBrokers(cluster);
    this.#refreshAside(cluster);
    this.#heart = new Heart({
      findCoordinator: () => cluster.findGroupCoordinator({ groupId: options.groupId }),
      onBeat: () => this.#watchdog.heartbeat(),
      onTrouble: (error) => this.#doubt(`coordinator of the group: ${messageOf(error)}`),
    });
    const fetcher = this.#newFetcher(cluster);
    this.#fetcher = fetcher;
    this.#consumer = this.#kafkajs.createConsumer({
      cluster,
      groupId: options.groupId,
      retry,
      logger: await this.#client.logger(),
      sessionTimeout: tuning.sessionMs,
      rebalanceTimeout: tuning.rebalanceMs,
      heartbeatInterval: tuning.heartbeatMs,
      maxWaitTimeInMs: tuning.fetchWaitMsMax,
      isolationLevel: READ_COMMITTED,
      metadataMaxAge: tuning.metadataAgeMsMax,
      instrumentationEmitter: emitter,
    });
    this.#group = new Group({
      consumer: this.#consumer,
      cluster,
      groupId: options.groupId,
      topics,
      tuning,
      listener: this.#listener,
      watchdog: this.#watchdog,
      log: options.log,
      now: () => systemClock.monotonic(),
    });
    if (this.#closed) return;
    this.#watchdog.start();
    await this.#group.start();
  }

  #newFetcher(cluster: KafkajsCluster): Fetcher {
    const { tuning, limits } = this.#client;
    const settings = {
      waitMsMax: tuning.fetchWaitMsMax,
      bytesMax: tuning.fetchBytesMax,
      partitionBytesMax: tuning.partitionBytesMax,
    };
    return new Fetcher({
      assignment: () => this.assignment,
      listener: this.#listener,
      waitMs: settings.waitMsMax,
      limits,
      now: () => systemClock.monotonic(),
      fetch: (broker, partitions) => fetchFrom(this.#kafkajs, broker, partitions, settings),
      refreshMetadata: () => cluster.refreshMetadata(),
      doubt: (reason) => this.#doubt(reason),
      fatal: (error) => this.#group?.fatal(error),
    });
  }

  /**
   * A broker that can't be reached would stop kafkajs's loops for all others: its fetch finds nothing instead. kafkajs
   * names the brokers that it fetches from by text, and a coordinator, whose loss it has to learn of, by number.
   */
  #outliveBrokers(cluster: KafkajsCluster): void {
    const find = cluster.findBroker.bind(cluster);
    cluster.findBroker = async (target) => {
      try {
        return await find(target);
      } catch (error) {
        if (typeof target.nodeId !== 'string') throw error;
        return absent(async () => this.#fetcher?.brokerFailed(target.nodeId, error));
      }
    };
  }

  /** kafkajs's loops all wait for a refresh that is due, however long a frozen broker takes to not answer. */
  #refreshAside(cluster: KafkajsCluster): void {
    const { brokerPool } = cluster;
    const refresh = cluster.refreshMetadataIfNecessary.bind(cluster);
    cluster.refreshMetadataIfNecessary = async () => {
      if (brokerPool.metadata === null) return refresh();
      if (Date.now() <= (brokerPool.metadataExpireAt ?? 0)) return;
      this.#refreshing ??= cluster
        .refreshMetadata()
        .catch((error) => this.#doubt(`metadata: ${messageOf(error)}`))
        .finally(() => {
          this.#refreshing = null;
        });
    };
  }

  #observe(metadata: ClusterMetadata): void {
    this.#leaders.observe(metadata);
    this.#fetcher?.observe((nodeId, partition) => this.#leaders.leads(nodeId, partition));
  }

  #doubt(reason: string): void {
    if (this.#closed) return;
    const nowMs = systemClock.monotonic();
    const lastMs = this.#doubts.get(reason);
    if (lastMs !== undefined && nowMs - lastMs < SAME_DOUBT_MS) return;
    for (const [text, ms] of this.#doubts) if (nowMs - ms >= SAME_DOUBT_MS) this.#doubts.delete(text);
    this.#doubts.set(reason, nowMs);
    this.#listener.onDoubt(reason);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#watchdog.stop();
    this.#group?.close();
    this.#fetcher?.close();
    await this.#consumer?.disconnect();
  }
}

/** All that kafkajs does with a broker that it fetches from. */
const absent = (wait: () => Promise<void>): KafkajsBroker =>
  ({
    fetch: async () => {
      await wait();
      return { responses: [] };
    },
  }) as unknown as KafkajsBroker;

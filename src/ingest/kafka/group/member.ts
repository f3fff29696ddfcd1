// How do group, fetcher, heartbeat and watchdog work together? Wires one started source.
import type { Consumer } from 'kafkajs';
import { systemClock } from '../../../base/clock.ts';
import { messageOf } from '../../../base/error.ts';
import type { SourceListener } from '../../source.ts';
import type { Client } from '../client.ts';
import { inlineDecoder } from '../decoder.ts';
import { fetchFrom } from '../kafkajs/cluster.ts';
import type { Kafkajs, KafkajsCluster } from '../kafkajs/kafkajs.ts';
import { keepLoopsRunning } from '../kafkajs/loops.ts';
import type { ClusterMetadata } from '../protocol/metadata-api.ts';
import { assignerOf } from './assigner.ts';
import type { Assignment } from './assignment.ts';
import { Fetcher } from './fetcher.ts';
import { Group } from './group.ts';
import { HeartbeatLoop } from './heartbeat.ts';
import { absentTopics, Leaders, partitionCounts } from './leaders.ts';
import { Watchdog } from './watchdog.ts';

const READ_COMMITTED = 1;
/** The same reason is reported again after so long. */
const SAME_SUSPICION_MS = 1_000;

export class Member {
  readonly #kafkajs: Kafkajs;
  readonly #client: Client;
  readonly #listener: SourceListener;
  readonly #leaders: Leaders;
  readonly #watchdog: Watchdog;
  readonly #suspicions = new Map<string, number>();
  #fetcher: Fetcher | null = null;
  #heartbeat: HeartbeatLoop | null = null;
  #group: Group | null = null;
  #consumer: Consumer | null = null;
  #cluster: KafkajsCluster | null = null;
  /** What the group is asked for when it is joined. */
  #joined: readonly string[] = [];
  #missing: readonly string[] = [];
  #partitions: ReadonlyMap<string, number> = new Map();
  #closed = false;

  constructor(kafkajs: Kafkajs, client: Client, listener: SourceListener) {
    this.#kafkajs = kafkajs;
    this.#client = client;
    this.#listener = listener;
    this.#leaders = new Leaders((reason) => this.#suspect(reason));
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
        onJoining: () => {
          this.#heartbeat?.reset();
          this.#group?.joining();
        },
        onJoined: (member) => this.#group?.joined(member),
        heartbeat: (coordinator, { groupGenerationId }, send) =>
          this.#heartbeat?.send(coordinator, groupGenerationId, send),
      },
      emitter,
    );
    this.#cluster = cluster;
    this.#joined = topics;
    const fetching = keepLoopsRunning(cluster, {
      suspect: (reason) => this.#suspect(reason),
      brokerFailed: async (nodeId, error) => this.#fetcher?.brokerFailed(nodeId, error),
    });
    this.#heartbeat = new HeartbeatLoop({
      intervalMs: tuning.heartbeatMs,
      now: () => systemClock.monotonic(),
      findCoordinator: () => cluster.findGroupCoordinator({ groupId: options.groupId }),
      onSent: () => this.#watchdog.heartbeat(),
      onTrouble: (error) => this.#suspect(`coordinator of the group: ${messageOf(error)}`),
    });
    const fetcher = this.#newFetcher(cluster);
    this.#fetcher = fetcher;
    this.#consumer = this.#kafkajs.createConsumer({
      cluster,
      groupId: options.groupId,
      partitionAssigners: [assignerOf(options.archive ?? null, () => this.#joined)],
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
    this.#consumer.on(this.#consumer.events.FETCH_START, fetching);
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

  /** The client has more topics by now. Rejects when the brokers say nothing of them. */
  async askForMore(): Promise<void> {
    if (this.#closed || this.#cluster === null) return;
    const { topics } = this.#client;
    await this.#cluster.addMultipleTargetTopics(topics);
    this.#heartbeat?.joinAnew(() => {
      this.#joined = topics;
    });
  }

  #newFetcher(cluster: KafkajsCluster): Fetcher {
    const { tuning, limits, options } = this.#client;
    const settings = {
      waitMsMax: tuning.fetchWaitMsMax,
      bytesMax: tuning.fetchBytesMax,
      partitionBytesMax: tuning.partitionBytesMax,
    };
    return new Fetcher({
      assignment: () => this.assignment,
      listener: this.#listener,
      waitMs: settings.waitMsMax,
      decoder: options.decoder ?? inlineDecoder,
      limits,
      now: () => systemClock.monotonic(),
      fetch: (broker, partitions, shares) => {
        const bytesMax = shares === null ? settings.bytesMax : shares * settings.partitionBytesMax;
        return fetchFrom(this.#kafkajs, broker, partitions, { ...settings, bytesMax });
      },
      leaderEpoch: (topicId, partition) => this.#client.epochs.of(topicId, partition),
      refreshMetadata: () => cluster.refreshMetadata(),
      keepalive: () => this.#heartbeat?.keepalive() ?? true,
      suspect: (reason) => this.#suspect(reason),
      fatal: (error) => this.#group?.fatal(error),
    });
  }

  #observe(metadata: ClusterMetadata): void {
    this.#leaders.observe(metadata);
    this.#observeMissing(metadata);
    this.#observePartitions(metadata);
    this.#fetcher?.observe((nodeId, partition) => this.#leaders.leads(nodeId, partition));
  }

  #observeMissing(metadata: ClusterMetadata): void {
    if (this.#closed) return;
    const missing = absentTopics(metadata, this.#client.topics);
    if (missing.join() !== this.#missing.join()) this.#listener.onMissing?.(missing);
    this.#missing = missing;
  }

  #observePartitions(metadata: ClusterMetadata): void {
    if (this.#closed) return;
    const partitions = partitionCounts(metadata, this.#client.topics, this.#partitions);
    if (partitions === this.#partitions) return;
    this.#partitions = partitions;
    this.#listener.onTopics?.(partitions);
  }

  #suspect(reason: string): void {
    if (this.#closed) return;
    const nowMs = systemClock.monotonic();
    const lastMs = this.#suspicions.get(reason);
    if (lastMs !== undefined && nowMs - lastMs < SAME_SUSPICION_MS) return;
    for (const [text, ms] of this.#suspicions)
      if (nowMs - ms >= SAME_SUSPICION_MS) this.#suspicions.delete(text);
    this.#suspicions.set(reason, nowMs);
    this.#listener.onSuspect(reason);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#watchdog.stop();
    this.#group?.close();
    this.#fetcher?.close();
    await this.#consumer?.disconnect();
  }
}

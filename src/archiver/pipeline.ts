// Which partitions are ours now, and how does the archiver run and stop? The way of a record: seal-loop.ts.
import type { Clock } from '../base/clock.ts';
import { LedgerstoneError, messageOf } from '../base/error.ts';
import type { Sha256 } from '../base/hash.ts';
import type { Logger } from '../base/log.ts';
import type { Tracer } from '../base/trace.ts';
import type { Config, TopicConfig } from '../config/archiver.ts';
import { topicNamed } from '../config/topic-names.ts';
import type { Delivered, Source, SourceListener, TopicPartition } from '../ingest/source.ts';
import { Sealer } from '../sealing/sealer.ts';
import type { SegmentContext } from '../segment/segment.ts';
import type { Store } from '../store/store.ts';
import { Backpressure } from './backpressure.ts';
import { topicRoute } from './chain/topic-route.ts';
import type { Encoder } from './encoder.ts';
import type { Keyring } from './keyring.ts';
import { MemoryLedger } from './memory.ts';
import { PartitionActor } from './partition.ts';
import type { PartitionObserver } from './partition-view.ts';
import { type TopicShare, Topics } from './topics.ts';

export type PipelineOptions = {
  readonly config: Config;
  readonly source: Source;
  readonly store: Store;
  readonly keyring: Keyring;
  readonly encoder: Encoder;
  /** Where what waits for the encoder is charged too; by default one of its own. */
  readonly memory?: MemoryLedger;
  readonly clock: Clock;
  readonly random: () => number;
  readonly sha256: Sha256;
  readonly log: Logger;
  readonly observer: PartitionObserver;
  readonly tracer?: Tracer;
  /** Chains that the policy in force names; absent or null: none is in force. */
  readonly decidedChains?: ReadonlySet<string> | null;
  readonly writer: { readonly id: string; readonly version: string };
};

/**
 * How the pipeline ended: `drained` after a stop, `cut-short` where a stop's time passed before all that was
 * held was sealed, `finished` when a file source was sealed to its end.
 */
export type PipelineEnd =
  | { readonly kind: 'drained' | 'cut-short' | 'finished' }
  | { readonly kind: 'failed'; readonly error: Error };

const TICK_MS = 100;

export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #sealer: Sealer;
  readonly #memory: MemoryLedger;
  readonly #backpressure: Backpressure;
  readonly #actors = new Map<string, PartitionActor>();
  /** Aborts what would go on for ever: retries of the sealer. */
  readonly #down = new AbortController();
  readonly #ended: Promise<PipelineEnd>;
  #end: (end: PipelineEnd) => void = () => {};
  /** False from a rebalance's begin to its end: nothing that is delivered then is ours. */
  #assigned = false;
  readonly topics: Topics;

  constructor(options: PipelineOptions) {
    this.#options = options;
    this.topics = new Topics(options.config.source, options.log, options.decidedChains ?? null);
    this.#memory = options.memory ?? new MemoryLedger();
    const { config, store, keyring, sha256, clock, random } = options;
    const { mode, period } = config.retention.seals;
    this.#sealer = new Sealer({
      store,
      signersOf: ({ manifest }) => keyring.signersOf(manifest.origin, manifest.keys),
      sha256,
      clock,
      random,
      memory: this.#memory,
      sealRetention: { mode, period },
      signal: this.#down.signal,
      ...(options.tracer && { tracer: options.tracer }),
    });
    this.#ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#backpressure = new Backpressure({
      ...{ clock, memory: this.#memory },
      limitBytes: config.limits.memoryBytes,
      actors: () => this.#actors.values(),
    });
  }

  get actors(): readonly PartitionActor[] {
    return [...this.#actors.values()];
  }
  get assigned(): boolean {
    return this.#assigned;
  }
  get segmentLimits(): Config['segment'] {
    return this.#options.config.segment;
  }
  /** Nothing is ours while a rebalance lasts. */
  get shares(): TopicShare[] {
    return this.topics.shares(this.#assigned ? this.actors.map(({ route }) => route.partition) : []);
  }
  get pausedForMemory(): boolean {
    return this.#backpressure.isPaused;
  }
  bufferedBytes(): number {
    return this.#memory.heldBytes;
  }

  /** Runs until the signal asks for a drain, the source ends, or an error is fatal. Releases the source. */
  async run(stop: AbortSignal): Promise<PipelineEnd> {
    const { source, log, clock } = this.#options;
    const listener: SourceListener = {
      onAssign: (owned) => this.#assign(owned),
      onRevoke: () => this.#suspend(),
      onFetched: (fetched) => this.#fetched(fetched),
      ready: () => this.#backpressure.ready(),
      onFatal: (error) => this.#end({ kind: 'failed', error }),
      onSuspect: (reason) => {
        log.info({ reason }, 'anchors will be confirmed again before the next seal');
        for (const actor of this.#actors.values()) actor.suspect();
      },
      onTaken: (topics) => this.topics.noteTaken(topics),
      onMissing: (topics) => this.topics.noteMissing(topics),
      onTopics: (partitions) => this.topics.notePartitions(partitions),
      onOutOfRange: (partition) => this.#actors.get(idOf(partition))?.outOfRange(),
      onEnd: (partition, nextOffset) => this.#actors.get(idOf(partition))?.end(nextOffset),
    };
    const onStop = () => this.#end({ kind: 'drained' });
    if (stop.aborted) onStop();
    else stop.addEventListener('abort', onStop, { once: true });
    const ticking = this.#tickUntilDown();
    try {
      // Joining a group that does not answer may take long: a stop does not wait for it.
      await Promise.race([source.start(listener), this.#ended]);
      const end = await this.#ended;
      if (end.kind === 'failed') return end;
      const isEmpty = await this.#drain();
      return isEmpty ? end : { kind: 'cut-short' };
    } catch (error) {
      return { kind: 'failed', error: error instanceof Error ? error : new Error(messageOf(error)) };
    } finally {
      stop.removeEventListener('abort', onStop);
      this.#backpressure.stop();
      this.#down.abort(new LedgerstoneError('stopped', 'the archiver stops'));
      for (const actor of this.#actors.values()) actor.revoke();
      await ticking;
      await source
        .close()
        .catch((error: unknown) => log.warn({ error: messageOf(error) }, 'the source did not close'));
      log.debug({ atMs: clock.now() }, 'pipeline down');
    }
  }

  /** Other keys sign from now on. What halted for want of them looks again. */
  keysChanged(): void {
    for (const actor of this.#actors.values()) if (actor.wantsKeys) actor.start();
  }

  /** Something outside (the encoding thread) died. */
  fail(error: Error): void {
    this.#end({ kind: 'failed', error });
  }

  #assign(owned: readonly TopicPartition[]): void {
    // A source that was still starting when the run ended: nothing is archived any more.
    if (this.#down.signal.aborted) return;
    this.#assigned = true;
    const now = new Set(owned.map(idOf));
    for (const [id, actor] of this.#actors) {
      if (now.has(id)) actor.keep();
      else {
        actor.revoke();
        this.#actors.delete(id);
      }
    }
    for (const partition of owned) {
      if (this.#actors.has(idOf(partition))) continue;
      const actor = this.#newActor(partition);
      this.#actors.set(idOf(partition), actor);
      actor.start();
    }
    this.#options.log.info({ partitions: owned.length, topics: this.shares }, 'partitions assigned');
  }

  #suspend(): void {
    this.#assigned = false;
    for (const actor of this.#actors.values()) actor.suspend();
  }

  #fetched(fetched: Delivered): void {
    if (!this.#assigned) return;
    this.#actors.get(idOf(fetched))?.fetched(fetched);
    this.#backpressure.bound();
  }

  #newActor(partition: TopicPartition): PartitionActor {
    const { config, source, store, sha256, keyring, clock, encoder, random, log, observer } = this.#options;
    const topic = this.#topic(partition.topic);
    const routeOf = (number: number) => topicRoute(config, topic, number).route;
    const constant = this.#constant(topic);
    return new PartitionActor({
      route: routeOf(partition.partition),
      tools: { source, store, sha256, keyring, clock, sealer: this.#sealer, constantOf: () => constant },
      encoder,
      random,
      limits: { ...config.segment, ...config.limits },
      chainCreation: {
        startFrom: topic.startFrom,
        continues: topic.partitions[partition.partition]?.continues ?? topic.continues,
        archiveOrigin: config.archive.origin,
        chainOf: (number) => routeOf(number).name.chain,
      },
      constant,
      log,
      observer,
      hasRoom: () => !this.#backpressure.isPaused,
      memory: this.#memory,
    });
  }

  #constant(topic: TopicConfig): Pick<SegmentContext, 'retention' | 'writer'> {
    const { config, writer } = this.#options;
    const policy = config.retention[topic.retention];
    if (policy === undefined)
      throw new LedgerstoneError('config', `retention ${topic.retention} is not defined`);
    return {
      retention: { mode: policy.mode, period: policy.period, policy: topic.retention },
      writer,
    };
  }

  #topic(name: string): TopicConfig {
    const found = topicNamed(this.#options.config.source, name);
    if (found === null)
      throw new LedgerstoneError('assertion', `partitions of ${name} were never subscribed to`);
    return found;
  }

  async #tickUntilDown(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#down;
    while (!signal.aborted) {
      for (const actor of this.#actors.values()) actor.tick();
      this.#backpressure.tick();
      this.#finishIfDone();
      await clock.sleep(TICK_MS, signal).catch(() => {});
    }
  }

  /** Only a file ends: when every partition is sealed to its end, or halted. */
  #finishIfDone(): void {
    if (this.#options.source.kind !== 'file' || this.#actors.size === 0) return;
    const actors = [...this.#actors.values()];
    const halt = actors.find((actor) => actor.settledHalt !== null)?.settledHalt;
    if (halt) {
      const { message, remedy, code } = halt;
      this.#end({ kind: 'failed', error: new LedgerstoneError(code, message, { remedy }) });
    } else if (actors.every((actor) => actor.finished)) {
      this.#end({ kind: 'finished' });
    }
  }

  /** Seals what is there, within the bound; false: not all. What stays unsealed is still in Kafka. */
  async #drain(): Promise<boolean> {
    const { config, clock, log } = this.#options;
    log.info(
      { heldBytes: this.#memory.heldBytes, boundMs: config.limits.drainMs },
      'stopping: what is held is sealed first',
    );
    this.#backpressure.stop();
    const bound = new AbortController();
    const timer = clock.sleep(config.limits.drainMs, bound.signal).then(
      () => bound.abort(new Error('drain bound')),
      () => {},
    );
    await Promise.all([...this.#actors.values()].map((actor) => actor.drain(bound.signal)));
    await Promise.race([this.#sealer.idle(), timer]);
    const isLate = bound.signal.aborted;
    if (isLate) log.warn({}, 'the drain bound passed: what is not sealed is read again after the next start');
    bound.abort();
    await timer;
    return !isLate;
  }
}

const idOf = (partition: TopicPartition): string => `${partition.topic}/${partition.partition}`;

// How does the service run, from its configuration to its last seal?

import type { Keyring } from '../../archiver/keyring.ts';
import { Lanes } from '../../archiver/lanes/lanes.ts';
import { MemoryLedger } from '../../archiver/memory.ts';
import { ArchiverMetrics } from '../../archiver/metrics.ts';
import { Pipeline } from '../../archiver/pipeline.ts';
import { PublishedFiles } from '../../archiver/published-files.ts';
import {
  codeOf,
  notReadyReasons,
  observeGauges,
  partitionStatus,
  type ServiceStatus,
} from '../../archiver/status.ts';
import { systemClock } from '../../base/clock.ts';
import { LedgerstoneError, messageOf } from '../../base/error.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import type { OnRequest } from '../../base/node/requests.ts';
import { VERSION } from '../../base/version.ts';
import {
  newInstanceId,
  openForWriting,
  openSigner,
  openSource,
  requireFitStore,
} from '../../clients/open.ts';
import type { Config } from '../../config/archiver.ts';
import { topicNamed } from '../../config/topic-names.ts';
import type { Signer } from '../../sign/signer.ts';
import { readerOf } from '../../store/bounded.ts';
import type { Store } from '../../store/store.ts';
import type { Handler, HttpServer } from '../http.ts';
import type { StatusSite } from '../page/status-site.ts';
import { accessPart, Reloader, type ReloadResult } from '../reload.ts';
import { addProcessMetrics, addServiceMetrics } from '../service-metrics.ts';
import { openTracer } from '../tracer.ts';
import { archiverSite } from './archiver-site.ts';
import { LogKeys } from './log-keys.ts';
import { observerOf, type RunOptions } from './observer.ts';
import { whilePermissionsSpread } from './permissions-spread.ts';
import { requirePoliciesInForce } from './policies-in-force.ts';
import { receiptHandler } from './receipts.ts';
import { startServer } from './server.ts';

export type ArchiverResult = {
  readonly end: 'drained' | 'cut-short' | 'finished';
  readonly records: number;
  readonly segments: number;
};

/** Runs until drained or finished; rejects with a LedgerstoneError when it can't go on. */
export async function runArchiver(config: Config, options: RunOptions): Promise<ArchiverResult> {
  const metrics = new ArchiverMetrics();
  const requests = addServiceMetrics(metrics.registry, 'archiver');
  const { archive, greatestLock } = config;
  const store = await openForWriting(archive.store, greatestLock, requests.s3('archive'));
  const { kms: onKmsRequest, reloaded: onReload } = requests;
  const service = new Service(config, options, { store, metrics, onKmsRequest, onReload });
  try {
    await service.serveStatus();
    service.followReloads();
    return await service.run();
  } finally {
    await service.close();
  }
}

/** Before anything is consumed. What could not be learned is said, and no reason to stop. */
async function refuseCompactedTopics({ source, limits }: Config, { log, signal }: RunOptions): Promise<void> {
  if (source.kind !== 'kafka') return;
  const { refuseCompacted } = await import('../../ingest/kafka/topic-check.ts');
  const why = await refuseCompacted({ ...source, recordBytesMax: limits.recordBytes, log }, signal);
  signal.throwIfAborted();
  if (why === null) return;
  log.warn({ error: why }, 'whether Kafka compacts a topic is not known: such a topic halts at its gaps');
}

type Edges = {
  readonly store: Store;
  readonly metrics: ArchiverMetrics;
  readonly onKmsRequest: OnRequest;
  readonly onReload: (result: ReloadResult) => void;
};

class Service {
  readonly #config: Config;
  readonly #options: RunOptions;
  readonly #store: Store;
  readonly #memory = new MemoryLedger();
  readonly #lanes: Lanes;
  readonly #instance = newInstanceId();
  readonly #startedAt = new Date().toISOString();
  readonly #metrics: ArchiverMetrics;
  readonly #onKmsRequest: OnRequest;
  readonly #onReload: Edges['onReload'];
  readonly #totals = { records: 0, segments: 0 };
  #server: HttpServer | null = null;
  #site: StatusSite | null = null;
  /** Null until the store and the keys are open. */
  #pipeline: Pipeline | null = null;
  #files: PublishedFiles | null = null;
  #laneFailure: Error | null = null;
  #keys: LogKeys | null = null;
  #decidedChains: ReadonlySet<string> | null = null;

  constructor(config: Config, options: RunOptions, { store, metrics, onKmsRequest, onReload }: Edges) {
    this.#config = config;
    this.#options = options;
    this.#store = store;
    this.#metrics = metrics;
    this.#onKmsRequest = onKmsRequest;
    this.#onReload = onReload;
    const { codec, level } = config.encoding;
    this.#lanes = new Lanes(
      {
        ...{ encoding: codec, level, count: config.limits.lanes, memory: this.#memory },
        onReady: (kernel) => this.#metrics.lanes.inc({ kernel: kernel ? 'yes' : 'no' }),
      },
      (error) => {
        this.#laneFailure = error;
        this.#pipeline?.fail(error);
      },
    );
  }

  async serveStatus(): Promise<void> {
    const { production, server } = this.#config;
    if (server.port === 0) return;
    addProcessMetrics(this.#metrics.registry);
    this.#site = archiverSite(this.#config, () => this.#status(), systemClock);
    this.#server = await startServer(
      { ...server, production, handler: this.#receipts(), page: this.#site.routes },
      {
        status: () => this.#status(),
        metrics: () => {
          const [pipeline, files] = [this.#pipeline, this.#files?.trouble];
          if (pipeline !== null) observeGauges(this.#metrics, pipeline, this.#store, systemClock, files);
          else this.#metrics.ready.set(0);
          return this.#metrics.registry.metrics();
        },
      },
    );
    const { url } = this.#server;
    if (url.endsWith(`:${server.port}`)) return;
    const message = 'the port of the status server is taken: another one is used';
    this.#options.log.warn({ wanted: server.port, server: url }, message);
  }

  followReloads(): void {
    const { reloads, log, signal } = this.#options;
    if (reloads === undefined) return;
    const access = accessPart<Config>('server', ({ server }) => server, this.#server);
    const parts = [...reloads.parts, access];
    new Reloader({ ...reloads, parts, log, signal, count: this.#onReload }).listen();
  }

  #receipts(): Handler | null {
    const { receipts, source, segment } = this.#config;
    if (receipts.serve === 'no') return null;
    return receiptHandler({
      ...{ store: readerOf(this.#store), maxAgeMs: segment.maxAgeMs },
      topicNamed: (name) => topicNamed(source, name),
      ...{ perSecond: receipts.perSecond, clock: systemClock, signal: this.#options.signal },
      trusted: () => this.#keys?.keyring.trusted ?? null,
      partitions: () => this.#status().partitions,
    });
  }

  async run(): Promise<ArchiverResult> {
    const { log, signal } = this.#options;
    try {
      await refuseCompactedTopics(this.#config, this.#options);
      const pipeline = await this.#openPipeline();
      this.#pipeline = pipeline;
      // It may have failed while the store and the keys were opened, when there was no pipeline to notify.
      if (this.#laneFailure !== null) pipeline.fail(this.#laneFailure);
      const end = await this.#whileFilesAreKept(() => pipeline.run(signal));
      if (end.kind === 'failed') throw end.error;
      log.info({ ...this.#totals, end: end.kind }, 'archiver stopped');
      return { end: end.kind, ...this.#totals };
    } catch (error) {
      if (this.#pipeline !== null || !signal.aborted) throw error;
      log.info({ error: messageOf(error) }, 'archiver stopped before it began: it held nothing');
      return { end: 'drained', ...this.#totals };
    }
  }

  /** Their locks are lengthened, and decisions about keys are followed, for as long as it runs. */
  async #whileFilesAreKept<T>(run: () => Promise<T>): Promise<T> {
    const ended = new AbortController();
    const keeping = this.#files?.keep(ended.signal);
    const following = this.#keys?.keep(ended.signal, () => this.#pipeline?.keysChanged());
    try {
      return await run();
    } finally {
      ended.abort();
      await Promise.all([keeping, following]);
    }
  }

  async close(): Promise<void> {
    this.#site?.close();
    await this.#server?.close();
    await this.#lanes.close();
    await this.#store.close();
  }

  async #openPipeline(): Promise<Pipeline> {
    const { log, signal } = this.#options;
    const spread = { clock: systemClock, log, signal };
    const open = () => this.#openStoreAndKeys();
    // On AWS the role may have been made a minute ago. Elsewhere a refusal is an error at once.
    const isNew = this.#config.production;
    const keyring = await (isNew ? whilePermissionsSpread(open, spread) : open());
    const source = await openSource(this.#config, log, this.#lanes);
    // A retired key signs nothing alone.
    this.#logStart(keyring.signers.filter((signer) => keyring.retirementOf(signer) === null));
    return new Pipeline({
      ...{ source, keyring, log },
      config: this.#config,
      store: this.#store,
      encoder: this.#lanes,
      memory: this.#memory,
      clock: systemClock,
      random: Math.random,
      sha256: nodeSha256,
      decidedChains: this.#decidedChains,
      tracer: openTracer(),
      observer: observerOf(this.#metrics, this.#totals, this.#options, systemClock),
      writer: { id: this.#instance, version: VERSION },
    });
  }

  async #openStoreAndKeys(): Promise<Keyring> {
    const { log, signal } = this.#options;
    const { archive, retention } = this.#config;
    await requireFitStore(archive.store, signal);
    const files = new PublishedFiles({
      ...{ store: this.#store, keys: [], retention: retention.seals },
      ...{ clock: systemClock, random: Math.random },
      onTrouble: (error) => this.#filesTrouble(error),
    });
    const keys = await LogKeys.open(
      {
        ...{ archive, store: this.#store, clock: systemClock, log },
        open: (signing) => openSigner(signing, log, this.#onKmsRequest),
        publish: (key) => files.add(key, signal),
        onTrouble: (error) => this.#metrics.troubles.inc({ code: codeOf(error) }),
      },
      signal,
    );
    const { keyring } = keys;
    this.#decidedChains = await requirePoliciesInForce({
      ...{ config: this.#config, store: this.#store, trusted: keyring.trusted, log, signal },
      acceptsAny: this.#options.acceptsAnyPolicy === true,
    });
    for (const key of keyring.own) await files.add(key);
    await files.publish(signal);
    this.#keys = keys;
    this.#files = files;
    return keyring;
  }

  #filesTrouble(error: unknown): void {
    const code = codeOf(error);
    this.#metrics.troubles.inc({ code });
    const remedy = error instanceof LedgerstoneError ? error.remedy : undefined;
    const message = `keys/ and FORMAT are not kept locked, trying again: ${messageOf(error)}`;
    this.#options.log.warn({ code, remedy }, message);
  }

  #logStart(signers: readonly Signer[]): void {
    const { origin, store } = this.#config.archive;
    const keys = signers.map((signer) => signer.description);
    const where = store.kind === 's3' ? `s3://${store.bucket}/${store.prefix}` : store.path;
    const server = this.#server?.url ?? null;
    const fields = { instance: this.#instance, origin, store: where, keys, server };
    this.#options.log.info(fields, 'ledgerstone archive starts');
  }

  #status(): ServiceStatus {
    const pipeline = this.#pipeline;
    const reasons =
      pipeline === null ? ['starting'] : notReadyReasons(pipeline, systemClock, this.#files?.trouble);
    return {
      instance: this.#instance,
      version: VERSION,
      origin: this.#config.archive.origin,
      startedAt: this.#startedAt,
      ready: reasons.length === 0,
      reasons,
      bufferedBytes: pipeline?.bufferedBytes() ?? 0,
      pausedForMemory: pipeline?.pausedForMemory ?? false,
      topics: pipeline?.shares ?? [],
      partitions: (pipeline?.actors ?? []).map((actor) => partitionStatus(actor, systemClock)),
      ...(this.#keys && { keys: this.#keys.statusOf((pipeline?.actors ?? []).map(({ head }) => head)) }),
    };
  }
}

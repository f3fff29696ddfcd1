// How does the service run, from its configuration to its last seal?

import type { Batch } from '../../archiver/batch.ts';
import { ThreadEncoder } from '../../archiver/encoder-thread.ts';
import { ArchiverMetrics } from '../../archiver/metrics.ts';
import type { PartitionView } from '../../archiver/partition-view.ts';
import { Pipeline } from '../../archiver/pipeline.ts';
import { publishArchiveFiles } from '../../archiver/publish.ts';
import {
  codeOf,
  notReadyReasons,
  observeGauges,
  partitionStatus,
  type ServiceStatus,
} from '../../archiver/status.ts';
import { systemClock } from '../../base/clock.ts';
import { LedgerstoneError, messageOf } from '../../base/error.ts';
import type { Logger } from '../../base/log.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { VERSION } from '../../base/version.ts';
import {
  newInstanceId,
  openForWriting,
  openSigner,
  openSource,
  requireFitStore,
  trustedKeys,
} from '../../clients/open.ts';
import type { Config } from '../../config/archiver.ts';
import type { Signer } from '../../sign/signer.ts';
import { type ServerRoutes, startServer } from './server.ts';

type SealedSegment = {
  readonly topic: string;
  readonly partition: number;
  readonly sequence: number;
  readonly records: number;
  readonly nextOffset: number;
  readonly storedBytes: number;
  readonly seconds: number;
};

export type RunOptions = {
  /** Asks for a drain: what is held is sealed, then it ends. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** Records accepted so far, over all partitions; those that a fence or a rebalance drops are counted again. */
  readonly onAccepted?: (records: number) => void;
  readonly onSealed?: (segment: SealedSegment) => void;
};

export type ArchiverResult = {
  readonly end: 'drained' | 'finished';
  readonly records: number;
  readonly segments: number;
};

/** Runs until drained or finished; rejects with a LedgerstoneError when it can't go on. */
export async function runArchiver(config: Config, options: RunOptions): Promise<ArchiverResult> {
  const { log } = options;
  const instance = newInstanceId();
  const startedAt = new Date().toISOString();
  const metrics = new ArchiverMetrics();
  const store = await openForWriting(config.archive.store);
  const totals = { records: 0, segments: 0 };
  let pipeline: Pipeline | null = null;
  let died: Error | null = null;
  const encoder = new ThreadEncoder(
    { encoding: config.encoding.codec, level: config.encoding.level },
    (error) => {
      died = error;
      pipeline?.fail(error);
    },
  );
  const status = (): ServiceStatus => {
    const reasons = pipeline === null ? ['starting'] : notReadyReasons(pipeline, systemClock);
    return {
      instance,
      version: VERSION,
      origin: config.archive.origin,
      startedAt,
      ready: reasons.length === 0,
      reasons,
      bufferedBytes: pipeline?.bufferedBytes() ?? 0,
      pausedForMemory: pipeline?.pausedForMemory ?? false,
      partitions: (pipeline?.actors ?? []).map((actor) => partitionStatus(actor, systemClock)),
    };
  };
  const routes: ServerRoutes = {
    status,
    metrics: () => {
      if (pipeline !== null) observeGauges(metrics, pipeline, store, systemClock);
      return metrics.registry.metrics();
    },
  };
  const { host, port } = config.server;
  const server = port === 0 ? null : await startServer(host, port, routes);
  if (server !== null && !server.url.endsWith(`:${port}`)) {
    log.warn(
      { wanted: port, server: server.url },
      'the port of the status server is taken: another one is used',
    );
  }
  try {
    await requireFitStore(config.archive.store, options.signal);
    const signers = [await openSigner(config.archive.signing, log)];
    const trusted = trustedKeys(config, signers);
    await publishArchiveFiles(
      store,
      trusted.slice(0, signers.length),
      config.retention.seals,
      systemClock,
      options.signal,
    );
    pipeline = new Pipeline({
      config,
      source: await openSource(config, log),
      store,
      signers,
      trusted,
      encoder,
      clock: systemClock,
      random: Math.random,
      sha256: nodeSha256,
      log,
      observer: observerOf(metrics, totals, options),
      writer: { id: instance, version: VERSION },
    });
    logStart(log, config, signers, instance, server?.url ?? null);
    // It may have died while the store and the keys were opened, and nobody was there to be told.
    if (died !== null) pipeline.fail(died);
    const end = await pipeline.run(options.signal);
    if (end.kind === 'failed') throw end.error;
    log.info({ ...totals, end: end.kind }, 'archiver stopped');
    return { end: end.kind, ...totals };
  } catch (error) {
    if (pipeline !== null || !options.signal.aborted) throw error;
    log.info({ error: messageOf(error) }, 'archiver stopped before it began: it held nothing');
    return { end: 'drained', ...totals };
  } finally {
    await server?.close();
    await encoder.close();
    await store.close();
  }
}

function observerOf(
  metrics: ArchiverMetrics,
  totals: { records: number; segments: number },
  options: RunOptions,
) {
  const labelsOf = (actor: PartitionView) => ({
    topic: actor.route.partition.topic,
    partition: String(actor.route.partition.partition),
  });
  let accepted = 0;
  return {
    accepted(_actor: PartitionView, records: number) {
      accepted += records;
      options.onAccepted?.(accepted);
    },
    sealed(actor: PartitionView, batch: Batch, storedBytes: number, seconds: number) {
      const labels = labelsOf(actor);
      metrics.records.inc(labels, batch.records);
      metrics.lines.inc(labels, batch.lines);
      metrics.storedBytes.inc(labels, storedBytes);
      metrics.segments.inc(labels);
      metrics.sealSeconds.observe(seconds);
      totals.records += batch.records;
      totals.segments += 1;
      const { topic, partition } = actor.route.partition;
      const sequence = (actor.head?.size ?? 0) - 1;
      const { records, nextOffset } = batch;
      options.onSealed?.({ topic, partition, sequence, records, nextOffset, storedBytes, seconds });
      options.log.info({ topic, partition, sequence, records, nextOffset, storedBytes }, 'sealed');
    },
    fenced: (actor: PartitionView) => metrics.fenced.inc(labelsOf(actor)),
    trouble(actor: PartitionView, error: unknown) {
      metrics.troubles.inc({ code: codeOf(error) });
      const remedy = error instanceof LedgerstoneError ? error.remedy : undefined;
      options.log.warn(
        { ...actor.route.partition, code: codeOf(error), remedy },
        `trying again: ${messageOf(error)}`,
      );
    },
  };
}

function logStart(
  log: Logger,
  config: Config,
  signers: readonly Signer[],
  instance: string,
  url: string | null,
) {
  const { store } = config.archive;
  const keys = signers.map((signer) => signer.description);
  const where = store.kind === 's3' ? `s3://${store.bucket}/${store.prefix}` : store.path;
  log.info(
    { instance, origin: config.archive.origin, store: where, keys, server: url },
    'ledgerstone archive starts',
  );
}

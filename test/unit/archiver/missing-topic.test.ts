// Does a service whose topic is misspelt say so, instead of standing by in silence?
import { expect, it } from 'vitest';
import { ArchiverMetrics } from '../../../src/archiver/metrics.ts';
import { Pipeline, type PipelineOptions } from '../../../src/archiver/pipeline.ts';
import { notReadyReasons, observeGauges } from '../../../src/archiver/status.ts';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { parseConfig } from '../../../src/config/archiver.ts';
import type { Source, SourceListener } from '../../../src/ingest/source.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { memoryStore } from '../../support/memory-store.ts';

const CONFIG = `archive:
  origin: test.example.com/missing
  store: { kind: directory, path: x }
  signing: { kind: local, keyFile: x }
source: { kind: kafka, brokers: ["127.0.0.1:1"], topics: [{ name: audit.order, retention: r }] }
retention: { r: { mode: COMPLIANCE, period: 1h } }
`;

it('is not ready, logs an error with the remedy, and is ready once the topic is there', async () => {
  const clock = new FakeClock();
  const errors: object[] = [];
  let listener: SourceListener | undefined;
  const source = {
    kind: 'kafka',
    start: async (given: SourceListener) => {
      listener = given;
    },
    close: async () => {},
  } as unknown as Source;
  const store = memoryStore({ clock });
  const pipeline = new Pipeline({
    ...{ source, clock, store, config: parseConfig(CONFIG, 'test.yaml', {}) },
    ...{ signers: [], trusted: [], random: () => 0, sha256: nodeSha256, observer: {} },
    encoder: {},
    log: {
      debug() {},
      info() {},
      warn() {},
      error: (fields: object, text: string) => errors.push({ ...fields, text }),
    },
    writer: { id: 'a', version: '1' },
  } as unknown as PipelineOptions);
  const stop = new AbortController();
  const run = pipeline.run(stop.signal);
  const metrics = new ArchiverMetrics();
  const shown = async () => {
    observeGauges(metrics, pipeline, store, clock);
    const text = await metrics.registry.metrics();
    return ['ready', 'topic_missing', 'segment_max_age_seconds', 'segment_heartbeat_seconds'].map(
      (name) => new RegExp(`^ledgerstone_${name}(?:\\{.*\\})? (.+)$`, 'm').exec(text)?.[1],
    );
  };
  expect(await shown()).toEqual(['0', '0', '60', '3600']);
  listener?.onAssign([]);
  expect(notReadyReasons(pipeline, clock)).toEqual([]);
  expect(await shown()).toEqual(['1', '0', '60', '3600']);
  listener?.onMissing?.(['audit.order']);
  expect(notReadyReasons(pipeline, clock)).toEqual(['topic audit.order is not there, or not shown']);
  expect(await shown()).toEqual(['0', '1', '60', '3600']);
  expect(await metrics.registry.metrics()).toContain('ledgerstone_topic_missing{topic="audit.order"} 1');
  expect(errors).toMatchObject([{ topic: 'audit.order', remedy: expect.stringContaining('source.topics') }]);
  listener?.onMissing?.([]);
  expect(notReadyReasons(pipeline, clock)).toEqual([]);
  expect(await shown()).toEqual(['1', '0', '60', '3600']);

  // It may own nothing of a topic that is there: ready, and the metrics say how much nobody may own.
  const share = async () =>
    ['topic_partitions', 'owned_partitions'].map(
      (name) => new RegExp(`^ledgerstone_${name}\\{topic="audit.order"\\} (.+)$`, 'm').exec(text)?.[1],
    );
  let text = await metrics.registry.metrics();
  expect(await share()).toEqual([undefined, '0']);
  listener?.onTopics?.(new Map([['audit.order', 6]]));
  expect(await shown()).toEqual(['1', '0', '60', '3600']);
  text = await metrics.registry.metrics();
  expect(await share()).toEqual(['6', '0']);
  expect(pipeline.shares).toEqual([{ topic: 'audit.order', partitions: 6, owned: 0 }]);
  stop.abort();
  expect((await run).kind).toBe('drained');
});

// Does a service whose topic is misspelt say so, instead of standing by in silence?
import { expect, it } from 'vitest';
import { Pipeline, type PipelineOptions } from '../../../src/archiver/pipeline.ts';
import { notReadyReasons } from '../../../src/archiver/status.ts';
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
  const pipeline = new Pipeline({
    ...{ source, clock, store: memoryStore({ clock }), config: parseConfig(CONFIG, 'test.yaml', {}) },
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
  listener?.onAssign([]);
  expect(notReadyReasons(pipeline, clock)).toEqual([]);
  listener?.onMissing?.(['audit.order']);
  expect(notReadyReasons(pipeline, clock)).toEqual(['topic audit.order is not there, or not shown']);
  expect(errors).toMatchObject([{ topic: 'audit.order', remedy: expect.stringContaining('source.topics') }]);
  listener?.onMissing?.([]);
  expect(notReadyReasons(pipeline, clock)).toEqual([]);
  stop.abort();
  expect((await run).kind).toBe('drained');
});

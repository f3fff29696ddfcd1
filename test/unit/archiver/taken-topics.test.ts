// Does the archiver say which topics its patterns took, that none matches, and that one is gone?
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
  origin: test.example.com/taken
  store: { kind: directory, path: x }
  signing: { kind: local, keyFile: x }
source:
  kind: kafka
  brokers: ["127.0.0.1:1"]
  topics:
    - { name: orders, retention: r }
    - { pattern: '^audit\\.', retention: r }
retention: { r: { mode: COMPLIANCE, period: 1h } }
`;

it('says each', async () => {
  const clock = new FakeClock();
  const said: { level: string; text: string; remedy?: string }[] = [];
  const say = (level: string) => (fields: object, text: string) => said.push({ level, ...fields, text });
  let listener: SourceListener | undefined;
  const start = async (given: SourceListener) => {
    listener = given;
  };
  const store = memoryStore({ clock });
  const pipeline = new Pipeline({
    source: { kind: 'kafka', start, close: async () => {} } as unknown as Source,
    ...{ clock, store, config: parseConfig(CONFIG, 'test.yaml', {}) },
    ...{ signers: [], trusted: [], random: () => 0, sha256: nodeSha256, observer: {}, encoder: {} },
    log: { debug() {}, info: say('info'), warn: say('warn'), error: say('error') },
    decidedChains: new Set(['orders', 'audit.users']),
    writer: { id: 'a', version: '1' },
  } as unknown as PipelineOptions);
  const stop = new AbortController();
  const run = pipeline.run(stop.signal);
  const metrics = new ArchiverMetrics();
  const shown = async () => {
    observeGauges(metrics, pipeline, store, clock);
    const text = await metrics.registry.metrics();
    return text.split('\n').filter((line) => /^ledgerstone_topic(s_taken|_missing)/.test(line));
  };

  listener?.onTaken?.([]);
  listener?.onAssign([]);
  expect(notReadyReasons(pipeline, clock)).toEqual(['no topic that is shown matches ^audit\\.']);
  expect(await shown()).toEqual([
    'ledgerstone_topic_missing{topic="orders"} 0',
    'ledgerstone_topic_missing{topic="^audit\\\\."} 1',
    'ledgerstone_topics_taken 0',
  ]);
  expect(said.filter(({ level }) => level === 'error')).toMatchObject([
    {
      text: 'no topic that is shown matches ^audit\\.: nothing is archived by it',
      remedy: expect.any(String),
    },
  ]);

  listener?.onTaken?.(['audit.users']);
  expect(said.at(-1)).toMatchObject({
    ...{ level: 'info', topic: 'audit.users', pattern: '^audit\\.' },
    text: 'topic audit.users is archived, as a pattern wants',
  });
  expect(notReadyReasons(pipeline, clock)).toEqual([]);
  listener?.onTopics?.(new Map([['audit.users', 2]]));
  expect(pipeline.shares).toEqual([
    { topic: 'orders', partitions: null, owned: 0 },
    { topic: 'audit.users', partitions: 2, owned: 0 },
  ]);
  expect(await shown()).toEqual([
    'ledgerstone_topic_missing{topic="orders"} 0',
    'ledgerstone_topic_missing{topic="audit.users"} 0',
    'ledgerstone_topics_taken 1',
  ]);

  listener?.onTaken?.(['audit.new']);
  expect(said.at(-1)).toMatchObject({
    ...{
      level: 'warn',
      topic: 'audit.new',
      remedy: expect.stringContaining('`ledgerstone retention policy`'),
    },
    text: 'the policy in force does not name the chain audit.new',
  });

  listener?.onMissing?.(['audit.users']);
  expect(said.at(-1)).toMatchObject({ level: 'error', remedy: expect.stringContaining('`except`') });
  expect(notReadyReasons(pipeline, clock)).toEqual(['topic audit.users is not there, or not shown']);
  expect((await shown())[1]).toBe('ledgerstone_topic_missing{topic="audit.users"} 1');
  stop.abort();
  expect((await run).kind).toBe('drained');
});

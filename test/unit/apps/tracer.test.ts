// Which spans does an OpenTelemetry SDK get, each within what it is part of, and what happens without one?
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { context, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTracer } from '../../../src/apps/tracer.ts';
import { verifierRig } from '../../support/verifier-rig.ts';
import { ledgerstone } from '../cli/captured-io.ts';
import { ARCHIVER_YAML } from './alert-configs.ts';

const exporter = new InMemorySpanExporter();

/** As an operator's SDK registers itself, before the program is loaded or after. */
function register(): void {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(
    new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
  );
}

beforeEach(register);
afterEach(() => {
  trace.disable();
  context.disable();
  exporter.reset();
});

/** Each span with the names of all that it is part of, such as `run/task/confirm`. */
function paths(): string[] {
  const spans = exporter.getFinishedSpans();
  const pathOf = (span: ReadableSpan): string => {
    const parent = spans.find((one) => one.spanContext().spanId === span.parentSpanContext?.spanId);
    const name = span.name.replace(/^ledgerstone\.(verifier\.)?/, '');
    return parent === undefined ? name : `${pathOf(parent)}/${name}`;
  };
  return spans.map(pathOf);
}

async function archived(lines: number): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'traced-'));
  const file = join(dir, 'ledgerstone.yaml');
  writeFileSync(file, `${ARCHIVER_YAML.replace('30s', '30s, maxRecords: 2')}server: { port: 0 }\n`);
  writeFileSync(join(dir, 'events.jsonl'), '{"a":1}\n'.repeat(lines));
  try {
    expect((await ledgerstone(['init', '--config', file])).code).toBe(0);
    expect(await ledgerstone(['archive', '--config', file])).toMatchObject({ code: 0, err: '' });
  } finally {
    rmSync(dir, { recursive: true });
  }
}

describe('an archiver', () => {
  it('traces each batch to its seal, with its steps', async () => {
    await archived(3);
    const all = paths();
    expect(all.filter((path) => path === 'seal_batch')).toHaveLength(2);
    for (const step of ['encode', 'check_clock', 'put_data', 'sign', 'put_seal'])
      expect(all.filter((path) => path === `seal_batch/${step}`).length, step).toBeGreaterThanOrEqual(2);
    const batches = exporter.getFinishedSpans().filter(({ name }) => name === 'ledgerstone.seal_batch');
    expect(batches.map(({ attributes }) => attributes)).toEqual([
      {
        ...{ 'messaging.destination.name': 'orders', 'messaging.destination.partition.id': '0' },
        ...{ 'ledgerstone.first_offset': 0, 'ledgerstone.next_offset': 2, 'ledgerstone.records': 2 },
      },
      expect.objectContaining({ 'ledgerstone.first_offset': 2, 'ledgerstone.records': 1 }),
    ]);
  });

  it('does the same work where nobody registered an SDK', async () => {
    trace.disable();
    context.disable();
    await archived(3);
    expect(paths()).toEqual([]);
  });
});

it('a verifier traces each run, its tasks and each chain that it confirms', async () => {
  const { run } = await verifierRig(2);
  await run({ task: 'confirm' });
  expect(paths()).toEqual(['run/task/confirm', 'run/task', 'run']);
  const [confirm, task, whole] = exporter.getFinishedSpans().map(({ attributes }) => attributes);
  expect(confirm).toEqual({ 'ledgerstone.chain': 'orders', 'ledgerstone.partition': 0 });
  expect(task).toEqual({ 'ledgerstone.task': 'confirm' });
  expect(whole).toMatchObject({ 'ledgerstone.tasks': 'confirm', 'ledgerstone.chains': 0 });
});

it('work that fails is a span that failed, and fails as it did', async () => {
  const failing = openTracer().span('ledgerstone.sign', {}, () => Promise.reject(new Error('no key')));
  await expect(failing).rejects.toThrow('no key');
  const [span] = exporter.getFinishedSpans();
  expect(span?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'no key' });
});

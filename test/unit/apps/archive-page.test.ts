// Does the archiver's page say that the log's key is being changed, and for which chains?
import { expect, it } from 'vitest';
import { archiveFace } from '../../../src/apps/page/archive-page.ts';
import { DayHistory } from '../../../src/apps/page/day-history.ts';
import type { ServiceStatus } from '../../../src/archiver/status.ts';
import { parseConfig } from '../../../src/config/archiver.ts';

const config = parseConfig(
  JSON.stringify({
    archive: {
      origin: 'audit.example.com/prod',
      store: { kind: 'directory', path: 'archive' },
      signing: { kind: 'local', keyFile: 'k.pem' },
    },
    source: { kind: 'kafka', brokers: ['127.0.0.1:9'], topics: [{ name: 'orders', retention: 'r' }] },
    retention: { r: { mode: 'COMPLIANCE', period: '1d' } },
  }),
  '/etc/ledgerstone.yaml',
  {},
);

function boundsWith(keys?: ServiceStatus['keys']): string {
  const status: ServiceStatus = {
    ...{ instance: 'i', version: '1.0.0', origin: 'audit.example.com/prod', ready: true, reasons: [] },
    ...{ startedAt: '2026-11-22T10:00:00Z', bufferedBytes: 0, pausedForMemory: false },
    ...{ topics: [], partitions: [], ...(keys !== undefined && { keys }) },
  };
  const series = new DayHistory().series(0);
  const face = archiveFace({ config, status, lag: series, sealAge: series, startedMs: 0, nowMs: 0 });
  return face.verdict.bounds.join('\n');
}

it('names the chains that wait for the key that was decided, and none when none does', () => {
  expect(boundsWith({ waiting: ['orders/0', 'orders/1'], problem: null })).toContain(
    'These chains of this instance wait for it: orders/0, orders/1.',
  );
  const many = Array.from({ length: 23 }, (_, partition) => `orders/${partition}`);
  expect(boundsWith({ waiting: many, problem: null })).toMatch(/orders\/19 and 3 more\.$/m);
  for (const keys of [undefined, { waiting: [], problem: null }])
    expect(boundsWith(keys)).not.toMatch(/key/i);
});

it('says why a decision about keys is not followed', () => {
  expect(boundsWith({ waiting: [], problem: 'the decision names x' })).toContain(
    'What was decided about keys is not followed: the decision names x',
  );
});

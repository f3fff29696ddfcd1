// Do the sizes, the times and the ages of segments reach their topic?
import { expect, it } from 'vitest';
import { observerOf, type RunOptions } from '../../../src/apps/archiver/observer.ts';
import type { Batch } from '../../../src/archiver/batch.ts';
import { ArchiverMetrics } from '../../../src/archiver/metrics.ts';
import type { PartitionView } from '../../../src/archiver/partition-view.ts';
import { silentLogger } from '../../../src/base/log.ts';
import type { Manifest } from '../../../src/format/manifest.ts';

const NOW_MS = Date.UTC(2026, 0, 1);

async function sealed(...manifests: { readonly bytes: number | null; readonly oldestMs: number | null }[]) {
  const metrics = new ArchiverMetrics();
  const options = { log: silentLogger } as unknown as RunOptions;
  const observer = observerOf(metrics, { records: 0, segments: 0 }, options, { now: () => NOW_MS });
  const actor = { route: { partition: { topic: 'orders', partition: 3 } }, head: null } as PartitionView;
  for (const { bytes, oldestMs } of manifests) {
    const data = bytes === null ? null : { bytes };
    const first = oldestMs === null ? null : new Date(oldestMs).toISOString();
    const manifest = { data, time: { first } } as unknown as Manifest;
    observer.sealed(actor, { records: 7, lines: 8, nextOffset: 8 } as Batch, manifest, 0.4);
  }
  const lines = (await metrics.registry.metrics()).split('\n');
  return (name: string) =>
    Number(
      lines
        .find((line) => line.startsWith(`ledgerstone_${name}{topic="orders"`))
        ?.split(' ')
        .at(-1),
    );
}

it('a segment has its size, its seconds, and the age of its oldest record', async () => {
  const value = await sealed({ bytes: 5000, oldestMs: NOW_MS - 42_000 });
  expect(value('stored_bytes_total')).toBe(5000);
  expect(value('segment_bytes_sum')).toBe(5000);
  expect(value('segment_records_sum')).toBe(7);
  expect(value('seal_seconds_sum')).toBe(0.4);
  expect(value('record_to_seal_seconds_sum')).toBe(42);
});

it('silence that was sealed has no size and no age', async () => {
  const value = await sealed({ bytes: null, oldestMs: null });
  expect(value('segments_sealed_total')).toBe(1);
  expect(value('seal_seconds_count')).toBe(1);
  for (const name of ['segment_bytes_count', 'segment_records_count', 'record_to_seal_seconds_count'])
    expect(value(name), name).toBeNaN();
});

it('a record that is ahead of this clock is no younger than now', async () => {
  const value = await sealed({ bytes: 1, oldestMs: NOW_MS + 60_000 }, { bytes: 1, oldestMs: NOW_MS - 1000 });
  expect([value('record_to_seal_seconds_count'), value('record_to_seal_seconds_sum')]).toEqual([2, 1]);
});

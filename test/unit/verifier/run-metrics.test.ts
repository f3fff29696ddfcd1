// Do the figures of a run say what the clocks say, even where these disagree?
import { describe, expect, it } from 'vitest';
import { runMetricsOf } from '../../../src/apps/verifier/run-metrics.ts';
import type { RunResult, StepResult } from '../../../src/verifier/verifier.ts';

const NOW_MS = Date.UTC(2026, 0, 1);
const counts = { open: () => null, notificationsFailed: 0 };

function metricsOf(lastSealed: readonly number[], sweepRoundMs: number | null = null) {
  const steps = lastSealed.map((ms) => {
    const [place, report] = [{ chain: 'orders', partition: 0 }, { lastSealed: new Date(ms).toISOString() }];
    const oldestRecord = ms > NOW_MS ? null : new Date(ms - 60_000).toISOString();
    return { isNew: true, place, report, oldestRecord } as unknown as StepResult;
  });
  const metrics = { oldestRereadMs: null, staleChains: null, lateChains: null, chains: null, sweepRoundMs };
  // The steps have only what lag is taken from.
  const sums = steps.map((step) => ({
    ...step,
    report: { ...step.report, checked: { seals: 0, lines: 0 } },
  }));
  const result = { steps: sums, failures: [], metrics, failedIds: [] } as unknown as RunResult;
  return runMetricsOf(result, counts, NOW_MS);
}

describe('the time from a seal to its attestation', () => {
  it('is the longest of the run', () => {
    expect(metricsOf([NOW_MS - 1_500, NOW_MS - 4_000]).confirmLagSeconds).toBe(4);
  });

  it('is negative where the archiver is ahead of this clock: 0 would say that they agree', () => {
    expect(metricsOf([NOW_MS + 30_000]).confirmLagSeconds).toBe(-30);
  });

  it('is there for each chain, with the time from its oldest record', () => {
    expect(metricsOf([NOW_MS - 1_500, NOW_MS + 1_000]).attested).toEqual([
      { chain: 'orders', sealSeconds: 1.5, recordSeconds: 61.5 },
      { chain: 'orders', sealSeconds: -1, recordSeconds: null },
    ]);
  });

  it('is not known where nothing is new', () => expect(metricsOf([]).confirmLagSeconds).toBeNull());
});

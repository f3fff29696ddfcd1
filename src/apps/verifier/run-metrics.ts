// Which metrics does one run report to CloudWatch?

import { isChainThere, type RunResult } from '../../verifier/verifier.ts';
import type { Severity } from '../../verify/finding.ts';
import type { AttestedChain, RunMetrics } from './emf.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

export type Counts = {
  readonly open: (severity: Severity) => number | null;
  readonly notificationsFailed: number;
};

export function runMetricsOf({ steps, metrics }: RunResult, counts: Counts, nowMs: number): RunMetrics {
  const attested = steps.filter(({ isNew }) => isNew);
  const sum = (of: (step: (typeof steps)[number]) => number) =>
    attested.reduce((total, step) => total + of(step), 0);
  const sinceSeconds = (time: string) => (nowMs - Date.parse(time)) / 1000;
  const chains = attested.flatMap(({ place, report, oldestRecord: oldest = null }): AttestedChain[] => {
    if (report?.lastSealed == null) return [];
    const recordSeconds = oldest === null ? null : sinceSeconds(oldest);
    return [{ chain: place.chain, sealSeconds: sinceSeconds(report.lastSealed), recordSeconds }];
  });
  const lags = chains.map(({ sealSeconds }) => sealSeconds);
  return {
    findingsBroken: counts.open('broken'),
    unverifiable: counts.open('unverifiable'),
    attempts: counts.open('attempt'),
    notices: counts.open('notice'),
    staleChains: metrics.staleChains,
    lateChains: metrics.lateChains,
    chains: metrics.chains,
    chainsConfirmed: steps.filter((step) => step.verdict === 'verified' && step.isAtEnd && isChainThere(step))
      .length,
    segmentsConfirmed: sum(({ report }) => report?.checked.seals ?? 0),
    eventsConfirmed: sum(({ report }) => report?.checked.lines ?? 0),
    confirmLagSeconds: lags.length === 0 ? null : Math.max(...lags),
    oldestRereadDays: metrics.oldestRereadMs === null ? null : (nowMs - metrics.oldestRereadMs) / DAY_MS,
    sweepRoundAgeHours: metrics.sweepRoundMs === null ? null : metrics.sweepRoundMs / HOUR_MS,
    stampAgeHours: metrics.lastStampMs === null ? null : (nowMs - metrics.lastStampMs) / HOUR_MS,
    notificationsFailed: counts.notificationsFailed,
    attested: chains,
  };
}

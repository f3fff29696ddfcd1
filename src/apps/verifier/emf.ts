// How does CloudWatch get metrics from a line of a log? (CloudWatch embedded metric format)
import { assert } from '../../base/assert.ts';
import { messageOf } from '../../base/error.ts';

type MetricUnit = 'Count' | 'Seconds' | 'None';
export type Metric = { readonly value: number; readonly unit: MetricUnit };

/** CloudWatch refuses more metrics in one line. */
const METRICS_MAX = 100;

/**
 * One line without its LF. Without dimensions a metric is one number over everything, as alarms need it. With
 * them the same numbers also appear by dimension, and each combination costs as much as a metric of its own.
 */
export function emfLine(
  namespace: string,
  metrics: Readonly<Record<string, Metric | null>>,
  atMs: number,
  dimensions: Readonly<Record<string, string>> = {},
): string {
  assert(/^[A-Za-z0-9._/#:-]{1,255}$/.test(namespace), `a metrics namespace ${JSON.stringify(namespace)}`);
  const known = Object.entries(metrics).filter((entry): entry is [string, Metric] => entry[1] !== null);
  assert(known.length <= METRICS_MAX, `${known.length} metrics in one line`);
  const names = Object.keys(dimensions);
  for (const [name, { value }] of known) {
    assert(Number.isFinite(value), `metric ${name} is ${value}`);
    assert(!names.includes(name) && name !== '_aws', `a metric named like a dimension: ${name}`);
  }
  return JSON.stringify({
    _aws: {
      Timestamp: Math.floor(atMs),
      CloudWatchMetrics: [
        {
          Namespace: namespace,
          Dimensions: names.length === 0 ? [[]] : [[], names],
          Metrics: known.map(([Name, { unit: Unit }]) => ({ Name, Unit })),
        },
      ],
    },
    ...dimensions,
    ...Object.fromEntries(known.map(([name, { value }]) => [name, value])),
  });
}

/** To the end of the run, by two clocks. `recordSeconds`: null where the newest segment has no records. */
export type AttestedChain = {
  readonly chain: string;
  readonly sealSeconds: number;
  readonly recordSeconds: number | null;
};

/** What one run of the verifier has seen. Null is not zero: the run has not looked. */
export type RunMetrics = {
  /** Open findings of the scopes that the run reported on. */
  readonly findingsBroken: number | null;
  readonly unverifiable: number | null;
  readonly attempts: number | null;
  readonly notices: number | null;
  readonly staleChains: number | null;
  /** Chains whose offsets the brokers have for too long. */
  readonly lateChains: number | null;
  /** Chains that the archive has. */
  readonly chains: number | null;
  readonly chainsConfirmed: number;
  readonly segmentsConfirmed: number;
  readonly eventsConfirmed: number;
  /**
   * From `time.sealed` to the attestation, the longest of the run: by two clocks. Negative: the archiver's is
   * ahead of this one.
   */
  readonly confirmLagSeconds: number | null;
  /** Days since the byte was read that waits longest for its next reading. */
  readonly oldestRereadDays: number | null;
  /**
   * Since the round of the sweep began that is under way, or has just ended. Negative: this clock went back
   * since.
   */
  readonly sweepRoundAgeHours: number | null;
  /** Since the newest stamp of the time-stamping authority, or since the first try where there is none. */
  readonly stampAgeHours: number | null;
  /** Messages that a channel did not take. The next run repeats them. */
  readonly notificationsFailed: number;
  /** Chains that were attested, each once. Not for CloudWatch. */
  readonly attested?: readonly AttestedChain[];
};

const count = (value: number | null): Metric | null => (value === null ? null : { value, unit: 'Count' });

/** Null: neither is known. */
export const sumOfKnown = (a: number | null, b: number | null): number | null =>
  a === null ? b : a + (b ?? 0);

const emfMetrics = (metrics: RunMetrics): Readonly<Record<string, Metric | null>> => ({
  FindingsBroken: count(metrics.findingsBroken),
  Unverifiable: count(metrics.unverifiable),
  Attempts: count(metrics.attempts),
  Notices: count(metrics.notices),
  StaleChains: count(sumOfKnown(metrics.staleChains, metrics.lateChains)),
  Chains: count(metrics.chains),
  ChainsConfirmed: count(metrics.chainsConfirmed),
  SegmentsConfirmed: count(metrics.segmentsConfirmed),
  EventsConfirmed: count(metrics.eventsConfirmed),
  ConfirmLagSeconds:
    metrics.confirmLagSeconds === null ? null : { value: metrics.confirmLagSeconds, unit: 'Seconds' },
  OldestRereadDays:
    metrics.oldestRereadDays === null ? null : { value: metrics.oldestRereadDays, unit: 'None' },
  SweepRoundAgeHours:
    metrics.sweepRoundAgeHours === null ? null : { value: metrics.sweepRoundAgeHours, unit: 'None' },
  StampAgeHours: metrics.stampAgeHours === null ? null : { value: metrics.stampAgeHours, unit: 'None' },
  NotificationsFailed: count(metrics.notificationsFailed),
});

/** A metric that can't be written must not end a run that has evidence to keep. The line then says why. */
export function metricsLine(namespace: string, metrics: RunMetrics, atMs: number): string {
  try {
    return emfLine(namespace, emfMetrics(metrics), atMs);
  } catch (error) {
    return JSON.stringify({ level: 'error', message: `no metrics: ${messageOf(error)}` });
  }
}

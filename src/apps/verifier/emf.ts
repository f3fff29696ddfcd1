// How does CloudWatch learn figures from a line of a log? (CloudWatch embedded metric format)
import { assert } from '../../base/assert.ts';
import { messageOf } from '../../base/error.ts';

type MetricUnit = 'Count' | 'Seconds' | 'None';
export type Metric = { readonly value: number; readonly unit: MetricUnit };

/** CloudWatch refuses more metrics in one line. */
const METRICS_MAX = 100;

/**
 * One line without its LF. Without dimensions a metric is one figure over everything, which is what alarms are made on;
 * with them the same figures also stand by dimension, and each combination costs as a metric of its own.
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

/** What one run of the verifier has seen. Null: it has not looked, which is not zero. */
export type RunFigures = {
  /** Open findings of the scopes that the run reported on. */
  readonly findingsBroken: number | null;
  readonly unverifiable: number | null;
  readonly attempts: number | null;
  readonly notices: number | null;
  readonly staleChains: number | null;
  readonly chainsConfirmed: number;
  readonly segmentsConfirmed: number;
  readonly eventsConfirmed: number;
  /** From `time.sealed` to the attestation, the longest of the run. */
  readonly confirmLagSeconds: number | null;
  /** Since the byte was read that waits longest for its next reading. */
  readonly oldestRereadDays: number | null;
  /** Messages that could not be handed over. They are due again in the next run. */
  readonly notificationsFailed: number;
};

const count = (value: number | null): Metric | null => (value === null ? null : { value, unit: 'Count' });

const runMetrics = (figures: RunFigures): Readonly<Record<string, Metric | null>> => ({
  FindingsBroken: count(figures.findingsBroken),
  Unverifiable: count(figures.unverifiable),
  Attempts: count(figures.attempts),
  Notices: count(figures.notices),
  StaleChains: count(figures.staleChains),
  ChainsConfirmed: count(figures.chainsConfirmed),
  SegmentsConfirmed: count(figures.segmentsConfirmed),
  EventsConfirmed: count(figures.eventsConfirmed),
  ConfirmLagSeconds:
    figures.confirmLagSeconds === null ? null : { value: figures.confirmLagSeconds, unit: 'Seconds' },
  OldestRereadDays:
    figures.oldestRereadDays === null ? null : { value: figures.oldestRereadDays, unit: 'None' },
  NotificationsFailed: count(figures.notificationsFailed),
});

/** A figure that can't be written must not end a run that has evidence to keep: then the line says why. */
export function metricsLine(namespace: string, figures: RunFigures, atMs: number): string {
  try {
    return emfLine(namespace, runMetrics(figures), atMs);
  } catch (error) {
    return JSON.stringify({ level: 'error', message: `no figures: ${messageOf(error)}` });
  }
}

// Which metrics does the watching process expose? The same as CloudWatch gets on AWS, and each chain's state.
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { type Clock, systemClock } from '../../base/clock.ts';
import { type RunMetrics, sumOfKnown } from './emf.ts';
import type { Counts } from './run-metrics.ts';
import type { WatchState } from './watch.ts';

const SEVERITIES = ['broken', 'unverifiable', 'attempt', 'notice'] as const;
const CHAIN = ['topic', 'partition'];
/** By chain name, never by partition: each has a series for each bucket. */
const BUCKETS_OF = {
  seal: [1, 2.5, 5, 10, 20, 30, 60, 120, 300, 900, 3600],
  record: [1, 5, 10, 30, 60, 90, 120, 300, 900, 3600, 21_600, 86_400],
} as const;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export type WatchMetricsOptions = {
  readonly fullPassMs: number;
  readonly sweepMs: number;
  /** For ages: its wall clock. */
  readonly clock?: Clock;
};

export class WatchMetrics {
  readonly registry = new Registry();
  readonly #findings = this.#gauge(
    'findings_open',
    [
      'Open findings by severity, also of earlier processes; attempts of CloudTrail of the last 7 days.',
      'Absent: not read yet',
    ].join(' '),
    ['severity'],
  );
  readonly #stale = this.#gauge(
    'stale_chains',
    'Chains without a seal, or with offsets unsealed, for longer than was promised',
  );
  readonly #chains = this.#gauge('chains', 'Chains that the archive has');
  readonly #lag = this.#gauge(
    'confirm_lag_seconds',
    "From a seal to its attestation, the longest of a round; below 0: the archiver's clock is ahead of this one",
  );
  readonly #reread = this.#gauge('oldest_reread_days', 'Since the byte was read that waits longest');
  readonly #fullPass = this.#gauge('full_pass_days', 'fullPass.every of the configuration, for alarms');
  readonly #sweepRound = this.#gauge(
    'sweep_round_hours',
    'Since the newest round of the sweep began of which a part was done',
  );
  readonly #sweepEvery = this.#gauge('sweep_every_hours', 'sweep.every of the configuration, for alarms');
  readonly #stamp = this.#gauge(
    'stamp_age_hours',
    'Since the newest stamp of the time-stamping authority, or the first try where there is none',
  );
  readonly #lastRound = this.#gauge('last_round_timestamp_seconds', 'When a round went through last');
  readonly #failing = this.#gauge(
    'task_failing_since_timestamp_seconds',
    'Since when a task has failed without having succeeded since',
    ['task'],
  );
  readonly #size = this.#gauge('confirmed_segments', 'Segments of a chain that are attested', CHAIN);
  readonly #sound = this.#gauge(
    'chain_verified',
    '1: what was looked at last of this chain was sound',
    CHAIN,
  );
  readonly #lastSeal = this.#gauge(
    'last_seal_timestamp_seconds',
    'When the newest attested segment of a chain was sealed, by its writer',
    CHAIN,
  );
  readonly #sealLag = this.#histogram(
    'seal_to_attestation_seconds',
    'From the newest seal of a chain to the end of the round that attested it; below 0: 0',
    BUCKETS_OF.seal,
  );
  readonly #recordLag = this.#histogram(
    'record_to_attestation_seconds',
    'The same from the oldest record of that segment, by its time in Kafka',
    BUCKETS_OF.record,
  );
  readonly #segments = this.#counter('segments_confirmed_total', 'Segments checked and attested');
  readonly #events = this.#counter('events_confirmed_total', 'Lines of those segments');
  readonly #notificationsFailed = this.#counter(
    'notifications_failed_total',
    'Messages that a channel did not take',
  );

  readonly #clock: Clock;
  /** Null: no run has ended yet. */
  #open: Counts['open'] | null = null;
  #staleChains: number | null = null;
  #lateChains: number | null = null;
  /** Since when ages count. Null: not known yet. */
  #rereadMs: number | null = null;
  #sweepMs: number | null = null;
  #stampMs: number | null = null;
  /** The longest since it was taken last. Null: nothing was attested since. */
  #lagSeconds: number | null = null;

  constructor({ fullPassMs, sweepMs, clock = systemClock }: WatchMetricsOptions) {
    this.#clock = clock;
    this.#fullPass.set(fullPassMs / DAY_MS);
    this.#sweepEvery.set(sweepMs / HOUR_MS);
  }

  /**
   * What a run at `atMs` has seen. Null metrics were not looked at, so the values before stand, and ages
   * grow. `open`: over all scopes, not only this round's; asked again whenever the metrics are read.
   */
  observe(metrics: RunMetrics, open: Counts['open'], atMs: number): void {
    this.#open = open;
    // Two tasks look, each at its own times.
    this.#staleChains = metrics.staleChains ?? this.#staleChains;
    this.#lateChains = metrics.lateChains ?? this.#lateChains;
    set(this.#stale, sumOfKnown(this.#staleChains, this.#lateChains));
    set(this.#chains, metrics.chains);
    set(this.#lag, metrics.confirmLagSeconds);
    if (metrics.confirmLagSeconds !== null)
      this.#lagSeconds = Math.max(metrics.confirmLagSeconds, this.#lagSeconds ?? metrics.confirmLagSeconds);
    const { oldestRereadDays, sweepRoundAgeHours, stampAgeHours } = metrics;
    if (oldestRereadDays !== null) this.#rereadMs = atMs - oldestRereadDays * DAY_MS;
    if (sweepRoundAgeHours !== null) this.#sweepMs = atMs - sweepRoundAgeHours * HOUR_MS;
    for (const { chain: topic, sealSeconds, recordSeconds } of metrics.attested ?? []) {
      this.#sealLag.observe({ topic }, Math.max(0, sealSeconds));
      if (recordSeconds !== null) this.#recordLag.observe({ topic }, Math.max(0, recordSeconds));
    }
    if (stampAgeHours !== null) this.#stampMs = atMs - stampAgeHours * HOUR_MS;
    this.#segments.inc(metrics.segmentsConfirmed);
    this.#events.inc(metrics.eventsConfirmed);
    this.#notificationsFailed.inc(metrics.notificationsFailed);
  }

  /** Over all chains and tasks, by severity. Null: not known yet. */
  openFindings(): Readonly<Record<string, number | null>> {
    return Object.fromEntries(SEVERITIES.map((severity) => [severity, this.#open?.(severity) ?? null]));
  }

  /** From a seal to its attestation, the longest since this was asked last. Null: none was made since. */
  takeLagSeconds(): number | null {
    const lag = this.#lagSeconds;
    this.#lagSeconds = null;
    return lag;
  }

  /** In the text format of Prometheus. */
  text(state: WatchState): Promise<string> {
    if (state.lastRoundMs !== null) this.#lastRound.set(state.lastRoundMs / 1000);
    // Also where no run succeeds any more.
    const nowMs = this.#clock.now();
    for (const severity of SEVERITIES) set(this.#findings, this.#open?.(severity) ?? null, { severity });
    if (this.#rereadMs !== null) this.#reread.set((nowMs - this.#rereadMs) / DAY_MS);
    if (this.#sweepMs !== null) this.#sweepRound.set((nowMs - this.#sweepMs) / HOUR_MS);
    if (this.#stampMs !== null) this.#stamp.set((nowMs - this.#stampMs) / HOUR_MS);
    // What is gone from the state is gone from here.
    for (const gauge of [this.#failing, this.#size, this.#sound, this.#lastSeal]) gauge.reset();
    for (const [task, { sinceMs }] of state.troubles) this.#failing.set({ task }, sinceMs / 1000);
    for (const { place, size, verdict, sealedThrough } of state.chains.values()) {
      const labels = { topic: place.chain, partition: String(place.partition) };
      this.#size.set(labels, size);
      if (sealedThrough !== null) this.#lastSeal.set(labels, Date.parse(sealedThrough) / 1000);
      this.#sound.set(labels, verdict === 'verified' ? 1 : 0);
    }
    return this.registry.metrics();
  }

  #gauge(name: string, help: string, labelNames: readonly string[] = []): Gauge {
    const options = { name: `ledgerstone_verifier_${name}`, help, labelNames, registers: [this.registry] };
    const gauge = new Gauge(options);
    // A new gauge is zero, which would say that something was looked at.
    if (labelNames.length === 0) gauge.remove();
    return gauge;
  }

  #histogram(name: string, help: string, buckets: readonly number[]): Histogram<'topic'> {
    return new Histogram({
      ...{ name: `ledgerstone_verifier_${name}`, help, labelNames: ['topic'] as const },
      ...{ buckets: [...buckets], registers: [this.registry] },
    });
  }

  #counter(name: string, help: string): Counter {
    return new Counter({ name: `ledgerstone_verifier_${name}`, help, registers: [this.registry] });
  }
}

function set(gauge: Gauge, value: number | null, labels: Readonly<Record<string, string>> = {}): void {
  if (value !== null) gauge.set(labels, value);
}

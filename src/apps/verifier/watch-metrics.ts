// Which metrics does the watching process expose? The same as CloudWatch gets on AWS, and each chain's state.
import { Counter, Gauge, Registry } from 'prom-client';
import type { RunMetrics } from './emf.ts';
import type { Counts } from './run-metrics.ts';
import type { WatchState } from './watch.ts';

const SEVERITIES = ['broken', 'unverifiable', 'attempt', 'notice'] as const;
const CHAIN = ['topic', 'partition'];

export class WatchMetrics {
  readonly registry = new Registry();
  readonly #findings = this.#gauge('findings_open', 'Open findings by severity', ['severity']);
  readonly #stale = this.#gauge('stale_chains', 'Chains without a seal for longer than was promised');
  readonly #chains = this.#gauge('chains', 'Chains that the archive has');
  readonly #lag = this.#gauge(
    'confirm_lag_seconds',
    "From a seal to its attestation, the longest of a round; below 0: the archiver's clock is ahead of this one",
  );
  readonly #reread = this.#gauge('oldest_reread_days', 'Since the byte was read that waits longest');
  readonly #fullPass = this.#gauge('full_pass_days', 'fullPass.every of the configuration, for alarms');
  readonly #sweepRound = this.#gauge(
    'sweep_round_hours',
    'Since the round of the sweep began that is under way, or has just ended',
  );
  readonly #sweepEvery = this.#gauge('sweep_every_hours', 'sweep.every of the configuration, for alarms');
  readonly #lastRound = this.#gauge('last_round_timestamp_seconds', 'When a round went through last');
  readonly #size = this.#gauge('confirmed_segments', 'Segments of a chain that are attested', CHAIN);
  readonly #sound = this.#gauge(
    'chain_verified',
    '1: what was looked at last of this chain was sound',
    CHAIN,
  );
  readonly #segments = this.#counter('segments_confirmed_total', 'Segments checked and attested');
  readonly #events = this.#counter('events_confirmed_total', 'Lines of those segments');
  readonly #notificationsFailed = this.#counter(
    'notifications_failed_total',
    'Messages that a channel did not take',
  );

  constructor({ fullPassMs, sweepMs }: { readonly fullPassMs: number; readonly sweepMs: number }) {
    this.#fullPass.set(fullPassMs / 86_400_000);
    this.#sweepEvery.set(sweepMs / 3_600_000);
  }

  /**
   * Null metrics were not looked at, so the values before stand. `open`: over all scopes, not only this
   * round's.
   */
  observe(metrics: RunMetrics, open: Counts['open']): void {
    for (const severity of SEVERITIES) set(this.#findings, open(severity), { severity });
    set(this.#stale, metrics.staleChains);
    set(this.#chains, metrics.chains);
    set(this.#lag, metrics.confirmLagSeconds);
    set(this.#reread, metrics.oldestRereadDays);
    set(this.#sweepRound, metrics.sweepRoundAgeHours);
    this.#segments.inc(metrics.segmentsConfirmed);
    this.#events.inc(metrics.eventsConfirmed);
    this.#notificationsFailed.inc(metrics.notificationsFailed);
  }

  /** In the text format of Prometheus. */
  text(state: WatchState): Promise<string> {
    if (state.lastRoundMs !== null) this.#lastRound.set(state.lastRoundMs / 1000);
    // A chain that is gone from the state is gone from here.
    for (const gauge of [this.#size, this.#sound]) gauge.reset();
    for (const { place, size, verdict } of state.chains.values()) {
      const labels = { topic: place.chain, partition: String(place.partition) };
      this.#size.set(labels, size);
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

  #counter(name: string, help: string): Counter {
    return new Counter({ name: `ledgerstone_verifier_${name}`, help, registers: [this.registry] });
  }
}

function set(gauge: Gauge, value: number | null, labels: Readonly<Record<string, string>> = {}): void {
  if (value !== null) gauge.set(labels, value);
}

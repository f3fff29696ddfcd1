// Does a scraper see what was not looked at for long, what fails each time, and what nobody promised?
import { expect, it } from 'vitest';
import type { RunMetrics } from '../../../src/apps/verifier/emf.ts';
import { newWatchState } from '../../../src/apps/verifier/watch.ts';
import { WatchMetrics } from '../../../src/apps/verifier/watch-metrics.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const HOUR_MS = 3_600_000;
const NOTHING: RunMetrics = {
  ...{ findingsBroken: null, unverifiable: null, attempts: null, notices: null, chains: null },
  ...{ staleChains: null, lateChains: null, oldestRereadDays: null, sweepRoundAgeHours: null },
  stampAgeHours: null,
  ...{ chainsConfirmed: 0, segmentsConfirmed: 0, eventsConfirmed: 0, confirmLagSeconds: null },
  notificationsFailed: 0,
};

function setUp() {
  const clock = new FakeClock();
  const metrics = new WatchMetrics({ fullPassMs: 24 * HOUR_MS, sweepMs: HOUR_MS, clock });
  const state = newWatchState(clock.now());
  const observe = (some: Partial<RunMetrics>) =>
    metrics.observe({ ...NOTHING, ...some }, () => null, clock.now());
  const value = async (name: string) => {
    const lines = (await metrics.text(state)).split('\n');
    const line = lines.find((one) => one.startsWith(`ledgerstone_verifier_${name}`));
    return line === undefined ? null : Number(line.split(' ').at(-1));
  };
  return { clock, state, observe, value };
}

it('the ages of what no run reaches any more grow', async () => {
  const { clock, observe, value } = setUp();
  expect([await value('sweep_round_hours '), await value('oldest_reread_days ')]).toEqual([null, null]);
  expect(await value('stamp_age_hours ')).toBeNull();
  observe({ sweepRoundAgeHours: 2, oldestRereadDays: 1, stampAgeHours: 5 });
  await clock.advance(48 * HOUR_MS);
  observe({});
  expect([await value('sweep_round_hours '), await value('oldest_reread_days ')]).toEqual([50, 3]);
  expect(await value('stamp_age_hours ')).toBe(53);
});

it('a task that fails each time is seen, with the time since when', async () => {
  const { clock, state, value } = setUp();
  expect(await value('task_failing_since')).toBeNull();
  state.troubles.set('sweep', { message: 'x', remedy: null, sinceMs: clock.now() });
  expect(await value('task_failing_since_timestamp_seconds{task="sweep"}')).toBe(clock.now() / 1000);
  state.troubles.delete('sweep');
  expect(await value('task_failing_since')).toBeNull();
});

it('offsets that are late stay counted, whatever the freshness of the chains is', async () => {
  const { observe, value } = setUp();
  observe({ lateChains: 1 });
  observe({ staleChains: 0 });
  expect(await value('stale_chains ')).toBe(1);
  observe({ lateChains: 0 });
  expect(await value('stale_chains ')).toBe(0);
});

it('a chain that is attested has the time of its last seal, and how long it took from seal and record', async () => {
  const { clock, state, observe, value } = setUp();
  observe({
    attested: [
      { chain: 'orders', sealSeconds: 4, recordSeconds: 65 },
      { chain: 'orders', sealSeconds: -3, recordSeconds: null },
    ],
  });
  expect(await value('seal_to_attestation_seconds_sum{topic="orders"}')).toBe(4);
  expect(await value('seal_to_attestation_seconds_count{topic="orders"}')).toBe(2);
  expect(await value('record_to_attestation_seconds_sum{topic="orders"}')).toBe(65);
  expect(await value('record_to_attestation_seconds_count{topic="orders"}')).toBe(1);
  const chain = { place: { chain: 'orders', partition: 2 }, verdict: 'verified', size: 3, nextOffset: 9 };
  const seen = { ...chain, isAtEnd: true, isDrill: false, lookedAtMs: clock.now() };
  state.chains.set('orders/2', { ...seen, sealedThrough: '2026-01-01T00:00:00.500Z' });
  expect(await value('last_seal_timestamp_seconds{topic="orders",partition="2"}')).toBe(1767225600.5);
  // Not read again since the start: nothing is claimed.
  state.chains.set('orders/2', { ...seen, sealedThrough: null });
  expect(await value('last_seal_timestamp_seconds{')).toBeNull();
});

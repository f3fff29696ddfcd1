// What does a whole process do with its time, and does it end soon enough to be waited for? Loaded before it, by NODE_OPTIONS.
import { createHook, executionAsyncId } from 'node:async_hooks';
import { writeSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

export const PROBE = {
  /** The watchdog's patience, which is two minutes otherwise; a close and a session are shorter then too. */
  stallMs: 'LEDGERSTONE_PROBE_STALL_MS',
  /** Set: once a second a line on standard error says how many timers fired. */
  timers: 'LEDGERSTONE_PROBE_TIMERS',
  /** Set: once a second a line on standard error says for how long the event loop stood still at most. */
  loop: 'LEDGERSTONE_PROBE_LOOP',
} as const;

/** For the environment of a child. */
export const probed = (settings: Partial<Record<keyof typeof PROBE, string>>): Record<string, string> => ({
  NODE_OPTIONS: `--import=${import.meta.filename}`,
  ...Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [PROBE[name as keyof typeof PROBE], value]),
  ),
});

/** Timers that fired, by the second, out of what a probed process wrote. */
export const timersFired = (stderr: string): number[] =>
  [...stderr.matchAll(/^probe: (\d+) timers$/gm)].map(([, count]) => Number(count));

/** Milliseconds by the second, out of what a probed process wrote. */
export const loopStoodStill = (stderr: string): number[] =>
  [...stderr.matchAll(/^probe: loop (\d+) ms$/gm)].map(([, ms]) => Number(ms));

async function shortenStall(): Promise<void> {
  const stallMs = process.env[PROBE.stallMs];
  if (stallMs === undefined) return;
  const { KAFKA_TUNING } = await import('../../src/ingest/kafka/options.ts');
  Object.assign(KAFKA_TUNING, { stallMs: Number(stallMs), closeMs: 1_000, sessionMs: 4_000 });
}

function countTimers(): void {
  if (process.env[PROBE.timers] === undefined) return;
  const timers = new Set<number>();
  let fired = 0;
  let own = -1;
  createHook({
    init: (id, type) => void (type === 'Timeout' && timers.add(id)),
    before: (id) => {
      if (timers.has(id) && id !== own) fired += 1;
    },
    destroy: (id) => void timers.delete(id),
  }).enable();
  setInterval(() => {
    own = executionAsyncId();
    writeSync(2, `probe: ${fired} timers\n`);
    fired = 0;
  }, 1_000).unref();
}

function watchLoop(): void {
  if (process.env[PROBE.loop] === undefined) return;
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  setInterval(() => {
    writeSync(2, `probe: loop ${Math.round(delay.max / 1e6)} ms\n`);
    delay.reset();
  }, 1_000).unref();
}

if (isMainThread && (process.env['NODE_OPTIONS'] ?? '').includes(import.meta.filename)) {
  await shortenStall();
  countTimers();
  watchLoop();
}

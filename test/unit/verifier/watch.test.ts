// Does the plain process find what grows, keep its schedules, go on after trouble, and end when it is told to?
import { describe, expect, it } from 'vitest';
import { newWatchState, type Schedule, type WatchState, watch } from '../../../src/apps/verifier/watch.ts';
import { WatchMetrics } from '../../../src/apps/verifier/watch-metrics.ts';
import { startWatchServer } from '../../../src/apps/verifier/watch-server.ts';
import { utf8 } from '../../../src/base/bytes.ts';
import { type Clock, systemClock } from '../../../src/base/clock.ts';
import { LedgerstoneError } from '../../../src/base/error.ts';
import { runWork } from '../../../src/verifier/run.ts';
import type { RunResult, Task } from '../../../src/verifier/verifier.ts';
import { entries, NOW_MS } from '../../support/archive-builder.ts';
import { storeOver, verifierOf } from '../../support/verifier-store.ts';
import { PLACE, VerifierWorld } from '../../support/verifier-world.ts';

/** Sleeping is what makes its time go on; `between` acts for the world while it sleeps. */
function sleepingClock(between: (round: number) => Promise<void> | void): Clock {
  let monotonicMs = 0;
  let round = 0;
  return {
    now: () => NOW_MS + monotonicMs,
    monotonic: () => monotonicMs,
    sleep: async (ms, signal) => {
      // The grace time of a stop never ends in these tests.
      if (ms === 10_000)
        return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
      monotonicMs += ms;
      await between(round++);
      signal?.throwIfAborted();
    },
  };
}

function recordedLog() {
  const lines: [level: string, message: string][] = [];
  const to = (level: string) => (_: object, message: string) => void lines.push([level, message]);
  return { lines, log: { debug() {}, info: to('info'), warn: to('warn'), error: to('error') } };
}

async function run(
  world: VerifierWorld,
  between: (round: number, stop: () => void) => Promise<void> | void,
  schedules: readonly Schedule[] = [],
  tasks?: ReadonlyMap<string, Task>,
  onState: (state: WatchState) => void = () => {},
) {
  const ending = new AbortController();
  const clock = sleepingClock((round) => between(round, () => ending.abort(new Error('stopped'))));
  const verifier = verifierOf(world, { clock, ...(tasks && { tasks }) });
  const state = newWatchState(NOW_MS);
  onState(state);
  const rounds: RunResult[] = [];
  const options = {
    everyMs: 2_000,
    looksPerSecond: 100,
    schedules,
    signal: ending.signal,
    onRound: (r: RunResult) => rounds.push(r),
  };
  await watch(verifier, options, state);
  return { verifier, state, rounds };
}

describe('watch', () => {
  it('attests what grows, and rests while nothing does', async () => {
    const world = new VerifierWorld();
    await world.grow(2);
    const { rounds, state } = await run(world, async (round, stop) => {
      if (round === 3) await world.grow(3);
      if (round === 6) stop();
    });
    expect(world.attestedSizes()).toEqual([2, 5]);
    expect(rounds).toHaveLength(2);
    expect(state.chains.get('orders/0')).toMatchObject({ verdict: 'verified', size: 5, nextOffset: 15 });
    expect([...state.troubles]).toEqual([]);
  });

  it('reads at its start what earlier processes left open, and until it can says that it can not', async () => {
    const world = new VerifierWorld();
    await world.grow(1);
    const ending = new AbortController();
    const state = newWatchState(NOW_MS);
    const seen: string[][] = [];
    let tries = 0;
    const loadOpen = async () => {
      tries++;
      if (tries < 3) throw new LedgerstoneError('unavailable', 'the bucket is away');
    };
    const clock = sleepingClock((round) => {
      seen.push([...state.troubles.keys()]);
      if (round === 40) ending.abort(new Error('stopped'));
    });
    const options = { everyMs: 2_000, looksPerSecond: 100, schedules: [], signal: ending.signal };
    await watch(verifierOf(world, { clock, loadOpen }), options, state);
    expect(tries).toBe(3);
    expect([seen[1], seen.at(-1)]).toEqual([['open findings'], []]);
  });

  it('finds a chain that appears', async () => {
    const world = new VerifierWorld();
    await world.grow(1);
    const { state } = await run(world, async (round, stop) => {
      if (round === 2) await world.builder.chain('payments').seal({ lines: entries(0, 2) });
      if (round === 9) stop();
    });
    expect([...state.chains.keys()]).toEqual(['orders/0', 'payments/0']);
  });

  it('reports a forged seal once in a while, not each round', async () => {
    const world = new VerifierWorld();
    await world.grow(2);
    const { verifier, rounds } = await run(world, (round, stop) => {
      if (round === 1)
        world.builder.archive.put(
          'seals/topic=orders/partition=0/000000000002.tlog-proof',
          new Uint8Array(9),
        );
      if (round === 20) stop();
    });
    expect(verifier.findings.codes()).toEqual(['lock-missing', 'malformed']);
    expect(rounds.length).toBeLessThanOrEqual(3);
    expect(world.attestedSizes()).toEqual([2]);
  });

  it.each([
    ['says at its start', null, 1],
    ['says nothing', 600_000, 0],
  ])(
    '%s that it notices no archiver that stands still, by chains.freshness',
    async (_, freshnessMs, times) => {
      const verifier = verifierOf(new VerifierWorld(), { freshnessMs });
      const options = { everyMs: 1000, looksPerSecond: 5, schedules: [], signal: AbortSignal.abort() };
      await watch(verifier, options, newWatchState(NOW_MS));
      expect(verifier.log.lines.filter((line) => line.startsWith('chains.freshness'))).toHaveLength(times);
    },
  );

  it('knows through when a chain is attested, and when all chains were looked at', async () => {
    const world = new VerifierWorld();
    await world.grow(2);
    const sealed: (string | null | undefined)[] = [];
    let shown: WatchState | null = null;
    const chains = () => (shown as WatchState | null)?.chains ?? new Map<string, never>();
    await run(
      world,
      async (round, stop) => {
        if (round === 8) {
          sealed.push(chains().get('orders/0')?.sealedThrough);
          const [key] = world.made.slice(-1).map(({ sealKey }) => sealKey);
          world.builder.archive.remove(key as string);
        }
        if (round === 20) stop();
      },
      [{ task: 'confirm', everyMs: 10_000, isQuick: true }],
      undefined,
      (one) => {
        shown = one;
      },
    );
    expect(sealed).toEqual([expect.stringMatching(/^2026-11-22T/)]);
    // Cut off behind it: what was attested stands, and is not taken for the shorter chain's end.
    expect(chains().get('orders/0')).toMatchObject({ verdict: 'broken', size: 2, sealedThrough: sealed[0] });
    expect((shown as WatchState | null)?.lastWhole.get('confirmations')).toBeGreaterThan(NOW_MS);
  });

  it('keeps schedules, which see that a chain has vanished', async () => {
    const world = new VerifierWorld();
    await world.grow(2);
    const { verifier, rounds } = await run(
      world,
      (round, stop) => {
        if (round === 1) for (const { sealKey } of world.made) world.builder.archive.remove(sealKey);
        if (round === 11) stop();
      },
      [{ task: 'confirm', everyMs: 10_000, isQuick: true }],
    );
    expect(verifier.findings.codes()).toContain('truncation');
    expect(rounds).toHaveLength(3);
  });

  it('calls a drill a drill, and shows no chain when that is over', async () => {
    const world = new VerifierWorld();
    await world.grow(1);
    const key = 'seals/topic=ledgerstone.drill/partition=0/000000000000.tlog-proof';
    const metrics = new WatchMetrics({ fullPassMs: 86_400_000, sweepMs: 3_600_000 });
    const seen: unknown[] = [];
    let state: WatchState | null = null;
    const note = async () => {
      const chain = state?.chains.get('ledgerstone.drill/0');
      const text = await metrics.text(state as WatchState);
      seen.push([chain?.verdict, chain?.isDrill, text.includes('ledgerstone.drill')]);
    };
    await run(
      world,
      async (round, stop) => {
        if (round === 1) world.builder.archive.put(key, new Uint8Array(9));
        // As the ledger keeps it.
        if (round === 1)
          world.store.attacker.putVersion('findings/topic=ledgerstone.drill/partition=0/x', utf8(''));
        if (round === 9) await note();
        if (round === 9) world.builder.archive.remove(key);
        if (round === 20) await note();
        if (round === 20) stop();
      },
      [{ task: 'confirm', everyMs: 10_000, isQuick: true }],
      undefined,
      (one) => {
        state = one;
      },
    );
    expect(seen).toEqual([
      ['broken', true, true],
      [undefined, undefined, false],
    ]);
    // That there was one is known after its end too.
    expect((state as WatchState | null)?.lastDrillMs).toBeGreaterThan(NOW_MS);
  });

  it('gives each of the slow tasks time of its own, the one that waits longest first', async () => {
    const world = new VerifierWorld();
    const ending = new AbortController();
    let nowMs = 0;
    const clock: Clock = {
      now: () => NOW_MS + nowMs,
      monotonic: () => nowMs,
      sleep: async (ms, signal) => {
        if (ms === 10_000) return new Promise((_, reject) => signal?.addEventListener('abort', reject));
        nowMs += ms;
        await new Promise((resolve) => setImmediate(resolve));
        signal?.throwIfAborted();
      },
    };
    const given: [task: string, ms: number][] = [];
    /** Uses up all the time that it gets. */
    const greedy =
      (name: string): Task =>
      async ({ limits }) => {
        given.push([name, limits.remainingMs()]);
        nowMs += limits.remainingMs();
        if (given.length === 6) ending.abort(new Error('stopped'));
      };
    const names = ['freshness', 'sweep', 'full-pass'] as const;
    const tasks = new Map(names.map((name) => [name as string, greedy(name)]));
    const verifier = verifierOf(world, {
      clock,
      tasks,
      archive: storeOver(world.builder.archive, () => 0, clock),
    });
    const schedules = names.map((task) => ({ task, everyMs: 60_000 }));
    await watch(
      verifier,
      { everyMs: 2_000, looksPerSecond: 100, schedules, signal: ending.signal },
      newWatchState(NOW_MS),
    );
    expect(given.map(([name]) => name)).toEqual([...names, ...names]);
    for (const [, ms] of given) expect(ms).toBeGreaterThan(600_000);
  });

  it('goes on when the archive comes back', async () => {
    const world = new VerifierWorld();
    await world.grow(1);
    const { failures } = world.builder.archive;
    const prefix = 'list:seals/topic=orders/partition=0/';
    failures.set(prefix, new LedgerstoneError('unavailable', 'S3 is away', { disposition: 'retriable' }));
    let trouble: unknown = null;
    const { state } = await run(world, (round, stop) => {
      if (round === 2) failures.clear();
      if (round === 4) stop();
      trouble ??= world.attestedSizes().length === 0 ? 'nothing attested' : null;
    });
    expect(trouble).toBe('nothing attested');
    expect(world.attestedSizes()).toEqual([1]);
    expect([...state.troubles]).toEqual([]);
  });

  it('is not taken for healthy because a slow task had nothing to do', async () => {
    const world = new VerifierWorld();
    await world.grow(1);
    const away = new LedgerstoneError('unavailable', 'S3 is away', { disposition: 'retriable' });
    world.builder.archive.failures.set('list:seals/topic=orders/partition=0/', away);
    const { state } = await run(
      world,
      (round, stop) => void (round >= 20 && stop()),
      [{ task: 'sweep', everyMs: 3_600_000 }],
      new Map([['sweep', async () => {}]]),
    );
    expect(state.lastRoundMs).toBeNull();
    expect(state.troubles.get('look')).toMatchObject({ message: 'S3 is away' });
  });

  it("shows a slow task's trouble until that went through", async () => {
    const world = new VerifierWorld();
    await world.grow(1);
    let isAway = true;
    const seen: (string | undefined)[] = [];
    const sweep: Task = async () => {
      if (isAway) throw new LedgerstoneError('unavailable', 'no sweep');
    };
    let state: WatchState | null = null;
    const ended = await run(
      world,
      async (round, stop) => {
        // The other turn's work takes real time.
        await new Promise((resolve) => setTimeout(resolve, 2));
        seen.push([...(state?.troubles.values() ?? [])][0]?.message);
        if (round === 10) isAway = false;
        if (round === 60) stop();
      },
      [{ task: 'sweep', everyMs: 20_000 }],
      new Map([['sweep', sweep]]),
      (one) => {
        state = one;
      },
    );
    expect(new Set(seen.slice(3, 9))).toEqual(new Set(['no sweep']));
    expect([...ended.state.troubles]).toEqual([]);
    expect(ended.state.lastRoundMs).not.toBeNull();
  });

  it('that is told to stop in the middle of a backlog attests what it has', async () => {
    const world = new VerifierWorld();
    await world.grow(40);
    const ending = new AbortController();
    const archive = storeOver(world.builder.archive);
    let reads = 0;
    const counted = {
      ...archive,
      read: (...args: Parameters<typeof archive.read>) => {
        if (++reads === 30) ending.abort(new Error('stopped by SIGTERM'));
        return archive.read(...args);
      },
    };
    const clock = sleepingClock(() => {});
    const { log, lines } = recordedLog();
    const verifier = verifierOf(world, {
      ...{ clock, log, freshnessMs: 600_000 },
      archive: counted,
      step: { ...world.tools(), archive: counted },
    });
    await watch(
      verifier,
      { everyMs: 2_000, looksPerSecond: 100, schedules: [], signal: ending.signal },
      newWatchState(NOW_MS),
    );
    const [size = 0] = world.attestedSizes();
    expect(size).toBeGreaterThan(0);
    expect(size).toBeLessThan(40);
    const stopped = 'orders/0: stopped before it was done; the next start goes on there';
    expect(lines).toEqual([
      ['info', 'attested'],
      ['info', stopped],
    ]);
  });

  it('that is told to stop in the middle of a sweep logs no error, and one for what really failed', async () => {
    const world = new VerifierWorld();
    const stop = new AbortController();
    const thrown = async (error: unknown) => {
      const { log, lines } = recordedLog();
      const tasks = new Map<string, Task>([['sweep', async () => Promise.reject(error)]]);
      const verifier = verifierOf(world, { log, tasks });
      const work = { isQueue: false, chains: [], objects: [], calls: [], ignored: [] };
      const limits = { remainingMs: () => 60_000, signal: stop.signal, mayGoOn: () => !stop.signal.aborted };
      const task = { task: 'sweep', chains: null, message: null } as const;
      await runWork(verifier, { ...work, tasks: [task] }, limits);
      return lines.map(([level]) => level);
    };
    const reason = new Error('stopped by SIGTERM');
    expect(await thrown(reason)).toEqual(['error']);
    stop.abort(reason);
    expect(await thrown(reason)).toEqual(['info']);
    expect(await thrown(new Error('listing failed', { cause: reason }))).toEqual(['info']);
    expect(await thrown(new DOMException('aborted', 'AbortError'))).toEqual(['info']);
    expect(await thrown(new LedgerstoneError('not-permitted', 'no right'))).toEqual(['error']);
  });
});

describe('its server', () => {
  it('says whether rounds get through', async () => {
    const state = newWatchState(NOW_MS);
    let isHealthy = true;
    const clock = { ...systemClock, now: () => NOW_MS };
    const metrics = new WatchMetrics({ fullPassMs: 30 * 86_400_000, sweepMs: 3_600_000, clock });
    const server = await startWatchServer(
      { host: '127.0.0.1', port: 0, names: [], auth: null, tls: null },
      state,
      () => isHealthy,
      metrics,
    );
    try {
      const get = (path: string, init?: RequestInit) => fetch(server.url + path, init);
      expect((await get('/healthz')).status).toBe(200);
      isHealthy = false;
      expect((await get('/healthz')).status).toBe(503);
      // Anybody may ask for it, under any name: it says nothing of the archive.
      state.troubles.set('sweep', { message: 'arn:aws:iam::1:role/x', remedy: null, sinceMs: NOW_MS });
      expect(await (await get('/healthz')).text()).toBe('{"ok":false}\n');
      expect(await (await get('/status')).json()).toMatchObject({ troubles: { sweep: { sinceMs: NOW_MS } } });
      state.chains.set('orders/0', {
        place: PLACE,
        verdict: 'verified',
        size: 3,
        nextOffset: 9,
        sealedThrough: null,
        isAtEnd: true,
        isDrill: false,
        lookedAtMs: NOW_MS,
      });
      // Zero would say that somebody had looked.
      expect(await (await get('/status')).json()).toMatchObject({
        chains: { 'orders/0': { size: 3, lookedAtMs: NOW_MS } },
        openFindings: { broken: null, unverifiable: null, attempt: null, notice: null },
      });
      // What nobody has looked at is no figure, and zero is one.
      const figures = {
        ...{ findingsBroken: 2, unverifiable: 0, attempts: null, notices: null },
        ...{ staleChains: null, lateChains: null },
        ...{ chainsConfirmed: 1, segmentsConfirmed: 3, eventsConfirmed: 9, confirmLagSeconds: 1.5 },
        ...{
          oldestRereadDays: null,
          sweepRoundAgeHours: 90,
          stampAgeHours: null,
          notificationsFailed: 0,
          chains: null,
        },
      };
      const open = (severity: string) => ({ broken: 2, unverifiable: 0 })[severity] ?? null;
      metrics.observe(figures, open, NOW_MS);
      metrics.observe(figures, open, NOW_MS);
      // The verdict of a chain is that of its newest seals: what a pass found in older ones stands here.
      expect(await (await get('/status')).json()).toMatchObject({
        chains: { 'orders/0': { verdict: 'verified' } },
        openFindings: { broken: 2, unverifiable: 0, attempt: null, notice: null },
      });
      const lines = (await (await get('/metrics')).text())
        .split('\n')
        .filter((line) => !line.startsWith('#'));
      expect(lines.filter((line) => line !== '').sort()).toEqual([
        'ledgerstone_verifier_chain_verified{topic="orders",partition="0"} 1',
        'ledgerstone_verifier_confirm_lag_seconds 1.5',
        'ledgerstone_verifier_confirmed_segments{topic="orders",partition="0"} 3',
        'ledgerstone_verifier_events_confirmed_total 18',
        'ledgerstone_verifier_findings_open{severity="broken"} 2',
        'ledgerstone_verifier_findings_open{severity="unverifiable"} 0',
        'ledgerstone_verifier_full_pass_days 30',
        'ledgerstone_verifier_notifications_failed_total 0',
        'ledgerstone_verifier_segments_confirmed_total 6',
        'ledgerstone_verifier_sweep_every_hours 1',
        'ledgerstone_verifier_sweep_round_hours 90',
        `ledgerstone_verifier_task_failing_since_timestamp_seconds{task="sweep"} ${NOW_MS / 1000}`,
      ]);
      expect((await get('/other')).status).toBe(404);
      expect((await get('/status', { method: 'POST' })).status).toBe(405);
    } finally {
      await server.close();
    }
  });
});

// How many listings does the look for new seals make, and does every chain get its turn?
import { describe, expect, it } from 'vitest';
import { Poller, type PollerOptions } from '../../../src/apps/verifier/poller.ts';
import { utf8 } from '../../../src/base/bytes.ts';
import { sealKey } from '../../../src/format/paths.ts';
import type { RunResult, StepResult } from '../../../src/verifier/verifier.ts';
import type { ChainInArchive } from '../../../src/verify/survey.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { memoryStore } from '../../support/memory-store.ts';

const SECOND_MS = 1000;

class World {
  readonly clock = new FakeClock();
  readonly archive = memoryStore({ clock: this.clock });
  readonly poller: Poller;

  constructor(options: Partial<PollerOptions> = {}) {
    this.poller = new Poller(this, {
      ...{ everyMs: 2 * SECOND_MS, idleMs: 300 * SECOND_MS, looksPerSecond: 5 },
      ...{ signal: new AbortController().signal, ...options },
    });
  }

  seal(chain: string, partition: number, sequence: number): void {
    this.archive.attacker.putVersion(sealKey(chain, partition, sequence), utf8('x'));
  }

  /** Looks every two seconds. What has grown is confirmed at once, and `sizes` says up to where. */
  async look(seconds: number, sizes: Map<string, number>): Promise<{ name: string; at: number }[]> {
    const seen: { name: string; at: number }[] = [];
    for (let passed = 0; passed < seconds; passed += 2) {
      const at = this.clock.monotonic() / 1000;
      for (const { place } of await this.poller.grown()) {
        const name = `${place.chain}/${place.partition}`;
        seen.push({ name, at });
        this.poller.learn(resultOf([stepOf(place, sizes.get(name) ?? 1, true)]));
      }
      await this.clock.advance(2 * SECOND_MS);
    }
    return seen;
  }

  calls(method: string): string[] {
    return this.archive.log.flatMap((call) => (call.method === method ? [call.key] : []));
  }
}

const stepOf = (place: ChainInArchive, size: number, isNew: boolean): StepResult =>
  ({
    ...{ place, verdict: 'verified', findings: [], isNew, isAtEnd: true },
    report: { size, lastSealed: null },
    confirmed: { size, nextOffset: size, root: '' },
  }) as unknown as StepResult;

const resultOf = (steps: readonly StepResult[]): RunResult =>
  ({ steps, failures: [], metrics: {}, failedIds: [] }) as unknown as RunResult;

describe('the look for new seals', () => {
  it('is rarer the longer a chain has not grown, and never rarer than it is confirmed', async () => {
    const world = new World();
    world.seal('orders', 0, 0);
    await world.look(3600, new Map());
    const looks = world.calls('listVersions').length;
    // 2, 4, 6, 8 s, then after a quarter more each time up to 20 minutes, then every five minutes.
    expect([looks > 25, looks < 40]).toEqual([true, true]);
    world.seal('orders', 0, 1);
    const [seen] = await world.look(400, new Map([['orders/0', 2]]));
    expect(seen?.name).toBe('orders/0');
    const before = world.calls('listVersions').length;
    await world.look(8, new Map());
    expect(world.calls('listVersions').length - before).toBeLessThanOrEqual(4);
  });

  it('sees a seal within a quarter of the time since the last one', async () => {
    const world = new World();
    const sizes = new Map([['orders/0', 1]]);
    world.seal('orders', 0, 0);
    await world.look(60, sizes);
    world.seal('orders', 0, 1);
    const from = world.clock.monotonic() / 1000;
    sizes.set('orders/0', 2);
    const [seen] = await world.look(30, sizes);
    expect((seen?.at ?? Number.POSITIVE_INFINITY) - from).toBeLessThanOrEqual(60 / 4 + 2);
  });

  it('is rarer each time at a chain that is not sound, and as ever at one whose old data nobody read', async () => {
    const world = new World();
    world.seal('orders', 0, 4);
    const unread = { findings: [{ code: 'expired-unread' }], confirmed: null, verdict: 'unverifiable' };
    const looks = async (words: object) => {
      const times: number[] = [];
      for (let passed = 0; passed < 1200; passed += 2) {
        for (const { place } of await world.poller.grown()) {
          times.push(passed);
          const step = { ...stepOf(place, 5, false), ...words } as unknown as StepResult;
          world.poller.learn(resultOf([step]));
        }
        await world.clock.advance(2 * SECOND_MS);
      }
      return times;
    };
    const broken = { verdict: 'broken', confirmed: null, findings: [{ code: 'fork' }] };
    const times = await looks(broken);
    expect(times.map((at, i) => at - (times[i - 1] ?? 0))).toEqual([0, 30, 60, 120, 240, 300, 300]);
    // It was walked up to its end, so there is nothing to look at again before it grows.
    const report = { size: 5, lastSealed: null, verdict: 'verified' };
    expect((await looks({ ...unread, report })).length).toBeLessThanOrEqual(1);
  });

  it('makes no more listings a second than it may, and leaves out no chain', async () => {
    const world = new World({ everyMs: 2 * SECOND_MS, idleMs: 2 * SECOND_MS });
    for (let partition = 0; partition < 300; partition++) world.seal('orders', partition, 0);
    const seen = await world.look(60, new Map());
    const looks = world.calls('listVersions');
    expect(looks.length).toBeLessThanOrEqual(60 * 5 + 50);
    expect(new Set(looks).size).toBe(300);
    expect(seen.length).toBe(300);
    expect(world.calls('listPrefixes').length).toBeLessThanOrEqual(12);
  });

  it('lists topics, not chains: new topics and drills at once, the partitions of others in turn', async () => {
    const world = new World();
    for (let topic = 0; topic < 40; topic++) world.seal(`t${topic}`, 0, 0);
    await world.look(2, new Map());
    const before = world.calls('listPrefixes').length;
    expect(before).toBe(41);
    await world.look(100, new Map());
    expect(world.calls('listPrefixes').length - before).toBeLessThanOrEqual(10 * 6);
    world.seal('t7', 1, 0);
    world.seal('new', 0, 0);
    world.seal('ledgerstone.drill', 0, 0);
    const from = world.clock.monotonic() / 1000;
    const seen = await world.look(100, new Map());
    const secondsTo = (name: string) => (seen.find((one) => one.name === name)?.at ?? 1e9) - from;
    expect([
      secondsTo('new/0') <= 12,
      secondsTo('ledgerstone.drill/0') <= 12,
      secondsTo('t7/1') <= 92,
    ]).toEqual([...[true, true, true]]);
    // An earlier drill has left its seal, which is locked.
    world.seal('ledgerstone.drill', 1, 0);
    const second = world.clock.monotonic() / 1000;
    const [drill] = await world.look(20, new Map());
    expect([drill?.name, (drill?.at ?? 1e9) - second <= 12]).toEqual(['ledgerstone.drill/1', true]);
  });

  it('rests after a folder without a chain, and forgets it', async () => {
    const world = new World();
    world.seal('orders', 0, 0);
    const [first] = await world.poller.grown();
    const none = { ...stepOf(first?.place as ChainInArchive, 0, false), report: null, confirmed: null };
    world.poller.learn(resultOf([none]));
    await world.clock.advance(20 * SECOND_MS);
    expect(await world.poller.grown()).toEqual([]);
    await world.clock.advance(20 * SECOND_MS);
    expect((await world.poller.grown()).length).toBe(1);
  });

  it('backs off at once from what was sealed long before a start', async () => {
    const world = new World();
    world.seal('orders', 0, 0);
    const step = stepOf({ chain: 'orders', partition: 0 }, 1, false);
    const lastSealed = new Date(world.clock.now() - 1200 * SECOND_MS).toISOString();
    world.poller.learn(resultOf([{ ...step, report: { size: 1, lastSealed } } as unknown as StepResult]));
    await world.look(290, new Map());
    expect(world.calls('listVersions')).toEqual([]);
  });
});

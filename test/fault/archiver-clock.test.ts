// What if somebody sets the machine's clock while it runs? A lock that is too long can't be taken back.
import { describe, expect, it } from 'vitest';
import { momentOf } from '../../src/store/clock-offset.ts';
import type { ClockOffset, Store } from '../../src/store/store.ts';
import { World } from '../support/archiver-world.ts';

const YEAR_MS = 365 * 86_400_000;
const DAY_MS = 86_400_000;

/** A store that tells the offset of its newest answer, as a real one does, and not of now. */
function remembering(store: Store, measure: () => ClockOffset): Store {
  let newest: ClockOffset | null = null;
  const noted = <T>(value: T): T => {
    newest = measure();
    return value;
  };
  return {
    ...store,
    putIfAbsent: (...args) => store.putIfAbsent(...args).then(noted),
    read: (...args) => store.read(...args).then(noted),
    lock: (...args) => store.lock(...args).then(noted),
    async *listVersions(...args) {
      for await (const version of store.listVersions(...args)) yield noted(version);
      noted(null);
    },
    clockOffset: () => newest,
  };
}

describe('a clock that is set a year ahead', () => {
  it.each([0, 30_000])(
    'makes no lock and no chain of next year, when it is mended %i ms later',
    async (ms) => {
      let skewMs = 0;
      const world = new World({ skewMs: () => skewMs });
      const store = remembering(world.store, () => ({
        offsetMs: skewMs,
        measuredAt: momentOf(world.clock),
      }));
      const set = (byMs: number) => {
        skewMs += byMs;
        world.clock.jump(byMs);
      };
      world.produce(0, 5);
      const archiver = world.start('a', store);
      await world.untilSealed(0);
      await world.clock.advance(10_000);
      set(YEAR_MS);
      world.produce(0, 5);
      await world.clock.advance(30_000);
      expect(world.nextOffset(0)).toBe(5);
      expect(archiver.pipeline.actors[0]?.trouble?.error).toMatchObject({ code: 'clock-off' });
      await world.clock.advance(ms);
      set(-YEAR_MS);
      await world.untilSealed(0);
      const nowMs = world.clock.now();
      for (const key of world.store.keys())
        expect(world.store.versionsOf(key)[0]?.lock?.untilMs).toBeLessThan(nowMs + 2 * DAY_MS);
      expect(Date.parse(world.manifests(0).at(-1)?.time.sealed ?? '')).toBeLessThanOrEqual(nowMs);
      expect(world.problems(0)).toEqual([]);
    },
  );
});

describe('a machine that stood still for an hour, with both of its clocks', () => {
  it('seals nothing before its clock is right, once an answer of the store has told it', async () => {
    let skewMs = 0;
    const world = new World({ skewMs: () => skewMs });
    world.produce(0, 5);
    const archiver = world.start('a');
    await world.untilSealed(0);
    skewMs = -3_600_000;
    // Only the store can tell, and does so with the answer to the first data.
    world.produce(0, 5);
    await world.clock.advance(60_000);
    expect(world.nextOffset(0)).toBe(5);
    expect(archiver.pipeline.actors[0]?.trouble?.error).toMatchObject({ code: 'clock-off' });
    world.clock.jump(-skewMs);
    skewMs = 0;
    await world.untilSealed(0);
    expect(world.problems(0)).toEqual([]);
  });
});

describe('a clock that is set while the start of a chain is looked up', () => {
  it('gives the first seal no time that is ahead', async () => {
    let skewMs = 0;
    const world = new World({ skewMs: () => skewMs });
    const store = remembering(world.store, () => ({ offsetMs: skewMs, measuredAt: momentOf(world.clock) }));
    const set = (byMs: number) => {
      skewMs += byMs;
      world.clock.jump(byMs);
    };
    world.produce(0, 5);
    const { source } = world.start('a', store);
    const logRange = source.logRange.bind(source);
    let isSet = false;
    source.logRange = async (partition) => {
      if (!isSet) set(YEAR_MS);
      isSet = true;
      return logRange(partition);
    };
    await world.clock.advance(10_000);
    expect(isSet).toBe(true);
    set(-YEAR_MS);
    await world.untilSealed(0);
    const [first] = world.manifests(0);
    expect(Date.parse(first?.time.sealed ?? '')).toBeLessThanOrEqual(world.clock.now());
  });
});

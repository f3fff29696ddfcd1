// Does one decision cover all holes of a compacted range, and archive every record that is left in it?
import { describe, expect, it } from 'vitest';
import type { Source } from '../../src/ingest/source.ts';
import type { Store } from '../../src/store/store.ts';
import { World } from '../support/archiver-world.ts';
import { memorySource } from '../support/memory-source.ts';
import { decide, deciding, type Ports } from './operator.ts';

const SEGMENT = 'segment: { maxRecords: 10, maxAge: 1s, heartbeat: 0 }';

/** `sealed` records are in the archive, `more` are behind them, and of those some are gone. */
async function compactedWorld(
  sealed: number,
  more: number,
  isGone: (offset: number) => boolean,
  config = SEGMENT,
): Promise<World> {
  const world = new World({ config });
  world.produce(0, sealed);
  const archiver = world.start('first');
  await world.untilSealed(0);
  archiver.kill();
  world.produce(0, more);
  world.broker.log('orders', 0).compact((offset) => offset >= sealed && isGone(offset));
  return world;
}

const gapsOf = (world: World) =>
  world.lines(0).flatMap(({ offset, gap }) => (gap === null ? [] : [{ ...gap, offset }]));

const archived = (world: World): number[] =>
  world.lines(0).flatMap(({ offset, record }) => (record === null ? [] : [offset]));

const left = (world: World, below: number): number[] =>
  world.broker
    .log('orders', 0)
    .records()
    .map(({ offset }) => offset)
    .filter((offset) => offset < below);

const WORDS = { reason: 'compacted', by: 'A. Auditor', why: 'a test' };

describe('one decision about a compacted range', () => {
  it('covers 990 holes in one call, archives what is left byte for byte, and the service goes on', async () => {
    const world = await compactedWorld(
      10,
      1_990,
      (offset) => offset < 1_990 && offset % 2 === 1,
      'segment: { maxRecords: 300, maxAge: 1s, heartbeat: 0 }',
    );
    const archiver = world.start('a');
    await world.clock.until('halted', () => archiver.pipeline.actors[0]?.halt?.code === 'hole');
    archiver.kill();
    const recorded = await decide(world, { to: 1_990, reason: 'compacted' });
    expect(recorded).toMatchObject({ from: 11, to: 1_990, gaps: 990, givenUp: 990, archived: 989 });
    expect(recorded.segments).toBe(Math.ceil(1_979 / 300));
    expect(gapsOf(world)).toHaveLength(990);
    for (const gap of gapsOf(world)) expect(gap).toMatchObject({ ...WORDS, last: gap.offset });
    expect(archived(world)).toEqual(left(world, 1_990));
    expect(world.nextOffset(0)).toBe(1_990);
    world.start('b');
    await world.untilSealed(0);
    expect(world.problems(0)).toEqual([]);
    expect((await world.verify()).verdict).toBe('verified');
  });

  it('goes on beside the running archiver, which seals what follows each hole too', async () => {
    const world = await compactedWorld(10, 90, (offset) => offset % 7 < 2 && offset < 95);
    const archiver = world.start('a');
    await world.clock.until('halted', () => archiver.pipeline.actors[0]?.halt?.code === 'hole');
    await decide(world, { to: 95, reason: 'compacted' });
    await world.untilSealed(0);
    expect(archived(world)).toEqual(left(world, 100));
    expect(world.problems(0)).toEqual([]);
    expect((await world.verify()).verdict).toBe('verified');
  });

  it('ends at --to, in the middle of a hole as well', async () => {
    const world = await compactedWorld(10, 20, (offset) => offset >= 13 && offset < 20);
    await decide(world, { to: 16, reason: 'compacted' });
    expect(gapsOf(world)).toEqual([{ offset: 13, last: 15, ...WORDS }]);
    expect(world.nextOffset(0)).toBe(16);
  });

  it('keeps segments within segment.maxBytes', async () => {
    const world = await compactedWorld(
      10,
      2_000,
      (offset) => offset % 2 === 0 && offset < 2_000,
      'segment: { maxBytes: 1MiB, maxAge: 1s, heartbeat: 0 }',
    );
    // 995 gap lines of up to 2 KiB each.
    expect((await decide(world, { to: 2_000, reason: 'compacted' })).segments).toBeGreaterThanOrEqual(2);
    expect(world.problems(0)).toEqual([]);
  });

  it('leaves transactions what they are', async () => {
    const world = await compactedWorld(10, 3, (offset) => offset === 11);
    const log = world.broker.log('orders', 0);
    const aborted = log.begin();
    aborted.append({ value: '{}' });
    aborted.abort();
    const committed = log.begin();
    committed.append({ value: '{}' });
    committed.commit();
    world.produce(0, 3);
    await decide(world, { to: 19, reason: 'compacted' });
    expect(gapsOf(world).map(({ offset, last, reason }) => [offset, last, reason])).toEqual([
      [11, 11, 'compacted'],
      [13, 14, 'transaction'],
      [16, 16, 'transaction'],
    ]);
    expect(world.problems(0)).toEqual([]);
  });
});

describe('what compaction did not remove', () => {
  it('is not given up: the command stops at a record that can not be read, after sealing all before it', async () => {
    const world = await compactedWorld(10, 5, (offset) => offset === 12);
    world.broker.log('orders', 0).appendPoison();
    world.produce(0, 5);
    const range = { to: 20, reason: 'compacted' } as const;
    await expect(decide(world, range)).rejects.toThrow('offset 15 of orders/0 was not removed by compaction');
    expect(world.nextOffset(0)).toBe(15);
    await decide(world, { to: 16, reason: 'accepted' });
    expect(await decide(world, range)).toMatchObject({ from: 16, archived: 4, givenUp: 0 });
    expect(world.problems(0)).toEqual([]);
  });

  it('is not given up: nor a record that is too large', async () => {
    const world = await compactedWorld(
      10,
      5,
      (offset) => offset === 12,
      `limits: { recordBytes: 1KiB }\n${SEGMENT}`,
    );
    world.broker.produce('orders', 0, { value: 'y'.repeat(2_000) });
    world.produce(0, 5);
    await expect(decide(world, { to: 20, reason: 'compacted' })).rejects.toThrow(/offset 15 .* 2000 bytes/);
    expect(world.nextOffset(0)).toBe(15);
  });

  it('is not given up: nor what a transaction hides that is open', async () => {
    const world = await compactedWorld(10, 5, (offset) => offset === 12);
    const transaction = world.broker.log('orders', 0).begin();
    transaction.append({ value: '{}' });
    world.produce(0, 5);
    const range = { to: 18, reason: 'compacted' } as const;
    await expect(decide(world, range)).rejects.toThrow("offset 15 of orders/0 can't be judged yet");
    expect(world.nextOffset(0)).toBe(15);
    transaction.commit();
    expect(await decide(world, range)).toMatchObject({ from: 15, to: 18, archived: 3 });
    expect(world.problems(0)).toEqual([]);
  });

  it('is not called compacted where retention took it', async () => {
    const world = await compactedWorld(10, 20, (offset) => offset === 26);
    world.broker.log('orders', 0).expire(25);
    const range = { to: 28, reason: 'compacted' } as const;
    await expect(decide(world, range)).rejects.toThrow('offsets 10 to 24 of orders/0 lie before the start');
    await decide(world, { reason: 'expired' });
    await decide(world, range);
    expect(gapsOf(world).map(({ offset, last, reason }) => [offset, last, reason])).toEqual([
      [10, 24, 'expired'],
      [26, 26, 'compacted'],
    ]);
  });

  /** Answers to `readAt` without the offsets that are hidden from that call on. */
  function forgetful(world: World, hides: (call: number, offset: number) => boolean): Source {
    const source = memorySource(world.broker, 'ledgerstone', 'operator', ['orders']);
    const readAt = source.readAt.bind(source);
    let call = 0;
    source.readAt = async (...args) => {
      const fetched = await readAt(...args);
      const mine = call++;
      return { ...fetched, records: fetched.records.filter(({ offset }) => !hides(mine, offset)) };
    };
    return source;
  }

  it('is not given up for one answer that lacks it', async () => {
    const world = await compactedWorld(10, 20, (offset) => offset === 26);
    const source = forgetful(world, (call, offset) => call === 0 && offset < 15);
    await decide(world, { to: 28, reason: 'compacted' }, { source });
    expect(archived(world)).toEqual(left(world, 28));
  });

  it('is not given up where the second answer does not reach so far', async () => {
    const world = await compactedWorld(10, 20, (offset) => offset === 26);
    // The first answer lacks 15, and the second one ends before that.
    const source = forgetful(world, (call, offset) =>
      call === 0 ? offset === 15 : call === 1 && offset > 13,
    );
    await decide(world, { to: 28, reason: 'compacted' }, { source });
    expect(archived(world)).toEqual(left(world, 28));
    expect(gapsOf(world)).toHaveLength(1);
  });

  it('is not given up while the brokers contradict themselves', async () => {
    const world = await compactedWorld(10, 20, (offset) => offset === 26);
    const source = forgetful(world, (call, offset) => offset === 12 + (call % 3));
    const refused = decide(world, { to: 28, reason: 'compacted' }, { source });
    await expect(refused).rejects.toMatchObject({ code: 'unsteady', disposition: 'retriable' });
    expect(world.nextOffset(0)).toBe(10);
  });
});

/** Dies at its n-th call: before the call has an effect, or after it, with the answer lost. */
function dying(world: World, at: number, when: 'before' | 'after'): Ports & { isDead(): boolean } {
  let calls = 0;
  let dead = false;
  const never = new Promise<never>(() => {});
  const step = <T>(run: () => Promise<T>): Promise<T> => {
    if (dead) return never;
    if (calls++ < at) return run().then((value) => (dead ? never : value));
    dead = true;
    return when === 'before' ? never : run().then(() => never);
  };
  const mortal = <T extends object>(port: T, names: readonly string[]): T =>
    new Proxy(port, {
      get(target, name) {
        const member = Reflect.get(target, name) as unknown;
        if (typeof member !== 'function') return member;
        const call = (...args: unknown[]) => (member as (...args: unknown[]) => unknown).apply(target, args);
        if (!names.includes(String(name))) return call;
        return (...args: unknown[]) => step(() => call(...args) as Promise<unknown>);
      },
    });
  return {
    store: mortal<Store>(world.store, ['putIfAbsent', 'read']),
    source: mortal<Source>(memorySource(world.broker, 'ledgerstone', 'operator', ['orders']), [
      'readAt',
      'logRange',
    ]),
    isDead: () => dead,
  };
}

describe('a decision about a compacted range that is disturbed', () => {
  const range = { to: 48, reason: 'compacted' } as const;
  const isGone = (offset: number) => offset % 5 === 3;

  for (const when of ['before', 'after'] as const) {
    it(`is finished by the same command, wherever it was killed (${when} a step)`, async () => {
      let steps = 0;
      for (let isDone = false; !isDone; steps++) {
        const world = await compactedWorld(10, 40, isGone);
        const ports = dying(world, steps, when);
        let ended = false;
        void deciding(world, range, ports).then(() => {
          ended = true;
        });
        await world.clock.until('dead or done', () => ended || ports.isDead());
        isDone = ended;
        // What was asked for before the death is carried out.
        await world.clock.run(world.clock.sleep(1_000));
        if (world.nextOffset(0) < 48) await decide(world, range);
        else await expect(decide(world, range)).rejects.toThrow('nothing to give up');
        expect(world.problems(0)).toEqual([]);
        expect(archived(world)).toEqual(left(world, 48));
        expect(gapsOf(world)).toHaveLength(7);
        expect((await world.verify()).verdict).toBe('verified');
      }
      expect(steps).toBeGreaterThan(20);
    });
  }

  /** Another command of the same kind works, to its end or to its death, while this one puts its first seal. */
  async function interrupted(world: World, other: () => Promise<void>) {
    let isFirst = true;
    const store = new Proxy(world.store, {
      get(target, name) {
        const member = Reflect.get(target, name) as unknown;
        if (name !== 'putIfAbsent') return member;
        return async (...args: Parameters<Store['putIfAbsent']>) => {
          if (isFirst && args[0].startsWith('seals/')) {
            isFirst = false;
            await other();
          }
          return target.putIfAbsent(...args);
        };
      },
    });
    return decide(world, range, { store });
  }

  it('goes on from the new head where another writer has sealed a part', async () => {
    const world = await compactedWorld(10, 40, isGone);
    const recorded = await interrupted(world, async () => {
      await deciding(world, { ...range, to: 14, by: 'Somebody else' });
    });
    expect(recorded).toMatchObject({ from: 10, to: 48, gaps: 6, givenUp: 6 });
    expect(gapsOf(world).map(({ by }) => by)).toEqual(['Somebody else', ...Array(6).fill('A. Auditor')]);
    expect(world.problems(0)).toEqual([]);
    expect((await world.verify()).verdict).toBe('verified');
  });

  it('says that it sealed nothing where another writer has sealed all', async () => {
    const world = await compactedWorld(10, 40, isGone);
    const recorded = await interrupted(world, async () => {
      await deciding(world, range);
    });
    expect(recorded).toMatchObject({ sequence: null, segments: 0, gaps: 0, givenUp: 0, archived: 0 });
    expect(gapsOf(world)).toHaveLength(7);
    expect(world.problems(0)).toEqual([]);
  });
});

// Do running archivers bring each chain to the key that people decided on, whatever happens meanwhile?
import { describe, expect, it } from 'vitest';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { encodeVkey, verifierKey } from '../../../src/format/vkey.ts';
import { ORIGIN, World, type WorldOptions } from '../../support/archiver-world.ts';
import { faultyStore } from '../../support/faulty-store.ts';
import { type MemorySigner, memorySigner } from '../../support/memory-signer.ts';

const next = () => memorySigner({ seed: 'next' });

/** Five records of each partition are sealed under the first key, and an archiver runs on. */
async function running(options: WorldOptions = {}) {
  const world = new World(options);
  const partitions = options.partitions ?? 1;
  for (let partition = 0; partition < partitions; partition++) world.produce(partition, 5);
  const archiver = world.start('a');
  for (let partition = 0; partition < partitions; partition++) await world.untilSealed(partition);
  return { world, archiver };
}

/** Which keys each seal of the chain names: `old`, `next`. */
function signedBy(world: World, partition = 0, named: Record<string, MemorySigner> = {}): string[] {
  const names = { old: world.signer, next: world.decided.at(-1) ?? world.signer, ...named };
  return world.manifests(partition).map(({ origin, keys }) =>
    keys
      .map((key) => {
        const found = Object.entries(names).find(
          ([, { publicKey }]) => encodeVkey(verifierKey(origin, publicKey, nodeSha256)) === key,
        );
        return found?.[0] ?? 'unknown';
      })
      .join('+'),
  );
}

const changed = (world: World, partition = 0) =>
  world.clock.until('changed over', () => signedBy(world, partition).at(-1) === 'next');

describe('a key that people decided on', () => {
  it('signs an idle chain after one segment by both keys, without a heartbeat and without a restart', async () => {
    const { world, archiver } = await running({ partitions: 2 });
    world.decided.push(next());
    await archiver.learn();
    for (const partition of [0, 1]) {
      await changed(world, partition);
      expect(signedBy(world, partition).slice(-3)).toEqual(['old', 'old+next', 'next']);
    }
    await world.clock.advance(60_000);
    expect(signedBy(world).filter((keys) => keys !== 'old')).toEqual(['old+next', 'next']);
    expect((await world.verify()).verdict).toBe('verified');
  });

  it('loses and doubles nothing while records come', async () => {
    const { world, archiver } = await running();
    world.decided.push(next());
    const learning = archiver.learn();
    for (let round = 0; round < 5; round++) {
      world.produce(0, 7);
      await world.clock.advance(700);
    }
    await learning;
    await world.untilSealed(0);
    await changed(world);
    expect(world.lines(0).map(({ offset }) => offset)).toEqual(Array.from({ length: 40 }, (_, n) => n));
    expect(world.problems(0)).toEqual([]);
    expect(signedBy(world).filter((keys) => keys === 'old+next')).toHaveLength(1);
    expect((await world.verify()).verdict).toBe('verified');
  });

  it('is known by its pinned predecessor alone', async () => {
    const { world, archiver } = await running();
    world.decided.push(next());
    await archiver.learn();
    await changed(world);
    expect(world.trusted().map(({ name }) => name)).toEqual([ORIGIN]);
    expect((await world.verify()).chains.map(({ verdict, findings }) => [verdict, findings])).toEqual([
      ['verified', []],
    ]);
  });

  it('is asked for by an archiver that starts without it and finds a head that only it signs', async () => {
    const { world, archiver } = await running();
    world.decided.push(next());
    await archiver.learn();
    await changed(world);
    await archiver.stop();
    world.produce(0, 5);
    world.start('b');
    await world.untilSealed(0);
    expect(signedBy(world).at(-1)).toBe('next');
    expect((await world.verify()).verdict).toBe('verified');
  });

  it('is asked for also where the configuration trusts it, and this archiver can not sign with it', async () => {
    const { world, archiver } = await running();
    world.decided.push(next());
    await archiver.learn();
    await changed(world);
    await archiver.stop();
    world.earlier.push(world.decided[0]!);
    world.produce(0, 5);
    const late = world.start('b');
    await world.untilSealed(0);
    expect(late.log.filter((line) => line.includes('HALTED'))).toEqual([]);
    expect(signedBy(world).at(-1)).toBe('next');
  });

  it('is taken back by an archiver that does not know it, while the chain trusts both, and taken again', async () => {
    const { world, archiver } = await running();
    world.decided.push(next());
    // Dies after the seal by both keys.
    const seals = signedBy(world).length;
    await archiver.learn();
    await world.clock.until('both', () => signedBy(world).length > seals);
    archiver.kill();
    const key = world.decided.pop()!;
    const late = world.start('b');
    world.produce(0, 5);
    await world.untilSealed(0);
    expect(signedBy(world).at(-1)).toBe('old');
    world.decided.push(key);
    await late.learn();
    await changed(world);
    expect(signedBy(world).filter((keys) => keys !== 'old')).toEqual(['old+next', 'old+next', 'next']);
    expect((await world.verify()).verdict).toBe('verified');
  });

  it('halts a chain whose head it signs if nobody here can sign with it, and goes on once somebody can', async () => {
    const { world, archiver } = await running();
    world.decided.push(next());
    await archiver.learn();
    await changed(world);
    await archiver.stop();
    const key = world.decided.pop()!;
    const late = world.start('b');
    world.produce(0, 5);
    await world.clock.advance(60_000);
    expect(late.pipeline.actors[0]?.halt?.code).toBe('seal-invalid');
    world.decided.push(key);
    await late.learn();
    await world.untilSealed(0);
    expect((await world.verify()).verdict).toBe('verified');
  });

  it('signs the chains that begin meanwhile beside the earlier key', async () => {
    const world = new World();
    world.decided.push(next());
    const archiver = world.start('a');
    await archiver.learn();
    world.produce(0, 5);
    await world.untilSealed(0);
    await changed(world);
    expect(signedBy(world)[0]).toBe('old+next');
    expect((await world.verify()).verdict).toBe('verified');
  });

  it('changes twice: the second decision goes on from wherever a chain stands', async () => {
    const { world, archiver } = await running();
    const first = next();
    world.decided.push(first);
    const seals = signedBy(world).length;
    await archiver.learn();
    await world.clock.until('both', () => signedBy(world).length > seals);
    world.decided.push(memorySigner({ seed: 'third' }));
    await archiver.learn();
    await changed(world);
    const third = world.decided[1]!;
    const by = signedBy(world, 0, { first, next: third }).filter((keys) => keys !== 'old');
    expect(by.at(-1)).toBe('next');
    expect(by.filter((keys) => keys.includes('+')).length).toBeGreaterThanOrEqual(2);
    expect((await world.verify()).verdict).toBe('verified');
  });
});

describe('a change of keys that is broken off', () => {
  it('waits for a signature that does not come, with either key, and nothing is signed twice', async () => {
    for (const broken of ['old', 'next'] as const) {
      let fails = false;
      const refusing = (seed: string) =>
        memorySigner({ seed, fault: () => (fails ? { kind: 'fails' } : undefined) });
      const troubles: unknown[] = [];
      const { world, archiver } = await running({
        ...(broken === 'old' && { signer: refusing('ledgerstone') }),
        onTrouble: (error) => troubles.push(error),
      });
      world.decided.push(broken === 'next' ? refusing('next') : next());
      fails = true;
      const before = signedBy(world).length;
      world.produce(0, 5);
      await archiver.learn();
      await world.clock.advance(60_000);
      expect([broken, signedBy(world).length]).toEqual([broken, before]);
      expect(troubles.length).toBeGreaterThan(0);
      fails = false;
      await world.untilSealed(0);
      await changed(world);
      expect(world.problems(0)).toEqual([]);
      expect((await world.verify()).verdict).toBe('verified');
    }
  });

  it('is killed at each call of store and keys: the next archiver ends it, nothing is lost or doubled', async () => {
    for (const isDone of [true, false]) {
      let deaths = 0;
      for (let at = 0; ; at++) {
        let calls: number | null = null;
        let hasDied = false;
        let kill = () => {};
        const step = () => {
          if (calls === null || calls++ !== at) return undefined;
          hasDied = true;
          kill();
          return isDone ? undefined : ({ kind: 'fails' } as const);
        };
        const world = new World({ signer: memorySigner({ fault: step }) });
        world.produce(0, 5);
        const archiver = world.start('a', faultyStore(world.store, step, world.clock));
        await world.untilSealed(0);
        kill = archiver.kill;
        world.decided.push(memorySigner({ seed: 'next', fault: step }));
        world.produce(0, 5);
        calls = 0;
        await archiver.learn();
        await world.clock.until('dead or changed', () => hasDied || signedBy(world).at(-1) === 'next');
        if (!hasDied) break;
        deaths++;
        const later = world.start('b');
        await later.learn();
        await world.untilSealed(0);
        await changed(world);
        expect([at, world.problems(0)]).toEqual([at, []]);
        expect([at, (await world.verify()).verdict]).toEqual([at, 'verified']);
      }
      expect(deaths).toBeGreaterThanOrEqual(8);
    }
  });
});

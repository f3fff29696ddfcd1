// Is a copy the same, byte for byte and locked as long, and is what lies there already never harmed?
import { describe, expect, it } from 'vitest';
import { copyObjects } from '../../../src/copy/copy-objects.ts';
import { requireComplete } from '../../../src/copy/receipt.ts';
import { archiveScope, governanceScope, wholeScope } from '../../../src/copy/scope.ts';
import { START_MS, YEAR_MS } from '../../support/archive-builder.ts';
import { BOUNDS, type CopyWorld, copyWorld, DATE_MS } from '../../support/copy-world.ts';
import { LOCK } from '../../support/effect-world.ts';
import { memoryStore } from '../../support/memory-store.ts';

const SEAL = (sequence: number) =>
  `seals/topic=orders/partition=0/${String(sequence).padStart(12, '0')}.tlog-proof`;
const dataOf = (world: CopyWorld, sequence: number) =>
  world.from
    .keys()
    .find(
      (key) => key.includes(`orders/partition=0/`) && key.includes(`/${String(sequence).padStart(12, '0')}-`),
    )!;

describe('a copy', () => {
  it('has every object with its bytes, and the digest is of all names and digests', async () => {
    const world = await copyWorld();
    const tally = await world.copy();
    expect(world.wrong()).toEqual([]);
    expect(world.to.keys()).toEqual(world.own());
    expect(tally).toMatchObject({ objects: 20, stored: 20, list: world.list() });
    expect(tally.bytes).toBe(
      world.own().reduce((sum, key) => sum + world.at(world.from, key)!.bytes.length, 0),
    );
    expect([...tally.chains]).toEqual([
      ['orders/0', { seals: 6, data: 6 }],
      ['orders/1', { seals: 3, data: 3 }],
    ]);
  });

  it('puts no seal before all data is there', async () => {
    const world = await copyWorld();
    await world.copy();
    const puts = world.to.log.filter(({ method }) => method === 'putIfAbsent').map(({ key }) => key);
    const firstSeal = puts.findIndex((key) => key.startsWith('seals/'));
    expect(puts.findLastIndex((key) => key.startsWith('data/'))).toBeLessThan(firstSeal);
  });

  it('made again writes nothing, and says the same', async () => {
    const world = await copyWorld();
    const first = await world.copy();
    const before = world.to.log.length;
    const second = await world.copy();
    const methods = new Set(world.to.log.slice(before).map(({ method }) => method));
    expect(
      [...methods].filter((method) => ['putIfAbsent', 'extendLock', 'setHold'].includes(method)),
    ).toEqual([]);
    expect(second).toEqual({ ...first, stored: 0 });
  });

  it('of a grown archive takes what is new', async () => {
    const world = await copyWorld();
    await world.copy({}, [{ chain: 'orders', partition: 0, size: 4 }]);
    const grown = await world.copy();
    expect(grown).toMatchObject({ objects: 20, stored: 10, list: world.list() });
  });

  it('leaves out what came later, what is foreign, and the decisions', async () => {
    const world = await copyWorld();
    await world.from.putIfAbsent('notes.txt', new Uint8Array(3), LOCK);
    const { left, objects } = await world.copy({}, [{ chain: 'orders', partition: 0, size: 4 }]);
    expect(objects).toBe(10);
    expect([left.foreign, left.later.count]).toEqual([{ count: 1, first: ['notes.txt'] }, 10]);
    expect(world.to.keys().some((key) => key.includes('governance'))).toBe(false);
  });

  it('takes what counts at a key: the oldest version, whatever was laid over it', async () => {
    const world = await copyWorld();
    world.from.attacker.putVersion(SEAL(2), new Uint8Array(9));
    world.from.attacker.addMarker(SEAL(3));
    await world.copy();
    expect(world.wrong()).toEqual([]);
    expect(world.to.versionsOf(SEAL(2))).toHaveLength(1);
  });

  it('of the decisions alone, and of a verifier’s own store, takes those', async () => {
    const world = await copyWorld();
    const decisions = await copyObjects(world.copyTools(), governanceScope(new Map([[0, 1]])));
    expect([
      decisions.objects,
      world.to.keys().every((key) => key.includes('ledgerstone.governance')),
    ]).toEqual([2, true]);
    const own = memoryStore({ clock: world.clock });
    await own.putIfAbsent('attestations/topic=orders/partition=0/000000000001.note', new Uint8Array(5), LOCK);
    await own.putIfAbsent('anything', new Uint8Array(5), LOCK);
    const to = memoryStore({ clock: world.clock });
    expect(await copyObjects(world.copyTools({ from: own, to }), wholeScope)).toMatchObject({ objects: 2 });
    expect(to.keys()).toEqual(own.keys());
  });

  it('keeps few objects in memory at once', async () => {
    const world = await copyWorld();
    const many = memoryStore({ clock: world.clock });
    for (let at = 0; at < 200; at++) await many.putIfAbsent(`${at}`, new Uint8Array(9), LOCK);
    let [now, most] = [0, 0];
    const read: typeof many.read = async (...args) => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setImmediate(resolve));
      return many.read(...args).finally(() => now--);
    };
    const to = memoryStore({ clock: world.clock });
    expect(await copyObjects(world.copyTools({ from: { ...many, read }, to }), wholeScope)).toMatchObject({
      objects: 200,
    });
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(16);
  });
});

describe('locks and holds', () => {
  it('are those of the source: each its own', async () => {
    const world = await copyWorld();
    world.from.attacker.setLock(SEAL(1), { mode: 'COMPLIANCE', untilMs: START_MS + 5 * YEAR_MS });
    world.from.attacker.setLock(SEAL(2), { mode: 'GOVERNANCE', untilMs: START_MS + 4 * YEAR_MS });
    await world.copy();
    const lock = (key: string) => world.at(world.to, key)!.lock;
    expect([0, 1, 2].map((sequence) => lock(SEAL(sequence)))).toEqual([
      LOCK,
      { mode: 'COMPLIANCE', untilMs: START_MS + 5 * YEAR_MS },
      { mode: 'GOVERNANCE', untilMs: START_MS + 4 * YEAR_MS },
    ]);
  });

  it('a date makes them longer and never shorter, and what stays longer is named', async () => {
    const world = await copyWorld();
    const longer = { mode: 'COMPLIANCE', untilMs: START_MS + 5 * YEAR_MS } as const;
    world.from.attacker.setLock(SEAL(1), longer);
    const { locks } = await world.copy({ dateMs: DATE_MS });
    expect(world.at(world.to, SEAL(0))!.lock).toEqual({ mode: 'COMPLIANCE', untilMs: DATE_MS });
    expect(world.at(world.to, SEAL(1))!.lock).toEqual(longer);
    expect(locks.longer).toEqual({ count: 1, first: [SEAL(1)] });
    expect([locks.earliestMs, locks.latestMs]).toEqual([DATE_MS, longer.untilMs]);
  });

  it('where the source has none any more, it is said, and the copy is locked for a minute', async () => {
    const world = await copyWorld();
    world.from.attacker.setLock(SEAL(0), null);
    world.from.attacker.setLock(SEAL(1), { mode: 'COMPLIANCE', untilMs: world.clock.now() - 1000 });
    const { locks } = await world.copy();
    expect(locks.unlocked).toEqual({ count: 2, first: [SEAL(0), SEAL(1)] });
    const { untilMs } = world.at(world.to, SEAL(0))!.lock!;
    expect(untilMs - world.clock.now()).toBeLessThanOrEqual(61_000);
  });

  it('of what lies there are made longer, and left where they are long enough', async () => {
    const world = await copyWorld();
    await world.copy();
    world.to.attacker.setLock(SEAL(0), { mode: 'COMPLIANCE', untilMs: START_MS + YEAR_MS / 2 });
    world.to.attacker.setLock(SEAL(1), { mode: 'COMPLIANCE', untilMs: START_MS + 9 * YEAR_MS });
    world.to.attacker.setLock(SEAL(2), null);
    const { locks } = await world.copy();
    expect(locks.lengthened).toBe(2);
    expect(world.wrong()).toEqual([]);
    expect(world.at(world.to, SEAL(1))!.lock!.untilMs).toBe(START_MS + 9 * YEAR_MS);
  });

  it('a store that takes a lock and does not show it is an error', async () => {
    const world = await copyWorld();
    const lock = async () => ({ kind: 'none' }) as const;
    await expect(world.copy({ to: { ...world.to, lock } })).rejects.toMatchObject({ code: 'lock-not-kept' });
  });

  it('legal holds go with their objects; one that is only there stays and is named', async () => {
    const world = await copyWorld();
    world.from.attacker.setHold(SEAL(3), true);
    expect((await world.copy()).holds.carried).toEqual({ count: 1, first: [SEAL(3)] });
    expect(world.at(world.to, SEAL(3))!.isHeld).toBe(true);
    world.from.attacker.setHold(SEAL(3), false);
    expect((await world.copy()).holds).toEqual({
      carried: { count: 0, first: [] },
      onlyThere: { count: 1, first: [SEAL(3)] },
    });
  });

  it('that may not be read are an error, and nothing is claimed', async () => {
    const world = await copyWorld();
    const hidden = memoryStore({ clock: world.clock, locksPermitted: false });
    await expect(world.copy({ to: hidden })).rejects.toMatchObject({ code: 'locks-not-permitted' });
  });
});

describe('what lies there', () => {
  it('with other bytes is a conflict, and is not written over', async () => {
    const world = await copyWorld();
    await world.to.putIfAbsent(dataOf(world, 2), new Uint8Array(7), LOCK);
    await expect(world.copy()).rejects.toMatchObject({ code: 'copy-conflict' });
    expect(world.at(world.to, dataOf(world, 2))!.bytes).toEqual(new Uint8Array(7));
  });

  it('with other bytes of the same size is one too', async () => {
    const world = await copyWorld();
    await world.copy();
    world.to.attacker.tamper(SEAL(3), (bytes) => bytes.map((byte, at) => (at === 100 ? byte ^ 1 : byte)));
    await expect(world.copy()).rejects.toMatchObject({ code: 'copy-conflict' });
  });

  it('of another archive is a conflict before anything is written', async () => {
    const world = await copyWorld();
    await world.to.putIfAbsent(
      'seals/topic=other/partition=0/000000000000.tlog-proof',
      new Uint8Array(7),
      LOCK,
    );
    await expect(world.copy()).rejects.toMatchObject({ code: 'copy-conflict' });
    const other = await copyWorld();
    await other.to.putIfAbsent(SEAL(0), new Uint8Array(7), LOCK);
    await expect(other.copy()).rejects.toMatchObject({ code: 'copy-conflict' });
    for (const { to } of [world, other]) expect(to.keys()).toHaveLength(1);
  });

  it('a seal behind the source’s last one is another history', async () => {
    const world = await copyWorld();
    await world.copy();
    await world.to.putIfAbsent(SEAL(6), new Uint8Array(7), LOCK);
    await expect(world.copy()).rejects.toMatchObject({ code: 'copy-conflict' });
    // Also where it comes while the copy is under way.
    const under = copyObjects(world.copyTools(), archiveScope(BOUNDS));
    await expect(under).rejects.toMatchObject({ code: 'copy-conflict' });
  });

  it('a delete marker stands in nobody’s way, and an older version does', async () => {
    const world = await copyWorld();
    world.to.attacker.addMarker(SEAL(2));
    await world.copy();
    expect(world.wrong()).toEqual([]);
    const other = await copyWorld();
    other.to.attacker.putVersion(SEAL(2), new Uint8Array(7));
    other.to.attacker.addMarker(SEAL(2));
    await expect(other.copy()).rejects.toMatchObject({ code: 'copy-conflict' });
  });

  it('put there after it was listed as free does not count as ours', async () => {
    const world = await copyWorld();
    const { putIfAbsent } = world.to;
    const racing: typeof putIfAbsent = async (key, ...rest) => {
      if (key === SEAL(2)) {
        world.to.attacker.putVersion(key, new Uint8Array(7));
        world.to.attacker.addMarker(key);
      }
      return putIfAbsent(key, ...rest);
    };
    await expect(world.copy({ to: { ...world.to, putIfAbsent: racing } })).rejects.toMatchObject({
      code: 'copy-conflict',
    });
  });

  it('and not in the source any more stays, and is named', async () => {
    const world = await copyWorld();
    await world.copy();
    const gone = dataOf(world, 0);
    world.from.attacker.destroy(gone);
    expect((await world.copy()).left.onlyThere).toEqual({ count: 1, first: [gone] });
    expect(world.at(world.to, gone)).toBeDefined();
  });
});

describe('what is read', () => {
  it.each([
    ['a seal', SEAL(2)],
    ['a data object', null],
  ])('%s that changed on the way is not stored so', async (_, key) => {
    const world = await copyWorld();
    const target = key ?? dataOf(world, 1);
    let spoilt = 0;
    const read: typeof world.from.read = async (at, ...rest) => {
      const bytes = await world.from.read(at, ...rest);
      if (at === target && spoilt++ === 0 && rest[1].maxBytes === bytes.length) bytes[50]! ^= 1;
      return bytes;
    };
    const from = { ...world.from, read };
    await copyObjects(world.copyTools({ from }), archiveScope(BOUNDS));
    expect(world.wrong()).toEqual([]);
    expect(world.troubles).toHaveLength(1);
  });

  it('and what the verifier had seen, must all be there', async () => {
    const world = await copyWorld();
    const chains = BOUNDS.map((bound) => ({
      ...{ ...bound, size: bound.size!, origin: 'o', root: '00', isVerified: true, dataObjects: bound.size! },
    }));
    const hiding = {
      ...world.from,
      async *listVersions(...args: Parameters<typeof world.from.listVersions>) {
        for await (const version of world.from.listVersions(...args))
          if (version.key !== SEAL(4)) yield version;
      },
    };
    const tally = await copyObjects(world.copyTools({ from: hiding }), archiveScope(BOUNDS));
    expect(() => requireComplete(tally, chains)).toThrow('orders/0 has 6 seals');
    expect(() =>
      requireComplete(
        { ...tally, chains: new Map([...tally.chains, ['orders/0', { seals: 6, data: 5 }]]) },
        chains,
      ),
    ).toThrow('orders/0');
    const whole = await world.copy();
    expect(() => requireComplete(whole, chains)).not.toThrow();
  });
});

it('two copies at once end with the same', async () => {
  const world = await copyWorld();
  const [one, two] = await Promise.all([world.copy(), world.copy()]);
  expect([one.list, two.list]).toEqual([world.list(), world.list()]);
  expect(one.stored + two.stored).toBe(20);
  expect(world.wrong()).toEqual([]);
});

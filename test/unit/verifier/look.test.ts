// What does a look at one key find, whoever says that something happened there?
import { describe, expect, it } from 'vitest';
import { LedgerstoneError } from '../../../src/base/error.ts';
import { inspectObject } from '../../../src/verifier/events/inspect.ts';
import type { HeldTo } from '../../../src/verify/acts/held-to.ts';
import { NOW_MS, START_MS, YEAR_MS } from '../../support/archive-builder.ts';
import { storeOver } from '../../support/verifier-store.ts';
import { VerifierWorld } from '../../support/verifier-world.ts';

async function grown(segments = 3): Promise<VerifierWorld> {
  const world = new VerifierWorld();
  await world.grow(segments);
  return world;
}
const look = async (world: VerifierWorld, key: string, nowMs = NOW_MS) =>
  (await inspectObject(storeOver(world.builder.archive), key, { nowMs })).map(
    ({ code, severity }) => `${code} ${severity}`,
  );

describe('a look at a key', () => {
  it('of the archive, as it was written, finds nothing', async () => {
    const world = await grown();
    for (const key of world.builder.archive.keys()) expect(await look(world, key), key).toEqual([]);
    expect(await look(world, 'never/written')).toEqual([]);
  });

  it('finds markers, newer versions and strange objects, each with its version', async () => {
    const world = await grown();
    const { archive } = world.builder;
    const { sealKey } = world.made[1] as { sealKey: string };
    const marker = archive.marker(sealKey);
    const newer = archive.put(sealKey, new Uint8Array(7));
    const foreign = archive.put('readme.txt', new Uint8Array(3));
    const store = storeOver(archive);
    expect(await inspectObject(store, sealKey, { nowMs: NOW_MS })).toMatchObject([
      { code: 'delete-marker', severity: 'attempt', key: sealKey, versionId: marker },
      { code: 'extra-version', severity: 'attempt', key: sealKey, versionId: newer },
    ]);
    expect(await inspectObject(store, 'readme.txt', { nowMs: NOW_MS })).toMatchObject([
      { code: 'foreign-object', severity: 'attempt', versionId: foreign, found: '3 bytes' },
    ]);
  });

  it('sees that a seal is gone, marker or not', async () => {
    const world = await grown();
    const { archive } = world.builder;
    const { sealKey } = world.made[1] as { sealKey: string };
    archive.remove(sealKey);
    expect(await look(world, sealKey)).toEqual(['sequence-gap broken']);
    archive.marker(sealKey);
    expect(await look(world, sealKey)).toEqual(['delete-marker attempt', 'sequence-gap broken']);
  });

  it('sees that data is gone, and asks the seal whether it had to be there', async () => {
    const world = await grown();
    const { archive } = world.builder;
    const dataKey = world.made[1]?.dataKey as string;
    archive.remove(dataKey);
    expect(await look(world, dataKey)).toEqual(['data-missing broken']);
    expect(await look(world, dataKey, START_MS + 2 * YEAR_MS)).toEqual(['expired info']);
    // A decision keeps it for longer.
    const kept = { untilMs: START_MS + 3 * YEAR_MS, cases: [], lateMs: null };
    const asked: unknown[] = [];
    const heldTo = async () =>
      ({ kept: (...args: unknown[]) => asked.push(args) && kept }) as unknown as HeldTo;
    const options = { nowMs: START_MS + 2 * YEAR_MS, heldTo };
    expect(await inspectObject(storeOver(archive), dataKey, options)).toMatchObject([
      { code: 'data-missing' },
    ]);
    expect(asked).toMatchObject([
      [{ chain: 'orders', partition: 0, sequence: 1 }, START_MS + YEAR_MS + 120_000],
    ]);
    // What lost a race for its sequence was never part of the archive.
    expect(await look(world, dataKey.replace(/-[0-9a-f]{64}/, `-${'0'.repeat(64)}`))).toEqual([]);
    archive.remove(world.made[1]?.sealKey as string);
    expect(await look(world, dataKey)).toEqual([]);
  });

  it('takes a marker over data whose time is over for no fault, also where the data is gone', async () => {
    const world = await grown();
    const { archive } = world.builder;
    const dataKey = world.made[1]?.dataKey as string;
    const over = START_MS + 2 * YEAR_MS;
    archive.marker(dataKey);
    expect([await look(world, dataKey), await look(world, dataKey, over)]).toEqual([
      ['delete-marker attempt'],
      [],
    ]);
    archive.remove(dataKey);
    archive.marker(dataKey);
    expect(await look(world, dataKey, over)).toEqual(['expired info']);
    // Of an object that its seal does not name nothing is known.
    const other = dataKey.replace(/-[0-9a-f]{64}/, `-${'0'.repeat(64)}`);
    archive.marker(other);
    expect(await look(world, other, over)).toEqual(['delete-marker attempt']);
  });

  it('that could not be taken is no finding', async () => {
    const world = await grown();
    const key = world.made[1]?.sealKey as string;
    world.builder.archive.failures.set(`list:${key}`, new LedgerstoneError('unavailable', 'S3 is away'));
    await expect(look(world, key)).rejects.toMatchObject({ code: 'unavailable' });
  });
});

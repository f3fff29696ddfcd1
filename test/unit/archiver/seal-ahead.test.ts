// Does the archiver go on behind a seal that says it was made in the future, and lock its own data until then?
import { describe, expect, it } from 'vitest';
import { recoverHead } from '../../../src/archiver/chain/head.ts';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { encodeVkey, verifierKey } from '../../../src/format/vkey.ts';
import { emptyBody } from '../../../src/segment/body.ts';
import { makeSegment, sealBytes } from '../../../src/segment/segment.ts';
import { ORIGIN, World } from '../../support/archiver-world.ts';
import { keyringOf } from '../../support/keyring.ts';

const DAY_MS = 86_400_000;
const name = { chainOrigin: `${ORIGIN}/orders/0`, chain: 'orders', partition: 0 };

/** A seal that the archive's key signed, of the given time, as a thief with the archiver's role makes it. */
async function sealAt(world: World, sealedMs: number): Promise<void> {
  const { store, clock, signer } = world;
  const key = verifierKey(name.chainOrigin, signer.publicKey, nodeSha256);
  const tools = { store, clock, keyring: keyringOf(ORIGIN, [signer]), sha256: nodeSha256 };
  const newest = await world.clock.run(recoverHead(tools, name, null, new AbortController().signal));
  if (newest === null) throw new Error('no chain yet');
  const { nextOffset } = newest.head;
  const segment = makeSegment(nodeSha256, newest.head, emptyBody(nodeSha256, nextOffset), {
    ...{ source: newest.manifest.source, continues: null, anchoredMs: clock.now(), nowMs: sealedMs },
    retention: { mode: 'COMPLIANCE', period: { months: 0, ms: 1 }, policy: 'short' },
    ...{ keys: [encodeVkey(key)], writer: { id: 'thief', version: '1.0.0' } },
  });
  const signature = await world.clock.run(signer.sign(segment.checkpointText));
  const bytes = sealBytes(segment, [{ name: name.chainOrigin, keyId: key.id, signature }]);
  store.attacker.putVersion(segment.sealKey, bytes);
}

async function begun(): Promise<World> {
  const world = new World();
  world.produce(0, 5);
  const first = world.start('a');
  await world.untilSealed(0);
  await first.stop();
  return world;
}

const latestLockMs = ({ store }: World): number =>
  Math.max(...store.keys().flatMap((key) => store.versionsOf(key).map(({ lock }) => lock?.untilMs ?? 0)));

describe('behind a seal of the future', () => {
  it.each([
    ['two minutes and a second', Date.UTC(2026, 10, 22, 10, 3)],
    ['the year 8000', Date.UTC(8000, 0)],
    ['the last moment of the format', Date.UTC(9999, 11, 31, 23, 59, 58)],
  ])('halts: %s', async (_, sealedMs) => {
    const world = await begun();
    await sealAt(world, sealedMs);
    world.produce(0, 5);
    const archiver = world.start('b');
    await world.clock.advance(30_000);
    const [actor] = archiver.pipeline.actors;
    expect(actor?.halt).toMatchObject({ code: 'seal-ahead', gap: null });
    expect(actor?.halt?.message).toContain(`made at ${new Date(sealedMs).toISOString()}`);
    expect(actor?.halt?.remedy).toContain('continues');
    const streams = () => archiver.log.filter((line) => line.startsWith('info streaming')).length;
    expect([world.nextOffset(0), streams()]).toEqual([5, 0]);
    // No flipping between recovering and streaming.
    await world.clock.advance(600_000);
    expect([actor?.state, world.nextOffset(0), streams()]).toEqual(['halted', 5, 0]);
    expect(latestLockMs(world)).toBeLessThan(world.clock.now() + 2 * DAY_MS);
  });

  it('halts where it was fenced by it', async () => {
    const world = new World();
    world.produce(0, 5);
    const archiver = world.start('a');
    await world.untilSealed(0);
    await sealAt(world, Date.UTC(8000, 0));
    world.produce(0, 5);
    await world.clock.advance(60_000);
    expect(archiver.pipeline.actors[0]?.halt).toMatchObject({ code: 'seal-ahead' });
    expect(world.nextOffset(0)).toBe(5);
    expect(latestLockMs(world)).toBeLessThan(world.clock.now() + 2 * DAY_MS);
  });

  it('waits until a time that the measure of two clocks may explain is within bounds', async () => {
    const world = await begun();
    await sealAt(world, world.clock.now() + 100_000);
    world.produce(0, 5);
    const archiver = world.start('b');
    await world.clock.advance(39_000);
    expect(archiver.pipeline.actors[0]?.state).toBe('recovering');
    await world.untilSealed(0);
    expect(archiver.pipeline.actors[0]?.halt).toBeNull();
  });

  it('goes on in a new chain, whose time is its own', async () => {
    const world = await begun();
    await sealAt(world, Date.UTC(8000, 0));
    world.produce(0, 5);
    const config = world.configured(', chain: orders-2, continues: { chain: orders, reason: r, by: b }');
    const archiver = world.start('b', world.store, config);
    await world.clock.until('continued', () => world.nextOffset(0, 'orders-2') === 10);
    expect(archiver.pipeline.actors[0]?.halt).toBeNull();
    expect(latestLockMs(world)).toBeLessThan(world.clock.now() + 2 * DAY_MS);
  });
});

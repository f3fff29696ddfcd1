// Does the archiver seal under a key that the chain's head does not trust? Nobody could ever verify that chain.
import { describe, expect, it } from 'vitest';
import { World } from '../../support/archiver-world.ts';
import { memorySigner } from '../../support/memory-signer.ts';

/** Five records sealed under the first key; five more wait, and the configuration names another key. */
async function replaced(): Promise<World> {
  const world = new World();
  world.produce(0, 5);
  const first = world.start('a');
  await world.untilSealed(0);
  await first.stop();
  world.earlier.push(world.signer);
  world.signer = memorySigner({ seed: 'next' });
  world.produce(0, 5);
  return world;
}

describe('a key that was replaced', () => {
  it('halts the chain, whose head is trusted, before anything is sealed', async () => {
    const world = await replaced();
    const archiver = world.start('b');
    await world.clock.advance(60_000);
    const halt = archiver.pipeline.actors[0]?.halt;
    expect(halt).toMatchObject({ code: 'key-replaced', gap: null });
    expect(halt?.message).toMatch(
      /seal \d+ of .* names the key .*\+[0-9a-f]{8}, and .* signs with .*\+[0-9a-f]{8}:/,
    );
    expect(halt?.remedy).toContain('Put the earlier key back');
    expect(world.nextOffset(0)).toBe(5);
    expect((await world.verify()).verdict).toBe('verified');
  });

  it('is the likely cause that the halt names where the earlier key is not trusted', async () => {
    const world = await replaced();
    world.earlier.length = 0;
    const archiver = world.start('b');
    await world.clock.advance(60_000);
    const halt = archiver.pipeline.actors[0]?.halt;
    expect(halt?.code).toBe('seal-invalid');
    expect(halt?.remedy).toMatch(/Was the key in `archive\.signing` changed\? Put the earlier key back/);
    expect(halt?.remedy).toContain('name it in `archive.trusted`');
    expect(world.nextOffset(0)).toBe(5);
  });

  it('goes on once the earlier one is back', async () => {
    const world = await replaced();
    world.signer = world.earlier[0] as typeof world.signer;
    world.start('b');
    await world.untilSealed(0);
    expect((await world.verify()).verdict).toBe('verified');
  });

  it('goes on in a new chain as the runbook says, and with both keys pinned all of it is verified', async () => {
    const world = await replaced();
    const config = world.configured(', chain: orders-2, continues: { chain: orders, reason: lost, by: b }');
    world.start('b', world.store, config);
    await world.clock.until('continued', () => world.nextOffset(0, 'orders-2') === 10);
    const report = await world.verify();
    expect(report.chains.map(({ verdict, findings }) => [verdict, findings])).toEqual([
      ['verified', []],
      ['verified', []],
    ]);
  });
});

// What if a step of the verifier fails, or succeeds unheard, or another verifier does the same at once?
import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/base/bytes.ts';
import { LedgerstoneError } from '../../src/base/error.ts';
import { parseSignedCheckpoint } from '../../src/format/note.ts';
import { confirmStep } from '../../src/verifier/seal-path.ts';
import { memorySigner, type SignFault } from '../support/memory-signer.ts';
import { FAULT_KINDS, type Fault, faultyStore } from '../support/memory-store.ts';
import { mulberry32 } from '../support/random.ts';
import { PLACE, STILL, VerifierWorld } from '../support/verifier-world.ts';

/** Size → root, of everything that was ever attested; throws where one size has two. */
function roots(world: VerifierWorld): Map<number, string> {
  const found = new Map<number, string>();
  for (const key of world.store.keys()) {
    for (const { bytes, marker } of world.store.versionsOf(key)) {
      if (marker) continue;
      const { size, root } = parseSignedCheckpoint(bytes).checkpoint;
      if (found.has(size)) throw new Error(`two attestations of size ${size}`);
      found.set(size, toHex(root));
    }
  }
  return found;
}

const truth = async (world: VerifierWorld): Promise<string> => {
  const other = new VerifierWorld();
  const tools = { ...other.tools(), archive: world.builder.archive, trusted: world.builder.trusted };
  return (await confirmStep(tools, PLACE, { hintSize: 0 })).confirmed?.root ?? '';
};

describe('a step', () => {
  it('attests a chain as it grows, and once per size', async () => {
    const world = new VerifierWorld();
    for (const size of [1, 2, 5, 5, 9]) {
      await world.grow(size - world.made.length);
      const result = await world.step();
      expect(result).toMatchObject({
        verdict: 'verified',
        isAtEnd: true,
        confirmed: { size, nextOffset: size * 3 },
      });
    }
    expect(world.attestedSizes()).toEqual([1, 2, 5, 9]);
    expect(roots(world).get(9)).toBe(await truth(world));
  });

  it('of nothing attests nothing', async () => {
    const world = new VerifierWorld();
    expect(await world.step()).toMatchObject({ verdict: 'verified', report: null, confirmed: null });
    expect(world.signer.requests).toEqual([]);
  });

  it('stops when it must, and the next goes on', async () => {
    const world = new VerifierWorld();
    await world.grow(10);
    const sizes: unknown[] = [];
    for (let run = 0; run < 20; run++) {
      let left = 4;
      const result = await confirmStep(world.tools(), PLACE, { hintSize: 0, mayGoOn: () => --left > 0 });
      sizes.push(result.confirmed?.size);
      if (result.isAtEnd) break;
    }
    expect(sizes).toEqual([4, 7, 10, 10]);
  });

  it('attests nothing of a chain that is not sound, and keeps its last word', async () => {
    const world = new VerifierWorld();
    await world.grow(3);
    await world.step();
    await world.grow(2);
    world.builder.archive.alter(world.made[4]?.dataKey as string, (bytes) => bytes.fill(7));
    const result = await world.step();
    expect(result).toMatchObject({ verdict: 'broken', confirmed: { size: 3 }, isNew: false });
    expect(world.attestedSizes()).toEqual([3]);
  });

  it('tells of a chain that is gone, of one that was cut, and of another in its place', async () => {
    const world = new VerifierWorld();
    await world.grow(4);
    await world.step();
    const { archive } = world.builder;
    for (const { sealKey } of world.made.slice(2)) archive.remove(sealKey);
    const cut = await world.step();
    expect([cut.verdict, cut.findings.map(({ code }) => code)]).toEqual(['broken', ['truncation']]);
    for (const { sealKey } of world.made) archive.remove(sealKey);
    expect((await world.step()).findings.map(({ code }) => code)).toContain('truncation');

    const other = new VerifierWorld();
    other.chain.records = 0;
    await other.chain.seal();
    await other.grow(5);
    const replaced = await confirmStep({ ...world.tools(), archive: other.builder.archive }, PLACE, {
      hintSize: 6,
    });
    expect(replaced.findings.map(({ code }) => code)).toContain('fork');
    expect(world.attestedSizes()).toEqual([4]);
  });

  it('whose place is taken says so, and the next size is attested all the same', async () => {
    const world = new VerifierWorld();
    await world.grow(1);
    const key = 'attestations/topic=orders/partition=0/000000000001.note';
    world.store.attacker.putVersion(key, new Uint8Array([1]));
    const first = await world.step();
    expect(first.findings.map(({ code }) => code)).toEqual(['foreign-object', 'foreign-object']);
    await world.grow(1);
    const second = await world.step();
    expect(second).toMatchObject({ verdict: 'verified', confirmed: { size: 2 }, isNew: true });
  });
});

describe('each call of the attestation bucket that goes wrong', () => {
  const kinds = FAULT_KINDS.filter((kind) => kind !== 'slow');
  /** Calls of a step that goes on from size 2. */
  const CALLS = 8;
  const plans = kinds.flatMap((kind) => Array.from({ length: CALLS }, (_, index) => ({ kind, index })));

  it.each(plans)(
    '$kind at call $index: nothing unchecked is attested, and the next run makes it good',
    async ({ kind, index }) => {
      const world = new VerifierWorld();
      await world.grow(2);
      await world.step();
      await world.grow(3);
      const faulty = faultyStore(
        world.store,
        (call) => (call.index === index ? ({ kind } as Fault) : undefined),
        STILL,
      );
      const result = await world.step(5, world.tools(faulty)).catch((error: unknown) => error);
      if (result instanceof Error) expect(result).toBeInstanceOf(LedgerstoneError);
      const before = roots(world);
      expect([...before.keys()].every((size) => size === 2 || size === 5)).toBe(true);
      expect(await world.step()).toMatchObject({ verdict: 'verified', confirmed: { size: 5 } });
      expect(roots(world).get(5)).toBe(await truth(world));
    },
  );

  it('covers every call of a step', async () => {
    const world = new VerifierWorld();
    await world.grow(2);
    await world.step();
    await world.grow(3);
    const faulty = faultyStore(world.store, () => undefined, STILL);
    await world.step(5, world.tools(faulty));
    expect(faulty.calls.length).toBeGreaterThan(2);
    expect(faulty.calls.length).toBeLessThanOrEqual(CALLS);
  });
});

describe('a signer that fails', () => {
  it.each<SignFault>([{ kind: 'fails' }, { kind: 'lost' }])(
    '$kind: no attestation, and the next run makes it',
    async (fault) => {
      const world = new VerifierWorld();
      await world.grow(2);
      const signer = memorySigner({
        seed: 'verifier',
        fault: (request) => (request === 0 ? fault : undefined),
      });
      const tools = world.tools(undefined, signer);
      await expect(world.step(2, tools)).rejects.toMatchObject({ code: 'kms-unavailable' });
      expect(world.attestedSizes()).toEqual([]);
      expect(await world.step(2, tools)).toMatchObject({ isNew: true, confirmed: { size: 2 } });
    },
  );
});

describe('the archive', () => {
  it('that can not be read is no verdict: nothing is attested, and nothing is called broken', async () => {
    const world = new VerifierWorld();
    await world.grow(3);
    const { failures } = world.builder.archive;
    const key = world.made[1]?.dataKey as string;
    failures.set(key, new LedgerstoneError('unavailable', 'S3 is away', { disposition: 'retriable' }));
    expect(await world.step()).toMatchObject({ verdict: 'unverifiable', confirmed: null });
    expect(world.attestedSizes()).toEqual([]);
    failures.clear();
    expect(await world.step()).toMatchObject({ verdict: 'verified', confirmed: { size: 3 } });
  });
});

describe('1,000 events, shuffled, doubled and at once', () => {
  it('leave the attestations of a run in order', async () => {
    const world = new VerifierWorld();
    const random = mulberry32(7);
    const events: number[] = [];
    const pending: Promise<unknown>[] = [];
    for (let size = 1; size <= 100; size++) {
      await world.grow(1);
      for (let i = 0; i < 10; i++) events.push(size);
      // Some arrive now, and run side by side; each tool set is another Lambda.
      for (let burst = Math.floor(random() * 12); burst > 0 && events.length > 0; burst--) {
        const [hint = 0] = events.splice(Math.floor(random() * events.length), 1);
        pending.push(world.step(hint, world.tools()));
      }
      if (random() < 0.3) await Promise.all(pending.splice(0));
    }
    for (const hint of events) pending.push(world.step(hint, world.tools()));
    const results = (await Promise.all(pending)) as Awaited<ReturnType<VerifierWorld['step']>>[];
    expect(results.every(({ verdict }) => verdict === 'verified')).toBe(true);

    const sequential = new VerifierWorld();
    for (let size = 1; size <= 100; size++) {
      await sequential.grow(1);
      await sequential.step();
    }
    const expected = roots(sequential);
    for (const [size, root] of roots(world)) expect([size, root]).toEqual([size, expected.get(size)]);
    expect(roots(world).get(100)).toBe(expected.get(100));
  });
});

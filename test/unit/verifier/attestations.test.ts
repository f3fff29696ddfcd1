// Does the verifier find its newest word, whatever lies around it, and never say two?
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../src/base/bytes.ts';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { attestationKey, parseAttestationKey } from '../../../src/format/attestation.ts';
import { cosignerKey } from '../../../src/format/cosignature.ts';
import { parseSignedCheckpoint } from '../../../src/format/note.ts';
import { AttestationReader } from '../../../src/verifier/attest/attestation-reader.ts';
import { cosignedBy } from '../../../src/verifier/attest/cosigned-by.ts';
import { NOW_MS } from '../../support/archive-builder.ts';
import { memorySigner } from '../../support/memory-signer.ts';
import { NAME, PLACE, VerifierWorld } from '../../support/verifier-world.ts';

const keyOf = (size: number) => attestationKey(PLACE.chain, PLACE.partition, size);

async function attestedAt(sizes: readonly number[]) {
  const world = new VerifierWorld();
  const tools = world.tools();
  for (const size of sizes) {
    await world.grow(size - world.made.length);
    await world.step(size, tools);
  }
  expect(world.attestedSizes()).toEqual(sizes);
  return world;
}

describe('the key of an attestation', () => {
  it('goes there and back', () => {
    const key = attestationKey('orders', 7, 42);
    expect(key).toBe('attestations/topic=orders/partition=7/000000000042.note');
    expect(parseAttestationKey(key)).toEqual({ chain: 'orders', partition: 7, size: 42 });
  });
  it.each(['attestations/topic=orders/partition=07/000000000042.note', 'attestations/x', `${keyOf(3)}x`])(
    '%s is foreign',
    (key) => expect(parseAttestationKey(key)).toBeNull(),
  );
});

describe('the newest attestation', () => {
  it.each([0, 1, 3, 9, 10, 500, 999_999_999_999])('is found from the hint %d', async (hint) => {
    const world = await attestedAt([1, 2, 3, 9]);
    const { attested, foreign } = await world.attester().reader.newest(PLACE, hint);
    expect(attested).toMatchObject({ size: 9, timeSeconds: Math.floor(NOW_MS / 1000) });
    expect(foreign).toEqual([]);
  });

  it('is found among thousands in a few lists, wherever the hint points', async () => {
    const world = await attestedAt([1]);
    const { store } = world;
    // What the reader opens is the newest only: the others may be anything.
    for (let size = 2; size <= 5000; size++) store.attacker.putVersion(keyOf(size), utf8('x'));
    const before = store.log.length;
    const { attested, foreign, flood } = await world.attester().reader.newest(PLACE, 17);
    expect(attested?.size).toBe(1);
    expect([foreign.length, flood]).toEqual([
      50,
      { prefix: 'attestations/topic=orders/partition=0/', objects: 4999, below: 'attestation' },
    ]);
    const calls = store.log.slice(before);
    expect(calls.filter(({ method }) => method === 'listVersions').length).toBeLessThan(150);
    const reads = calls.filter(({ method }) => method === 'read');
    expect([reads.at(0)?.key, reads.length]).toEqual([keyOf(5000), 5000]);
  });

  it('is found below any number of foreign objects by looks that go on, and no version is read twice', async () => {
    const world = await attestedAt([1]);
    const { store } = world;
    for (let size = 2; size <= 1000; size++) store.attacker.putVersion(keyOf(size), utf8('x'));
    const cosigner = cosignerKey(NAME, world.signer.publicKey, nodeSha256);
    const reader = new AttestationReader(store, [cosigner], [], 400);
    const looks: unknown[] = [];
    for (let look = 0; look < 4; look++) {
      const { attested, flood } = await reader.newest(PLACE, 1);
      looks.push([attested?.size, flood?.below]);
    }
    expect(looks).toEqual([
      [undefined, 'not-read'],
      [undefined, 'not-read'],
      [1, 'attestation'],
      [1, 'attestation'],
    ]);
    const read = store.log.flatMap(({ method, key }) => (method === 'read' ? [key] : []));
    expect(new Set(read).size).toBe(1000);
    // The attestation itself: after it was put, and by the last two looks.
    expect(read.filter((key) => key === keyOf(1)).length).toBe(3);
    expect(read.length).toBe(999 + 3);
  });

  it('is none where there is none', async () => {
    const { attested } = await new VerifierWorld().attester().reader.newest(PLACE, 40);
    expect(attested).toBeNull();
  });

  it('is not hidden by a delete marker, nor by a newer version', async () => {
    const world = await attestedAt([1, 2]);
    world.store.attacker.putVersion(keyOf(2), utf8('forged'));
    world.store.attacker.addMarker(keyOf(2));
    expect((await world.attester().reader.newest(PLACE, 2)).attested?.size).toBe(2);
  });

  it("is one of ours: other people's notes above it are foreign", async () => {
    const world = await attestedAt([1, 2]);
    const thief = world.tools(undefined, memorySigner({ seed: 'thief' }));
    await world.grow(1);
    await thief.attester.attest(PLACE, (await headOf(world)) as never);
    world.store.attacker.putVersion(keyOf(7), utf8('junk'));
    const { attested, foreign } = await world.attester().reader.newest(PLACE, 3);
    expect(attested?.size).toBe(2);
    expect(foreign.map(({ key }) => key)).toEqual([keyOf(7), keyOf(3)]);
  });

  it('of another size or chain under that key is a stray', async () => {
    const world = await attestedAt([1, 2]);
    const bytes = world.store.versionsOf(keyOf(2))[0]?.bytes as Uint8Array;
    world.store.attacker.putVersion(keyOf(5), bytes);
    world.store.attacker.putVersion(attestationKey('payments', 0, 2), bytes);
    const { reader } = world.attester();
    expect((await reader.newest(PLACE, 5)).attested?.size).toBe(2);
    const other = await reader.newest({ chain: 'payments', partition: 0 }, 2);
    expect([other.attested, other.foreign.length]).toEqual([null, 1]);
  });

  it('may be by an earlier key of the verifier', async () => {
    const world = await attestedAt([1]);
    const next = memorySigner({ seed: 'next' }).publicKey;
    const keys = [next, world.signer.publicKey].map((key) => cosignerKey(NAME, key, nodeSha256));
    expect((await new AttestationReader(world.store, keys).newest(PLACE, 1)).attested?.size).toBe(1);
    expect((await new AttestationReader(world.store, keys.slice(0, 1)).newest(PLACE, 1)).attested).toBeNull();
  });
});

const headOf = async (world: VerifierWorld) => {
  const { confirmChain } = await import('../../../src/verify/confirm.ts');
  const { archive, trusted, sha256, checker } = world.tools();
  const options = { trusted, sha256, checker, confirmed: null, depth: 'content', nowMs: NOW_MS } as const;
  return (await confirmChain(archive, PLACE, options))?.head;
};

describe('an attestation', () => {
  it("carries the log's signature and ours, over the log's own words", async () => {
    const world = await attestedAt([1]);
    const stored = world.store.versionsOf(keyOf(1))[0];
    const signed = parseSignedCheckpoint(stored?.bytes as Uint8Array);
    expect(signed.signatures.map(({ name }) => name)).toEqual([world.chain.origin, NAME]);
    const { key } = world.attester();
    expect(await cosignedBy(signed, [key])).toEqual({
      cosigner: key,
      timeSeconds: Math.floor(NOW_MS / 1000),
    });
    expect(stored?.lock?.mode).toBe('COMPLIANCE');
  });

  it('is written once: who comes second is told', async () => {
    const world = await attestedAt([1]);
    const outcome = await world.attester().attest(PLACE, (await headOf(world)) as never);
    expect(outcome.kind).toBe('existed');
    expect(world.store.versionsOf(keyOf(1)).length).toBe(1);
  });

  it('of another root is a conflict', async () => {
    const world = await attestedAt([1]);
    const other = new VerifierWorld();
    await other.chain.seal();
    const outcome = await world.attester().attest(PLACE, (await headOf(other)) as never);
    expect(outcome.kind).toBe('conflict');
  });

  it('whose place is taken by junk is told of', async () => {
    const world = new VerifierWorld();
    await world.grow(1);
    world.store.attacker.putVersion(keyOf(1), utf8('junk'));
    const outcome = await world.attester().attest(PLACE, (await headOf(world)) as never);
    expect(outcome.kind).toBe('obstructed');
  });
});

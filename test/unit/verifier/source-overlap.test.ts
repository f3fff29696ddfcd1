// Does the verifier attest only one of two chains that hold the same offsets of one topic?
import { beforeEach, expect, it } from 'vitest';
import { answerEvent } from '../../../src/apps/verifier/handler.ts';
import { toHex } from '../../../src/base/bytes.ts';
import type { SourceIdentity } from '../../../src/format/manifest.ts';
import { parseSignedCheckpoint } from '../../../src/format/note.ts';
import { sealKey } from '../../../src/format/paths.ts';
import { type BuiltSegment, type ChainBuilder, entries } from '../../support/archive-builder.ts';
import { memorySigner } from '../../support/memory-signer.ts';
import { s3Event, verifierOf, type WorldVerifier } from '../../support/verifier-store.ts';
import { VerifierWorld } from '../../support/verifier-world.ts';

const TOPIC: SourceIdentity = {
  ...{ kind: 'kafka', cluster: 'cluster-1', topic: 'orders', topicId: 'AAAAAAAAAAAAAAAAAAAAAQ' },
  partition: 0,
};

let world: VerifierWorld;
let verifier: WorldVerifier;
beforeEach(() => {
  world = new VerifierWorld();
  verifier = verifierOf(world);
});

/** Seals that many segments of three records each. */
async function grow(chain: ChainBuilder, segments: number, words = {}): Promise<BuiltSegment> {
  let last: BuiltSegment | undefined;
  for (let i = 0; i < segments; i++) {
    last = await chain.seal({ lines: entries(chain.nextOffset, 3), source: TOPIC, ...words });
  }
  return last as BuiltSegment;
}
const confirm = () => answerEvent(verifier, { task: 'confirm' }, () => 900_000);

/** Chains with an attestation, each with the greatest size. */
function attested(): Record<string, number> {
  const sizes: Record<string, number> = {};
  for (const key of world.store.keys()) {
    const [, chain, size] = /^attestations\/topic=([^/]+)\/.*\/(\d+)\.note$/.exec(key) ?? [];
    if (chain !== undefined) sizes[chain] = Math.max(sizes[chain] ?? 0, Number(size));
  }
  return sizes;
}
/** `scope: found` of each source-overlap, once. */
const overlaps = () => [
  ...new Set(
    verifier.findings.told.flatMap(({ scope, findings }) =>
      findings.flatMap(({ code, found }) => (code === 'source-overlap' ? [`${scope}: ${found}`] : [])),
    ),
  ),
];

it('keeps the one that it attested first, which grows on, and refuses the second', async () => {
  await grow(world.chain, 3);
  await confirm();
  const second = world.builder.chain('copy');
  await grow(second, 2);
  await grow(world.chain, 1);
  await confirm();
  await confirm();
  expect(attested()).toEqual({ orders: 4 });
  const found = `offsets 0 to 5 are in ${world.chain.origin}, which is attested, too: which is the record can't be told`;
  expect(overlaps()).toEqual([`topic=copy/partition=0: ${found}`]);
});

it('hears of the second by an event alone', async () => {
  await grow(world.chain, 3);
  await confirm();
  await grow(world.builder.chain('copy'), 2);
  await answerEvent(verifier, s3Event(sealKey('copy', 0, 1)), () => 900_000).catch(() => {});
  expect(attested()).toEqual({ orders: 3 });
  expect(overlaps()).toHaveLength(1);
});

it('attests neither if it meets both at once: which is the record can not be told', async () => {
  await grow(world.chain, 3);
  await grow(world.builder.chain('copy'), 2);
  await confirm();
  await confirm();
  expect(attested()).toEqual({});
  expect(overlaps()).toHaveLength(2);
});

it('stops a chain that grows into what another one holds', async () => {
  await grow(world.chain, 1);
  const later = world.builder.chain('later', 0, 6);
  await grow(later, 1);
  await confirm();
  expect(attested()).toEqual({ orders: 1, later: 1 });
  await grow(world.chain, 1);
  await confirm();
  expect(attested()).toEqual({ orders: 2, later: 1 });
  await grow(world.chain, 1);
  await grow(later, 1);
  await confirm();
  expect(attested()).toEqual({ orders: 2, later: 2 });
  expect(overlaps()).toEqual([expect.stringContaining('topic=orders/partition=0: offsets 6 to 8')]);
});

it.each([
  ['with', TOPIC],
  ['without', { ...TOPIC, topicId: null }],
])(
  'attests chains that continue one another, and no seal of the older one behind that, %s an id',
  async (_, source) => {
    let last = await grow(world.chain, 2, { source });
    for (const name of ['orders-2', 'orders-3']) {
      const { origin, size, root } = parseSignedCheckpoint(last.note).checkpoint;
      const { nextOffset } = last.manifest.records;
      const continues = { origin, size, root: toHex(root), nextOffset, reason: 'r', by: 'ops' };
      const chain = world.builder.chain(name, 0, nextOffset);
      await chain.seal({ source, continues });
      last = await grow(chain, 2, { source });
    }
    await confirm();
    await confirm();
    expect([attested(), overlaps()]).toEqual([{ orders: 2, 'orders-2': 3, 'orders-3': 3 }, []]);
    await grow(world.chain, 1, { source });
    await confirm();
    expect(attested()).toEqual({ orders: 2, 'orders-2': 3, 'orders-3': 3 });
    expect(verifier.findings.codes()).toEqual(['chain-continued', 'fork']);
  },
);

it('says nothing of topics without an id, of other topics, or on the word of a key that nobody pinned', async () => {
  const words = { source: { ...TOPIC, topicId: null } };
  await grow(world.chain, 2, words);
  await grow(world.builder.chain('copy'), 2, words);
  await grow(world.builder.chain('other'), 2, { source: { ...TOPIC, topicId: 'BBBBBBBBBBBBBBBBBBBBBQ' } });
  await grow(world.builder.chain('mine'), 2);
  await grow(world.builder.chain('thief'), 2, { signers: [memorySigner({ seed: 'thief' })] });
  await confirm();
  expect(attested()).toEqual({ orders: 2, copy: 2, other: 2, mine: 2 });
  expect(overlaps()).toEqual([]);
});

it('is not stopped by another chain whose first seal can not be read', async () => {
  await grow(world.chain, 2);
  await grow(world.builder.chain('dark'), 1);
  const { archive } = verifier;
  const dark = sealKey('dark', 0, 0);
  const read: typeof archive.read = async (key, ...rest) => {
    if (key === dark) throw new Error('EIO');
    return archive.read(key, ...rest);
  };
  verifier = verifierOf(world, { archive: { ...archive, read } });
  await confirm().catch(() => {});
  expect(attested()['orders']).toBe(2);
});

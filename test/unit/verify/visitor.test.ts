// Which seals does somebody see who looks into an archive while it is verified?
import { expect, it } from 'vitest';
import type { ArchiveReader } from '../../../src/verify/archive-reader.ts';
import type { SealToVisit, Visit } from '../../../src/verify/content-visitor.ts';
import { ArchiveBuilder, signer } from '../../support/archive-builder.ts';
import { verify, verifyBuilt } from './run-verify.ts';

async function visited(builder: ArchiveBuilder, change = {}) {
  const seen: SealToVisit[] = [];
  const left: string[] = [];
  const visitor = {
    enter: async (seal: SealToVisit) => {
      seen.push(seal);
      return null;
    },
    leave: ({ chain }: { readonly chain: string }) => void left.push(chain),
  };
  const report = await verifyBuilt(builder, { visitor, ...change });
  return { report, left, seen: seen.map(({ opened: { manifest }, ...seal }) => ({ ...seal, manifest })) };
}

it('those with a data object, in their order, and no seal that has none', async () => {
  const builder = new ArchiveBuilder();
  const chain = builder.chain();
  const built = await chain.fill(2, 3);
  await chain.seal();
  const { seen, left } = await visited(builder);
  expect(seen.map(({ manifest }) => manifest.sequence)).toEqual([1, 2]);
  expect(seen).toMatchObject([
    { key: built[1]?.sealKey, isSound: true, isTrusted: true, place: { chain: 'orders', partition: 0 } },
    { key: built[2]?.sealKey, isSound: true, isTrusted: true },
  ]);
  expect(left).toEqual(['orders']);
});

it.each(['gone', 'hidden by the store', 'there'])(
  'is told of the end of each visit: data that is %s',
  async (how) => {
    const builder = new ArchiveBuilder();
    const [, made] = await builder.chain().fill(1, 3);
    const key = made?.dataKey as string;
    if (how === 'gone') builder.archive.remove(key);
    const { archive } = builder;
    const listVersions: ArchiveReader['listVersions'] = (prefix, options) => {
      if (how === 'hidden by the store' && prefix.startsWith('data/')) throw new Error('no answer');
      return archive.listVersions(prefix, options);
    };
    const events: string[] = [];
    const visit: Visit = { checked: () => void events.push('checked'), end: () => void events.push('end') };
    const visitor = { enter: async () => visit };
    await verify(
      { listVersions, read: archive.read.bind(archive), lock: archive.lock.bind(archive) },
      { trusted: builder.trusted, visitor },
    );
    expect(events).toEqual(how === 'there' ? ['checked', 'end'] : ['end']);
  },
);

it('is told which of them nobody signed who is trusted', async () => {
  const builder = new ArchiveBuilder();
  const chain = builder.chain();
  await chain.fill(1, 3);
  const { seen } = await visited(builder, {
    trusted: new ArchiveBuilder({ signers: [signer('other')] }).trusted,
  });
  expect(seen.map(({ isTrusted }) => isTrusted)).toEqual([false]);
});

it('an archive is verified by the check of signatures that was given', async () => {
  const builder = new ArchiveBuilder();
  await builder.chain().fill(1, 3);
  let asked = 0;
  const verifySignature = async () => {
    asked++;
    return false;
  };
  expect((await verifyBuilt(builder, { verifySignature })).verdict).toBe('broken');
  expect(asked).toBeGreaterThan(0);
});

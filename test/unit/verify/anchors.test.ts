// Are rollback, fork and truncation seen against what is known from elsewhere, and are continued chains followed?
import { describe, expect, it } from 'vitest';
import { toHex, utf8, utf8Text } from '../../../src/base/bytes.ts';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import type { Continues } from '../../../src/format/manifest.ts';
import { parseSignedCheckpoint } from '../../../src/format/note.ts';
import { sealKey } from '../../../src/format/paths.ts';
import { rootOfLeaves } from '../../../src/merkle/tree.ts';
import {
  ArchiveBuilder,
  archiveKey,
  type ChainBuilder,
  entries,
  type SegmentWords,
  signer,
} from '../../support/archive-builder.ts';
import { allFindings, codesOf, findingsOf, verify, verifyBuilt } from './run-verify.ts';

const checkpointOf = (text: string | null | undefined): Uint8Array => {
  if (typeof text !== 'string') throw new Error('the test needs a checkpoint');
  return utf8(text);
};

/** The archive's state, and the checkpoint that its verification gives. */
async function verifiedArchive(segments = 3) {
  const builder = new ArchiveBuilder();
  const chain = builder.chain();
  await chain.fill(segments, 4);
  const report = await verifyBuilt(builder);
  return { builder, chain, since: checkpointOf(report.chains[0]?.checkpoint) };
}

describe('an earlier checkpoint', () => {
  it('agrees with the same chain, and with the chain grown since', async () => {
    const { builder, chain, since } = await verifiedArchive();
    expect(await verifyBuilt(builder, { since: [since] })).toMatchObject({ verdict: 'verified' });
    await chain.seal({ lines: entries(12, 2) });
    await chain.seal();
    const grown = await verifyBuilt(builder, { since: [since], depth: 'seals' });
    expect(grown.verdict).toBe('verified');
    expect(parseSignedCheckpoint(checkpointOf(grown.chains[0]?.checkpoint)).checkpoint.size).toBe(6);
  });

  it('shows an older state: rollback', async () => {
    const { builder, chain, since } = await verifiedArchive();
    const last = sealKey('orders', 0, chain.manifests.length - 1);
    for (const key of builder.archive.keys()) {
      if (key === last || key.includes('/000000000003-')) builder.archive.remove(key);
    }
    expect(await verifyBuilt(builder)).toMatchObject({ verdict: 'verified' });
    const report = await verifyBuilt(builder, { since: [since] });
    expect(report.verdict).toBe('broken');
    expect(codesOf(report)).toEqual(['rollback']);
    expect(report.chains[0]?.checkpoint).toBeNull();
  });

  it('shows a cut tail where something of it is left: truncation', async () => {
    const { builder, since } = await verifiedArchive();
    builder.archive.remove(sealKey('orders', 0, 3));
    const report = await verifyBuilt(builder, { since: [since] });
    expect(codesOf(report)).toEqual(['truncation', 'unreferenced-object']);
  });

  it('shows another history of the same size and longer: fork', async () => {
    const builder = new ArchiveBuilder();
    const chain = builder.chain();
    await chain.fill(2, 4);
    const other = new ArchiveBuilder();
    const fork = chain.copy();
    await chain.seal({ lines: entries(8, 4) });
    const since = checkpointOf((await verifyBuilt(builder)).chains[0]?.checkpoint);
    // The other history, from the same first segments and by the same key, in an archive of its own.
    for (const key of builder.archive.keys()) {
      if (/\/00000000000[012]/.test(key)) {
        const lock = await builder.archive.lock(key, (await firstVersion(builder, key)).versionId);
        other.archive.put(
          key,
          builder.archive.bytesOf(key) as Uint8Array,
          lock.kind === 'locked' ? (lock.lock as never) : null,
        );
      }
    }
    Object.assign(fork, { builder: other });
    await fork.seal({ lines: entries(8, 5) });
    await fork.seal({ lines: entries(13, 5) });
    expect(await verifyBuilt(other)).toMatchObject({ verdict: 'verified' });
    const report = await verifyBuilt(other, { since: [since] });
    expect(report.verdict).toBe('broken');
    expect(codesOf(report)).toEqual(['fork']);
    expect(findingsOf(report, 'fork')[0]).toMatchObject({ sequence: 3 });
  });

  it('misses the whole chain: truncation', async () => {
    const { builder, since } = await verifiedArchive();
    for (const key of builder.archive.keys()) if (key.includes('topic=orders')) builder.archive.remove(key);
    await builder.chain('payments').fill(1, 1);
    const report = await verifyBuilt(builder, { since: [since] });
    expect(report.verdict).toBe('broken');
    expect(codesOf(report)).toEqual(['truncation']);
  });

  it('misses the whole chain, of which a delete marker is left: truncation', async () => {
    const { builder, since } = await verifiedArchive();
    for (const key of builder.archive.keys()) if (key.includes('topic=orders')) builder.archive.remove(key);
    builder.archive.marker(sealKey('orders', 0, 0));
    const report = await verifyBuilt(builder, { since: [since] });
    expect(report.verdict).toBe('broken');
    // A marker is no seal, so nothing is left of the chain, and no other is there.
    expect(codesOf(report)).toEqual(['delete-marker', 'truncation', 'unreadable']);
  });

  it('is of another archive: truncation, for its chain is not here', async () => {
    const { since, builder } = await verifiedArchive();
    const other = new ArchiveBuilder({ origin: 'audit.example.com/other' });
    await other.chain().fill(5, 1);
    const trusted = [...builder.trusted, ...other.trusted];
    const report = await verify(other.archive, { trusted, since: [since] });
    expect(codesOf(report)).toEqual(['truncation']);
  });

  it('convicts nobody when no trusted key signed it', async () => {
    const { builder } = await verifiedArchive();
    const thief = new ArchiveBuilder({ signers: [signer('thief')] });
    await thief.chain().fill(9, 1);
    const stolen = await verify(thief.archive, { trusted: thief.trusted });
    const since = [checkpointOf(stolen.chains[0]?.checkpoint)];
    const report = await verifyBuilt(builder, { since });
    expect(report.verdict).toBe('unverifiable');
    expect(codesOf(report)).toEqual(['unknown-key']);
  });

  it('is believed by a key that the chain itself brought', async () => {
    const [old, next] = [signer('old'), signer('next')];
    const builder = new ArchiveBuilder({ signers: [old, next] });
    const chain = builder.chain();
    await chain.seal({ signers: [old] });
    await chain.seal({ signers: [old, next] });
    const fork = chain.copy();
    Object.assign(fork, { builder: new ArchiveBuilder() });
    await chain.seal({ signers: [next], lines: entries(0, 1) });
    const forked = await fork.seal({ signers: [next], lines: entries(0, 2) });
    const report = await verify(builder.archive, { trusted: [archiveKey(old)], since: [forked.note] });
    expect(codesOf(report)).toEqual(['fork']);
  });

  it('is believed by a key that the chain has given up since, up to that size', async () => {
    const [old, next, thief] = [signer('old'), signer('next'), signer('thief')];
    const builder = new ArchiveBuilder({ signers: [old, next, thief] });
    const chain = builder.chain();
    await chain.seal({ signers: [old] });
    await chain.seal({ signers: [old, next] });
    const kept = Object.assign(chain.copy(), { builder: new ArchiveBuilder() });
    await kept.seal({ signers: [next], lines: entries(0, 1) });
    const { note } = await kept.seal({ signers: [next], lines: entries(1, 1) });
    await chain.seal({ signers: [next, thief], lines: entries(0, 2) });
    await chain.seal({ signers: [thief] });
    await chain.seal({ signers: [thief] });
    const trusted = [archiveKey(old)];
    expect(codesOf(await verify(builder.archive, { trusted, since: [note] }))).toEqual(['fork']);
    // A key that came later can't speak of what was before it.
    const later = Object.assign(chain.copy(), {
      manifests: chain.manifests.slice(0, 1),
      nextOffset: 0,
      records: 0,
    });
    const made = await Object.assign(later, { builder: new ArchiveBuilder() }).seal({
      signers: [thief],
      lines: entries(0, 3),
    });
    expect(codesOf(await verify(builder.archive, { trusted, since: [made.note] }))).toEqual(['unknown-key']);
  });

  it('counts for nothing when a signature of a known key is not over it, whoever else signed', async () => {
    const { builder, chain } = await verifiedArchive();
    const fork = Object.assign(chain.copy(), { builder: new ArchiveBuilder() });
    await fork.seal({ lines: entries(12, 1) });
    const { note } = await fork.seal({ lines: entries(13, 1), note: withForgedLine });
    expect(codesOf(await verifyBuilt(builder, { since: [note] }))).toEqual(['unknown-key']);
  });

  it.each([
    ['no note', 'hello'],
    [
      'a checkpoint with an extension line',
      `audit.example.com/prod/orders/0\n1\n${'A'.repeat(43)}=\nextension\n\n— a AAAAAAA=\n`,
    ],
    ['of no chain', `audit.example.com\n1\n${'A'.repeat(43)}=\n\n— a AAAAAAA=\n`],
  ])('is refused before anything is read when it is %s', async (_, text) => {
    const { builder } = await verifiedArchive();
    await expect(verifyBuilt(builder, { since: [utf8(text)] })).rejects.toMatchObject({
      code: 'malformed',
    });
  });

  it('of a chain that is not asked for is a mistake of the caller', async () => {
    const { builder, since } = await verifiedArchive();
    await builder.chain('payments').fill(1, 1);
    const only = [{ chain: 'payments', partition: 0 }];
    await expect(verifyBuilt(builder, { since: [since], only })).rejects.toMatchObject({ code: 'usage' });
  });
});

/** One more line of the same key, over something else. */
const withForgedLine = (note: Uint8Array): Uint8Array => {
  const text = utf8Text(note);
  const line = text.trimEnd().split('\n').at(-1) ?? '';
  const at = line.length - 20;
  return utf8(`${text}${line.slice(0, at)}${line[at] === 'A' ? 'B' : 'A'}${line.slice(at + 1)}\n`);
};

async function firstVersion(builder: ArchiveBuilder, key: string) {
  for await (const version of builder.archive.listVersions(key, { exact: true })) return version;
  throw new Error(`the test has no ${key}`);
}

const headOf = (chain: ChainBuilder, change: Partial<Continues> = {}): Continues => ({
  origin: chain.origin,
  size: chain.manifests.length,
  root: toHex(
    rootOfLeaves(
      nodeSha256,
      chain.manifests.map((bytes) => nodeSha256(new Uint8Array([0, ...bytes]))),
    ),
  ),
  nextOffset: chain.nextOffset,
  reason: 'a stray object at the next seal',
  by: 'ops@example.com',
  ...change,
});

describe('a chain that continues another', () => {
  async function handedOver(change: Partial<Continues> = {}) {
    const builder = new ArchiveBuilder();
    const older = builder.chain('orders');
    await older.fill(2, 4);
    const newer = builder.chain('orders-2', 0, 8);
    await newer.seal({ continues: headOf(older, change) });
    await newer.seal({ lines: entries(8, 4) });
    return { builder, older, newer };
  }

  it('is verified with the older one', async () => {
    const { builder } = await handedOver();
    const report = await verifyBuilt(builder);
    expect(codesOf(report)).toEqual([]);
    expect(report.verdict).toBe('verified');
  });

  it('makes junk at the next seal of the older one a foreign object', async () => {
    const { builder, older } = await handedOver();
    builder.archive.put(sealKey('orders', 0, older.manifests.length), utf8('junk'));
    const report = await verifyBuilt(builder);
    expect(codesOf(report)).toEqual(['foreign-object']);
    expect(report.verdict).toBe('verified');
    const [said] = allFindings(report);
    expect(said).toMatchObject({ expected: 'nothing: the chain was continued', sequence: 3 });
    // The first fault of what lies there.
    expect(said?.found).not.toBe('no seal of this chain by a trusted key');
  });

  it('and so a seal there by a key that nobody trusts', async () => {
    const { builder, older } = await handedOver();
    const stolen = older.copy();
    Object.assign(stolen, { builder: new ArchiveBuilder({ signers: [signer('thief')] }) });
    const { sealKey: key } = await stolen.seal();
    builder.archive.put(key, stolen.builder.archive.bytesOf(key) as Uint8Array);
    const report = await verifyBuilt(builder);
    expect(codesOf(report)).toEqual(['foreign-object']);
    expect(allFindings(report)[0]?.found).toBe('no seal of this chain by a trusted key');
  });

  it('but not where the seal that says so is another chain’s than its key names', async () => {
    const { builder, older, newer } = await handedOver();
    const objects = builder.archive;
    const first = objects.bytesOf(sealKey('orders-2', 0, 0)) as Uint8Array;
    for (const key of objects.keys()) if (key.includes(`topic=${newer.name}/`)) objects.remove(key);
    objects.put(sealKey('elsewhere', 0, 0), first, { mode: 'COMPLIANCE', untilMs: 9e12 });
    objects.put(sealKey('orders', 0, older.manifests.length), utf8('junk'), {
      mode: 'COMPLIANCE',
      untilMs: 9e12,
    });
    const report = await verifyBuilt(builder);
    expect(codesOf(report)).toEqual(['malformed']);
    expect(report.chains.map(({ verdict }) => verdict)).toEqual(['broken', 'broken']);
  });

  it('and so a copy of an older seal, also where its lock can’t be read', async () => {
    const { builder, older } = await handedOver();
    const next = sealKey('orders', 0, older.manifests.length);
    builder.archive.put(next, builder.archive.bytesOf(sealKey('orders', 0, 2)) as Uint8Array);
    expect(codesOf(await verifyBuilt(builder))).toEqual(['foreign-object']);
    const { archive } = builder;
    const lock = archive.lock.bind(archive);
    archive.lock = (key, versionId) =>
      key === next ? Promise.reject(new Error('the disk is on fire')) : lock(key, versionId);
    expect(codesOf(await verifyBuilt(builder))).toEqual(['foreign-object']);
  });

  it.each([
    ['junk', utf8('junk')],
    ['a seal that is too long', new Uint8Array(70_000).fill(0x61)],
  ])('and %s where it ended is the older chain’s fault: the newer one is unverifiable', async (_, bytes) => {
    const { builder, older } = await handedOver();
    builder.archive.alter(sealKey('orders', 0, older.manifests.length - 1), () => bytes);
    const { chains } = await verifyBuilt(builder);
    expect(chains.map(({ verdict }) => verdict)).toEqual(['broken', 'unverifiable']);
    expect(chains[1]?.findings.map(({ code }) => code)).toEqual(['unreadable']);
  });

  it('a first seal that can’t be read is a finding of its own chain alone, also where it could be read later', async () => {
    const { builder } = await handedOver();
    const { archive } = builder;
    const first = sealKey('orders-2', 0, 0);
    archive.failures.set(first, new Error('the disk is on fire'));
    const always = await verifyBuilt(builder);
    expect(always.findings).toEqual([]);
    expect(always.chains.map(({ verdict }) => verdict)).toEqual(['verified', 'unverifiable']);
    expect(always.chains[1]?.findings.map(({ code, key }) => [code, key])).toEqual([['unreadable', first]]);
    const read = archive.read.bind(archive);
    let refusals = 1;
    archive.failures.clear();
    archive.read = (key, ...rest) =>
      key === first && refusals-- > 0 ? Promise.reject(new Error('once')) : read(key, ...rest);
    const once = await verifyBuilt(builder);
    expect(once.findings).toEqual([]);
    expect(once.chains.map(({ verdict }) => verdict)).toEqual(['verified', 'unverifiable']);
    expect(once.chains[1]?.findings).toMatchObject([
      { code: 'unreadable', key: first, sequence: 0, found: 'once' },
    ]);
  });

  it('but what can’t be read there is no such thing', async () => {
    const { builder, older } = await handedOver();
    const next = sealKey('orders', 0, older.manifests.length);
    builder.archive.put(next, utf8('junk'), { mode: 'COMPLIANCE', untilMs: 9e12 });
    builder.archive.failures.set(next, new Error('the disk is on fire'));
    expect(codesOf(await verifyBuilt(builder))).toEqual(['unreadable']);
  });

  it.each([
    { name: 'a good seal', words: {}, codes: ['fork'] },
    {
      name: 'a seal whose path does not lead to its root',
      words: { path: (path) => path.map((hash) => hash.map((byte) => byte ^ 1)) },
      codes: ['root-mismatch'],
    },
    {
      name: 'a seal that does not follow the one before it',
      words: { manifest: (manifest) => ({ ...manifest, previous: 'c'.repeat(64) }) },
      codes: ['previous-mismatch'],
    },
  ] satisfies { name: string; words: SegmentWords; codes: string[] }[])(
    'is a fork with the next seal of the older one where that fits: $name',
    async ({ words, codes }) => {
      const { builder, older } = await handedOver();
      await older.seal(words);
      const report = await verifyBuilt(builder);
      expect(codesOf(report)).toEqual(codes);
      expect(report.verdict).toBe('broken');
    },
  );

  it('but without a continuing chain that junk breaks the chain', async () => {
    const builder = new ArchiveBuilder();
    const chain = builder.chain('orders');
    await chain.fill(2, 4);
    builder.archive.put(sealKey('orders', 0, chain.manifests.length), utf8('junk'), {
      mode: 'COMPLIANCE',
      untilMs: 9e12,
    });
    expect(codesOf(await verifyBuilt(builder))).toEqual(['malformed']);
  });

  it('is held to its own word when verified alone', async () => {
    const { builder } = await handedOver({ root: 'c'.repeat(64) });
    const only = [{ chain: 'orders-2', partition: 0 }];
    expect(codesOf(await verifyBuilt(builder, { only }))).toEqual(['fork']);
  });

  it('finds the older one under a delete marker that came first', async () => {
    const { builder, older } = await handedOver();
    const key = sealKey('orders', 0, older.manifests.length - 1);
    const bytes = builder.archive.bytesOf(key) as Uint8Array;
    builder.archive.remove(key);
    builder.archive.marker(key);
    builder.archive.put(key, bytes, { mode: 'COMPLIANCE', untilMs: 9e12 });
    const report = await verifyBuilt(builder);
    expect(codesOf(report)).toEqual(['delete-marker']);
    expect(report.verdict).toBe('verified');
  });

  it('convicts nobody when nobody trusts it', async () => {
    const { builder, older } = await handedOver();
    const thief = new ArchiveBuilder({ signers: [signer('thief')] });
    await thief.chain('stolen').seal({ continues: headOf(older, { size: 99 }) });
    const key = sealKey('stolen', 0, 0);
    builder.archive.put(key, thief.archive.bytesOf(key) as Uint8Array, { mode: 'COMPLIANCE', untilMs: 9e12 });
    const report = await verifyBuilt(builder);
    expect(report.chains.map(({ chain, verdict }) => [chain, verdict])).toEqual([
      ['orders', 'verified'],
      ['orders-2', 'verified'],
      ['stolen', 'broken'],
    ]);
  });

  it('shows that the older one lost its tail', async () => {
    const { builder } = await handedOver();
    for (const key of builder.archive.keys()) {
      if (key.includes('topic=orders/') && key.includes('000000000002')) builder.archive.remove(key);
    }
    const report = await verifyBuilt(builder);
    expect(report.chains.map(({ verdict }) => verdict)).toEqual(['broken', 'broken']);
    expect(codesOf(report)).toEqual(['truncation']);
  });

  it('shows that the older one is gone', async () => {
    const { builder } = await handedOver();
    for (const key of builder.archive.keys()) {
      if (key.includes('topic=orders/')) builder.archive.remove(key);
    }
    const report = await verifyBuilt(builder);
    expect(report.verdict).toBe('broken');
    expect(codesOf(report)).toEqual(['truncation']);
    expect(allFindings(report).length).toBeGreaterThanOrEqual(1);
  });

  it('shows that the older one is gone where it is the only chain', async () => {
    const older = new ArchiveBuilder().chain('orders');
    await older.fill(1, 2);
    const builder = new ArchiveBuilder();
    await builder.chain('orders-2', 0, older.nextOffset).seal({ continues: headOf(older) });
    const { findings, chains } = await verifyBuilt(builder);
    expect(findings.map(({ code }) => code)).toEqual(['truncation']);
    expect(chains.map((chain) => chain.findings.map(({ code }) => code))).toEqual([['truncation']]);
  });

  it('is no word about an older chain that is not asked for', async () => {
    const { builder } = await handedOver();
    await builder.chain('payments').fill(1, 2);
    const only = ['orders-2', 'payments'].map((chain) => ({ chain, partition: 0 }));
    const report = await verifyBuilt(builder, { only });
    expect([report.verdict, report.findings]).toEqual(['verified', []]);
  });

  it.each([
    { name: 'another root', change: { root: 'c'.repeat(64) }, codes: ['fork'] },
    { name: 'another next offset', change: { nextOffset: 7 }, codes: ['offset-gap'] },
    { name: 'a greater size', change: { size: 9 }, codes: ['truncation'] },
    { name: 'a size that no chain has', change: { size: 2 ** 53 - 1 }, codes: ['truncation'] },
    {
      name: 'a chain that is not here',
      change: { origin: 'audit.example.com/prod/payments/0' },
      codes: ['truncation'],
    },
    { name: 'another archive', change: { origin: 'audit.example.com/test/orders/0' }, codes: ['unreadable'] },
  ])('shows that it speaks of $name', async ({ change, codes }) => {
    const { builder } = await handedOver(change);
    const report = await verifyBuilt(builder);
    expect(codesOf(report)).toEqual(codes);
    expect(allFindings(report).map(({ expected, found }) => [expected, found])).toMatchSnapshot();
    expect(report.verdict).not.toBe('verified');
  });
});

it('a checkpoint of a chain that is not among those to verify is wrong usage', async () => {
  const { builder, since } = await verifiedArchive();
  await builder.chain('payments').seal();
  const only = [{ chain: 'payments', partition: 0 }];
  await expect(verifyBuilt(builder, { since: [since], only })).rejects.toMatchObject({
    ...{ code: 'usage', disposition: 'input' },
    message: 'a checkpoint of orders/0, which is not among the chains to verify',
  });
});

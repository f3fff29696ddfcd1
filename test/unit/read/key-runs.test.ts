// Which keys signed a chain, and who vouched for each?
import { describe, expect, it } from 'vitest';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { verifierKey } from '../../../src/format/vkey.ts';
import { ChainReader } from '../../../src/read/chain-reader.ts';
import { keyHistory } from '../../../src/read/key-runs.ts';
import type { Signer } from '../../../src/sign/signer.ts';
import { ArchiveBuilder, entries } from '../../support/archive-builder.ts';
import { lawlessStore } from '../../support/lawless-store.ts';
import { memorySigner } from '../../support/memory-signer.ts';

const [old, next] = [memorySigner({ seed: 'old' }), memorySigner({ seed: 'next' })];

async function historyOf(...signers: readonly (readonly Signer[])[]) {
  const builder = new ArchiveBuilder({ signers: [old, next] });
  const chain = builder.chain();
  for (const [at, those] of signers.entries()) await chain.seal({ lines: entries(at, 1), signers: those });
  const reader = new ChainReader({
    ...{ store: lawlessStore(builder.archive), chain: 'orders', partition: 0 },
    ...{ trusted: builder.trusted, signal: new AbortController().signal },
  });
  const { runs, seals } = await keyHistory(reader);
  const names = new Map(
    [old, next].map((signer) => [
      Buffer.from(verifierKey('x', signer.publicKey, nodeSha256).key.spki).toString('hex'),
      signer.description,
    ]),
  );
  const shown = runs.map(({ key, from, to, vouchedBy, isCurrent }) => [
    names.get(Buffer.from(key.key.spki).toString('hex'))?.split('/')[0],
    ...[from.sequence, to.sequence, vouchedBy, isCurrent],
  ]);
  return { seals, shown };
}

describe('the keys of a chain', () => {
  it('one that stays', async () => {
    expect(await historyOf([old], [old], [old])).toEqual({
      ...{ seals: 3, shown: [['memory:old', 0, 2, 'pinned', true]] },
    });
  });

  it('one that is replaced, with a segment that both signed', async () => {
    expect((await historyOf([old], [old, next], [next], [next])).shown).toEqual([
      ['memory:old', 0, 1, 'pinned', false],
      ['memory:next', 1, 3, 'chain', true],
    ]);
  });

  it('one that comes back has two runs', async () => {
    expect((await historyOf([old], [old, next], [next], [next, old], [old])).shown).toEqual([
      ['memory:old', 0, 1, 'pinned', false],
      ['memory:next', 1, 3, 'chain', false],
      ['memory:old', 3, 4, 'chain', true],
    ]);
  });

  it('one that nobody vouched for ends it', async () => {
    await expect(historyOf([old], [next])).rejects.toMatchObject({ code: 'unknown-key' });
    await expect(historyOf([old], [old, next], [next], [old])).rejects.toMatchObject({ code: 'unknown-key' });
    await expect(historyOf([next])).rejects.toMatchObject({ code: 'unknown-key' });
  });

  it('a seal of another history ends it', async () => {
    const [builder, other] = [new ArchiveBuilder(), new ArchiveBuilder()];
    const [chain, elsewhere] = [builder.chain(), other.chain()];
    for (const at of [0, 1]) await chain.seal({ lines: entries(at, 1) });
    await elsewhere.seal({ lines: entries(0, 2) });
    await elsewhere.seal({ lines: entries(2, 1) });
    const { sealKey } = await elsewhere.seal({ lines: entries(3, 1) });
    let bytes = new Uint8Array(0);
    for await (const { versionId } of other.archive.listVersions(sealKey))
      bytes = new Uint8Array(await other.archive.read(sealKey, versionId, { maxBytes: 1e6 }));
    const reader = new ChainReader({
      ...{ store: lawlessStore(builder.archive), chain: 'orders', partition: 0 },
      ...{ trusted: builder.trusted, signal: new AbortController().signal },
    });
    expect((await keyHistory(reader)).seals).toBe(2);
    builder.archive.put(sealKey, bytes);
    await expect(keyHistory(reader)).rejects.toMatchObject({ code: 'previous-mismatch' });
  });
});

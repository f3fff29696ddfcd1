// Is every archive that a good writer makes `verified`, and is its report true?
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { KafkaRecord } from '../../../src/format/record.ts';
import { directoryStore } from '../../../src/store/directory.ts';
import {
  ArchiveBuilder,
  archiveKey,
  entries,
  NOW_MS,
  START_MS,
  signer,
  transactionGap,
  writeCopy,
  YEAR_MS,
} from '../../support/archive-builder.ts';
import { codesOf, verify, verifyBuilt } from './run-verify.ts';

it('takes each data object from the list of its chain, without a request of its own', async () => {
  const builder = new ArchiveBuilder();
  await builder.chain().fill(20, 2);
  const prefixes: string[] = [];
  const list = builder.archive.listVersions.bind(builder.archive);
  builder.archive.listVersions = (prefix, options) => {
    prefixes.push(prefix);
    return list(prefix, options);
  };
  expect((await verifyBuilt(builder)).verdict).toBe('verified');
  expect(prefixes.filter((prefix) => prefix.includes('.jsonl'))).toEqual([]);
  expect(prefixes.length).toBeLessThan(10);
});

const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});
const scratch = (): string => {
  const directory = mkdtempSync(join(tmpdir(), 'ledgerstone-verify-'));
  directories.push(directory);
  return directory;
};

describe('good archives', () => {
  it('are reported by chain and partition, partitions by number', async () => {
    const builder = new ArchiveBuilder();
    for (const partition of [10, 2, 1]) await builder.chain('orders', partition).fill(1, 1);
    await builder.chain('audit', 3).fill(1, 1);
    const { chains } = await verifyBuilt(builder);
    expect(chains.map(({ chain, partition }) => `${chain}/${partition}`)).toEqual([
      'audit/3',
      'orders/1',
      'orders/2',
      'orders/10',
    ]);
  });

  it('are verified to the last line, in every chain', async () => {
    const builder = new ArchiveBuilder();
    const orders = builder.chain('orders', 0);
    const built = await orders.fill(4, 10);
    await builder.chain('orders', 10).fill(1, 3);
    await builder.chain('payments', 2, 5000).fill(2, 1);
    const report = await verifyBuilt(builder);
    expect(codesOf(report)).toEqual([]);
    expect(report.verdict).toBe('verified');
    expect(report.chains.map(({ origin }) => origin)).toEqual([
      'audit.example.com/prod/orders/0',
      'audit.example.com/prod/orders/10',
      'audit.example.com/prod/payments/2',
    ]);
    expect(report.chains[0]).toMatchObject({
      verdict: 'verified',
      size: 5,
      nextOffset: 40,
      entries: 40,
      bytes: built.reduce((sum, { manifest }) => sum + (manifest.data?.bytes ?? 0), 0),
      checked: { seals: 5, signatures: 5, locks: 9, dataObjects: 4, lines: 40 },
      lastSealed: built.at(-1)?.manifest.time.sealed,
      checkpoint: Buffer.from(built.at(-1)?.note ?? []).toString(),
      expired: 0,
    });
    expect(report.chains[2]).toMatchObject({ size: 3, nextOffset: 5002, entries: 2 });
  });

  it('read no data at depth seals', async () => {
    const builder = new ArchiveBuilder();
    await builder.chain().fill(3, 5);
    const report = await verifyBuilt(builder, { depth: 'seals' });
    expect(report.verdict).toBe('verified');
    expect(report.chains[0]?.checked).toMatchObject({ seals: 4, locks: 7, dataObjects: 0, lines: 0 });
    // Four seals, the first of them once more for what it says of an older chain, the specification and the key.
    expect(builder.archive.calls.reads).toBe(7);
  });

  it('may hold gaps, both encodings, segments without lines and odd records', async () => {
    const builder = new ArchiveBuilder();
    const chain = builder.chain();
    await chain.seal();
    await chain.seal({ lines: [...entries(0, 3), transactionGap(3, 4), ...entries(7, 2)], linesPerBlock: 2 });
    await chain.seal({ lines: entries(9, 30), linesPerBlock: 7, encoding: 'gzip' });
    await chain.seal();
    const [plain] = entries(39, 1) as [KafkaRecord];
    const odd = { ...plain, key: null, value: null, timestamp: -(2n ** 63n) };
    await chain.seal({
      lines: [
        { ...odd, offset: 39 },
        { ...odd, offset: 40, value: new Uint8Array([0xff, 0, 0x0a]), timestamp: 2n ** 63n - 1n },
        { offset: 41, last: 99, reason: 'accepted', by: 'ops@example.com', why: 'the disk burnt' },
      ],
    });
    const report = await verifyBuilt(builder);
    expect(codesOf(report)).toEqual([]);
    expect(report).toMatchObject({
      verdict: 'verified',
      chains: [{ size: 5, nextOffset: 100, entries: 37 }],
    });
  });

  it('are verified with P-256 keys', async () => {
    const builder = new ArchiveBuilder({ signers: [signer('p', 'ecdsa-p256')] });
    await builder.chain().fill(2, 2);
    expect(await verifyBuilt(builder)).toMatchObject({ verdict: 'verified', findings: [] });
  });

  it('hand their trust from key to key', async () => {
    const [old, next] = [signer('old'), signer('next', 'ecdsa-p256')];
    const builder = new ArchiveBuilder({ signers: [old, next] });
    const chain = builder.chain();
    await chain.seal({ signers: [old] });
    await chain.seal({ signers: [old, next], lines: entries(0, 2) });
    await chain.seal({ signers: [next], lines: entries(2, 2) });
    const report = await verify(builder.archive, { trusted: [archiveKey(old)] });
    expect(report.verdict).toBe('verified');
    expect(report.chains[0]?.checked.signatures).toBe(4);
    // Who pins only the new key can't say who made the first seals.
    const later = await verify(builder.archive, { trusted: [archiveKey(next)] });
    expect(later.verdict).toBe('unverifiable');
    expect(codesOf(later)).toEqual(['unknown-key']);
  });

  it('are verified as a plain copy in a directory, where there are no locks', async () => {
    const builder = new ArchiveBuilder();
    await builder.chain().fill(3, 5);
    const path = scratch();
    writeCopy(builder.archive, path);
    const report = await verify(directoryStore({ path }), { trusted: builder.trusted });
    expect(report.verdict).toBe('verified');
    expect(codesOf(report)).toEqual(['locks-not-applicable']);
    expect(report.chains[0]?.findings).toHaveLength(1);
  });

  it('stay verified when data is gone whose time is over', async () => {
    const builder = new ArchiveBuilder();
    const built = await builder.chain().fill(3, 5);
    builder.archive.remove(built[1]?.dataKey ?? '');
    const report = await verifyBuilt(builder, { nowMs: START_MS + YEAR_MS + 3_600_000 });
    expect(report.verdict).toBe('verified');
    expect(codesOf(report)).toEqual(['expired']);
    expect(report.chains[0]).toMatchObject({ expired: 1, checked: { dataObjects: 2 } });
  });

  it('may be asked for some chains only', async () => {
    const builder = new ArchiveBuilder();
    await builder.chain('orders', 0).fill(1, 2);
    await builder.chain('orders', 1).fill(1, 2);
    builder.archive.put('junk', new Uint8Array(3));
    const report = await verifyBuilt(builder, { only: [{ chain: 'orders', partition: 1 }] });
    expect(report).toMatchObject({ verdict: 'verified', findings: [] });
    expect(report.chains.map(({ partition }) => partition)).toEqual([1]);
  });

  it('tell how far they are', async () => {
    const builder = new ArchiveBuilder();
    await builder.chain().fill(3, 5);
    const seen: number[] = [];
    let last = {};
    await verifyBuilt(builder, {
      onProgress: (progress) => {
        seen.push(progress.seals + progress.lines);
        last = { ...progress };
      },
    });
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(last).toMatchObject({ chains: 1, chainsDone: 1, seals: 4, dataObjects: 3, lines: 15 });
  });

  it('end at once when aborted', async () => {
    const builder = new ArchiveBuilder();
    await builder.chain().fill(3, 5);
    const controller = new AbortController();
    const verification = verifyBuilt(builder, {
      signal: controller.signal,
      onProgress: () => controller.abort(new Error('enough')),
    });
    await expect(verification).rejects.toThrow('enough');
  });

  it('notice a chain that is quiet for too long', async () => {
    const builder = new ArchiveBuilder();
    await builder.chain().fill(1, 1);
    const quiet = await verifyBuilt(builder, { staleAfterMs: 60_000 });
    expect(codesOf(quiet)).toEqual(['stale-chain']);
    expect(quiet.verdict).toBe('verified');
    expect(codesOf(await verifyBuilt(builder, { staleAfterMs: NOW_MS - START_MS }))).toEqual([]);
  });
});

// Does a caller's wish to stop reach every call of the store?
import { describe, expect, it } from 'vitest';
import { toHex } from '../../../src/base/bytes.ts';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { leafHash, rootOfLeaves } from '../../../src/merkle/tree.ts';
import type { ArchiveReader } from '../../../src/verify/archive-reader.ts';
import { portableChecker } from '../../../src/verify/block-checker.ts';
import { confirmChain } from '../../../src/verify/confirm.ts';
import { ArchiveBuilder, entries, NOW_MS } from '../../support/archive-builder.ts';
import { tools, verify } from './run-verify.ts';

/** A reader that notes which of its calls came without the signal. */
function guarded(inner: ArchiveReader, signal: AbortSignal) {
  const methods = new Set<string>();
  const without: string[] = [];
  const note = (method: string, key: string, given: AbortSignal | undefined) => {
    methods.add(method);
    if (given !== signal) without.push(`${method} ${key}`);
  };
  const reader: ArchiveReader = {
    listVersions: (prefix, options) => {
      note('listVersions', prefix, options?.signal);
      return inner.listVersions(prefix, options);
    },
    read: (key, versionId, options) => {
      note('read', key, options.signal);
      return inner.read(key, versionId, options);
    },
    lock: (key, versionId, given) => {
      note('lock', key, given);
      return inner.lock(key, versionId, given);
    },
  };
  return { reader, methods, without };
}

/** Two chains, of which one continues the other, and a stray object. */
async function built(): Promise<ArchiveBuilder> {
  const builder = new ArchiveBuilder();
  const older = builder.chain('orders');
  await older.fill(2, 4);
  const leaves = older.manifests.map((bytes) => leafHash(nodeSha256, bytes));
  const newer = builder.chain('orders-2', 0, older.nextOffset);
  await newer.seal({
    continues: {
      origin: older.origin,
      size: leaves.length,
      root: toHex(rootOfLeaves(nodeSha256, leaves)),
      nextOffset: older.nextOffset,
      reason: 'moved',
      by: 'ops',
    },
  });
  await newer.seal({ lines: entries(older.nextOffset, 4) });
  builder.archive.put('stray', new Uint8Array(1));
  return builder;
}

describe('the signal', () => {
  it('is the reason of the end, and not what the store says of a call that it cut off', async () => {
    const builder = new ArchiveBuilder();
    await builder.chain().fill(1, 4);
    const stop = new AbortController();
    const reader: ArchiveReader = {
      listVersions: (prefix, options) => builder.archive.listVersions(prefix, options),
      lock: (key, versionId) => builder.archive.lock(key, versionId),
      read: async (key, versionId, options) => {
        if (!key.startsWith('data/')) return builder.archive.read(key, versionId, options);
        stop.abort(new Error('stopped'));
        throw new Error('connection reset');
      },
    };
    await expect(verify(reader, { trusted: builder.trusted, signal: stop.signal })).rejects.toThrow(
      'stopped',
    );
  });

  it('reaches every call when an archive is verified', async () => {
    const builder = await built();
    const { signal } = new AbortController();
    const { reader, methods, without } = guarded(builder.archive, signal);
    const report = await verify(reader, { trusted: builder.trusted, signal });
    expect(report.chains.map(({ verdict }) => verdict)).toEqual(['verified', 'verified']);
    expect([...methods].sort()).toEqual(['listVersions', 'lock', 'read']);
    expect(without).toEqual([]);
  });

  it('reaches every call when a chain is confirmed', async () => {
    const builder = await built();
    const { signal } = new AbortController();
    const { reader, methods, without } = guarded(builder.archive, signal);
    const place = { chain: 'orders', partition: 0 };
    const common = { trusted: builder.trusted, nowMs: NOW_MS, sha256: nodeSha256, depth: 'content' } as const;
    const options = { ...common, checker: portableChecker(tools), confirmed: null, signal };
    expect((await confirmChain(reader, place, options))?.report.verdict).toBe('verified');
    expect([...methods].sort()).toEqual(['listVersions', 'lock', 'read']);
    expect(without).toEqual([]);
  });
});

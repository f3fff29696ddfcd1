// Whatever call to the store fails, does the verifier say so, go on, and never say `verified`?
import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/base/bytes.ts';
import { LedgerstoneError } from '../../src/base/error.ts';
import { nodeSha256 } from '../../src/base/node/hash.ts';
import { rootOfLeaves } from '../../src/merkle/tree.ts';
import type { ArchiveReader } from '../../src/verify/archive-reader.ts';
import { ArchiveBuilder, entries } from '../support/archive-builder.ts';
import { codesOf, verify } from '../unit/verify/run-verify.ts';

async function archive(): Promise<ArchiveBuilder> {
  const builder = new ArchiveBuilder();
  const orders = builder.chain('orders');
  await orders.fill(3, 5);
  const root = rootOfLeaves(
    nodeSha256,
    orders.manifests.map((bytes) => nodeSha256(new Uint8Array([0, ...bytes]))),
  );
  const newer = builder.chain('orders-2', 0, orders.nextOffset);
  const size = orders.manifests.length;
  await newer.seal({
    continues: {
      origin: orders.origin,
      size,
      root: toHex(root),
      nextOffset: orders.nextOffset,
      reason: 'lost key',
      by: 'ops',
    },
  });
  await newer.seal({ lines: entries(orders.nextOffset, 3) });
  await builder.chain('payments', 3).fill(1, 2);
  return builder;
}

/** `time` counts the calls of this kind with this key: chains are checked side by side, so the order of calls is not fixed. */
type Call = { readonly kind: 'list' | 'read' | 'lock'; readonly key: string; readonly time: number };

const nameOf = ({ kind, key, time }: Call): string => `${kind} ${key} ${time}`;

/** The same archive, of which the call `failing` fails. */
function failingReader(
  builder: ArchiveBuilder,
  failing: Call | null,
  error: Error,
): { reader: ArchiveReader; calls: Call[] } {
  const calls: Call[] = [];
  const pass = (kind: Call['kind'], key: string) => {
    const time = calls.filter((other) => other.kind === kind && other.key === key).length;
    const call = { kind, key, time };
    calls.push(call);
    if (failing !== null && nameOf(call) === nameOf(failing)) throw error;
  };
  const { archive: objects } = builder;
  const reader: ArchiveReader = {
    async *listVersions(prefix, options) {
      pass('list', prefix);
      yield* objects.listVersions(prefix, options);
    },
    async read(key, versionId, options) {
      pass('read', key);
      return objects.read(key, versionId, options);
    },
    async lock(key, versionId) {
      pass('lock', key);
      return objects.lock(key, versionId);
    },
  };
  return { reader, calls };
}

const outage = () => new LedgerstoneError('s3-unavailable', 'no answer', { disposition: 'retriable' });

describe('a store that fails at one call', () => {
  it('is never a reason to say verified, whichever call it is', async () => {
    const builder = await archive();
    const { trusted } = builder;
    const good = failingReader(builder, null, outage());
    expect((await verify(good.reader, { trusted })).verdict).toBe('verified');
    expect(good.calls.length).toBeGreaterThan(40);
    const seen = new Set<string>();
    for (const failed of good.calls) {
      const { reader, calls } = failingReader(builder, failed, outage());
      const outcome = await verify(reader, { trusted }).catch((error: unknown) => error);
      expect(calls.map(nameOf)).toContain(nameOf(failed));
      seen.add(failed.kind);
      if (failed.kind === 'list' && failed.key === '') {
        // Not even what there is could be listed.
        expect(outcome).toMatchObject({ code: 's3-unavailable' });
        continue;
      }
      if (outcome instanceof Error) throw outcome;
      const report = outcome as Awaited<ReturnType<typeof verify>>;
      expect(report.verdict, JSON.stringify(failed)).toBe('unverifiable');
      expect(codesOf(report)).toContain('unreadable');
      // The other chains are not drawn in.
      expect(report.chains.filter(({ verdict }) => verdict !== 'verified').length).toBeLessThanOrEqual(1);
    }
    expect([...seen].sort()).toEqual(['list', 'lock', 'read']);
  });

  it('is believed when it says that something is strange', async () => {
    const builder = await archive();
    const { trusted } = builder;
    const strange = new LedgerstoneError('not-a-file', 'a link', { disposition: 'input' });
    const good = failingReader(builder, null, strange);
    await verify(good.reader, { trusted });
    const ofOlder: string[] = [];
    for (const { key } of good.calls.filter(({ kind, time }) => kind === 'read' && time === 0)) {
      // A link stays one: each look at it says so.
      const reader: ArchiveReader = {
        ...good.reader,
        read: (asked, versionId, options) =>
          asked === key ? Promise.reject(strange) : good.reader.read(asked, versionId, options),
      };
      const { verdict, chains } = await verify(reader, { trusted });
      expect(verdict, key).toBe('broken');
      // A fault of a chain's seal is that chain's alone: one that continues it can't be shown either way (9.1.7).
      const newer = chains.find(({ continues }) => continues !== null);
      if (newer?.findings.some(({ code }) => code === 'unreadable') === true) {
        expect(newer.verdict, key).toBe('unverifiable');
        ofOlder.push(key);
      }
    }
    expect(ofOlder).toEqual(['seals/topic=orders/partition=0/000000000003.tlog-proof']);
  });

  it('fails altogether without a word on the chains', async () => {
    const builder = await archive();
    const reader: ArchiveReader = {
      listVersions: (prefix, options) => builder.archive.listVersions(prefix, options),
      read: () => Promise.reject(outage()),
      lock: () => Promise.reject(outage()),
    };
    const report = await verify(reader, { trusted: builder.trusted });
    expect(report.verdict).toBe('unverifiable');
    expect(report.chains.map(({ verdict }) => verdict)).toEqual([
      'unverifiable',
      'unverifiable',
      'unverifiable',
    ]);
  });
});

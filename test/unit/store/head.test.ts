// Is the newest seal found with few lists, from any hint, and is everything odd on the way told apart?
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../src/base/bytes.ts';
import { LIMITS } from '../../../src/base/limits.ts';
import { sealKey, sealPrefix } from '../../../src/format/paths.ts';
import { findHead, TAMPER_ATTEMPTS_MAX } from '../../../src/store/head.ts';
import { type MemoryStore, memoryStore } from '../../support/memory-store.ts';

const seal = (sequence: number) => sealKey('orders', 3, sequence);

/** A chain of so many seals, without those left out. */
function chainOf(size: number, without: readonly number[] = []): MemoryStore {
  const store = memoryStore();
  for (let n = 0; n < size; n++)
    if (!without.includes(n)) store.attacker.putVersion(seal(n), utf8(`seal ${n}`));
  // Neighbours: other partitions and chains, whose keys begin alike or sort just around.
  for (const [chain, partition] of [
    ['orders', 2],
    ['orders', 30],
    ['orders-eu', 3],
  ] as const) {
    store.attacker.putVersion(sealKey(chain, partition, 7), utf8('another chain'));
  }
  return store;
}

const search = (store: MemoryStore, hint?: number) => findHead(store, 'orders', 3, hint);

describe('findHead', () => {
  it('says none only where nothing lies under the prefix', async () => {
    expect(await search(chainOf(0))).toEqual({ kind: 'none' });
    expect(await search(chainOf(0), 12)).toEqual({ kind: 'none' });
  });

  it.each([1, 2, 3, 7, 8, 9, 100])('finds the head of %d seals from any hint', async (size) => {
    const store = chainOf(size);
    const [version] = store.versionsOf(seal(size - 1));
    for (const hint of [
      undefined,
      0,
      1,
      size - 2,
      size - 1,
      size,
      size + 1,
      size * 2,
      1_000_000,
      LIMITS.sequenceMax,
    ]) {
      expect(await search(store, hint)).toMatchObject({
        kind: 'head',
        sequence: size - 1,
        version: { key: seal(size - 1), versionId: version?.versionId, size: version?.bytes.length },
        attempts: { found: [], omitted: 0 },
      });
    }
  });

  it('takes any number for a hint: it comes from outside', async () => {
    for (const hint of [-1, Number.NaN, Number.POSITIVE_INFINITY, 2.5, 1e300]) {
      expect(await search(chainOf(3), hint)).toMatchObject({ kind: 'head', sequence: 2 });
    }
  });

  it('needs O(log n) lists, and one where the hint is right or a little behind', async () => {
    const size = 100_000;
    const store = chainOf(size);
    const lists = async (hint?: number) => {
      const before = store.log.length;
      expect(await search(store, hint)).toMatchObject({ sequence: size - 1 });
      return store.log.length - before;
    };
    expect(await lists()).toBeLessThanOrEqual(2 * 17 + 3);
    expect(await lists(size / 2)).toBeLessThanOrEqual(2 * 17 + 3);
    expect(await lists(LIMITS.sequenceMax)).toBeLessThanOrEqual(2 * 40 + 3);
    expect(await lists(size - 1)).toBe(1);
    expect(await lists(size - 900)).toBe(1);
    expect(await lists(size - 902)).toBeLessThanOrEqual(2 * 10 + 3);
    expect(await lists(size)).toBeLessThanOrEqual(6);
    expect(store.log.every(({ method }) => method === 'listVersions')).toBe(true);
  });

  it('never takes a seal for the head that has another one beyond it', async () => {
    const holes = fc.uniqueArray(fc.nat(39), { minLength: 1, maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 40 }), holes, fc.nat(50), async (size, without, hint) => {
        const missing = without.filter((n) => n < size);
        const left = Array.from({ length: size }, (_, n) => n).filter((n) => !missing.includes(n));
        const newest = left.at(-1);
        const found = await search(chainOf(size, missing), hint);
        // Steps may jump over a hole below the head: that is for the verifier, who reads every seal.
        if (found.kind === 'head') expect(found.sequence).toBe(newest);
        else if (found.kind === 'hole') {
          expect(left).not.toContain(found.missing);
          expect(found.beyond.key).toBe(seal(left.find((n) => n > found.missing) as number));
        } else expect([found.kind, newest]).toEqual(['none', undefined]);
      }),
      { numRuns: 300 },
    );
  });

  it('reports a hole with the first seal beyond it', async () => {
    const store = chainOf(5);
    store.attacker.putVersion(seal(700_000), utf8('far'));
    expect(await search(store, 2)).toMatchObject({
      kind: 'hole',
      missing: 5,
      beyond: { key: seal(700_000) },
    });
    const begun = chainOf(0);
    begun.attacker.putVersion(seal(1), utf8('x'));
    expect(await search(begun)).toMatchObject({ kind: 'hole', missing: 0, beyond: { key: seal(1) } });
  });

  it('lets no marker or later version change what is committed, and reports them', async () => {
    const store = chainOf(6);
    const marker = store.attacker.addMarker(seal(5));
    const extra = store.attacker.putVersion(seal(5), utf8('forged'));
    const beyond = store.attacker.addMarker(seal(9));
    const found = await search(store, 5);
    expect(found).toMatchObject({
      kind: 'head',
      sequence: 5,
      version: { versionId: store.versionsOf(seal(5))[0]?.versionId },
    });
    expect(
      found.kind === 'head' && found.attempts.found.map(({ kind, versionId }) => [kind, versionId]),
    ).toEqual([
      ['delete-marker', marker],
      ['extra-version', extra],
      ['delete-marker', beyond],
    ]);
  });

  it('takes a seal that was put over a marker for the seal', async () => {
    const store = chainOf(3);
    store.attacker.addMarker(seal(3));
    const versionId = store.attacker.putVersion(seal(3), utf8('seal 3'));
    expect(await search(store, 2)).toMatchObject({ kind: 'head', sequence: 3, version: { versionId } });
  });

  it('does not call a chain none of which only traces are left', async () => {
    const hidden = chainOf(0);
    hidden.attacker.addMarker(seal(0));
    expect(await search(hidden)).toMatchObject({
      kind: 'only-markers',
      attempts: { found: [{ kind: 'delete-marker', key: seal(0) }] },
    });
    const later = chainOf(0);
    later.attacker.addMarker(seal(4));
    expect(await search(later)).toMatchObject({ kind: 'only-markers' });
    const strange = chainOf(0);
    strange.attacker.putVersion(`${sealPrefix('orders', 3)}readme.txt`, utf8('x'));
    expect(await search(strange)).toMatchObject({
      kind: 'only-markers',
      attempts: { found: [{ kind: 'foreign-object' }] },
    });
  });

  it('reads on past foreign objects to a seal beyond', async () => {
    const store = chainOf(2);
    const prefix = sealPrefix('orders', 3);
    store.attacker.putVersion(`${prefix}000000000001.tlog-proof.bak`, utf8('x'));
    store.attacker.putVersion(`${prefix}00000000000a.tlog-proof`, utf8('x'));
    store.attacker.putVersion(seal(8), utf8('x'));
    expect(await search(store)).toMatchObject({ kind: 'hole', missing: 2, beyond: { key: seal(8) } });
  });

  it('reports a bounded number of attempts and counts the others', async () => {
    const store = chainOf(1);
    for (let n = 0; n < 250; n++) store.attacker.addMarker(seal(2 + n));
    for (let n = 0; n < 1200; n++) store.attacker.putVersion(seal(0), utf8('x'));
    const found = await search(store);
    expect(found).toMatchObject({
      kind: 'head',
      sequence: 0,
      attempts: { omitted: 250 + 1200 - TAMPER_ATTEMPTS_MAX },
    });
    expect(found.kind === 'head' && found.attempts.found).toHaveLength(TAMPER_ATTEMPTS_MAX);
  });

  it('goes on to what another writer seals meanwhile', async () => {
    const store = chainOf(4);
    const listVersions = store.listVersions.bind(store);
    let sealed = 4;
    store.listVersions = (prefix, options) => {
      // A writer that is always one ahead, for a while.
      if (options?.startAfter !== undefined && sealed < 8)
        store.attacker.putVersion(seal(sealed++), utf8('new'));
      return listVersions(prefix, options);
    };
    // A hint beyond the end, from which the search goes step by step.
    expect(await search(store, 10)).toMatchObject({ kind: 'head', sequence: 7 });
  });

  it('ends when it is told to', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(findHead(chainOf(2), 'orders', 3, 0, signal)).rejects.toThrow('enough');
  });
});

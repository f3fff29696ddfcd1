// Are the archive's keys and its specification really locked, by the store's own word, and as long as the seals?
import { describe, expect, it } from 'vitest';
import { publishArchiveFiles } from '../../../src/sealing/publish.ts';
import type { Store } from '../../../src/store/store.ts';
import { archiveKey, signer } from '../../support/archive-builder.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { memoryStore } from '../../support/memory-store.ts';

const DAY_MS = 86_400_000;
const clock = new FakeClock();
const publish = (store: Store, laterMs = 0) =>
  publishArchiveFiles(
    store,
    [archiveKey(signer())],
    { mode: 'COMPLIANCE', period: { months: 0, ms: 30 * DAY_MS } },
    { now: () => clock.now() + laterMs, monotonic: () => 0, sleep: async () => {} },
  );
const locksOf = async (store: ReturnType<typeof memoryStore>) => {
  const locks = [];
  for (const key of store.keys()) {
    const [version] = store.versionsOf(key);
    const state = await store.lock(key, version?.versionId ?? '');
    locks.push(state.kind === 'locked' ? state.lock.untilMs - clock.now() : state.kind);
  }
  return locks;
};

describe('what is published', () => {
  it('is locked, and locked for longer at the next start', async () => {
    const store = memoryStore({ clock });
    expect((await publish(store)).map(({ written }) => written)).toEqual([true, true]);
    for (const left of await locksOf(store)) expect(left).toBeGreaterThanOrEqual(30 * DAY_MS);
    for (const left of await locksOf(store)) expect(left).toBeLessThan(31 * DAY_MS);
    expect((await publish(store, 10 * DAY_MS)).map(({ written }) => written)).toEqual([false, false]);
    for (const left of await locksOf(store)) expect(left).toBeGreaterThanOrEqual(40 * DAY_MS);
  });

  it('is an error where the store takes the lock and forgets it', async () => {
    const store = memoryStore({ clock });
    const forgetful: Store = { ...store, lock: async () => ({ kind: 'none' }), extendLock: async () => {} };
    await expect(publish(forgetful)).rejects.toMatchObject({ code: 'lock-missing' });
  });

  it('is an error where the store takes a second one, before a chain is begun there', async () => {
    const store = memoryStore({ clock });
    const careless: Store = {
      ...store,
      putIfAbsent: async (key, bytes, lock, options) => {
        const outcome = await store.putIfAbsent(key, bytes, lock, options);
        return outcome.kind === 'exists' ? { kind: 'stored', versionId: 'v2' } : outcome;
      },
    };
    await expect(publish(careless)).rejects.toMatchObject({
      ...{ code: 'not-create-only', remedy: expect.stringContaining('If-None-Match') },
    });
    expect(store.keys()).toEqual([expect.stringContaining('keys/')]);
    // A supervisor starts it again.
    await expect(publish(careless)).rejects.toMatchObject({ code: 'not-create-only' });
  });

  it('is none where a delete marker let it through, as S3 does', async () => {
    const store = memoryStore({ clock });
    await publish(store);
    const [key = ''] = store.keys().filter((one) => one.startsWith('keys/'));
    store.attacker.addMarker(key);
    await publish(store);
    expect(store.versionsOf(key).filter(({ marker }) => !marker)).toHaveLength(2);
    await publish(store);
  });

  it('gets its lock where it lies there without one', async () => {
    const source = memoryStore({ clock });
    await publish(source);
    const store = memoryStore({ clock });
    for (const key of source.keys())
      store.attacker.putVersion(key, source.versionsOf(key)[0]?.bytes ?? new Uint8Array());
    expect(await locksOf(store)).toEqual(['none', 'none']);
    await publish(store);
    for (const left of await locksOf(store)) expect(left).toBeGreaterThanOrEqual(30 * DAY_MS);
  });

  it('locks nothing that somebody else put in its place', async () => {
    const source = memoryStore({ clock });
    await publish(source);
    const store = memoryStore({ clock });
    for (const key of source.keys()) store.attacker.putVersion(key, new Uint8Array([1]));
    await publish(store);
    expect(await locksOf(store)).toEqual(['none', 'none']);
  });
});

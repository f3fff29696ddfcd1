// Is no lock ever set further ahead than the greatest one, by the store's own time?
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../src/base/bytes.ts';
import { boundedStore } from '../../../src/store/bounded.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { memoryStore } from '../../support/memory-store.ts';

const DAY_MS = 86_400_000;

async function world(skewMs = 0) {
  const clock = new FakeClock();
  clock.jump(skewMs);
  const inner = memoryStore({ clock, skewMs: () => skewMs });
  const store = boundedStore(inner, { months: 12, ms: 0 }, clock);
  const inDays = (days: number) => ({ mode: 'COMPLIANCE' as const, untilMs: clock.now() + days * DAY_MS });
  // Its answer tells the store's time.
  for await (const _ of store.listVersions('keys/')) break;
  return { clock, inner, store, inDays };
}

describe('a bounded store', () => {
  it('puts and lengthens up to the greatest lock', async () => {
    const { inner, store, inDays } = await world();
    const put = await store.putIfAbsent('keys/a', utf8('a'), inDays(30));
    expect(put.kind).toBe('stored');
    await store.extendLock('keys/a', put.kind === 'stored' ? put.versionId : '', inDays(365));
    expect(inner.versionsOf('keys/a')[0]?.lock).toEqual(inDays(365));
  });

  it('refuses more before it asks the store, and says until when it may be', async () => {
    const { clock, inner, store, inDays } = await world();
    const latest = new Date(Date.UTC(2027, 10, 22, 10, 1, 1)).toISOString();
    expect(new Date(clock.now()).toISOString()).toBe('2026-11-22T10:00:00.000Z');
    await expect(store.putIfAbsent('keys/a', utf8('a'), inDays(366))).rejects.toMatchObject({
      code: 'lock-too-long',
      message: expect.stringContaining(`allows ${latest} at most: nothing was written`),
    });
    const put = await store.putIfAbsent('keys/b', utf8('b'), inDays(1));
    const versionId = put.kind === 'stored' ? put.versionId : '';
    // As somebody with the archiver's role did: 2125.
    await expect(store.extendLock('keys/b', versionId, inDays(36_500))).rejects.toMatchObject({
      code: 'lock-too-long',
    });
    expect(inner.log.map(({ method }) => method)).toEqual(['listVersions', 'putIfAbsent']);
    expect(inner.versionsOf('keys/b')[0]?.lock).toEqual(inDays(1));
  });

  it('counts from the time of the store, where the local clock is years ahead', async () => {
    const { store, inDays } = await world(5 * 365 * DAY_MS);
    await expect(store.putIfAbsent('keys/a', utf8('a'), inDays(1))).rejects.toMatchObject({
      code: 'lock-too-long',
    });
  });
});

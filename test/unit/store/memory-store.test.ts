// Does the fake bucket keep the law that the real one keeps, and does the fault injector do what it says?
import { describe, expect, it } from 'vitest';
import { utf8, utf8Text } from '../../../src/base/bytes.ts';
import type { Clock } from '../../../src/base/clock.ts';
import { FAULT_KINDS, type Fault, faultyStore } from '../../support/faulty-store.ts';
import { memoryStore } from '../../support/memory-store.ts';

const START_MS = Date.UTC(2026, 10, 23);

function ownClock(): Clock & { nowMs: number; slept: number[] } {
  const clock = {
    nowMs: START_MS,
    slept: [] as number[],
    now: () => clock.nowMs,
    monotonic: () => clock.nowMs - START_MS,
    sleep: async (ms: number) => {
      clock.slept.push(ms);
      clock.nowMs += ms;
    },
  };
  return clock;
}

const lockFor = (ms: number) => ({ mode: 'COMPLIANCE', untilMs: START_MS + ms }) as const;

describe('memoryStore', () => {
  it('lets a version go when its lock has ended, by its own clock, and not before', async () => {
    const clock = ownClock();
    const store = memoryStore({ clock });
    await store.putIfAbsent('k', utf8('x'), lockFor(5000));
    const versionId = store.versionsOf('k')[0]?.versionId as string;
    clock.nowMs += 4999;
    expect(() => store.attacker.deleteVersion('k', versionId)).toThrow(/protected/);
    clock.nowMs += 1;
    store.attacker.deleteVersion('k', versionId);
    expect(store.keys()).toEqual([]);
  });

  it('refuses a lock in the past, by the time of the store and not of the caller', async () => {
    const clock = ownClock();
    await expect(memoryStore({ clock }).putIfAbsent('k', utf8('x'), lockFor(0))).rejects.toMatchObject({
      code: 'bad-lock',
    });
    // The local clock is an hour slow: the store's time is later.
    const late = memoryStore({ clock, skewMs: () => -3_600_000 });
    await expect(late.putIfAbsent('k', utf8('x'), lockFor(60_000))).rejects.toMatchObject({
      code: 'bad-lock',
    });
    expect(late.clockOffset()?.offsetMs).toBe(-3_600_000);
    expect(late.keys()).toEqual([]);
  });

  it('hides locks from who may not see them', async () => {
    const store = memoryStore({ clock: ownClock(), locksPermitted: false });
    await store.putIfAbsent('k', utf8('x'), lockFor(5000));
    const versionId = store.versionsOf('k')[0]?.versionId as string;
    expect(await store.lock('k', versionId)).toEqual({ kind: 'not-permitted' });
  });

  it('keeps its bytes apart from those of the caller, both ways', async () => {
    const store = memoryStore({ clock: ownClock() });
    const bytes = utf8('abc');
    const outcome = await store.putIfAbsent('k', bytes, lockFor(5000));
    const versionId = outcome.kind === 'stored' ? outcome.versionId : '';
    bytes.fill(0);
    const read = () => store.read('k', versionId, { maxBytes: 3 });
    (await read()).fill(0);
    expect(utf8Text(await read())).toBe('abc');
  });

  it('lets the disk below it do what S3 would not', async () => {
    const store = memoryStore({ clock: ownClock() });
    await store.putIfAbsent('k', utf8('abc'), lockFor(5000));
    store.attacker.addMarker('k');
    const versionId = store.versionsOf('k')[0]?.versionId as string;
    store.attacker.tamper('k', (bytes) => bytes.fill(0x78));
    expect(utf8Text(await store.read('k', versionId, { maxBytes: 3 }))).toBe('xxx');
    store.attacker.setLock('k', null);
    expect(await store.lock('k', versionId)).toEqual({ kind: 'none' });
    store.attacker.destroy('k', versionId);
    expect(store.versionsOf('k').map(({ marker }) => marker)).toEqual([true]);
    store.attacker.destroy('k');
    expect(store.keys()).toEqual([]);
  });

  it('tells every call', async () => {
    const store = memoryStore({ clock: ownClock() });
    const lock = lockFor(5000);
    await store.putIfAbsent('k', utf8('x'), lock);
    for await (const { versionId } of store.listVersions('')) await store.lock('k', versionId);
    expect(store.log).toEqual([
      { method: 'putIfAbsent', key: 'k', lock },
      { method: 'listVersions', key: '' },
      { method: 'lock', key: 'k', versionId: store.versionsOf('k')[0]?.versionId },
    ]);
  });
});

describe('faultyStore', () => {
  /** What a put gets, and what the bucket then holds, when its only call goes wrong that way. */
  const putWith = async (fault: Fault) => {
    const clock = ownClock();
    const inner = memoryStore({ clock });
    const store = faultyStore(inner, ({ index }) => (index === 0 ? fault : undefined), clock);
    const answer = await store.putIfAbsent('k', utf8('x'), lockFor(60_000)).catch((error: Error) => error);
    return { answer, versions: inner.versionsOf('k').length, clock, store };
  };

  it('fails before, fails after, waits, and does it twice', async () => {
    const unknown = { code: 'unavailable', disposition: 'retriable' };
    expect(await putWith({ kind: 'fails' })).toMatchObject({ answer: unknown, versions: 0 });
    expect(await putWith({ kind: 'done-but-fails' })).toMatchObject({ answer: unknown, versions: 1 });
    const slow = await putWith({ kind: 'slow', ms: 5000 });
    expect(slow).toMatchObject({ answer: { kind: 'stored' }, versions: 1 });
    expect(slow.clock.slept).toEqual([5000]);
    // The answer to one's own success.
    expect(await putWith({ kind: 'twice' })).toMatchObject({ answer: { kind: 'exists' }, versions: 1 });
    const error = new Error('mine');
    expect((await putWith({ kind: 'fails', error })).answer).toBe(error);
    expect(FAULT_KINDS).toHaveLength(4);
  });

  it('numbers the calls, so that a good run can be repeated with each of them failing', async () => {
    const { store } = await putWith({ kind: 'fails' });
    await store.putIfAbsent('k', utf8('x'), lockFor(60_000));
    for await (const _ of store.listPrefixes('a/')) expect.fail('nothing is there');
    expect(store.calls).toEqual([
      { index: 0, method: 'putIfAbsent', key: 'k' },
      { index: 1, method: 'putIfAbsent', key: 'k' },
      { index: 2, method: 'listPrefixes', key: 'a/' },
    ]);
  });

  it('breaks a list off after its first entry', async () => {
    const clock = ownClock();
    const inner = memoryStore({ clock });
    for (const key of ['a', 'b']) inner.attacker.putVersion(key, utf8('x'));
    const seen: string[] = [];
    const store = faultyStore(inner, () => ({ kind: 'done-but-fails' }), clock);
    const listing = async () => {
      for await (const { key } of store.listVersions('')) seen.push(key);
    };
    await expect(listing()).rejects.toMatchObject({ disposition: 'retriable' });
    expect(seen).toEqual(['a']);
  });
});

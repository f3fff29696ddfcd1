// What holds for every store with versions and locks, and whatever an attacker with rights on the bucket tries?
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { utf8, utf8Text } from '../../src/base/bytes.ts';
import { nodeSha256 } from '../../src/base/node/hash.ts';
import { type HoldWriter, type Store, VERSIONS_PER_KEY_MAX } from '../../src/store/store.ts';
import { all, collect, put, type StoreUnderTest, shortLock } from './store-suite.ts';

/** By the service's own rules; a promise rejects where they refuse. */
export type Adversary = {
  putVersion(key: string, bytes: Uint8Array): Promise<void>;
  addMarker(key: string): Promise<void>;
  deleteVersion(key: string, versionId: string): Promise<void>;
  setHold(key: string, versionId: string, isHeld: boolean): Promise<void>;
  /** Versions and markers of this key, counted by other code than the store's. */
  count(key: string): Promise<number>;
};

export type LockingStore = StoreUnderTest & {
  readonly store: Store & HoldWriter;
  readonly adversary: Adversary;
};

export type LockQuirks = {
  /** A key that only a delete marker hides is still taken: nothing is put over it. Stricter than S3. */
  readonly keepsKeyUnderMarker?: boolean;
  /** A delete of a key that is not there leaves no marker. */
  readonly marksNothingAbsent?: boolean;
};

/** `quirks`: what this server is known to do in another way than S3. */
export function storeLockSuite(
  name: string,
  open: () => Promise<LockingStore>,
  quirks: LockQuirks = {},
): void {
  describe(`${name}: versions and locks`, () => {
    let place: LockingStore | undefined;
    let store: Store & HoldWriter;
    let adversary: Adversary;
    let another: () => Store;
    let made = 0;
    const newKey = () => `locks-${++made}/object`;

    beforeAll(async () => {
      place = await open();
      ({ store, adversary, another } = place);
    });
    afterAll(() => place?.close());

    it('puts the lock that was asked for on the version, in whole seconds', async () => {
      const key = newKey();
      const untilMs = Math.floor(Date.now() / 1000) * 1000 + 60_001;
      const versionId = await put(store, key, utf8('x'), { mode: 'COMPLIANCE', untilMs });
      const lock = { mode: 'COMPLIANCE', untilMs: untilMs + 999 };
      expect(await store.lock(key, versionId)).toEqual({ kind: 'locked', lock });
    });

    it('says of a version without a lock that it has none', async () => {
      const key = newKey();
      await adversary.putVersion(key, utf8('x'));
      const [version] = await collect(store, key);
      expect(await store.lock(key, version?.versionId ?? '')).toEqual({ kind: 'none' });
    });

    it('lengthens a lock and never shortens or weakens it', async () => {
      const key = newKey();
      const lock = shortLock(60);
      const versionId = await put(store, key, utf8('x'), lock);
      const longer = { ...lock, untilMs: lock.untilMs + 60_000 };
      await store.extendLock(key, versionId, longer);
      expect(await store.lock(key, versionId)).toEqual({ kind: 'locked', lock: longer });
      await expect(store.extendLock(key, versionId, lock)).rejects.toMatchObject({ disposition: 'fatal' });
      const weaker = { mode: 'GOVERNANCE', untilMs: longer.untilMs } as const;
      await expect(store.extendLock(key, versionId, weaker)).rejects.toMatchObject({ disposition: 'fatal' });
      expect(await store.lock(key, versionId)).toEqual({ kind: 'locked', lock: longer });
    });

    it('tells of a legal hold, which keeps a version without a lock too, and of its end', async () => {
      const key = newKey();
      await adversary.putVersion(key, utf8('x'));
      const [version] = await collect(store, key);
      const versionId = version?.versionId ?? '';
      expect(await store.hold(key, versionId)).toBe('none');
      await adversary.setHold(key, versionId, true);
      expect(await another().hold(key, versionId)).toBe('held');
      await expect(adversary.deleteVersion(key, versionId)).rejects.toThrow();
      await adversary.setHold(key, versionId, false);
      expect(await store.hold(key, versionId)).toBe('none');
      await adversary.deleteVersion(key, versionId);
      await expect(store.hold(key, versionId)).rejects.toMatchObject({ code: 'not-found' });
    });

    it('puts a legal hold on one version and takes it off, each as often as it is asked', async () => {
      const key = newKey();
      await adversary.putVersion(key, utf8('x'));
      await adversary.putVersion(key, utf8('y'));
      const [oldest, newer] = await collect(store, key);
      const [first = '', second = ''] = [oldest?.versionId, newer?.versionId];
      for (const _ of ['once', 'again']) {
        await store.setHold(key, first, true);
        expect(await another().hold(key, first)).toBe('held');
        expect(await another().hold(key, second)).toBe('none');
      }
      await expect(adversary.deleteVersion(key, first)).rejects.toThrow();
      for (const _ of ['once', 'again']) {
        await store.setHold(key, first, false);
        expect(await another().hold(key, first)).toBe('none');
      }
      await adversary.deleteVersion(key, first);
      await expect(store.setHold(key, first, true)).rejects.toMatchObject({ code: 'not-found' });
    });

    it('keeps a locked version whatever is deleted', async () => {
      const key = newKey();
      const versionId = await put(store, key, utf8('kept'));
      await expect(adversary.deleteVersion(key, versionId)).rejects.toThrow();
      await adversary.addMarker(key);
      await expect(adversary.deleteVersion(key, versionId)).rejects.toThrow();
      expect(utf8Text(await store.read(key, versionId, { maxBytes: 4 }))).toBe('kept');
      expect((await collect(store, key)).map(({ marker }) => marker)).toEqual([false, true]);
    });

    it('refuses bytes that do not have the hash that was given, and stores nothing', async () => {
      const key = newKey();
      const wrong = store.putIfAbsent(key, utf8('bytes'), shortLock(), {
        sha256: nodeSha256(utf8('others')),
      });
      await expect(wrong).rejects.toMatchObject({ disposition: 'fatal' });
      expect(await collect(store, key)).toEqual([]);
    });

    it('succeeds over a delete marker, so that only the list tells whose version is the oldest', async () => {
      const key = newKey();
      const first = await put(store, key, utf8('first'));
      await adversary.addMarker(key);
      if (quirks.keepsKeyUnderMarker === true) {
        expect(await store.putIfAbsent(key, utf8('second'), shortLock())).toEqual({ kind: 'exists' });
        const found = await collect(another(), key);
        // Where the marker stands among them is by time, in whole seconds.
        const listed = found.map(({ versionId, marker }) => (marker ? 'marker' : versionId));
        expect(listed.toSorted()).toEqual([first, 'marker'].toSorted());
        return;
      }
      const second = await put(store, key, utf8('second'));
      expect(await store.putIfAbsent(key, utf8('third'), shortLock())).toEqual({ kind: 'exists' });
      const versions = await collect(another(), key);
      expect(versions.map(({ versionId, marker }) => (marker ? 'marker' : versionId))).toEqual([
        first,
        'marker',
        second,
      ]);
    });

    it('lists a key that has nothing but markers', async () => {
      const key = newKey();
      await adversary.addMarker(key);
      await adversary.addMarker(key);
      const marker = { key, marker: true, size: 0 };
      const listed = await collect(store, key, { exact: true });
      if (quirks.marksNothingAbsent === true) expect(listed).toEqual([]);
      else expect(listed).toMatchObject([marker, marker]);
      expect(await put(store, key, utf8('x'))).toBeTruthy();
      const prefix = key.slice(0, key.indexOf('/') + 1);
      expect(await all(store.listPrefixes(''))).toContain(prefix);
    });

    it('reads no bytes of a delete marker', async () => {
      const key = newKey();
      await adversary.addMarker(key);
      const [marker] = await collect(store, key);
      const read = store.read(key, marker?.versionId ?? '', { maxBytes: 10 });
      await expect(read).rejects.toMatchObject({ code: 'not-found' });
    });

    it('lists versions oldest first, also those of one second, with other keys around', async () => {
      const key = newKey();
      await adversary.putVersion(`${key}!`, utf8('after'));
      const first = await put(store, key, utf8('0'));
      for (const n of [1, 2, 3, 4]) await adversary.putVersion(key, utf8(String(n)));
      const versions = (await collect(store, key.slice(0, -1))).filter((version) => version.key === key);
      expect(versions[0]?.versionId).toBe(first);
      const texts = versions.map(({ versionId }) =>
        store.read(key, versionId, { maxBytes: 1 }).then(utf8Text),
      );
      expect(await Promise.all(texts)).toEqual(['0', '1', '2', '3', '4']);
      expect(await collect(store, key, { exact: true })).toEqual(versions);
      expect(await collect(store, key, { limit: 1 })).toEqual(versions);
    });

    it('finds the oldest version below more than a page of others, and counts what it leaves out', async () => {
      const key = newKey();
      await adversary.addMarker(key);
      const oldest = await put(store, key, utf8('oldest'));
      const piled = VERSIONS_PER_KEY_MAX + 30;
      // LocalStack lists versions by time but goes on from a page by id: of versions written at once it may list
      // some twice. The page ends among the first ones, so these are written one after another.
      for (let n = 0; n < 100; n += 1) await adversary.putVersion(key, utf8('later'));
      for (let n = 100; n < piled; n += 10) {
        await Promise.all(Array.from({ length: 10 }, () => adversary.putVersion(key, utf8('later'))));
      }
      await put(store, `${key}-next`, utf8('x'));
      const listed = await collect(store, key.slice(0, -1));
      const ofKey = listed.filter((version) => version.key === key);
      const versions = ofKey.filter(({ marker }) => !marker);
      expect(versions[0]?.versionId).toBe(oldest);
      expect(versions).toHaveLength(VERSIONS_PER_KEY_MAX);
      const markers = quirks.marksNothingAbsent === true ? 0 : 1;
      expect(ofKey).toHaveLength(VERSIONS_PER_KEY_MAX + markers);
      // More than were put, where the client of the server put one again after a connection was lost.
      const all = await adversary.count(key);
      expect(all).toBeGreaterThanOrEqual(1 + markers + piled);
      expect(ofKey.at(-1)?.newerOmitted).toBe(all - markers - VERSIONS_PER_KEY_MAX);
      expect(listed.at(-1)).toMatchObject({ key: `${key}-next` });
      expect(listed.filter(({ newerOmitted }) => newerOmitted !== undefined)).toHaveLength(1);
    });
  });
}

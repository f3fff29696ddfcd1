// What holds for every store, whatever stands behind it?
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { equalBytes, utf8, utf8Text } from '../../src/base/bytes.ts';
import { systemClock } from '../../src/base/clock.ts';
import { nodeSha256 } from '../../src/base/node/hash.ts';
import { retry } from '../../src/base/retry.ts';
import { sealKey } from '../../src/format/paths.ts';
import { findHead } from '../../src/store/head.ts';
import { compareKeys } from '../../src/store/key-bytes.ts';
import type { ListOptions, Lock, ObjectVersion, Store } from '../../src/store/store.ts';

export type StoreUnderTest = {
  readonly store: Store;
  /** The same place through another store object, as another process would open it. */
  another(): Store;
  close(): Promise<void>;
};

/** Keys that some stores can't have: a file can't be a directory too. */
const HOSTILE_KEYS = [
  'plain',
  'with space',
  'a+b',
  'a%2Bb%25',
  'a&b=c?d#e',
  `quote"and'apostrophe`,
  '<Key>&lt;/Key&gt;',
  'line\nbreak\rand\ttab',
  'control\u0001\u001f',
  'back\\slash',
  'é composed',
  'e\u0301 decomposed',
  '中文',
  'bmp \uffee',
  'astral \u{1f512}',
  ' leading and trailing ',
  '~tilde!*()',
];

/** Their order differs from the order of the names in each directory, and from JavaScript's. */
const ORDERED_KEYS = [
  'a!',
  'a-/x',
  'a-b',
  'a.b',
  'a/a',
  'a/b/c',
  'a/b-',
  'a0',
  'ab',
  'b\uffee',
  'b\u{10000}',
  'é',
];

/** Long enough for a test, short enough that a test's server forgets it. */
export const shortLock = (seconds = 60): Lock => ({
  mode: 'COMPLIANCE',
  untilMs: Math.ceil(Date.now() / 1000 + seconds) * 1000,
});

export async function all<T>(from: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of from) found.push(one);
  return found;
}

export async function collect(store: Store, prefix: string, options?: ListOptions): Promise<ObjectVersion[]> {
  return all(store.listVersions(prefix, options));
}

/** Puts what must be new. */
export async function put(store: Store, key: string, bytes: Uint8Array, lock = shortLock()): Promise<string> {
  const outcome = await store.putIfAbsent(key, bytes, lock);
  if (outcome.kind !== 'stored') throw new Error(`${key} was there already`);
  return outcome.versionId;
}

export type SuiteOptions = {
  /** Keys with which this server is known not to do as S3 does; with the reason where it is set. */
  readonly leaveOut?: RegExp;
};

export function storeSuite(
  name: string,
  open: () => Promise<StoreUnderTest>,
  options: SuiteOptions = {},
): void {
  describe(name, () => {
    let place: StoreUnderTest | undefined;
    let store: Store;
    let another: () => Store;
    let made = 0;
    /** A corner of the store that no other test uses. */
    const corner = () => `corner-${++made}/`;
    const isTaken = (key: string) => options.leaveOut?.test(key) !== true;

    beforeAll(async () => {
      place = await open();
      ({ store, another } = place);
    });
    afterAll(() => place?.close());

    it.each([0, 1, 5000, 3 * 1024 * 1024])('gives %d bytes back as they were', async (length) => {
      const key = `${corner()}object`;
      const bytes = new Uint8Array(randomBytes(length));
      const versionId = await put(store, key, bytes);
      const found = await store.read(key, versionId, { maxBytes: length });
      expect(equalBytes(found, bytes)).toBe(true);
      // A worker can take it without a copy, and nothing else lies in it.
      expect(found.buffer.byteLength).toBe(length);
      const [listed, ...others] = await collect(another(), key);
      expect(others).toEqual([]);
      expect(listed).toMatchObject({ key, versionId, marker: false, size: length });
      expect(Math.abs((listed?.lastModifiedMs ?? 0) - Date.now())).toBeLessThan(60_000);
    });

    it('takes a view into a larger buffer, and a hash that is known already', async () => {
      const key = `${corner()}object`;
      const buffer = new Uint8Array(randomBytes(1000));
      const bytes = buffer.subarray(100, 200);
      const outcome = await store.putIfAbsent(key, bytes, shortLock(), { sha256: nodeSha256(bytes) });
      if (outcome.kind !== 'stored') throw new Error('was there already');
      expect(await store.read(key, outcome.versionId, { maxBytes: 100 })).toEqual(bytes);
    });

    it('never replaces: the second of two PUTs learns that the key exists', async () => {
      const key = `${corner()}object`;
      const versionId = await put(store, key, utf8('first'));
      expect(await store.putIfAbsent(key, utf8('second'), shortLock())).toEqual({ kind: 'exists' });
      expect(await another().putIfAbsent(key, utf8('first'), shortLock())).toEqual({ kind: 'exists' });
      expect((await collect(store, key)).map((version) => version.versionId)).toEqual([versionId]);
      expect(utf8Text(await store.read(key, versionId, { maxBytes: 9 }))).toBe('first');
    });

    it('gives 20 parallel writers one winner, ten times', async () => {
      const at = corner();
      const stores = [store, another()];
      for (let round = 0; round < 10; round++) {
        const key = `${at}${round}`;
        const outcomes = await Promise.all(
          Array.from({ length: 20 }, (_, writer) =>
            patientPut(stores[writer % 2] as Store, key, utf8(`writer ${writer}`)),
          ),
        );
        const winners = outcomes.flatMap((outcome, writer) => (outcome.kind === 'stored' ? [writer] : []));
        expect(winners).toHaveLength(1);
        const versions = await collect(store, key);
        expect(versions).toHaveLength(1);
        const bytes = await store.read(key, versions[0]?.versionId ?? '', { maxBytes: 20 });
        expect(utf8Text(bytes)).toBe(`writer ${winners[0]}`);
      }
    });

    it('answers a repeat after a lost acknowledgement so that the caller knows its own bytes', async () => {
      const key = `${corner()}object`;
      const bytes = utf8('ours');
      await put(store, key, bytes);
      expect(await store.putIfAbsent(key, bytes, shortLock())).toEqual({ kind: 'exists' });
      const [oldest] = await collect(store, key, { exact: true });
      expect(await store.read(key, oldest?.versionId ?? '', { maxBytes: 4 })).toEqual(bytes);
    });

    it('stores, lists and reads hostile keys', async () => {
      const at = corner();
      const hostile = HOSTILE_KEYS.filter(isTaken);
      for (const key of hostile) await put(store, at + key, utf8(key));
      const listed = await collect(store, at);
      expect(listed.map(({ key }) => key)).toEqual(hostile.map((key) => at + key).sort(compareKeys));
      for (const { key, versionId } of listed) {
        expect(utf8Text(await store.read(key, versionId, { maxBytes: 100 }))).toBe(key.slice(at.length));
        expect((await collect(store, key, { exact: true })).map((version) => version.key)).toEqual([key]);
      }
    });

    it('lists in the order of the UTF-8 bytes of whole keys, after any key, and the first few', async () => {
      const at = corner();
      const keys = ORDERED_KEYS.filter(isTaken)
        .map((key) => at + key)
        .sort(compareKeys);
      for (const key of keys.toReversed()) await put(store, key, utf8('x'));
      const names = async (prefix: string, options?: ListOptions) =>
        (await collect(store, prefix, options)).map(({ key }) => key);
      expect(await names(at)).toEqual(keys);
      for (const [index, key] of keys.entries()) {
        expect(await names(at, { startAfter: key })).toEqual(keys.slice(index + 1));
        expect(await names(at, { startAfter: `${key}!`, limit: 2 })).toEqual(
          keys.slice(index + 1, index + 3),
        );
        expect(await names(at, { limit: index })).toEqual(keys.slice(0, index));
      }
      expect(await names(`${at}a`)).toEqual(keys.filter((key) => key.startsWith(`${at}a`)));
      expect(await names(`${at}a/b`)).toEqual(keys.filter((key) => key.startsWith(`${at}a/b`)));
      expect(await names(`${at}a/b`, { exact: true })).toEqual([]);
      expect(await names(`${at}a`, { exact: true })).toEqual([]);
      expect(await names(`${at}ab`, { exact: true })).toEqual([`${at}ab`]);
      expect(await names(`${at}nothing`)).toEqual([]);
    });

    it('tells directories apart from what only begins alike', async () => {
      const at = corner();
      for (const key of ['p/x', 'p/y', 'p/z/deep', 'p-/x', 'q', 'é/x']) await put(store, at + key, utf8('x'));
      const names = (prefix: string) => all(store.listPrefixes(prefix));
      expect(await names(at)).toEqual(['p-/', 'p/', 'é/'].map((name) => at + name));
      expect(await names(`${at}p`)).toEqual(['p-/', 'p/'].map((name) => at + name));
      expect(await names(`${at}p/`)).toEqual([`${at}p/z/`]);
      expect(await names(`${at}nothing/`)).toEqual([]);
    });

    it('reads ranges, refuses what is too large unread, and what goes beyond the end', async () => {
      const key = `${corner()}object`;
      const versionId = await put(store, key, utf8('0123456789'));
      const read = async (start: number, end: number, maxBytes = 10) =>
        utf8Text(await store.read(key, versionId, { maxBytes, range: { start, end } }));
      expect(await read(0, 1)).toBe('0');
      expect(await read(3, 7, 4)).toBe('3456');
      expect(await read(9, 10)).toBe('9');
      expect(await read(0, 10)).toBe('0123456789');
      await expect(read(3, 7, 3)).rejects.toMatchObject({ code: 'too-large', disposition: 'input' });
      await expect(read(5, 11, 100)).rejects.toMatchObject({ code: 'out-of-range', disposition: 'input' });
      await expect(read(10, 11)).rejects.toMatchObject({ code: 'out-of-range' });
      await expect(store.read(key, versionId, { maxBytes: 9 })).rejects.toMatchObject({ code: 'too-large' });
    });

    it('says not-found of a key or a version that is not there', async () => {
      const key = `${corner()}object`;
      const versionId = await put(store, key, utf8('x'));
      const notFound = { code: 'not-found', disposition: 'fatal' };
      await expect(store.read(`${key}-other`, versionId, { maxBytes: 1 })).rejects.toMatchObject(notFound);
      await expect(store.read(key, 'no-such-version', { maxBytes: 1 })).rejects.toMatchObject(notFound);
      await expect(store.lock(`${key}-other`, versionId)).rejects.toMatchObject(notFound);
      await expect(store.hold(`${key}-other`, versionId)).rejects.toMatchObject(notFound);
      expect(await store.hold(key, versionId)).toBe(store.kind === 's3' ? 'none' : 'not-applicable');
    });

    it('does nothing for a caller that gave up', async () => {
      const key = `${corner()}object`;
      const reason = new Error('enough');
      const signal = AbortSignal.abort(reason);
      await expect(store.putIfAbsent(key, utf8('x'), shortLock(), { signal })).rejects.toBe(reason);
      const versionId = await put(store, key, utf8('y'));
      await expect(store.read(key, versionId, { maxBytes: 1, signal })).rejects.toBe(reason);
      await expect(collect(store, key, { signal })).rejects.toBe(reason);
    });

    it('lists more keys than one page holds', async () => {
      const at = corner();
      const keys = Array.from({ length: 1100 }, (_, n) => `${at}${String(n).padStart(5, '0')}`);
      await Promise.all(keys.map((key) => put(store, key, utf8('x'))));
      expect((await collect(store, at)).map(({ key }) => key)).toEqual(keys);
      const late = await collect(store, at, { startAfter: keys[1090] as string });
      expect(late.map(({ key }) => key)).toEqual(keys.slice(1091));
    });

    it('finds the head of a chain beside others, and a hole', async () => {
      const chains = ['orders', 'orders-eu', 'orders.eu'];
      for (const chain of chains) {
        for (let n = 0; n < 12; n++) await put(store, sealKey(chain, 0, n), utf8(`${chain} ${n}`));
      }
      for (const chain of chains) {
        for (const hint of [undefined, 3, 11, 500]) {
          const found = await findHead(another(), chain, 0, hint);
          if (found.kind !== 'head') throw new Error(`${chain} from ${hint}: ${found.kind}`);
          expect([found.sequence, found.attempts]).toEqual([11, { found: [], omitted: 0 }]);
          const bytes = await store.read(found.version.key, found.version.versionId, { maxBytes: 20 });
          expect(utf8Text(bytes)).toBe(`${chain} 11`);
        }
      }
      expect(await findHead(store, 'orders', 1)).toEqual({ kind: 'none' });
      await put(store, sealKey('orders', 0, 40), utf8('x'));
      expect(await findHead(store, 'orders', 0, 11)).toMatchObject({ kind: 'hole', missing: 12 });
    });

    it("knows how far this machine's clock is from the store's", async () => {
      await collect(store, corner());
      const offset = store.clockOffset();
      expect(Math.abs(offset?.offsetMs ?? Number.NaN)).toBeLessThan(10_000);
      const ageMs = performance.now() - (offset?.measuredAt.monotonicMs ?? 0);
      expect(ageMs).toBeLessThan(60_000);
      expect(ageMs).toBeGreaterThanOrEqual(0);
    });
  });
}

/** As the pipeline puts: an unknown outcome is tried again with the same bytes. */
function patientPut(store: Store, key: string, bytes: Uint8Array) {
  return retry(() => store.putIfAbsent(key, bytes, shortLock()), {
    clock: systemClock,
    random: Math.random,
    backoff: { firstMs: 20, capMs: 500, attempts: 10 },
  });
}

// Is any tree on a disk listed in key order and read safely, whatever somebody put into it?
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { utf8Text } from '../../../src/base/bytes.ts';
import { directoryStore } from '../../../src/store/directory.ts';
import { type Binary, binary, keyOfBinary, realFiles } from '../../../src/store/directory-files.ts';
import { walk } from '../../../src/store/directory-walk.ts';
import { compareKeys } from '../../../src/store/key-bytes.ts';
import type { ListOptions, Store } from '../../../src/store/store.ts';
import { PATIENCE_MS } from '../../support/patience.ts';

let folder: string;
let root: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ledgerstone-directory-'));
  root = join(folder, 'archive');
  await mkdir(root);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function fill(at: string, keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    await mkdir(dirname(join(at, key)), { recursive: true });
    await writeFile(join(at, key), key);
  }
}

async function names(store: Store, prefix = '', options?: ListOptions): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of store.listVersions(prefix, options)) found.push(key);
  return found;
}

/** Trees whose names are made to tempt a sort by name: bytes just below and above the slash, beginnings of each other. */
const tree = fc
  .uniqueArray(
    fc
      .array(
        fc.string({
          unit: fc.constantFrom('a', 'b', '-', '.', '0', '!', 'é', '\uffee', '\u{10000}'),
          minLength: 1,
          maxLength: 2,
        }),
        { minLength: 1, maxLength: 4 },
      )
      .map((segments) => segments.map((segment) => (/^\.+$/.test(segment) ? 'a' : segment)).join('/')),
    { maxLength: 25 },
  )
  // A name is a file or a directory.
  .map((keys) => keys.filter((key) => !keys.some((other) => other.startsWith(`${key}/`))));

describe('listing a directory', () => {
  it('is in the order of whole keys, with any prefix, start and limit, and however few names are held at once', async () => {
    let made = 0;
    await fc.assert(
      fc.asyncProperty(
        tree,
        fc.nat(),
        fc.nat(4),
        fc.integer({ min: 1, max: 4 }),
        async (keys, pick, cut, windowMax) => {
          const at = join(root, String(made++));
          await mkdir(at);
          await fill(at, keys);
          const store = directoryStore({ path: at });
          const sorted = keys.toSorted(compareKeys);
          expect(await names(store)).toEqual(sorted);
          const some = sorted[pick % Math.max(1, sorted.length)] ?? 'a';
          const prefix = some.slice(0, cut).replace(/[\ud800-\udbff]$/, '');
          for (const startAfter of [some, `${some}!`, some.slice(0, -1), dirname(some)].filter((text) =>
            text.isWellFormed(),
          )) {
            const expected = sorted.filter(
              (key) => key.startsWith(prefix) && compareKeys(key, startAfter) > 0,
            );
            expect(await names(store, prefix, { startAfter })).toEqual(expected);
            for (const limit of [1, 2])
              expect(await names(store, prefix, { startAfter, limit })).toEqual(expected.slice(0, limit));
          }
          const walked: string[] = [];
          for await (const { key } of walk(realFiles, binary(Buffer.from(at)), {
            prefix: binary(Buffer.from(prefix)),
            windowMax,
          })) {
            walked.push(keyOfBinary(key));
          }
          expect(walked).toEqual(sorted.filter((key) => key.startsWith(prefix)));
          await rm(at, { recursive: true });
        },
      ),
      { numRuns: 150 },
    );
  });

  it('lists links, pipes and sockets as objects and never follows or opens them', async () => {
    const outside = join(folder, 'outside');
    await fill(outside, ['secret', 'deep/secret']);
    await fill(root, ['data/file']);
    await symlink(outside, join(root, 'data/linked-directory'));
    await symlink(join(outside, 'secret'), join(root, 'data/linked-file'));
    await symlink('loop', join(root, 'data/loop'));
    await symlink('nowhere', join(root, 'data/dangling'));
    execFileSync('mkfifo', [join(root, 'data/pipe')]);
    const socket = createServer();
    await new Promise<void>((resolve) => socket.listen(join(root, 'data/socket'), resolve));
    const store = directoryStore({ path: root });
    const odd = ['dangling', 'linked-directory', 'linked-file', 'loop', 'pipe', 'socket'].map(
      (name) => `data/${name}`,
    );
    try {
      expect(await names(store)).toEqual([...odd, 'data/file'].sort());
      for (const key of odd) {
        await expect(store.read(key, 'null', { maxBytes: 100 })).rejects.toMatchObject({
          code: 'not-a-file',
          disposition: 'input',
        });
      }
      for (const key of [
        'data/linked-directory/secret',
        'data/linked-directory/deep/secret',
        '../outside/secret',
      ]) {
        await expect(store.read(key, 'null', { maxBytes: 100 })).rejects.toMatchObject({ code: 'not-found' });
        expect(await names(store, key)).toEqual([]);
        expect(await names(store, key, { exact: true })).toEqual([]);
      }
      for (const prefix of [
        'data/linked-directory/',
        '../',
        '../outside/',
        '/',
        '/etc/',
        './',
        'data//',
        'data/../',
      ]) {
        expect(await names(store, prefix)).toEqual([]);
      }
    } finally {
      socket.close();
    }
  });

  it.skipIf(process.platform !== 'linux')(
    'lists and reads names that are not UTF-8 (skipped where file names must be)',
    async () => {
      const hostile = [
        [0xff, 0xfe],
        [0x61, 0xc3],
        [0xed, 0xa0, 0x80],
        [0x0a, 0x1b],
      ].map((bytes) => Buffer.from(bytes));
      for (const name of hostile) {
        const directory = Buffer.concat([Buffer.from(`${root}/`), name]);
        await mkdir(directory);
        await writeFile(Buffer.concat([directory, Buffer.from('/'), name]), 'found');
      }
      const store = directoryStore({ path: root });
      const found = await names(store);
      expect(found).toHaveLength(hostile.length);
      for (const key of found) {
        expect(utf8Text(await store.read(key, 'null', { maxBytes: 9 }))).toBe('found');
        expect(await names(store, key, { exact: true })).toEqual([key]);
        expect(await names(store, '', { startAfter: key })).toEqual(found.slice(found.indexOf(key) + 1));
      }
      expect(found).toContain('\udcff\udcfe/\udcff\udcfe');
    },
  );

  it('reads a copy through a linked root, empty directories and all', async () => {
    await fill(root, ['seals/topic=a/partition=0/x']);
    await mkdir(join(root, 'seals/topic=empty/partition=0'), { recursive: true });
    await symlink(root, join(folder, 'link'));
    const store = directoryStore({ path: join(folder, 'link') });
    expect(await names(store)).toEqual(['seals/topic=a/partition=0/x']);
    const prefixes: string[] = [];
    for await (const name of store.listPrefixes('seals/')) prefixes.push(name);
    expect(prefixes).toEqual(['seals/topic=a/']);
  });

  it('tells of a directory that may not be read: no answer is not an empty one', async () => {
    await fill(root, ['seals/x']);
    const files = {
      ...realFiles,
      opendir: () => Promise.reject(Object.assign(new Error('EACCES'), { code: 'EACCES' })),
    };
    const store = directoryStore({ path: root, files });
    await expect(names(store)).rejects.toMatchObject({ code: 'not-permitted', disposition: 'fatal' });
  });

  it('goes on over what vanishes while it lists', async () => {
    await fill(root, ['a', 'b/x', 'c']);
    const found: string[] = [];
    for await (const { key } of walk(realFiles, binary(Buffer.from(root)), {
      prefix: '' as Binary,
      windowMax: 10,
    })) {
      found.push(key);
      if (key === 'a') await rm(join(root, 'b'), { recursive: true });
    }
    expect(found).toEqual(['a', 'c']);
  });
});

describe('a writer that is killed', () => {
  it('leaves whole files only', async () => {
    const code = `
      import { createHash, randomBytes } from 'node:crypto';
      import { directoryStore } from ${JSON.stringify(new URL('../../../src/store/directory.ts', import.meta.url).href)};
      const store = directoryStore({ path: ${JSON.stringify(root)} });
      for (;;) await Promise.all([1, 2, 3, 4].map(() => {
        const bytes = randomBytes(200_000);
        return store.putIfAbsent('data/' + createHash('sha256').update(bytes).digest('hex'), bytes, { mode: 'COMPLIANCE', untilMs: 1 });
      }));`;
    const store = directoryStore({ path: root });
    for (let round = 0; round < 3; round++) {
      const before = (await names(store)).length;
      const writer = spawn(process.execPath, ['--input-type=module', '-e', code], {
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      const ended = new Promise((resolve) => writer.on('exit', resolve));
      await expect
        .poll(async () => (await names(store)).length, { timeout: PATIENCE_MS })
        .toBeGreaterThan(before + 8);
      writer.kill('SIGKILL');
      await ended;
      for (const key of await names(store)) {
        const bytes = await store.read(key, 'null', { maxBytes: 200_000 });
        expect(`data/${createHash('sha256').update(bytes).digest('hex')}`).toBe(key);
      }
    }
  });
});

it('a call that is stopped on its way says so, and blames no disk', async () => {
  await fill(root, ['a/b']);
  const stopping = new AbortController();
  const reason = new Error('stopped by SIGTERM');
  const open: typeof realFiles.open = async (...args) => {
    stopping.abort(reason);
    return realFiles.open(...args);
  };
  const store = directoryStore({ path: root, files: { ...realFiles, open } });
  await expect(store.read('a/b', 'null', { maxBytes: 10, signal: stopping.signal })).rejects.toBe(reason);
});

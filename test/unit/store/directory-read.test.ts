// Is a tree on a disk listed and read safely, whatever somebody put into it?
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { utf8Text } from '../../../src/base/bytes.ts';
import { directoryStore } from '../../../src/store/directory.ts';
import { type Binary, binary, realFiles } from '../../../src/store/directory-files.ts';
import { walk } from '../../../src/store/directory-walk.ts';
import { fill, names } from '../../support/directory-tree.ts';
import { PATIENCE_MS } from '../../support/patience.ts';

let folder: string;
let root: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ledgerstone-directory-'));
  root = join(folder, 'archive');
  await mkdir(root);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('listing a directory', () => {
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

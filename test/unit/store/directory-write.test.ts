// Is a file in a directory archive whole and durable or not there at all, whichever step fails?
import { mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { utf8, utf8Text } from '../../../src/base/bytes.ts';
import { directoryStore } from '../../../src/store/directory.ts';
import type { ObjectVersion, Store } from '../../../src/store/store.ts';
import { systemError, watchedFiles } from './watched-files.ts';

const LOCK = { mode: 'COMPLIANCE', untilMs: Date.UTC(2040, 0, 1) } as const;
const KEY = 'seals/topic=orders/partition=0/000000000000.tlog-proof';

let root: string;
beforeEach(async () => {
  root = join(await mkdtemp(join(tmpdir(), 'ledgerstone-directory-')), 'archive');
  await mkdir(root);
});
afterEach(() => rm(join(root, '..'), { recursive: true, force: true }));

async function list(store: Store): Promise<ObjectVersion[]> {
  const found: ObjectVersion[] = [];
  for await (const version of store.listVersions('')) found.push(version);
  return found;
}

const contents = async (store: Store) =>
  Promise.all(
    (await list(store)).map(
      async ({ key, versionId }) => `${key}=${utf8Text(await store.read(key, versionId, { maxBytes: 100 }))}`,
    ),
  );

describe('a PUT into a directory', () => {
  it('puts bytes on disk before they get their name, and the name before it answers', async () => {
    const { files, steps } = watchedFiles();
    await directoryStore({ path: root, files }).putIfAbsent(KEY, utf8('x'), LOCK);
    const names = steps.map(
      ({ name, path }) => `${name} ${path.slice(root.length + 1).replace(/[0-9]+-[0-9a-f]{32}/, '*')}`,
    );
    const directory = KEY.slice(0, KEY.lastIndexOf('/'));
    expect(names).toEqual([
      `mkdir ${directory}`,
      'sync seals/topic=orders',
      'sync seals',
      'sync ',
      'mkdir .partial',
      'sync ',
      'create .partial/*.partial',
      'write .partial/*.partial',
      'sync .partial/*.partial',
      `link ${KEY}`,
      `sync ${directory}`,
      'unlink .partial/*.partial',
    ]);
  });

  it('syncs the name that another writer made before it answers "exists"', async () => {
    await directoryStore({ path: root }).putIfAbsent(KEY, utf8('x'), LOCK);
    const { files, steps } = watchedFiles();
    const outcome = await directoryStore({ path: root, files }).putIfAbsent(KEY, utf8('y'), LOCK);
    expect(outcome).toEqual({ kind: 'exists' });
    expect(steps.at(-1)).toEqual({ name: 'sync', path: join(root, KEY, '..') });
    expect(steps.some(({ name }) => name === 'create' || name === 'link')).toBe(false);
  });

  it.each([
    ['ENOSPC', 'disk-full', 'fatal'],
    ['EDQUOT', 'disk-full', 'fatal'],
    ['EIO', 'io-error', 'fatal'],
    ['EROFS', 'not-permitted', 'fatal'],
    ['EMFILE', 'busy', 'retriable'],
  ])('leaves a valid archive when any of its steps fails with %s', async (system, code, disposition) => {
    const good = watchedFiles();
    await directoryStore({ path: root, files: good.files }).putIfAbsent('seals/before', utf8('before'), LOCK);
    await rm(root, { recursive: true });
    await mkdir(root);
    for (const [index, { name }] of good.steps.entries()) {
      const { files } = watchedFiles((_, at) => (at === index ? systemError(system) : undefined));
      const key = `seals/${index}`;
      const put = directoryStore({ path: root, files }).putIfAbsent(key, utf8('whole'), LOCK);
      // A temporary file that can't be removed is no trouble of the caller's.
      if (name === 'unlink') expect(await put).toMatchObject({ kind: 'stored' });
      else
        await expect(put).rejects.toMatchObject({ code, disposition, remedy: expect.stringMatching(/\w/) });
      const store = directoryStore({ path: root });
      for (const found of await contents(store)) expect(found).toMatch(/^seals\/\d+=whole$/);
      // The same call may be made again: it stores, or finds what the failed one stored after all.
      expect(['stored', 'exists']).toContain((await store.putIfAbsent(key, utf8('whole'), LOCK)).kind);
      expect(await contents(store)).toContain(`${key}=whole`);
      const left = (await readdir(join(root, '.partial'))).length;
      expect(left).toBe(good.steps.slice(0, index + 1).filter((step) => step.name === 'unlink').length);
    }
    expect(good.steps.length).toBeGreaterThan(8);
  });

  it('leaves a valid archive when the process ends at any step', async () => {
    const good = watchedFiles();
    await directoryStore({ path: root, files: good.files }).putIfAbsent('seals/a/0', utf8('whole'), LOCK);
    for (const index of good.steps.keys()) {
      // From that step on nothing happens any more: not even the clearing up.
      const { files } = watchedFiles((_, at) => (at >= index ? systemError('EIO') : undefined));
      const key = `seals/${index}/x`;
      await directoryStore({ path: root, files })
        .putIfAbsent(key, utf8('whole'), LOCK)
        .catch(() => {});
      const store = directoryStore({ path: root });
      for (const found of await contents(store)) expect(found).toMatch(/^seals\/\w+\/\w=whole$/);
      await store.putIfAbsent(key, utf8('whole'), LOCK);
      expect(await contents(store)).toContain(`${key}=whole`);
    }
  });

  it('sweeps old leftovers at its first PUT, and nothing else', async () => {
    const partial = join(root, '.partial');
    await mkdir(partial);
    const hours = (n: number) => new Date(Date.now() - n * 3_600_000);
    const names = {
      old: `1-${'a'.repeat(32)}.partial`,
      young: `1-${'b'.repeat(32)}.partial`,
      foreign: 'notes.txt',
    };
    for (const name of Object.values(names)) await writeFile(join(partial, name), 'half');
    await utimes(join(partial, names.old), hours(2), hours(2));
    await utimes(join(partial, names.foreign), hours(2), hours(2));
    const store = directoryStore({ path: root });
    // Half-written files are no objects; anything else that hides there is.
    expect((await list(store)).map(({ key }) => key)).toEqual(['.partial/notes.txt']);
    await store.putIfAbsent('seals/x', utf8('x'), LOCK);
    expect((await readdir(partial)).sort()).toEqual([names.young, names.foreign].sort());
  });

  it('is repeated when its half-written file was swept under it', async () => {
    const { files } = watchedFiles((step) => (step.name === 'link' ? systemError('ENOENT') : undefined));
    const put = directoryStore({ path: root, files }).putIfAbsent('seals/x', utf8('x'), LOCK);
    await expect(put).rejects.toMatchObject({ code: 'interrupted', disposition: 'retriable' });
  });

  it('makes a directory again that somebody removed', async () => {
    const store = directoryStore({ path: root });
    await store.putIfAbsent('seals/a/0', utf8('x'), LOCK);
    await rm(join(root, 'seals'), { recursive: true });
    await expect(store.putIfAbsent('seals/a/1', utf8('x'), LOCK)).rejects.toMatchObject({
      disposition: 'retriable',
    });
    expect(await store.putIfAbsent('seals/a/1', utf8('x'), LOCK)).toMatchObject({ kind: 'stored' });
  });

  it('says no-hard-links where the file system has none', async () => {
    const { files } = watchedFiles((step) => (step.name === 'link' ? systemError('ENOTSUP') : undefined));
    const put = directoryStore({ path: root, files }).putIfAbsent('seals/x', utf8('x'), LOCK);
    await expect(put).rejects.toMatchObject({ code: 'no-hard-links', disposition: 'fatal' });
    expect(await readdir(join(root, '.partial'))).toEqual([]);
  });

  it('never writes through a link, nor over what is in its way', async () => {
    const outside = join(root, '..', 'outside');
    await mkdir(outside);
    await symlink(outside, join(root, 'seals'));
    const store = directoryStore({ path: root });
    const inTheWay = { code: 'not-a-file', disposition: 'fatal' };
    await expect(store.putIfAbsent('seals/x', utf8('x'), LOCK)).rejects.toMatchObject(inTheWay);
    expect(await readdir(outside)).toEqual([]);
    await mkdir(join(root, 'data/directory'), { recursive: true });
    await expect(store.putIfAbsent('data/directory', utf8('x'), LOCK)).rejects.toMatchObject(inTheWay);
    await symlink('/nowhere', join(root, 'data/link'));
    await expect(store.putIfAbsent('data/link', utf8('x'), LOCK)).rejects.toMatchObject(inTheWay);
    await writeFile(join(root, 'file'), 'x');
    await expect(store.putIfAbsent('file/x', utf8('x'), LOCK)).rejects.toMatchObject(inTheWay);
  });

  it.each([
    '../outside',
    'a/../../outside',
    '/absolute',
    'a//b',
    'a/./b',
    '',
    'a/',
    'nul\0',
    'x'.repeat(256),
  ])('refuses the key %j', async (key) => {
    const store = directoryStore({ path: root });
    await expect(store.putIfAbsent(key, utf8('x'), LOCK)).rejects.toMatchObject({ code: 'bad-key' });
    await expect(store.read(key, 'null', { maxBytes: 1 })).rejects.toMatchObject({ code: 'not-found' });
    expect(await readdir(join(root, '..'))).toEqual(['archive']);
  });

  it('makes its root only when it may', async () => {
    const path = join(root, 'deep/archive');
    const refused = directoryStore({ path });
    await expect(refused.putIfAbsent('x', utf8('x'), LOCK)).rejects.toMatchObject({
      code: 'no-archive',
      disposition: 'fatal',
    });
    await expect(list(refused)).rejects.toMatchObject({ code: 'no-archive' });
    expect(await readdir(root)).toEqual([]);
    expect(await list(directoryStore({ path, create: true }))).toEqual([]);
    // Tried again, not remembered.
    expect(await refused.putIfAbsent('x', utf8('x'), LOCK)).toMatchObject({ kind: 'stored' });
  });
});

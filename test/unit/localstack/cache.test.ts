// Is a download in the cache always complete, even if others build it too or are killed?
import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, expect, it, vi } from 'vitest';
import { cacheDir, cached, cachedPath } from '../../../localstack/native/cache.ts';

const roots: string[] = [];

beforeEach(() => {
  roots.push(mkdtempSync(path.join(tmpdir(), 'cache-test-')));
  vi.stubEnv('XDG_CACHE_HOME', roots.at(-1));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await Promise.all(roots.map((root) => rm(root, { recursive: true })));
});

const holding = (text: string) => (dir: string) => writeFile(path.join(dir, 'jar'), text);

it('builds once', async () => {
  expect(cachedPath('thing-1')).toBeUndefined();
  const dir = await cached('thing-1', holding('first'));
  expect(await cached('thing-1', () => Promise.reject(new Error('built twice')))).toBe(dir);
  expect(cachedPath('thing-1')).toBe(dir);
  expect(await readFile(path.join(dir, 'jar'), 'utf8')).toBe('first');
});

it('keeps one result of two builders at once, and no trace of the other', async () => {
  let waiting = 0;
  const together = async (dir: string) => {
    waiting++;
    await vi.waitUntil(() => waiting === 2);
    await holding('equal')(dir);
  };
  const [one, other] = await Promise.all([cached('thing-1', together), cached('thing-1', together)]);
  expect(other).toBe(one);
  expect(await readdir(cacheDir())).toEqual(['thing-1']);
});

it('leaves nothing of a build that fails, and builds again', async () => {
  const failing = async (dir: string) => {
    await holding('half')(dir);
    throw new Error('connection lost');
  };
  await expect(cached('thing-1', failing)).rejects.toThrow('connection lost');
  expect(await readdir(cacheDir())).toEqual([]);
  await cached('thing-1', holding('whole'));
  expect(cachedPath('thing-1')).toBeDefined();
});

it('does not take a folder without its last mark for whole, and clears up after a builder that died', async () => {
  const dead = spawnSync(process.execPath, ['--version']).pid;
  await mkdir(path.join(cacheDir(), `.building.${dead}-1.abc`), { recursive: true });
  await cached('thing-1', holding('whole'));
  expect(await readdir(cacheDir())).toEqual(['thing-1']);
  await rm(path.join(cacheDir(), 'thing-1', 'complete'));
  expect(cachedPath('thing-1')).toBeUndefined();
  await cached('thing-1', holding('again'));
  expect(cachedPath('thing-1')).toBeDefined();
});

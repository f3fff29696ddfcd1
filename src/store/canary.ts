// Where may a drill tamper, and how does it take away again what it laid there?
import { rm, rmdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { assert } from '../base/assert.ts';
import { LedgerstoneError } from '../base/error.ts';
import { CANARY_CHAIN } from '../format/chain.ts';
import { sealsRoot } from '../format/paths.ts';
import { directoryError } from './directory-files.ts';
import type { Lock } from './store.ts';

export const canaryObjects = `${CANARY_CHAIN}/`;
const canarySeals = `${sealsRoot}topic=${CANARY_CHAIN}/`;

/** Keys that a drill may touch; whatever it is asked for, it touches no other. */
export const isCanaryKey = (key: string): boolean =>
  [canaryObjects, canarySeals].some((root) => key.startsWith(root)) && !key.includes('..');

/**
 * Each call is sent once: a repeat after a lost answer would lay down a second version or marker. A retriable
 * error therefore means that it may have happened. `not-permitted`: the store refused it, and nothing was
 * changed.
 */
export interface CanaryStore {
  /** A write without a condition. Resolves to the new version's id. */
  overwrite(key: string, bytes: Uint8Array, lock: Lock, signal?: AbortSignal): Promise<string>;
  /** A delete that names no version. Resolves to the marker's version id. */
  hide(key: string, signal?: AbortSignal): Promise<string>;
  /** Deletes one version or marker; none there is as good. Throws `locked` before its lock has ended. */
  remove(key: string, versionId: string, signal?: AbortSignal): Promise<void>;
  close(): void;
}

/** A file has one version and no delete marker. A check that needs more refuses a directory itself. */
export function directoryCanary(path: string): CanaryStore {
  const root = resolve(path);
  const refuse = async (): Promise<never> => {
    throw new LedgerstoneError('no-versions', 'a directory keeps one version of each file, and no markers');
  };
  return {
    overwrite: refuse,
    hide: refuse,
    async remove(key) {
      assert(isCanaryKey(key), `a drill at ${key}`);
      const file = join(root, ...key.split('/'));
      await rm(file, { force: true }).catch((error: unknown) => {
        throw directoryError(error, `removing ${file}`);
      });
      // Only what is empty goes, from the canary's own folders up.
      for (let at = dirname(file); at !== root && (await isGone(at)); at = dirname(at));
    },
    close() {},
  };
}

/** Removes a folder that is empty. */
const isGone = (folder: string): Promise<boolean> =>
  rmdir(folder).then(
    () => true,
    () => false,
  );

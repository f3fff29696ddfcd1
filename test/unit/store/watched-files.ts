// A real file system that tells each step, and fails where a test wants it to.
import type { FileHandle } from 'node:fs/promises';
import { type Files, realFiles } from '../../../src/store/directory-files.ts';

export type Step = { readonly name: string; readonly path: string };

/** `fail` is asked before each step that writes; what it returns is thrown instead. */
export function watchedFiles(fail: (step: Step, index: number) => Error | undefined = () => undefined) {
  const steps: Step[] = [];
  const take = (name: string, path: unknown) => {
    const step = { name, path: Buffer.isBuffer(path) ? path.toString() : String(path) };
    const error = fail(step, steps.length);
    steps.push(step);
    if (error !== undefined) throw error;
  };
  const watchedHandle = (handle: FileHandle, path: unknown): FileHandle =>
    new Proxy(handle, {
      get: (target, name: keyof FileHandle) => {
        const method = target[name];
        if (typeof method !== 'function') return method;
        return async (...args: unknown[]) => {
          if (name === 'write' || name === 'sync') take(name, path);
          return Reflect.apply(method, target, args);
        };
      },
    });
  const files: Files = {
    ...realFiles,
    open: async (path, flags, mode) => {
      if (flags === 'wx') take('create', path);
      return watchedHandle(await realFiles.open(path, flags, mode), path);
    },
    link: async (from, to) => {
      take('link', to);
      return realFiles.link(from, to);
    },
    unlink: async (path) => {
      take('unlink', path);
      return realFiles.unlink(path);
    },
    mkdir: (async (path: Buffer, options: { recursive: true }) => {
      take('mkdir', path);
      return realFiles.mkdir(path, options);
    }) as Files['mkdir'],
  };
  return { files, steps };
}

export const systemError = (code: string): Error =>
  Object.assign(new Error(`${code}: says the test`), { code });

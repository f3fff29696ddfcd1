// Does a test file leave the process as it found it? The unit tests of a worker share one. What Vitest replaced is taken back.
import { afterAll, beforeAll, expect, vi } from 'vitest';
import { useRealCrypto } from './sync-crypto.ts';

/** What one file could leave to the next. A library may add a name to the globals, and keep it. */
const state = (names: readonly string[]) => ({
  environment: { ...process.env },
  directory: process.cwd(),
  'exit code': process.exitCode,
  'listeners of the process': Object.fromEntries(
    process.eventNames().map((name) => [String(name), process.listenerCount(name)]),
  ),
  'globals that are mocks': names.filter((name) => vi.isMockFunction(Reflect.get(globalThis, name))),
  'methods of WebCrypto': Object.getOwnPropertyNames(globalThis.crypto.subtle),
});

const names = Object.getOwnPropertyNames(globalThis);
let before: ReturnType<typeof state>;

beforeAll(() => {
  before = state(names);
});
afterAll(() => {
  vi.useRealTimers().restoreAllMocks().unstubAllEnvs().unstubAllGlobals();
  useRealCrypto();
  expect(state(names), `what ${expect.getState().testPath} leaves in its process`).toEqual(before);
});

// Does an archiver that runs for a year keep the archive's keys and specification locked, and say so where it can't?
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PublishedFiles } from '../../../src/archiver/published-files.ts';
import { LedgerstoneError } from '../../../src/base/error.ts';
import type { Store } from '../../../src/store/store.ts';
import { archiveKey, signer } from '../../support/archive-builder.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { memoryStore } from '../../support/memory-store.ts';

const DAY_MS = 86_400_000;
const LOCKED_MS = 30 * DAY_MS;

let clock: FakeClock;
let skewMs: number;
let store: ReturnType<typeof memoryStore>;
let stop: AbortController;
let troubles: unknown[];
beforeEach(() => {
  clock = new FakeClock();
  skewMs = 0;
  store = memoryStore({ clock, skewMs: () => skewMs });
  stop = new AbortController();
  troubles = [];
});
afterEach(() => stop.abort());

async function running(kept: Store = store): Promise<PublishedFiles> {
  const files = new PublishedFiles({
    store: kept,
    keys: [archiveKey(signer())],
    retention: { mode: 'COMPLIANCE', period: { months: 0, ms: LOCKED_MS } },
    clock,
    random: () => 0.5,
    onTrouble: (error) => troubles.push(error),
  });
  await files.publish();
  void files.keep(stop.signal);
  return files;
}

/** It reads the specification from the disk: time goes on once it sleeps again. */
async function pass(ms: number): Promise<void> {
  await clock.advance(ms);
  while (clock.sleeping === 0) await new Promise((resolve) => setImmediate(resolve));
}

const leftMs = () =>
  store.keys().map((key) => (store.versionsOf(key)[0]?.lock?.untilMs ?? Number.NaN) - clock.now());

describe('keys/ and FORMAT of an archiver that runs on', () => {
  it('are locked as long as a seal of today, to a day, and never end while it runs', async () => {
    await running();
    for (let day = 0; day < 400; day++) {
      await pass(DAY_MS);
      expect(leftMs()).toHaveLength(2);
      for (const left of leftMs()) expect(left).toBeGreaterThanOrEqual(LOCKED_MS - DAY_MS - 60_000);
    }
    expect(troubles).toEqual([]);
  });

  it('are missed within a day where the store forgets their locks, until it keeps them again', async () => {
    let forgets = false;
    const forgetful: Store = {
      ...store,
      lock: async (...args) => (forgets ? { kind: 'none' } : store.lock(...args)),
      extendLock: async (...args) => (forgets ? undefined : store.extendLock(...args)),
    };
    const files = await running(forgetful);
    forgets = true;
    await pass(DAY_MS);
    await pass(10_000);
    expect(files.trouble?.error).toMatchObject({ code: 'lock-missing' });
    expect(troubles.length).toBeGreaterThan(1);
    forgets = false;
    await pass(3_600_000);
    expect(files.trouble).toBeNull();
  });

  it('are written again where they vanished', async () => {
    await running();
    for (const key of store.keys()) store.attacker.destroy(key);
    expect(store.keys()).toEqual([]);
    await pass(DAY_MS);
    expect(store.keys()).toHaveLength(2);
    expect(troubles).toEqual([]);
  });

  it('are locked by no clock that is wrong', async () => {
    const files = await running();
    skewMs = 365 * DAY_MS;
    clock.jump(365 * DAY_MS);
    await pass(DAY_MS);
    await pass(DAY_MS);
    expect(files.trouble?.error).toMatchObject({ code: 'clock-off' });
    for (const left of leftMs()) expect(left).toBeLessThan(0);
    expect(troubles.every((error) => error instanceof LedgerstoneError)).toBe(true);
  });
});

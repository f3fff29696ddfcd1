// An import dies, fails or loses an answer at each call: is each record there once after the next run?
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type Fault, faultyStore } from '../support/faulty-store.ts';
import { historyFile, importWorld, keysOf, planOf } from '../support/import-world.ts';

const dir = mkdtempSync(join(tmpdir(), 'ledgerstone-import-faults-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe.each<[name: string, fault: () => Fault, isDeath: boolean]>([
  ['killed before it', () => ({ kind: 'fails', error: new Error('killed') }), true],
  ['killed after it', () => ({ kind: 'done-but-fails', error: new Error('killed') }), true],
  ['without an answer', () => ({ kind: 'fails' }), false],
  ['with a lost answer', () => ({ kind: 'done-but-fails' }), false],
  ['done twice', () => ({ kind: 'twice' }), false],
])('each call %s', (_, fault, isDeath) => {
  it('ends with each record once, and the chain with the key that was decided on', async () => {
    const plan = planOf([historyFile(dir, 'a', 6), historyFile(dir, 'b', 3)]);
    let faults = 0;
    for (let at = 0; ; at++) {
      const world = importWorld();
      const keys = keysOf(world.signer, world.next);
      await world.run(planOf([historyFile(dir, 'z', 2)]));
      const life = new AbortController();
      let calls = 0;
      const store = faultyStore(
        world.store,
        () => {
          const now = calls++;
          if (now === at) {
            if (isDeath) queueMicrotask(() => life.abort(new Error('killed')));
            return fault();
          }
          return isDeath && now > at ? { kind: 'fails', error: new Error('killed') } : undefined;
        },
        world.clock,
      );
      await world.run(plan, { keys, store, signal: life.signal }).catch(() => null);
      if (calls <= at) break;
      faults++;
      expect([at, await world.run(plan, { keys })]).toMatchObject([at, { offset: 3, nextOffset: 13 }]);
      expect([at, (await world.segments()).slice(2).map(([, signed]) => signed)]).toEqual([at, CHANGED]);
      expect([at, (await world.values()).slice(4)]).toEqual([at, await expected(plan)]);
    }
    expect(faults).toBeGreaterThan(16);
  }, 60_000);
});

/** Three segments with lines: the first one by both. */
const CHANGED = ['old next', 'next', 'next'];

let whole: string[] | null = null;
async function expected(plan: ReturnType<typeof planOf>): Promise<string[]> {
  if (whole !== null) return whole;
  const world = importWorld();
  await world.run(plan);
  whole = (await world.values()).slice(1);
  expect(whole).toHaveLength(9);
  return whole;
}

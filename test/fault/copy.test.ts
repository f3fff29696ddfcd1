// A copy dies, fails or loses an answer at each call of both stores: is it whole after the next run, and never said to be before?
import { describe, expect, it } from 'vitest';
import { LedgerstoneError } from '../../src/base/error.ts';
import type { CopyTools } from '../../src/copy/copy-object.ts';
import type { HoldWriter, Store } from '../../src/store/store.ts';
import { type CopyWorld, copyWorld } from '../support/copy-world.ts';
import { type Fault, faultyStore } from '../support/faulty-store.ts';

const SEAL = 'seals/topic=orders/partition=0/000000000003.tlog-proof';

async function world(): Promise<CopyWorld> {
  const made = await copyWorld();
  made.from.attacker.setHold(SEAL, true);
  // An earlier copy had less: one object is there, with too short a lock.
  const there = made.own()[3]!;
  const lock = { mode: 'COMPLIANCE', untilMs: made.clock.now() + 3_600_000 } as const;
  await made.to.putIfAbsent(there, made.at(made.from, there)!.bytes, lock);
  return made;
}

/** One call of either store goes wrong; with `isDeath` all that come later do too. */
function troubled(
  made: CopyWorld,
  at: number,
  fault: Fault,
  isDeath: boolean,
): Partial<CopyTools> & { count(): number } {
  let calls = 0;
  const life = new AbortController();
  const plan = (): Fault | undefined => {
    const now = calls++;
    if (now === at) {
      // What waits to try again dies too.
      if (isDeath) queueMicrotask(() => life.abort(new Error('killed')));
      return fault;
    }
    return isDeath && now > at ? { kind: 'fails', error: new Error('killed') } : undefined;
  };
  const of = (store: Store & HoldWriter) => faultyStore(store, plan, made.clock);
  return { from: of(made.from), to: of(made.to), signal: life.signal, count: () => calls };
}

const fatal = () => new LedgerstoneError('forbidden', 'not any more');

describe.each<[name: string, fault: () => Fault, isDeath: boolean]>([
  ['killed before it', () => ({ kind: 'fails', error: new Error('killed') }), true],
  ['killed after it', () => ({ kind: 'done-but-fails', error: new Error('killed') }), true],
  ['refused', () => ({ kind: 'fails', error: fatal() }), false],
  ['done, and then refused', () => ({ kind: 'done-but-fails', error: fatal() }), false],
  ['without an answer', () => ({ kind: 'fails' }), false],
  ['with a lost answer', () => ({ kind: 'done-but-fails' }), false],
  ['done twice', () => ({ kind: 'twice' }), false],
])('each call %s', (_, fault, isDeath) => {
  it('ends in a copy that is whole, or in no word of one', async () => {
    let [whole, broken] = [0, 0];
    for (let at = 0; ; at++) {
      const made = await world();
      const trouble = troubled(made, at, fault(), isDeath);
      const first = await made.copy(trouble).catch(() => null);
      if (first !== null) {
        expect([at, made.wrong(), first.list]).toEqual([at, [], made.list()]);
        whole++;
      } else broken++;
      if (trouble.count() <= at) break;
      const again = await made.copy();
      expect([at, made.wrong(), again.list, again.objects]).toEqual([at, [], made.list(), 20]);
      // Nothing was stored twice.
      expect([at, made.to.keys().filter((key) => made.to.versionsOf(key).length > 1)]).toEqual([at, []]);
    }
    expect(whole + broken).toBeGreaterThan(100);
    if (isDeath) expect(whole).toBe(1);
  }, 120_000);
});

// Which data objects does nothing keep any more?
import { describe, expect, it } from 'vitest';
import { ChainReader } from '../../../src/read/chain-reader.ts';
import { type ExpiredData, expiredData } from '../../../src/read/expired-data.ts';
import type { HoldState, LockState, StoreReader } from '../../../src/store/store.ts';
import type { Demands } from '../../../src/verify/acts/in-force.ts';
import { ArchiveBuilder, entries } from '../../support/archive-builder.ts';
import { lawlessStore } from '../../support/lawless-store.ts';

const DAY_MS = 86_400_000;
const { signal } = new AbortController();
const NOTHING: Demands = { casesOf: () => [], lockedUntilMs: () => 0 };

async function world() {
  const builder = new ArchiveBuilder();
  const chain = builder.chain();
  await chain.seal();
  const sealed = await chain.seal({ lines: entries(0, 3), retentionMs: DAY_MS });
  const store = lawlessStore(builder.archive);
  const reader = new ChainReader({
    ...{ store, chain: 'orders', partition: 0, signal },
    trusted: builder.trusted,
  });
  const untilMs = Date.parse((await reader.seal(1)).manifest.retention.until);
  const look = async (change: Partial<StoreReader> = {}, demands: Demands | null = null, laterMs = 1000) =>
    expiredData({ ...store, ...change }, await reader.seal(1), demands, untilMs + laterMs, signal);
  return { look, reader, sealed, untilMs, store };
}
const lock = (state: LockState): Partial<StoreReader> => ({ lock: async () => state });
const hold = (state: HoldState): Partial<StoreReader> => ({ hold: async () => state });

describe('a data object whose retention is over', () => {
  it.each<[string, Partial<StoreReader>, Demands | null, ExpiredData['state']]>([
    ['without anything', lock({ kind: 'none' }), null, 'free'],
    ['of a lock that is over too', {}, null, 'free'],
    ['with decisions about others', {}, NOTHING, 'free'],
    ['under a legal hold', hold('held'), null, 'held'],
    ['under an event hold', lock({ kind: 'none', eventHold: 'on' }), null, 'held'],
    ['held by a decision that is not carried out', {}, { ...NOTHING, casesOf: () => ['C-1'] }, 'held'],
    [
      'extended by a decision that is not carried out',
      {},
      { ...NOTHING, lockedUntilMs: () => Number.MAX_SAFE_INTEGER / 2 ** 10 },
      'extended',
    ],
    ['whose hold is hidden', hold('not-permitted'), null, 'not-known'],
    ['whose lock is hidden', lock({ kind: 'not-permitted' }), null, 'not-known'],
    ['of a store that fails', { lock: async () => Promise.reject(new Error('away')) }, null, 'not-known'],
  ])('%s', async (_, change, demands, state) => {
    const { look } = await world();
    expect(await look(change, demands)).toMatchObject({ state, chain: 'orders', partition: 0, sequence: 1 });
  });

  it('that is locked for longer than promised is not free', async () => {
    const { look, untilMs } = await world();
    const longer = lock({ kind: 'locked', lock: { mode: 'COMPLIANCE', untilMs: untilMs + DAY_MS } });
    expect(await look(longer)).toMatchObject({
      state: 'locked',
      why: expect.stringContaining('COMPLIANCE until'),
    });
  });

  it('is none while its retention lasts, and none without data', async () => {
    const { look, reader, store } = await world();
    expect(await look({}, null, 0)).toBeNull();
    expect(await expiredData(store, await reader.seal(0), null, Number.MAX_SAFE_INTEGER, signal)).toBeNull();
  });

  it('that is gone is gone', async () => {
    const { look } = await world();
    const empty = { async *listVersions() {} } as Partial<StoreReader>;
    expect(await look(empty)).toMatchObject({ state: 'gone', versionId: null });
  });
});

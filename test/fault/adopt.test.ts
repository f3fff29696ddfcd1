// An adoption dies, fails or loses an answer at each call: is the chain begun so, or not at all, and whole after the next run?
import { describe, expect, it } from 'vitest';
import { adoptionState, hasMoved } from '../../src/apps/cli/adopt-chains.ts';
import { olderChain, type PlannedChain, sealAdoption } from '../../src/archiver/chain/adopt.ts';
import { continuedFrom } from '../../src/archiver/chain/create.ts';
import { topicRoute } from '../../src/archiver/chain/topic-route.ts';
import { nodeSha256 } from '../../src/base/node/hash.ts';
import { parseConfig, type TopicConfig } from '../../src/config/archiver.ts';
import { verifierKey } from '../../src/format/vkey.ts';
import { ChainReader } from '../../src/read/chain-reader.ts';
import type { Store } from '../../src/store/store.ts';
import { portableChecker } from '../../src/verify/block-checker.ts';
import { nodeContentTools } from '../../src/verify/node/tools.ts';
import { verifyArchive } from '../../src/verify/verify.ts';
import { ArchiveBuilder, NOW_MS } from '../support/archive-builder.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { type Fault, faultyStore } from '../support/faulty-store.ts';
import { keyringOf } from '../support/keyring.ts';
import { memorySigner } from '../support/memory-signer.ts';
import { memoryStore } from '../support/memory-store.ts';
import { storeOver } from '../support/verifier-store.ts';

const ORIGIN = 'new.example.com/prod';
const forever = new AbortController().signal;
const config = parseConfig(
  `archive: { origin: ${ORIGIN}, store: { kind: directory, path: /nowhere }, signing: { kind: local, keyFile: /nowhere } }
source: { kind: kafka, brokers: ["memory:9092"], topics: [{ name: orders, retention: year }] }
retention: { seals: { mode: COMPLIANCE, period: 2y }, year: { mode: COMPLIANCE, period: 1y } }
`,
  'ledgerstone.yaml',
  {},
);

async function world() {
  const sold = new ArchiveBuilder();
  const chain = sold.chain('orders');
  await chain.fill(2, 3);
  const clock = new FakeClock({ auto: true, startMs: NOW_MS });
  const store = memoryStore({ clock });
  const signer = memorySigner({ algorithm: 'ed25519' });
  const trusted = [verifierKey(ORIGIN, signer.publicKey, nodeSha256)];
  const old = { store: { ...storeOver(sold.archive), close: async () => {} }, trusted: sold.trusted };
  const place = { chain: 'orders', partition: 0 };
  const head = await new ChainReader({ ...old, ...place, signal: forever }).seal(2);
  const older = olderChain({ ...old, ...place }, head, clock);
  const adopting = topicRoute(config, config.source.topics[0] as TopicConfig, 0);
  const source = head.manifest.source;
  const begins = continuedFrom(older, source, { by: 'Ada Byron', reason: 'bought' }, 'next', 0);
  const start = { name: adopting.route.name, source, ...begins };
  const planned: PlannedChain = { ...adopting, older, start, otherTopic: null };
  const ends = { ...{ topic: adopting.topic, name: 'orders/0', adopting }, older, listed: 2 };
  const state = async () => {
    const reader = { ...store, close: async () => {} };
    return (await adoptionState(reader, trusted, ends, forever)).state;
  };
  const moved = () => hasMoved(old, ends, forever);
  const seal = (by: Store = store, signal = forever) =>
    sealAdoption(
      {
        ...{ config, store: by, keyring: keyringOf(ORIGIN, [signer]), writerId: 'test', clock, signal },
        ...{ random: () => 0, onTrouble: () => {} },
      },
      planned,
    );
  const verdict = async () => {
    const shown = [{ name: 'old', reader: sold.archive, trusted: sold.trusted }];
    const report = await verifyArchive(store, {
      ...{ trusted, shown, depth: 'content', nowMs: clock.now(), sha256: nodeSha256 },
      checker: portableChecker(nodeContentTools),
    });
    return [report.verdict, report.chains.length];
  };
  return { clock, store, chain, state, moved, seal, verdict };
}

describe.each<[name: string, fault: () => Fault, isDeath: boolean]>([
  ['killed before it', () => ({ kind: 'fails', error: new Error('killed') }), true],
  ['killed after it', () => ({ kind: 'done-but-fails', error: new Error('killed') }), true],
  ['without an answer', () => ({ kind: 'fails' }), false],
  ['with a lost answer', () => ({ kind: 'done-but-fails' }), false],
  ['done twice', () => ({ kind: 'twice' }), false],
])('each call %s', (_, fault, isDeath) => {
  it('ends with the chain begun once, or not at all', async () => {
    let faults = 0;
    for (let at = 0; ; at++) {
      const { clock, store, state, seal, verdict } = await world();
      const life = new AbortController();
      let calls = 0;
      const faulty = faultyStore(
        store,
        () => {
          const now = calls++;
          if (now === at) {
            if (isDeath) queueMicrotask(() => life.abort(new Error('killed')));
            return fault();
          }
          return isDeath && now > at ? { kind: 'fails', error: new Error('killed') } : undefined;
        },
        clock,
      );
      await seal(faulty, life.signal).catch(() => null);
      if (calls <= at) break;
      faults++;
      const [left] = [await state()];
      expect(['none', 'adopted']).toContain(left);
      if (left === 'none') await seal();
      expect([at, await state(), ...(await verdict())]).toEqual([at, 'adopted', 'verified', 1]);
    }
    expect(faults).toBeGreaterThan(2);
  }, 60_000);
});

it('two at once: one begins it, and both see it begun', async () => {
  const { clock, state, seal, verdict } = await world();
  const first = seal();
  await clock.sleep(1, forever);
  expect((await Promise.all([first, seal()])).toSorted()).toEqual([false, true]);
  expect([await state(), ...(await verdict())]).toEqual(['adopted', 'verified', 1]);
});

it('sees that the older chain went on, before and after', async () => {
  const { chain, moved, seal, verdict } = await world();
  expect(await moved()).toBe(false);
  await chain.seal();
  expect(await moved()).toBe(true);
  await seal();
  expect(await verdict()).toEqual(['broken', 1]);
});

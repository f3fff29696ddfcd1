// What does the sealer do with locks, markers and names that others took, as the store reports them?
import { describe, expect, it } from 'vitest';
import { MemoryLedger } from '../../../src/archiver/memory.ts';
import { zstdCompressor } from '../../../src/base/node/compress.ts';
import { nodeSha256, nodeSha256Into } from '../../../src/base/node/hash.ts';
import { encodeVkey, verifierKey } from '../../../src/format/vkey.ts';
import { Sealer } from '../../../src/sealing/sealer.ts';
import { BodyBuilder } from '../../../src/segment/body.ts';
import { makeSegment, newChainHead, type Segment } from '../../../src/segment/segment.ts';
import type { Store } from '../../../src/store/store.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { memorySigner } from '../../support/memory-signer.ts';
import { memoryStore } from '../../support/memory-store.ts';
import { kafkaRecord } from '../../support/records.ts';

const ORIGIN = 'seal.example.com/test/orders/0';
const DAY_MS = 86_400_000;

function world(change: (store: Store) => Store = (store) => store, skewMs = () => 0) {
  const clock = new FakeClock();
  const store = memoryStore({ clock, skewMs });
  const signer = memorySigner({ algorithm: 'ecdsa-p256' });
  const down = new AbortController();
  const troubles: unknown[] = [];
  const sealer = new Sealer({
    store: change(store),
    signersOf: () => [signer],
    sha256: nodeSha256,
    clock,
    random: () => 0.5,
    memory: new MemoryLedger(),
    sealRetention: { mode: 'COMPLIANCE', period: { months: 0, ms: 7 * DAY_MS } },
    signal: down.signal,
  });
  const carry = (segment: Segment) => clock.run(sealer.carry(segment, (error) => troubles.push(error)));
  return { clock, store, signer, sealer, carry, troubles };
}

function segmentOf(
  clock: FakeClock,
  periodMs = DAY_MS,
  value = '{"n":1}',
  head = newChainHead(ORIGIN, 'orders', 0, 0),
): Segment {
  const { publicKey } = memorySigner({ algorithm: 'ecdsa-p256' });
  const builder = new BodyBuilder(head.nextOffset, {
    sha256: nodeSha256,
    sha256Into: nodeSha256Into,
    encoding: 'zstd',
    compress: zstdCompressor(1),
  });
  builder.record(kafkaRecord({ offset: head.nextOffset, value }));
  return makeSegment(nodeSha256, head, builder.finish(), {
    source: { kind: 'kafka', cluster: 'c', topic: 'orders', topicId: null, partition: 0 },
    continues: null,
    anchoredMs: clock.now(),
    nowMs: clock.now(),
    retention: { mode: 'COMPLIANCE', period: { months: 0, ms: periodMs }, policy: 'short' },
    keys: [encodeVkey(verifierKey(ORIGIN, publicKey, nodeSha256))],
    writer: { id: 'w', version: '1.0.0' },
  });
}

describe('the sealer', () => {
  it('writes data first and the seal last, each with its own lock', async () => {
    const { clock, store, carry } = world();
    const segment = segmentOf(clock);
    expect(await carry(segment)).toMatchObject({ kind: 'stored' });
    const puts = store.log.filter(({ method }) => method === 'putIfAbsent').map(({ key }) => key);
    expect(puts).toEqual([segment.data?.key, segment.sealKey]);
    expect(store.versionsOf(segment.data?.key as string)[0]?.lock?.untilMs).toBe(clock.now() + DAY_MS);
    expect(store.versionsOf(segment.sealKey)[0]?.lock?.untilMs).toBe(clock.now() + 7 * DAY_MS);
  });

  it('locks a seal as long as its data, even if its own period is shorter this year', async () => {
    const { clock, store, carry } = world();
    const segment = segmentOf(clock, 8 * DAY_MS);
    expect(await carry(segment)).toMatchObject({ kind: 'stored' });
    expect(store.versionsOf(segment.sealKey)[0]?.lock?.untilMs).toBe(clock.now() + 8 * DAY_MS);
  });

  it('lengthens the lock of its own earlier data before the seal', async () => {
    const { clock, store, carry } = world();
    const segment = segmentOf(clock);
    const short = { mode: 'COMPLIANCE', untilMs: clock.now() + 60_000 } as const;
    await clock.run(store.putIfAbsent(segment.data?.key as string, segment.data?.bytes as Uint8Array, short));
    expect(await carry(segment)).toMatchObject({ kind: 'stored' });
    expect(store.versionsOf(segment.data?.key as string)).toHaveLength(1);
    expect(store.versionsOf(segment.data?.key as string)[0]?.lock?.untilMs).toBe(clock.now() + DAY_MS);
  });

  it('lengthens the lock of the oldest data also where a delete marker lets its PUT through', async () => {
    const { clock, store, carry } = world();
    const segment = segmentOf(clock);
    const key = segment.data?.key as string;
    // A predecessor died between data and seal; then somebody tried to delete what it had stored.
    const short = { mode: 'COMPLIANCE', untilMs: clock.now() + 60_000 } as const;
    await clock.run(store.putIfAbsent(key, segment.data?.bytes as Uint8Array, short));
    store.attacker.addMarker(key);
    expect(await carry(segment)).toMatchObject({ kind: 'stored' });
    expect(store.versionsOf(key)[0]?.lock?.untilMs).toBe(clock.now() + DAY_MS);
  });

  it('is fenced by other bytes at its seal, even under a delete marker that lets the PUT through', async () => {
    for (const hidden of [false, true]) {
      const { clock, store, carry } = world();
      const segment = segmentOf(clock);
      store.attacker.putVersion(segment.sealKey, new TextEncoder().encode('another seal'));
      if (hidden) store.attacker.addMarker(segment.sealKey);
      expect(await carry(segment)).toMatchObject({ kind: 'fenced' });
    }
  });

  it('does not seal what the store reports as unlocked, and tells', async () => {
    const { clock, sealer, troubles, store } = world((inner) => ({
      ...inner,
      lock: async () => ({ kind: 'none' }),
    }));
    const segment = segmentOf(clock);
    const carried = sealer.carry(segment, (error) => troubles.push(error));
    carried.catch(() => {});
    await clock.advance(120_000);
    expect(troubles.at(-1)).toMatchObject({ code: 'lock-missing' });
    expect(store.versionsOf(segment.sealKey)).toEqual([]);
  });

  it('never takes a governance lock for a compliance lock', async () => {
    const governance = {
      kind: 'locked',
      lock: { mode: 'GOVERNANCE', untilMs: Number.MAX_SAFE_INTEGER },
    } as const;
    const { clock, sealer, troubles, store } = world((inner) => ({ ...inner, lock: async () => governance }));
    const segment = segmentOf(clock);
    sealer.carry(segment, (error) => troubles.push(error)).catch(() => {});
    await clock.advance(120_000);
    expect(troubles.at(-1)).toMatchObject({ code: 'lock-missing' });
    expect(store.versionsOf(segment.sealKey)).toEqual([]);
  });

  it('refuses to sign a second text for one size', async () => {
    const { clock, sealer, carry, signer } = world();
    await carry(segmentOf(clock));
    expect(() => sealer.carry(segmentOf(clock, DAY_MS, '{"n":2}'), () => {})).toThrow(
      'was signed by this process before',
    );
    expect(signer.requests).toHaveLength(1);
  });

  it('locks for longer where the end that was promised is over by now', async () => {
    const { clock, store, carry } = world();
    const segment = segmentOf(clock, 1_000);
    await clock.advance(10_000);
    expect(await carry(segment)).toMatchObject({ kind: 'stored' });
    expect(store.versionsOf(segment.data?.key as string)[0]?.lock?.untilMs).toBeGreaterThan(clock.now());
  });

  it('believes no measurement of the clock that was made before it was set, or while it was set wrong', async () => {
    let skewMs = 0;
    const { clock, sealer, store } = world(undefined, () => skewMs);
    const setBy = (ms: number) => {
      skewMs += ms;
      clock.jump(ms);
    };
    const readStore = async () => {
      for await (const _ of store.listVersions('', { limit: 1 }));
    };
    const right = () => sealer.clockWrong(() => {});
    await clock.run(right() ?? Promise.resolve());
    expect(right()).toBeNull();
    // Wrong for a moment, in which somebody else reads the store; then it is mended: one question shows it.
    setBy(90_000);
    await readStore();
    setBy(-90_000);
    await clock.run(right() ?? Promise.resolve(), 1_000);
    expect(right()).toBeNull();
    // Right for a moment, measured while it was wrong: it is not right because the store was read in between.
    setBy(90_000);
    const waits = right();
    waits?.catch(() => {});
    await clock.advance(60);
    setBy(-90_000);
    await readStore();
    setBy(90_000);
    expect(right()).not.toBeNull();
    setBy(-90_000);
    await clock.run(waits ?? Promise.resolve(), 60_000);
    expect(right()).toBeNull();
  });
});

describe('reading back what was stored', () => {
  type World = ReturnType<typeof world>;
  const asked = ({ store }: World, from: number) => store.log.slice(from).map(({ method }) => method);
  /** The first segment of a chain, and the one behind it `laterMs` later: what was asked of the store for that. */
  async function second(
    laterMs: number,
    before: (it: World, next: Segment) => void | Promise<void> = () => {},
  ) {
    const it = world();
    const first = segmentOf(it.clock);
    await it.carry(first);
    await it.clock.advance(laterMs);
    // Any answer shows the store's clock anew.
    for await (const _ of it.store.listVersions('', { limit: 1 }));
    const next = segmentOf(it.clock, DAY_MS, '{"n":2}', first.after);
    await before(it, next);
    const from = it.store.log.length;
    const outcome = await it.carry(next);
    return { it, next, outcome, calls: asked(it, from) };
  }

  it('asks for the lock and the oldest version of both objects of the first segment', async () => {
    const it = world();
    await it.carry(segmentOf(it.clock));
    const calls = asked(it, 0).filter((method) => method !== 'listVersions');
    expect(calls.toSorted()).toEqual(['lock', 'lock', 'putIfAbsent', 'putIfAbsent']);
  });

  it('asks within a minute only whose seal it is', async () => {
    const { outcome, calls } = await second(59_000);
    expect(outcome.kind).toBe('stored');
    expect(calls).toEqual(['putIfAbsent', 'putIfAbsent', 'listVersions']);
  });

  it('asks for everything again after a minute', async () => {
    const { calls } = await second(60_000);
    expect(calls.filter((method) => method === 'lock')).toHaveLength(2);
    expect(calls.filter((method) => method === 'listVersions')).toHaveLength(2);
  });

  // Another process had the partition meanwhile: its data may lie under a marker, locked for less long.
  it('asks for everything again once the partition had to find its position anew', async () => {
    const { it, next, outcome } = await second(1_000, async ({ store, clock, sealer }, { data }) => {
      const earlier = { mode: 'COMPLIANCE', untilMs: clock.now() + DAY_MS - 1_000 } as const;
      store.attacker.putVersion(data?.key as string, data?.bytes as Uint8Array, earlier);
      store.attacker.addMarker(data?.key as string);
      await sealer.settled(ORIGIN);
    });
    expect(outcome.kind).toBe('stored');
    expect(it.store.versionsOf(next.data?.key as string)[0]?.lock?.untilMs).toBe(it.clock.now() + DAY_MS);
  });

  it('asks for everything of an object that was there before', async () => {
    const { it, next, outcome, calls } = await second(1_000, ({ store, clock }, { data }) => {
      const short = { mode: 'COMPLIANCE', untilMs: clock.now() + 60_000 } as const;
      store.attacker.putVersion(data?.key as string, data?.bytes as Uint8Array, short);
    });
    expect(outcome.kind).toBe('stored');
    expect(calls).toContain('extendLock');
    expect(it.store.versionsOf(next.data?.key as string)[0]?.lock?.untilMs).toBe(it.clock.now() + DAY_MS);
  });

  it('is fenced under a delete marker within the minute too', async () => {
    const { outcome } = await second(1_000, ({ store }, { sealKey }) => {
      store.attacker.putVersion(sealKey, new TextEncoder().encode('another seal'));
      store.attacker.addMarker(sealKey);
    });
    expect(outcome.kind).toBe('fenced');
  });

  it('notices within a minute that the store no longer locks', async () => {
    let locks = true;
    const it = world((inner) => ({
      ...inner,
      lock: async (...args) => (locks ? inner.lock(...args) : { kind: 'none' }),
    }));
    let head = newChainHead(ORIGIN, 'orders', 0, 0);
    const next = async () => {
      const segment = segmentOf(it.clock, DAY_MS, '{"n":1}', head);
      head = segment.after;
      const carried = it.sealer.carry(segment, (error) => it.troubles.push(error));
      carried.catch(() => {});
      await it.clock.advance(10_000);
    };
    await next();
    locks = false;
    for (let seals = 0; seals < 5; seals++) await next();
    expect(it.troubles).toEqual([]);
    await next();
    expect(it.troubles.at(-1)).toMatchObject({ code: 'lock-missing' });
  });
});

// Does it show when the brokers have more, or less, than was sealed?
import { beforeEach, describe, expect, it } from 'vitest';
import type { ComparePattern, CompareTopic } from '../../../src/config/verifier.ts';
import type { PartitionMarks, TopicMarks } from '../../../src/ingest/kafka/marks.ts';
import { endsKey } from '../../../src/verifier/own-keys.ts';
import { runWork } from '../../../src/verifier/run.ts';
import { type Compared, compareOffsets } from '../../../src/verifier/tasks/completeness.ts';
import { EndsLog } from '../../../src/verifier/tasks/completeness-ends.ts';
import { completenessTask, type MarksReader } from '../../../src/verifier/tasks/completeness-task.ts';
import type { Task } from '../../../src/verifier/verifier.ts';
import { NOW_MS, YEAR_MS } from '../../support/archive-builder.ts';
import { type MemoryStore, memoryStore } from '../../support/memory-store.ts';
import { NOTES } from '../../support/note-signing.ts';
import { storeOver, verifierOf } from '../../support/verifier-store.ts';
import { PLACE, STILL, VerifierWorld } from '../../support/verifier-world.ts';

const HOUR_MS = 3_600_000;
const EVERY_MS = 900_000;
const BEFORE = { atMs: NOW_MS - HOUR_MS, end: 0 };

const compared = (
  marks: PartitionMarks | null,
  { before = null, nextOffset = 100, isPromised = true }: Partial<Compared> = {},
) => compareOffsets({ place: PLACE, nextOffset, marks, before, isPromised });
const said = (...args: Parameters<typeof compared>) =>
  compared(...args).findings.map(({ code, found }) => `${code}: ${found}`);

describe('sealed offsets against the brokers', () => {
  it.each<PartitionMarks>([
    { earliest: 0, end: 100 },
    { earliest: 100, end: 100 },
    { earliest: 50, end: 100 },
  ])('%j is complete', (marks) => {
    expect(compared(marks, { before: { ...BEFORE, end: 100 } })).toEqual({ findings: [], waiting: 0 });
  });

  it('that were never sealed and are gone are lost', () => {
    expect(said({ earliest: 130, end: 150 })).toEqual([
      'offset-gap: the brokers begin at offset 130: 30 offsets are gone unsealed',
    ]);
    expect(compared({ earliest: 130, end: 150 }).waiting).toBe(20);
  });

  it('that the brokers no longer have are another topic, or a loss of theirs', () => {
    expect(said({ earliest: 0, end: 99 })).toEqual([
      'offset-gap: the brokers end at offset 99: they lost records, or the topic is another one',
    ]);
    expect(said(null)).toEqual(['offset-gap: none']);
  });

  it('that wait are late only where they were there when the promised time began', () => {
    const marks = { earliest: 0, end: 107 };
    expect(compared(marks, { before: { ...BEFORE, end: 100 } })).toEqual({ findings: [], waiting: 7 });
    expect(said(marks, { before: { ...BEFORE, end: 101 } })).toEqual([
      'stale-chain: offset 100 is the next to be sealed',
    ]);
  });

  it('of a partition without a chain are late likewise, or at once where nothing was promised', () => {
    const marks = { earliest: 3, end: 7 };
    const none = { nextOffset: null };
    expect(said(marks, none)).toEqual([]);
    expect(said(marks, { ...none, before: BEFORE })).toEqual([]);
    const late = ['stale-chain: no chain, and offsets up to 7'];
    expect(said(marks, { ...none, before: { ...BEFORE, end: 5 } })).toEqual(late);
    expect(said(marks, { ...none, isPromised: false })).toEqual(late);
    expect(said({ earliest: 0, end: 0 }, { ...none, isPromised: false })).toEqual([]);
    expect(said(null, none)).toEqual([]);
  });
});

describe('notes of where the brokers were', () => {
  let store: MemoryStore;
  let nowMs: number;
  let log: EndsLog;
  const clock = { ...STILL, now: () => nowMs };
  beforeEach(() => {
    nowMs = NOW_MS;
    store = memoryStore({ clock });
    const retention = { mode: 'COMPLIANCE', period: { months: 0, ms: YEAR_MS } } as const;
    log = new EndsLog({ ...NOTES, store, clock, retention, promisedMs: HOUR_MS, everyMs: EVERY_MS });
  });
  const add = (end: number) => log.add({ atMs: nowMs, ends: new Map([['orders/0', end]]) });

  it('give the newest of those that are old enough, and are due four times in the promised time', async () => {
    expect(await log.read()).toEqual({ note: null, isDue: true });
    for (const end of [10, 20, 30]) {
      await add(end);
      expect((await log.read()).isDue).toBe(false);
      nowMs += HOUR_MS / 4;
    }
    expect(await log.read()).toEqual({ note: null, isDue: true });
    nowMs += HOUR_MS / 4;
    expect((await log.read()).note).toEqual({ atMs: NOW_MS, ends: new Map([['orders/0', 10]]) });
    nowMs += HOUR_MS / 4;
    expect((await log.read()).note?.ends.get('orders/0')).toBe(20);
    // A verifier that was down for long begins anew.
    nowMs += 3 * HOUR_MS;
    expect(await log.read()).toEqual({ note: null, isDue: true });
  });

  it('are found where a run comes more rarely than offsets were promised to be sealed', async () => {
    const retention = { mode: 'COMPLIANCE', period: { months: 0, ms: YEAR_MS } } as const;
    const rare = new EndsLog({ ...NOTES, store, clock, retention, promisedMs: 60_000, everyMs: HOUR_MS });
    await rare.add({ atMs: nowMs, ends: new Map([['orders/0', 10]]) });
    nowMs += HOUR_MS + 5_000;
    expect((await rare.read()).note?.ends.get('orders/0')).toBe(10);
  });

  it('are locked, and strange ones are passed over', async () => {
    await add(10);
    const [key = ''] = store.keys();
    expect(store.versionsOf(key)[0]?.lock).toMatchObject({ mode: 'COMPLIANCE' });
    store.attacker.putVersion(key.replace(/\d\.note/, '9.note'), new TextEncoder().encode('{}'));
    store.attacker.putVersion(key.replace(/\d\.note/, '8.note'), new Uint8Array([0xff]));
    store.attacker.putVersion('passes/ends/999999999999.note', new Uint8Array(1));
    nowMs += HOUR_MS + 60_000;
    expect(await log.read()).toMatchObject({ note: { atMs: NOW_MS }, isDue: true });
  });

  it('of somebody else keep none from being written, however recent they are', async () => {
    await add(10);
    nowMs += HOUR_MS / 2;
    for (const ago of [1000, 2000, 3000]) {
      store.attacker.putVersion(endsKey({ atMs: nowMs - ago }), new TextEncoder().encode('{}'));
    }
    expect((await log.read()).isDue).toBe(true);
    await add(20);
    expect((await log.read()).isDue).toBe(false);
  });

  it('of somebody else, if they are many, do not pass for "nothing was there an hour ago"', async () => {
    await add(10);
    nowMs += HOUR_MS + 60_000;
    for (let ago = 0; ago < 60; ago++) {
      store.attacker.putVersion(endsKey({ atMs: nowMs - HOUR_MS - ago * 500 }), new Uint8Array(1));
      store.attacker.putVersion(endsKey({ atMs: nowMs - HOUR_MS - ago * 1000 }), new Uint8Array(1));
    }
    await expect(log.read()).rejects.toMatchObject({ code: 'notes-flooded' });
  });
});

describe('the task', () => {
  let world: VerifierWorld;
  let nowMs: number;
  let orders: Map<number, PartitionMarks> | 'absent' | 'unknown';
  let isAway: boolean;
  let asked: number;
  beforeEach(async () => {
    world = new VerifierWorld();
    await world.grow(2);
    [nowMs, isAway, asked] = [NOW_MS, false, 0];
    orders = new Map([[0, { earliest: 0, end: 6 }]]);
  });

  const marksOf = (given: typeof orders): TopicMarks => {
    if (given === 'absent') return { kind: 'absent' };
    return given === 'unknown' ? { kind: 'unknown', why: 'no leader' } : { kind: 'there', partitions: given };
  };
  const read: MarksReader = async (topics) => {
    asked++;
    if (isAway) throw new Error('no broker answers');
    return new Map(topics.map((name) => [name, marksOf(orders)]));
  };
  const MARKS = { earliest: 0, end: 6 };
  const TOPICS: CompareTopic[] = [{ name: 'audit.orders', chain: 'orders', partitions: {} }];

  async function run(
    topics = TOPICS,
    reader: MarksReader = read,
    mayGoOn = () => true,
    patterns: readonly ComparePattern[] = [],
  ) {
    const clock = { ...STILL, now: () => nowMs, monotonic: () => nowMs };
    const retention = { mode: 'COMPLIANCE', period: { months: 0, ms: YEAR_MS } } as const;
    const ends = new EndsLog({
      ...NOTES,
      store: world.store,
      clock,
      retention,
      promisedMs: HOUR_MS,
      everyMs: EVERY_MS,
    });
    const task = completenessTask({ read: reader, topics, patterns, ends });
    const archive = storeOver(world.builder.archive, () => 0, clock);
    const verifier = verifierOf(world, {
      archive,
      tasks: new Map<string, Task>([['completeness', task]]),
      clock,
    });
    const tasks = [{ task: 'completeness', chains: null, message: null }] as const;
    const work = { isQueue: false, chains: [], objects: [], tasks, calls: [], ignored: [] };
    const result = await runWork(verifier, work, { remainingMs: () => 600_000, mayGoOn });
    const told = verifier.findings.told
      .filter(({ check }) => check === 'completeness')
      .map(({ scope, findings }) => `${scope}: ${findings.map(({ code, key }) => `${code} ${key}`).join()}`);
    return { told, result, said: verifier.log.lines };
  }
  const ORDERS = 'topic=orders/partition=0';

  it('says nothing of what is sealed, and asks the brokers before and after the chains', async () => {
    const { told, result } = await run();
    expect(told).toEqual(['archive: ', 'archive: ', `${ORDERS}: `]);
    const { staleChains, lateChains } = result.metrics;
    expect([asked, result.failures, staleChains, lateChains]).toEqual([2, [], null, 0]);
  });

  it('takes no race for a loss: the log may move on, and grow, while chains are confirmed', async () => {
    let round = 0;
    const moving: MarksReader = async () => {
      const partitions = new Map([[0, round++ === 0 ? { earliest: 0, end: 3 } : { earliest: 9, end: 9 }]]);
      return new Map([['audit.orders', { kind: 'there', partitions }]]);
    };
    expect((await run(TOPICS, moving)).told.at(-1)).toBe(`${ORDERS}: `);
  });

  it('finds what is gone, and what waits for too long, whatever is sealed meanwhile', async () => {
    orders = new Map([[0, { earliest: 8, end: 9 }]]);
    expect((await run()).told.at(-1)).toBe(`${ORDERS}: offset-gap kafka:orders/0`);
    orders = new Map([[0, { earliest: 0, end: 9 }]]);
    nowMs += HOUR_MS + 1000;
    // A heartbeat: sealed just now, without the offsets that wait.
    await world.chain.seal({ sealedMs: nowMs - 1000 });
    const { told, result } = await run();
    expect(told.at(-1)).toBe(`${ORDERS}: stale-chain kafka:orders/0`);
    expect([result.metrics.staleChains, result.metrics.lateChains]).toEqual([null, 1]);
  });

  it('finds partitions that nobody archives', async () => {
    orders = new Map([
      [0, { earliest: 0, end: 6 }],
      [1, { earliest: 0, end: 2 }],
    ]);
    expect((await run()).told).toContain('topic=orders/partition=1: ');
    nowMs += HOUR_MS;
    expect((await run()).told).toContain('topic=orders/partition=1: stale-chain kafka:orders/1');
  });

  it('compares all topics that a pattern takes, and finds one that is gone by its chain', async () => {
    const wanted: (readonly string[])[] = [];
    const patterned: MarksReader = async (topics, _, takes) => {
      wanted.push(topics);
      const shown = ['other', 'orders.new'].filter((topic) => takes?.(topic) === true);
      return new Map(
        [...topics, ...shown].map((name) => [
          name,
          marksOf(name === 'orders' ? orders : new Map([[0, MARKS]])),
        ]),
      );
    };
    const patterns = [{ pattern: '^orders', except: ['^orders\\.test'] }];
    const whole = await run([], patterned, () => true, patterns);
    expect(wanted).toEqual([['orders'], ['orders']]);
    expect(whole.told).toEqual(['archive: ', 'archive: ', `${ORDERS}: `, 'topic=orders.new/partition=0: ']);
    orders = 'absent';
    expect((await run([], patterned, () => true, patterns)).told[0]).toBe('archive: unreadable kafka:orders');
  });

  it('follows partitions into chains of their own, and closes what is compared no longer', async () => {
    const partitions = { 0: { chain: 'orders-2' } };
    const { told } = await run([{ name: 'audit.orders', chain: 'orders', partitions }]);
    expect(told).toEqual(['archive: ', 'archive: ', 'topic=orders-2/partition=0: ', `${ORDERS}: `]);
  });

  it('says of a topic that is gone that its chains have none', async () => {
    orders = 'absent';
    expect((await run()).told).toEqual([
      ...['archive: unreadable kafka:audit.orders', 'archive: unreadable kafka:audit.orders'],
      `${ORDERS}: offset-gap kafka:orders/0`,
    ]);
  });

  it('of which nothing can be learned says so, and closes nothing', async () => {
    orders = 'unknown';
    const told = ['archive: unreadable kafka:audit.orders', 'archive: unreadable kafka:audit.orders'];
    expect((await run()).told).toEqual(told);
    isAway = true;
    expect((await run()).told).toEqual(['archive: unreadable kafka:']);
  });

  it('says nothing of a partition that only one of the two answers knows', async () => {
    let round = 0;
    const restarting: MarksReader = async () => {
      const there: TopicMarks = { kind: 'there', partitions: new Map([[0, { earliest: 0, end: 6 }]]) };
      return new Map([['audit.orders', round++ % 2 === 0 ? there : { kind: 'absent' }]]);
    };
    const told = ['archive: ', 'archive: unreadable kafka:audit.orders'];
    expect((await run(TOPICS, restarting)).told).toEqual(told);
  });

  it('says nothing of a chain whose end is not known', async () => {
    orders = new Map([[0, { earliest: 100, end: 100 }]]);
    await world.grow(60);
    expect((await run(TOPICS, read, () => false)).told).toEqual(['archive: ', 'archive: ']);
    world.builder.archive.alter(world.made[1]?.dataKey as string, (bytes) => bytes.fill(7));
    const { told, said, result } = await run();
    expect([told, result.metrics.lateChains]).toEqual([['archive: ', 'archive: '], null]);
    expect(said.filter((line) => line.includes('compared'))).toEqual([
      'not all was compared: the end of a chain, or what the brokers have of it, is not known',
    ]);
  });
});

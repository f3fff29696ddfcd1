// Several members, rebalances, zombies, late and doubled deliveries, deaths: is each offset still taken exactly once?
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { admit } from '../../../src/ingest/gate.ts';
import { type Item, recordOf } from '../../../src/ingest/item.ts';
import type { Fetched, SourceListener, TopicPartition } from '../../../src/ingest/source.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { MemoryBroker } from '../../support/memory-broker.ts';
import { type MemorySource, memorySource } from '../../support/memory-source.ts';

const TOPIC = 'orders';
const PARTITIONS = 2;
const SEAL_ITEMS = 5;
const SEAL_MS = 40;
const AGE_MS = 400;

/** What all members share: one list a partition, appended to at its end or not at all. That is what the seal's key does. */
class Sealed {
  readonly items: Item[] = [];
  next = 0;

  /** False: somebody else was first. */
  append(from: number, items: readonly Item[], next: number): boolean {
    if (from !== this.next) return false;
    this.items.push(...items);
    this.next = next;
    return true;
  }
}

/** The smallest consumer that is right: the gate decides, the head is the only memory, and a suspicion means to read again. */
class Consumer implements SourceListener {
  readonly source: MemorySource;
  readonly #clock: FakeClock;
  /** What happened at all, so that the property is known to have met it. */
  readonly #met: Set<string>;
  readonly #heads: readonly Sealed[];
  readonly #open = new Map<
    number,
    { from: number; items: Item[]; next: number; sinceMs: number; sealing: boolean }
  >();
  #dead = false;

  constructor(
    broker: MemoryBroker,
    clock: FakeClock,
    heads: readonly Sealed[],
    id: string,
    met: Set<string>,
  ) {
    this.#met = met;
    this.source = memorySource(broker, 'group', id, [TOPIC]);
    this.#clock = clock;
    this.#heads = heads;
    void this.#run();
  }

  onAssign(owned: readonly TopicPartition[]): void {
    this.#open.clear();
    for (const { partition } of owned) this.#readAgain(partition);
  }
  onRevoke(): void {
    this.#open.clear();
  }
  onFetched(fetched: Fetched): void {
    const batch = this.#open.get(fetched.partition);
    if (batch === undefined) return;
    const admission = admit(batch.next, fetched);
    if (admission.kind === 'nothing') return;
    this.#met.add(admission.kind);
    if (admission.kind !== 'accept' || admission.stop !== null) {
      this.#readAgain(fetched.partition);
      return;
    }
    if (batch.items.length === 0) batch.sinceMs = this.#clock.monotonic();
    batch.items.push(...admission.items);
    batch.next = admission.next;
  }
  onFatal(error: Error): void {
    throw error;
  }
  onSuspect(): void {}
  onOutOfRange({ partition }: TopicPartition): void {
    this.#met.add('out of range');
    this.#readAgain(partition);
  }
  onEnd(): void {}

  die(): void {
    this.#dead = true;
    this.source.crash();
  }

  #readAgain(partition: number): void {
    const from = (this.#heads[partition] as Sealed).next;
    this.#open.set(partition, { from, items: [], next: from, sinceMs: 0, sealing: false });
    this.source.seek({ topic: TOPIC, partition }, from);
    this.source.resume({ topic: TOPIC, partition });
  }

  async #run(): Promise<void> {
    while (!this.#dead) {
      await this.#clock.sleep(20);
      for (const [partition, batch] of this.#open) {
        const old = batch.items.length > 0 && this.#clock.monotonic() - batch.sinceMs >= AGE_MS;
        if (!batch.sealing && (batch.items.length >= SEAL_ITEMS || old)) void this.#seal(partition, batch);
      }
    }
  }

  /** Takes time, in which everything may happen. A member that lost the partition still stores what it began. */
  async #seal(
    partition: number,
    batch: { from: number; items: Item[]; next: number; sealing: boolean },
  ): Promise<void> {
    batch.sealing = true;
    const items = [...batch.items];
    const { from, next } = batch;
    await this.#clock.sleep(SEAL_MS);
    if (this.#dead) return;
    const ours = (this.#heads[partition] as Sealed).append(from, items, next);
    if (this.#open.get(partition) !== batch) return;
    this.#met.add(ours ? 'sealed' : 'fenced');
    if (!ours) return this.#readAgain(partition);
    batch.items.splice(0, items.length);
    batch.from = next;
    batch.sealing = false;
  }
}

const EVENTS = [
  'produce',
  'commit',
  'abort',
  'rebalance',
  'isolate',
  'heal',
  'hold',
  'release',
  'drift',
  'elect',
  'die',
  'join',
  'outage',
] as const;
type Event = { readonly kind: (typeof EVENTS)[number]; readonly which: number; readonly afterMs: number };

const anyEvent: fc.Arbitrary<Event> = fc.record({
  kind: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom('produce' as const, 'abort' as const) },
    { weight: 5, arbitrary: fc.constantFrom(...EVENTS) },
  ),
  which: fc.nat(20),
  afterMs: fc.constantFrom(0, 1, 5, 30, 60, 200, 700),
});

async function simulate(
  events: readonly Event[],
  late: boolean,
  met: Set<string>,
): Promise<{ heads: Sealed[]; broker: MemoryBroker }> {
  const clock = new FakeClock();
  const broker = new MemoryBroker({ clock, fetchOffsetsMax: 4, lateAfterPause: late });
  const group = broker.group('group');
  broker.createTopic(TOPIC, PARTITIONS);
  const heads = Array.from({ length: PARTITIONS }, () => new Sealed());
  const members = new Map<string, Consumer>();
  const isolated = new Set<string>();
  let joined = 0;
  const join = async () => {
    const id = `member-${++joined}`;
    const consumer = new Consumer(broker, clock, heads, id, met);
    members.set(id, consumer);
    await clock.run(consumer.source.start(consumer));
  };
  const living = () => [...members.keys()].filter((id) => !isolated.has(id));
  await join();
  await join();

  for (const { kind, which, afterMs } of events) {
    const partition = which % PARTITIONS;
    const id = living()[which % living().length] as string;
    const log = broker.log(TOPIC, partition);
    switch (kind) {
      case 'produce':
        for (let n = 0; n <= which % 9; n++) log.append({ value: `${partition} ${log.range.high}` });
        break;
      case 'commit':
      case 'abort': {
        const transaction = log.begin();
        for (let n = 0; n <= which % 4; n++) transaction.append({ value: `${partition} ${log.range.high}` });
        if (which % 2 === 0) log.append({ value: `${partition} ${log.range.high}` });
        transaction[kind]();
        break;
      }
      case 'rebalance':
        group.rebalance();
        break;
      case 'isolate':
        if (living().length < 2) break;
        group.isolate(id);
        isolated.add(id);
        break;
      case 'heal':
        for (const one of isolated) group.heal(one);
        isolated.clear();
        break;
      case 'hold':
        broker.hold(TOPIC, partition);
        break;
      case 'release':
        broker.release(TOPIC, partition);
        break;
      case 'drift':
        broker.driftNext(TOPIC, partition, (which % 7) - 3);
        break;
      case 'elect':
        broker.elect();
        break;
      case 'die':
        if (living().length < 2) break;
        (members.get(id) as Consumer).die();
        members.delete(id);
        isolated.delete(id);
        group.leave(id);
        break;
      case 'join':
        if (!broker.down && members.size < 5) await join();
        break;
      case 'outage':
        broker.down = which % 2 === 0;
        break;
    }
    await clock.advance(afterMs);
  }

  // The troubles end, and then nothing may stay behind.
  broker.down = false;
  for (const one of isolated) group.heal(one);
  const everywhere = async (produced: number) => {
    for (let partition = 0; partition < PARTITIONS; partition++) {
      broker.release(TOPIC, partition);
      for (let n = 0; n < produced; n++) broker.produce(TOPIC, partition, { value: `last ${n}` });
    }
    await clock.advance(1_000);
  };
  // A skip to the very end of the log shows when the next record comes, and not before: uses up a drift, then shows it.
  for (const produced of [0, 1, 5]) await everywhere(produced);
  const done = () => heads.every((head, partition) => head.next >= broker.log(TOPIC, partition).range.high);
  await clock.until('everything sealed', done, 60_000);
  for (const consumer of members.values()) consumer.die();
  return { heads, broker };
}

it('what is sealed is the log: every offset once, in order, and only what was seen as gap', async () => {
  const met = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.array(anyEvent, { maxLength: 60 }), fc.boolean(), async (events, late) => {
      const { heads, broker } = await simulate(events, late, met);
      for (const [partition, head] of heads.entries()) {
        const log = broker.log(TOPIC, partition);
        let next = 0;
        for (const item of head.items) {
          expect(item.kind === 'record' ? item.offset : item.gap.offset).toBe(next);
          next = item.kind === 'record' ? next + 1 : item.gap.last + 1;
        }
        expect(next).toBe(log.range.high);
        expect(head.items.flatMap((item) => (item.kind === 'record' ? [recordOf(item)] : []))).toEqual(
          log.records(),
        );
      }
    }),
    { numRuns: 1_500 },
  );
  expect([...met].sort()).toEqual(['accept', 'fenced', 'hole', 'out of range', 'overlap', 'sealed']);
});

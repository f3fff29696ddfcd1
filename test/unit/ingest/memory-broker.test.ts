// Does the in-memory broker do to a consumer what Kafka and kafkajs were seen to do? (What the port promises is in the contract suite.)
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../support/fake-clock.ts';
import { MemoryBroker, type MemoryBrokerOptions } from '../../support/memory-broker.ts';
import { memorySource } from '../../support/memory-source.ts';
import { SourceRecorder } from '../../support/source-recorder.ts';

const P0 = { topic: 't', partition: 0 };
let clock: FakeClock;
let broker: MemoryBroker;

beforeEach(() => {
  clock = new FakeClock();
});

function brokerOf(records: number, options: Partial<MemoryBrokerOptions> = {}, partitions = 1): void {
  broker = new MemoryBroker({ clock, fetchOffsetsMax: 3, ...options });
  broker.createTopic('t', partitions);
  for (let n = 0; n < records; n++) broker.produce('t', 0, { value: `v${n}` });
}

/** A member that reads from 0 as soon as it may, if `from` says so. */
async function member(id: string, from: number | null = 0) {
  const source = memorySource(broker, 'g', id, ['t']);
  const recorder = new SourceRecorder((event) => {
    if (event.kind !== 'assign' || from === null) return;
    for (const partition of event.owned) {
      source.seek(partition, from);
      source.resume(partition);
    }
  });
  await clock.run(source.start(recorder));
  return { source, recorder };
}

const assigned = (recorder: SourceRecorder, times = 1) =>
  clock.until('an assignment', () => recorder.of('assign').length >= times);
const kinds = (recorder: SourceRecorder) => recorder.events.map((event) => event.kind);

describe('the log', () => {
  it('shows committed records, and the others as evidence', () => {
    brokerOf(1);
    const log = broker.log('t');
    const good = log.begin();
    const bad = log.begin();
    good.append({ value: 'a' });
    bad.append({ value: 'b' });
    bad.append({ value: 'c' });
    expect(log.stable).toBe(1);
    expect(log.range).toEqual({ low: 0, high: 4 });
    bad.abort();
    expect(log.stable).toBe(1);
    good.commit();
    expect(log.stable).toBe(6);
    const answer = log.read(0, 100);
    expect(answer.records.map((record) => record.offset)).toEqual([0, 1]);
    expect(answer.seen).toEqual([
      { first: 2, last: 3, kind: 'aborted' },
      { first: 4, last: 5, kind: 'control' },
    ]);
    expect(answer.next).toBe(6);
    expect(log.read(2, 1)).toMatchObject({ records: [], seen: [{ first: 2, last: 2 }], next: 3 });
  });

  it('forgets by expiry, truncation and compaction, without a trace', () => {
    brokerOf(10);
    const log = broker.log('t');
    log.expire(2);
    log.truncate(8);
    log.compact((offset) => offset === 4 || offset === 7);
    expect(log.range).toEqual({ low: 2, high: 8 });
    const answer = log.read(2, 100);
    expect(answer.records.map((record) => record.offset)).toEqual([2, 3, 5, 6]);
    expect([answer.seen, answer.next]).toEqual([[], 8]);
    log.append({ value: 'new' });
    expect(log.read(8, 1).records[0]?.offset).toBe(8);
  });
});

describe('the group', () => {
  it('shares the partitions, and every change ends all ownership first', async () => {
    brokerOf(0, {}, 3);
    const a = await member('a', null);
    await assigned(a.recorder);
    expect(a.recorder.of('assign')[0]?.owned).toHaveLength(3);
    const b = await member('b', null);
    await assigned(b.recorder);
    expect(kinds(a.recorder)).toEqual(['assign', 'revoke', 'assign']);
    expect(a.recorder.of('assign')[1]?.owned).toEqual([P0, { topic: 't', partition: 2 }]);
    expect(b.recorder.of('assign')[0]?.owned).toEqual([{ topic: 't', partition: 1 }]);
    await clock.run(b.source.close());
    await assigned(a.recorder, 3);
    expect(a.recorder.of('assign')[2]?.owned).toHaveLength(3);
  });

  it('an assignment that another rebalance overtook is never told', async () => {
    brokerOf(0);
    const { recorder } = await member('a', null);
    await assigned(recorder);
    recorder.forget();
    broker.group('g').rebalance();
    await clock.advance(30);
    broker.group('g').rebalance();
    await clock.advance(200);
    expect(kinds(recorder)).toEqual(['revoke', 'assign']);
  });

  it('an isolated member reads on beside the new owner, and its hints are refused', async () => {
    brokerOf(2);
    const a = await member('a');
    await assigned(a.recorder);
    const b = await member('b');
    await assigned(b.recorder);
    broker.group('g').isolate('a');
    await assigned(b.recorder, 2);
    broker.produce('t', 0, { value: 'late' });
    await clock.advance(500);
    expect(a.recorder.offsets().at(-1)).toBe(2);
    expect(b.recorder.offsets().at(-1)).toBe(2);
    const hint = { nextOffset: 3, metadata: '' };
    expect(await clock.run(a.source.commitHint(P0, hint))).toBe(false);
    expect(await clock.run(b.source.commitHint(P0, hint))).toBe(true);
    a.recorder.forget();
    broker.group('g').heal('a');
    await assigned(a.recorder);
    expect(kinds(a.recorder).slice(0, 2)).toEqual(['revoke', 'assign']);
  });

  it('a hint of an earlier generation is refused, and a deleted topic takes its hints along', async () => {
    brokerOf(1);
    const { source, recorder } = await member('a');
    await assigned(recorder);
    const hint = { nextOffset: 1, metadata: 'x' };
    const slow = source.commitHint(P0, hint);
    broker.group('g').rebalance();
    expect(await clock.run(slow)).toBe(false);
    await assigned(recorder, 2);
    expect(await clock.run(source.commitHint(P0, hint))).toBe(true);
    expect(await clock.run(source.committed(P0))).toEqual(hint);
    broker.recreateTopic('t');
    expect(await clock.run(source.committed(P0))).toBeNull();
  });
});

describe('what goes wrong', () => {
  it('a held answer of an old generation arrives whenever the test says', async () => {
    brokerOf(3);
    broker.hold('t');
    const { recorder } = await member('a');
    await assigned(recorder);
    await clock.advance(50);
    broker.group('g').rebalance();
    await assigned(recorder, 2);
    await clock.advance(300);
    expect(recorder.offsets()).toEqual([0, 1, 2]);
    expect(broker.release('t')).toBe(true);
    expect(recorder.offsets()).toEqual([0, 1, 2, 0, 1, 2]);
    expect(broker.release('t')).toBe(false);
  });

  it.each([
    ['back delivers twice', -1, [0, 1, 2, 2, 3, 4, 5]],
    ['ahead skips', 1, [0, 1, 2, 4, 5]],
  ] as const)('a position that drifts %s', async (_what, offsets, delivered) => {
    brokerOf(6);
    broker.driftNext('t', 0, offsets);
    const { recorder } = await member('a');
    await assigned(recorder);
    await clock.advance(300);
    expect(recorder.offsets()).toEqual(delivered);
  });

  it.each([
    ['stop', [], true],
    ['jump', [3, 4, 5], false],
  ] as const)('a position beyond the log: %s', async (outOfRange, offsets, told) => {
    brokerOf(6, { outOfRange });
    const { source, recorder } = await member('a', null);
    await assigned(recorder);
    broker.log('t').expire(3);
    for (const position of [2, 7]) {
      recorder.forget();
      source.seek(P0, position);
      source.resume(P0);
      await clock.advance(1_000);
      expect(recorder.offsets()).toEqual(offsets);
      expect(recorder.of('out-of-range').map(({ offset }) => offset)).toEqual(told ? [position] : []);
      source.pause(P0);
    }
  });

  it.each([true, false])('a recreated topic with more records, topic ids %s', async (topicIds) => {
    brokerOf(2, { topicIds });
    const { source, recorder } = await member('a', 0);
    await assigned(recorder);
    expect((await clock.run(source.describe(P0))).topicId).toBe(topicIds ? 'topic-1' : null);
    await clock.advance(300);
    broker.recreateTopic('t');
    for (let n = 0; n < 4; n++) broker.produce('t', 0, { value: `new ${n}` });
    recorder.forget();
    await clock.advance(500);
    expect(recorder.offsets()).toEqual(topicIds ? [] : [2, 3]);
    expect(recorder.of('suspect').length > 0).toBe(topicIds);
  });

  it('while the broker is down reads fail retriable, fetches bring suspicion, and all goes on after it', async () => {
    brokerOf(2);
    const { source, recorder } = await member('a');
    await assigned(recorder);
    await clock.advance(300);
    broker.down = true;
    broker.produce('t', 0, { value: 'later' });
    await expect(clock.run(source.logRange(P0))).rejects.toMatchObject({ disposition: 'retriable' });
    await clock.advance(1_000);
    expect(recorder.of('suspect').length).toBeGreaterThan(0);
    expect(recorder.offsets()).toEqual([0, 1]);
    broker.down = false;
    await clock.advance(1_000);
    expect(recorder.offsets()).toEqual([0, 1, 2]);
  });

  it('an answer under way at a pause is dropped, or comes late where that is asked for', async () => {
    for (const lateAfterPause of [false, true]) {
      brokerOf(5, { lateAfterPause, fetchMs: 20 });
      const { source, recorder } = await member('a');
      await assigned(recorder);
      await clock.advance(10);
      source.pause(P0);
      await clock.advance(1_000);
      expect(recorder.offsets()).toEqual(lateAfterPause ? [0, 1, 2] : []);
      source.resume(P0);
      await clock.advance(1_000);
      expect(recorder.offsets()).toEqual([0, 1, 2, 3, 4]);
      await clock.run(source.close());
    }
  });

  it('a poisoned record is named in its place, and only a seek leads past it', async () => {
    brokerOf(2);
    broker.log('t').appendPoison();
    broker.produce('t', 0, { value: 'after' });
    const { source, recorder } = await member('a');
    await assigned(recorder);
    await clock.advance(1_000);
    expect(recorder.fetches().at(-1)?.undecodable?.offset).toBe(2);
    expect(recorder.offsets()).toEqual([0, 1]);
    source.seek(P0, 3);
    await clock.advance(1_000);
    expect(recorder.offsets()).toEqual([0, 1, 3]);
  });

  it('a member that died says nothing, and its partitions go to the others when the group learns of it', async () => {
    brokerOf(1);
    const a = await member('a');
    await assigned(a.recorder);
    const b = await member('b');
    await assigned(b.recorder);
    a.source.crash();
    a.recorder.forget();
    broker.group('g').leave('a');
    await assigned(b.recorder, 2);
    await clock.advance(300);
    expect(b.recorder.offsets()).toEqual([0]);
    expect(a.recorder.events).toEqual([]);
    await expect(clock.run(a.source.committed(P0))).rejects.toThrow('closed');
  });

  it('two runs of the same test say exactly the same', async () => {
    const run = async () => {
      clock = new FakeClock();
      brokerOf(20, {}, 2);
      const a = await member('a');
      const b = await member('b');
      await clock.advance(333);
      broker.group('g').rebalance();
      await clock.advance(777);
      return JSON.stringify([a.recorder.events, b.recorder.events], (_, value) =>
        typeof value === 'bigint' ? String(value) : value,
      );
    };
    expect(await run()).toBe(await run());
  });
});

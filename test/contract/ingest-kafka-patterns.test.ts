// Are topics that match a pattern read from when they come, by every member of the group, and without it leaving?
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkKafka } from '../../src/ingest/kafka/topic-check.ts';
import type { SourceRecorder } from '../support/source-recorder.ts';
import { describeWithStack } from '../support/stack/global.ts';
import { KafkaWorld, unique } from './ingest-kafka-world.ts';

describeWithStack('topics by pattern', { kafka: true }, (stack) => {
  let world: KafkaWorld;
  beforeEach(() => {
    world = new KafkaWorld(stack().kafka.bootstrap);
  });
  afterEach(() => world.close());

  /** `TOPIC/PARTITION VALUE` of all that came, without repetitions. */
  const cameTo = (...recorders: readonly SourceRecorder[]): string[] => {
    const all = recorders.flatMap((recorder) =>
      recorder
        .of('fetched')
        .flatMap(({ fetched: { topic, partition, records } }) =>
          [...records].map(({ value }) => `${topic}/${partition} ${Buffer.from(value ?? []).toString()}`),
        ),
    );
    return [...new Set(all)].sort();
  };
  const ownedBy = (recorder: SourceRecorder): string[] =>
    (recorder.of('assign').at(-1)?.owned ?? []).map(({ topic, partition }) => `${topic}/${partition}`);
  const takenBy = (recorder: SourceRecorder): string[] =>
    recorder.of('taken').flatMap(({ topics }) => topics);

  it('one that is there, one that comes, and its first record; none that does not match', async () => {
    const family = unique('family');
    const takes = (topic: string) => (topic.startsWith(`${family}.`) ? {} : null);
    const there = await world.topic({ name: `${family}.there` });
    await world.topic({ name: `other-${family}.there` });
    await world.send(there, ['a']);
    const named = await world.topic();
    const { recorder } = await world.reader([named], { takes });
    expect(recorder.of('taken')).toEqual([{ kind: 'taken', topics: [there] }]);
    const beforeAssignment = recorder.events.findIndex(({ kind }) => kind === 'assign');
    expect(recorder.events.findIndex(({ kind }) => kind === 'taken')).toBeLessThan(beforeAssignment);
    await recorder.until('the first record', () => cameTo(recorder).includes(`${there}/0 a`));

    const late = await world.topic({ name: `${family}.late`, partitions: 2 });
    await world.send(late, ['b'], undefined, 1);
    await recorder.until('the new topic', () => cameTo(recorder).includes(`${late}/1 b`));
    expect(takenBy(recorder)).toEqual([there, late]);
    expect(ownedBy(recorder).sort()).toEqual([`${there}/0`, `${late}/0`, `${late}/1`, `${named}/0`].sort());
    await world.send(named, ['c']);
    await recorder.until('those from before', () => cameTo(recorder).includes(`${named}/0 c`));
    expect(recorder.of('fatal')).toEqual([]);

    // It vanishes, and comes back as another one.
    await (await world.admin()).deleteTopics({ topics: [late] });
    await recorder.until('that it is gone', () =>
      recorder.of('missing').some(({ topics }) => topics.includes(late)),
    );
    await world.topic({ name: late });
    await recorder.until('that it is back', () => recorder.of('missing').at(-1)?.topics.length === 0);
    expect(takenBy(recorder)).toEqual([there, late]);
  });

  it('no topic matches at first: the member waits, and takes the first one', async () => {
    const family = unique('family');
    const { recorder } = await world.reader([], { takes: (topic) => (topic.startsWith(family) ? {} : null) });
    expect(recorder.of('taken')).toEqual([{ kind: 'taken', topics: [] }]);
    const topic = await world.topic({ name: `${family}-1` });
    await world.send(topic, ['a']);
    await recorder.until('its record', () => cameTo(recorder).includes(`${topic}/0 a`));
    expect(recorder.of('fatal')).toEqual([]);
  });

  it('two members: a new topic is shared out, and what each had stays where it was', async () => {
    const family = unique('family');
    const takes = (topic: string) => (topic.startsWith(family) ? {} : null);
    const first = await world.topic({ name: `${family}-1`, partitions: 4 });
    const groupId = unique('group');
    const one = await world.reader([], { takes, groupId });
    const two = await world.reader([], { takes, groupId });
    const both = [one.recorder, two.recorder] as const;
    const shares = () => both.map((recorder) => ownedBy(recorder).length);
    await one.recorder.until('two partitions each', () => shares().join() === '2,2');
    const before = both.map(ownedBy);
    const second = await world.topic({ name: `${family}-2`, partitions: 2 });
    await world.send(second, ['a'], undefined, 0);
    await world.send(second, ['b'], undefined, 1);
    const wanted = [`${second}/0 a`, `${second}/1 b`];
    for (const deadline = performance.now() + 60_000; performance.now() < deadline; await sleep(50))
      if (wanted.every((one) => cameTo(...both).includes(one)) && shares().join() === '3,3') break;
    expect(cameTo(...both)).toEqual(wanted);
    expect(shares()).toEqual([3, 3]);
    for (const [index, recorder] of both.entries())
      expect(ownedBy(recorder)).toEqual(expect.arrayContaining(before[index] ?? []));
    expect(first).not.toBe(second);
    expect(both.flatMap((recorder) => recorder.of('fatal'))).toEqual([]);
  });

  it('doctor looks at the topics that a pattern takes, and says where there are none', async () => {
    const family = unique('family');
    await world.topic({ name: `${family}-1`, config: { 'cleanup.policy': 'compact' } });
    const options = (begin: string) => ({
      ...{
        brokers: world.brokers,
        clientId: 'doctor',
        groupId: unique('group'),
        tls: false as const,
        topics: [],
      },
      ...{ recordBytesMax: 1024 * 1024, log: { debug() {}, info() {}, warn() {}, error() {} } },
      takes: (topic: string) => (topic.startsWith(begin) ? {} : null),
    });
    const checks = await checkKafka(options(family));
    expect(checks).toContainEqual({
      ...{ name: 'patterns', verdict: 'ok', remedy: null },
      found: `1 topic without a name here: ${family}-1`,
    });
    expect(checks).toContainEqual(expect.objectContaining({ name: 'cleanup.policy', verdict: 'bad' }));
    const none = await checkKafka(options('nobody-has-this'));
    expect(none.find(({ name }) => name === 'patterns')).toMatchObject({
      ...{ verdict: 'bad', remedy: expect.stringContaining('grant DESCRIBE') },
      found: expect.stringMatching(
        /^none of the \d+ topics? that this principal is shown matches a pattern$/,
      ),
    });
  });
});

// Is an archive compared with the offsets that the brokers report, and does asking leave no trace?
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readMarks, type TopicMarks } from '../../src/ingest/kafka/marks.ts';
import { compareOffsets } from '../../src/verifier/tasks/completeness.ts';
import { describeWithStack } from '../support/stack/global.ts';
import { KafkaWorld, unique } from './ingest-kafka-world.ts';

describeWithStack("the brokers' marks", { kafka: true }, (stack) => {
  let world: KafkaWorld;
  beforeEach(() => {
    world = new KafkaWorld(stack().kafka.bootstrap);
  });
  afterEach(() => world.close());

  const read = (topics: readonly string[], brokers = world.brokers, signal?: AbortSignal) =>
    readMarks({ brokers, clientId: 'verifier', tls: false }, topics, signal);
  const of = async (topic: string) => (await read([topic])).get(topic) as TopicMarks;
  const there = (...marks: readonly (readonly [earliest: number, end: number])[]) => ({
    kind: 'there',
    partitions: new Map(marks.map(([earliest, end], partition) => [partition, { earliest, end }])),
  });
  /** What shows of a partition of which all below that offset was sealed. */
  const shown = async (topic: string, nextOffset: number) => {
    const marks = await of(topic);
    const found = marks.kind === 'there' ? (marks.partitions.get(0) ?? null) : null;
    const place = { chain: 'orders', partition: 0 };
    return compareOffsets({ place, nextOffset, marks: found, before: null, isPromised: false });
  };

  it('are where records begin and end, partition by partition', async () => {
    const topic = await world.topic({ partitions: 2 });
    expect(await of(topic)).toEqual(there([0, 0], [0, 0]));
    await world.send(topic, ['a', 'b', 'c']);
    expect(await of(topic)).toEqual(there([0, 3], [0, 0]));
    expect(await shown(topic, 1)).toEqual({ findings: [], waiting: 2 });
  });

  it('move on with what expires: unsealed, it is lost', async () => {
    const topic = await world.topic();
    await world.send(topic, ['a', 'b', 'c', 'd']);
    await world.expire(topic, 3);
    expect(await of(topic)).toEqual(there([3, 4]));
    expect((await shown(topic, 3)).findings).toEqual([]);
    expect((await shown(topic, 2)).findings).toMatchObject([{ code: 'offset-gap' }]);
  });

  it('end before a transaction that is open, and after it once it ended', async () => {
    const topic = await world.topic();
    await world.send(topic, ['a']);
    const open = await world.transaction(topic, [{ value: 'b' }]);
    expect(await of(topic)).toEqual(there([0, 1]));
    await open.abort();
    // Its record and its marker: both are sealed, as gap lines.
    expect(await of(topic)).toEqual(there([0, 3]));
  });

  it('of a topic that was made anew end before what was sealed', async () => {
    const name = await world.topic();
    await world.send(name, ['a', 'b', 'c']);
    await (await world.admin()).deleteTopics({ topics: [name] });
    await world.eventually('the topic gone', async () => (await of(name)).kind === 'absent');
    await world.topic({ name });
    expect((await shown(name, 3)).findings).toMatchObject([{ code: 'offset-gap' }]);
  });

  it('of a topic that is not there keep no other from being read, and make none', async () => {
    const [before, after] = [await world.topic(), await world.topic()];
    const missing = unique('missing');
    const marks = await read([before, missing, after]);
    expect([...marks.values()].map(({ kind }) => kind)).toEqual(['there', 'absent', 'there']);
    expect(await (await world.admin()).listTopics()).not.toContain(missing);
  });

  it('are had from the one broker of the list that answers', async () => {
    const topic = await world.topic();
    const marks = await read([topic], ['[::1]:1', '127.0.0.1:1', ...world.brokers]);
    expect(marks.get(topic)).toEqual(there([0, 0]));
  });

  it('are an error that says what to do where none answers, and nothing where nobody waits', async () => {
    await expect(read(['any'], ['127.0.0.1:1'])).rejects.toMatchObject({
      code: 'kafka-unavailable',
      disposition: 'retriable',
      remedy: expect.stringContaining('Check'),
    });
    const given = AbortSignal.abort(new Error('enough'));
    await expect(read(['any'], world.brokers, given)).rejects.toThrow('enough');
  });
});

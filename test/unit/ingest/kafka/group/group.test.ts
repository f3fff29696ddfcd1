// Does every turn in the life of a group reach the pipeline in the right order, and does nothing else?

import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../../../src/base/log.ts';
import { Group } from '../../../../../src/ingest/kafka/group/group.ts';
import { Watchdog } from '../../../../../src/ingest/kafka/group/watchdog.ts';
import type { KafkajsCluster } from '../../../../../src/ingest/kafka/kafkajs/kafkajs.ts';
import { KAFKA_TUNING } from '../../../../../src/ingest/kafka/options.ts';
import { FakeConsumer } from './fake-consumer.ts';

const topicMetadata = [
  { topic: 't', topicId: 'id-of-t', topicErrorCode: 0, isInternal: false, partitionMetadata: [] },
];

async function started(onAssign: (group: Group) => void = () => {}) {
  const consumer = new FakeConsumer();
  const told: string[] = [];
  const marked: unknown[] = [];
  let nowMs = 0;
  const errors: Error[] = [];
  const group: Group = new Group({
    consumer: consumer.asConsumer(),
    cluster: {
      brokerPool: { metadata: { topicMetadata } },
      markOffsetAsCommitted: (at: unknown) => marked.push(at),
    } as unknown as KafkajsCluster,
    groupId: 'g',
    topics: ['t'],
    tuning: { ...KAFKA_TUNING, restartsMax: 2, restartWindowMs: 1_000 },
    listener: {
      onAssign: (owned) => {
        told.push(`assign ${owned.map(({ topic, partition }) => `${topic}/${partition}`).join(' ')}`);
        onAssign(group);
      },
      onRevoke: () => told.push('revoke'),
      onFatal: (error) => {
        told.push('fatal');
        errors.push(error);
      },
      onFetched: () => {},
      onSuspect: () => {},
      onEnd: () => {},
    },
    watchdog: new Watchdog({
      stallMs: 1_000,
      now: () => nowMs,
      assignment: () => null,
      hasLeader: () => true,
      onStall: () => {},
    }),
    log: silentLogger,
    now: () => nowMs,
  });
  await group.start();
  const join = (generationId: number, partitions: number[], memberId = 'me') => {
    group.joining();
    group.joined({ generationId, memberId, leaderId: 'me' });
    consumer.emit('GROUP_JOIN', {
      memberId,
      memberAssignment: partitions.length === 0 ? {} : { t: partitions },
    });
  };
  return { consumer, group, told, errors, marked, join, at: (ms: number) => (nowMs = ms) };
}

describe('Group', () => {
  it('seeks and pauses of before a rebalance are gone: all partitions begin paused and without a position, and it knows their topic’s id', async () => {
    const { group, told, join } = await started();
    join(1, [0, 1]);
    expect(told).toEqual(['assign t/0 t/1']);
    expect(group.assignment).toMatchObject({ memberId: 'me', generationId: 1 });
    for (const feed of group.assignment?.feeds.values() ?? []) {
      expect(feed).toMatchObject({ open: false, position: null, topicId: 'id-of-t', live: true });
    }
  });

  it('kafka-delta-ingest PR 92: a seek and a resume inside onAssign count before the first fetch', async () => {
    const { group, join } = await started((g) => {
      const feed = g.assignment?.feed({ topic: 't', partition: 1 });
      feed?.seek(42);
      feed?.resume(0);
    });
    join(1, [0, 1]);
    expect(group.assignment?.feed({ topic: 't', partition: 1 })).toMatchObject({ open: true, position: 42 });
    expect(group.assignment?.feed({ topic: 't', partition: 0 })?.open).toBe(false);
  });

  it('a rebalance ends the old generation first, for the partition that stays as well', async () => {
    const { group, told, join, consumer } = await started();
    join(1, [0]);
    const old = group.assignment?.feed({ topic: 't', partition: 0 });
    old?.seek(9);
    old?.resume(0);
    consumer.emit('REBALANCING');
    expect([old?.live, old?.open, group.assignment]).toEqual([false, false, null]);
    join(2, [0]);
    expect(told).toEqual(['assign t/0', 'revoke', 'assign t/0']);
    expect(group.assignment?.feed({ topic: 't', partition: 0 })).toMatchObject({
      open: false,
      position: null,
    });
  });

  it('a join without an event of a rebalance ends it when the request to join is sent', async () => {
    const { group, told, join } = await started();
    join(1, [0]);
    group.joining();
    expect(group.assignment).toBeNull();
    expect(told).toEqual(['assign t/0', 'revoke']);
  });

  it.each(['REBALANCING', 'STOP', 'DISCONNECT', 'CRASH'] as const)('%s revokes once', async (event) => {
    const { told, join, consumer } = await started();
    join(1, [0]);
    consumer.emit(event, { error: new Error('x'), restart: true });
    consumer.emit(event, { error: new Error('x'), restart: true });
    expect(told).toEqual(['assign t/0', 'revoke']);
  });

  it('keeps kafkajs from looking positions up by itself', async () => {
    const { marked, join } = await started();
    join(1, [3]);
    expect(marked).toEqual([{ groupId: 'g', topic: 't', partition: 3, offset: '0' }]);
  });

  it('CRASH with restart:false is fatal, once: kafkajs would live on and consume nothing', async () => {
    const { told, errors, join, consumer } = await started();
    join(1, [0]);
    consumer.emit('CRASH', { error: new Error('codec'), restart: false });
    consumer.emit('CRASH', { error: new Error('again'), restart: false });
    expect(told).toEqual(['assign t/0', 'revoke', 'fatal']);
    expect(errors[0]?.message).toContain('codec');
  });

  it('kafkajs #1593 #1721: endless restarts are fatal when there are too many within the window', async () => {
    const { told, errors, consumer, at } = await started();
    const crash = (ms: number) => {
      at(ms);
      consumer.emit('CRASH', { error: new Error(`at ${ms}`), restart: true });
    };
    for (const ms of [0, 500, 1_200, 2_300, 2_400]) crash(ms);
    expect(told).toEqual([]);
    crash(2_500);
    expect(told).toEqual(['fatal']);
    expect(errors[0]).toMatchObject({ code: 'kafka-crashes', message: expect.stringContaining('at 2500') });
  });

  it('a fetch around ours is fatal: the wrap does not hold', async () => {
    const { told, errors, consumer } = await started();
    await consumer.eachBatch();
    expect(told).toEqual(['fatal']);
    expect(errors[0]).toMatchObject({ code: 'kafkajs-changed' });
  });

  it('a stranger in the group (KIP-848): a group whose partitions the broker gives out is not ours, and that is fatal', async () => {
    const { consumer, group, told, errors } = await started();
    group.joining();
    group.joined({ generationId: 1, memberId: 'me', leaderId: '' });
    consumer.emit('GROUP_JOIN', { memberId: 'me', memberAssignment: { t: [0] } });
    expect(told).toEqual(['fatal']);
    expect(errors[0]).toMatchObject({ code: 'group-shared', remedy: expect.stringContaining('groupId') });
  });

  it('a join around ours is fatal', async () => {
    const { told, consumer } = await started();
    consumer.emit('GROUP_JOIN', { memberId: 'somebody', memberAssignment: { t: [0] } });
    expect(told).toEqual(['fatal']);
  });

  it('a listener that throws in onAssign is fatal and not a failed join', async () => {
    const { told, join } = await started(() => {
      throw new Error('bug');
    });
    expect(() => join(1, [0])).not.toThrow();
    expect(told).toEqual(['assign t/0', 'revoke', 'fatal']);
  });

  it('says nothing after close', async () => {
    const { group, told, join, consumer } = await started();
    join(1, [0]);
    group.close();
    consumer.emit('STOP');
    consumer.emit('CRASH', { error: new Error('x'), restart: false });
    join(2, [0]);
    group.fatal(new Error('x'));
    expect(told).toEqual(['assign t/0']);
    expect(group.assignment).toBeNull();
  });
});

// Does a heartbeat never hold anything up, and does the group's answer still reach kafkajs?
import { describe, expect, it } from 'vitest';
import { HeartbeatLoop } from '../../../../../src/ingest/kafka/group/heartbeat.ts';
import type { KafkajsBroker } from '../../../../../src/ingest/kafka/kafkajs/kafkajs.ts';

const OLD = { nodeId: 1 } as unknown as KafkajsBroker;
const NEW = { nodeId: 2 } as unknown as KafkajsBroker;

const groupError = (type: string) => Object.assign(new Error(type), { type });
const settled = () => new Promise((resolve) => setImmediate(resolve));

function heartbeat(found: () => Promise<KafkajsBroker> = async () => NEW) {
  const told = { sent: 0, troubles: [] as unknown[], lookups: 0, nowMs: 0 };
  const one = new HeartbeatLoop({
    intervalMs: 500,
    now: () => told.nowMs,
    findCoordinator: () => {
      told.lookups += 1;
      return found();
    },
    onSent: () => {
      told.sent += 1;
    },
    onTrouble: (error) => told.troubles.push(error),
  });
  return { one, told };
}

describe('HeartbeatLoop', () => {
  it('sends to the coordinator, one heartbeat at a time, and waits for none', async () => {
    const { one, told } = heartbeat();
    const sent: KafkajsBroker[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const send = (to: KafkajsBroker) => {
      sent.push(to);
      return promise;
    };
    one.send(OLD, 1, send);
    one.send(OLD, 1, send);
    expect([sent, told.sent]).toEqual([[OLD], 0]);
    resolve();
    await settled();
    expect(told.sent).toBe(1);
    one.send(OLD, 1, send);
    expect(sent).toEqual([OLD, OLD]);
  });

  it.each(['REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'GROUP_AUTHORIZATION_FAILED'])(
    '%s is thrown at the next heartbeat, once',
    async (type) => {
      const { one, told } = heartbeat();
      one.send(OLD, 1, () => Promise.reject(groupError(type)));
      await settled();
      expect(() => one.send(OLD, 1, async () => {})).toThrow(type);
      expect(() => one.send(OLD, 1, async () => {})).not.toThrow();
      expect([told.lookups, told.troubles]).toEqual([0, []]);
    },
  );

  it.each([groupError('NOT_COORDINATOR_FOR_GROUP'), new Error('timed out')])(
    '%s: the next heartbeat goes to whom the cluster names, in the same generation',
    async (error) => {
      const { one, told } = heartbeat();
      const sent: KafkajsBroker[] = [];
      one.send(OLD, 1, () => Promise.reject(error));
      await settled();
      one.send(OLD, 1, async (to) => sent.push(to));
      await settled();
      expect(sent).toEqual([NEW]);
      expect([told.lookups, told.sent, told.troubles]).toEqual([1, 1, [error]]);
    },
  );

  it('is told to join anew: kafkajs learns it at the next heartbeat, once, whatever generations came between', async () => {
    const { one } = heartbeat();
    const begun: string[] = [];
    one.send(OLD, 1, async () => {});
    await settled();
    one.joinAnew(() => begun.push('first'));
    one.joinAnew(() => begun.push('second'));
    expect(one.keepalive()).toBe(false);
    one.reset();
    expect(begun).toEqual([]);
    expect(() => one.send(OLD, 2, async () => {})).toThrow(
      expect.objectContaining({ type: 'REBALANCE_IN_PROGRESS' }),
    );
    expect(begun).toEqual(['second']);
    expect(() => one.send(OLD, 2, async () => {})).not.toThrow();
    expect(one.keepalive()).toBe(true);
  });

  it('no successor yet: the old one is tried again', async () => {
    const { one } = heartbeat(() => Promise.reject(new Error('none')));
    const sent: KafkajsBroker[] = [];
    one.send(OLD, 1, () => Promise.reject(new Error('refused')));
    await settled();
    one.send(OLD, 1, async (to) => sent.push(to));
    expect(sent).toEqual([OLD]);
  });

  it('what comes of an earlier generation doesn’t matter', async () => {
    const { one, told } = heartbeat();
    const { promise, reject } = Promise.withResolvers<void>();
    one.send(OLD, 1, () => promise);
    const sent: KafkajsBroker[] = [];
    one.send(NEW, 2, async (to) => sent.push(to));
    reject(groupError('ILLEGAL_GENERATION'));
    await settled();
    expect(() => one.send(NEW, 2, async () => {})).not.toThrow();
    expect([sent, told.sent]).toEqual([[NEW], 1]);
  });

  it('goes on while a loop is at work, when it is time', async () => {
    const { one, told } = heartbeat();
    const sentMs: number[] = [];
    const send = async () => void sentMs.push(told.nowMs);
    expect(one.keepalive()).toBe(true);
    one.send(OLD, 1, send);
    for (told.nowMs = 0; told.nowMs < 1_300; told.nowMs += 100) {
      await settled();
      expect(one.keepalive()).toBe(true);
    }
    expect(sentMs).toEqual([0, 500, 1_000]);
  });

  it('says when the group wants to be heard, until kafkajs has heard it', async () => {
    const { one } = heartbeat();
    one.send(OLD, 1, () => Promise.reject(groupError('REBALANCE_IN_PROGRESS')));
    await settled();
    expect(one.keepalive()).toBe(false);
    expect(() => one.send(OLD, 1, async () => {})).toThrow('REBALANCE_IN_PROGRESS');
    expect(one.keepalive()).toBe(true);
  });

  it('lets the first turn of a generation be short, because no heartbeat is sent in it', () => {
    const { one, told } = heartbeat();
    expect(one.keepalive()).toBe(true);
    told.nowMs = 499;
    expect(one.keepalive()).toBe(true);
    told.nowMs = 500;
    expect(one.keepalive()).toBe(false);
    one.send(OLD, 1, async () => {});
    expect(one.keepalive()).toBe(true);
  });

  it('keeps no earlier generation', async () => {
    const { one, told } = heartbeat();
    let sent = 0;
    one.send(OLD, 1, async () => {
      sent += 1;
    });
    await settled();
    one.reset();
    told.nowMs = 10_000;
    one.keepalive();
    expect(sent).toBe(1);
  });
});

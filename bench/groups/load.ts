// What puts a small steady load on every partition, and knows what Kafka acknowledged?
import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import type { Sent } from '../../test/e2e/chaos/oracle.ts';

export type Load = {
  /** Records that Kafka acknowledged. */
  count(): number;
  /** Records whose answer was lost: they may be in the topic. */
  unanswered(): number;
  /** One past the last acknowledged offset, by partition. */
  ends(): ReadonlyMap<number, number>;
  /** Sends no more; resolves when nothing is in flight. */
  stop(): Promise<void>;
  sent(): Sent;
};

const TICK_MS = 200;

/** Values are `{"n":0}` and upwards, each sent once, to one partition after the other: acks=all, no second try. */
export async function steadyLoad(
  brokers: readonly string[],
  wanted: { readonly topic: string; readonly partitions: number; readonly perSecond: number },
): Promise<Load> {
  const { topic, partitions, perSecond } = wanted;
  const { Kafka, logLevel, Partitioners } = kafkajs;
  const kafka = new Kafka({ clientId: 'load', brokers: [...brokers], logLevel: logLevel.NOTHING });
  const createPartitioner = Partitioners.DefaultPartitioner;
  const producer = kafka.producer({
    createPartitioner,
    allowAutoTopicCreation: false,
    retry: { retries: 0 },
  });
  await producer.connect();
  const acknowledged: Sent['acknowledged'][number][] = [];
  const lost = new Set<string>();
  const ends = new Map<number, number>();
  let isStopped = false;
  let next = 0;

  async function send(count: number): Promise<void> {
    const messages = Array.from({ length: count }, (_, at) => ({
      partition: (next + at) % partitions,
      value: `{"n":${next + at}}`,
    }));
    next += count;
    try {
      const answers = await producer.send({ topic, messages, acks: -1 });
      const offsets = new Map(answers.map(({ partition, baseOffset }) => [partition, Number(baseOffset)]));
      for (const { partition, value } of messages) {
        const offset = offsets.get(partition) as number;
        if (!Number.isSafeInteger(offset)) throw new Error(`no offset of partition ${partition}`);
        offsets.set(partition, offset + 1);
        ends.set(partition, offset + 1);
        acknowledged.push({ partition, offset, key: null, value });
      }
    } catch {
      // Counted, and looked for in the archive: any of them may have been written.
      const told = new Set(acknowledged.slice(-count).map(({ value }) => value));
      for (const { value } of messages) if (!told.has(value)) lost.add(value);
    }
  }

  const begunMs = performance.now();
  const sending = (async () => {
    while (!isStopped) {
      const due = Math.floor(((performance.now() - begunMs) / 1000) * perSecond) - next;
      if (due > 0) await send(Math.min(due, perSecond));
      await sleep(TICK_MS);
    }
    await producer.disconnect();
  })();
  return {
    count: () => acknowledged.length,
    unanswered: () => lost.size,
    ends: () => ends,
    async stop() {
      isStopped = true;
      await sending;
    },
    sent: () => ({ acknowledged, mayBe: (value) => lost.has(value) }),
  };
}

// What puts records under a scenario, and who keeps the list of those that Kafka acknowledged?
import { type VerifiableProducer, verifiableProducer } from '../../../localstack/kafka-tools.ts';
import type { RunningStack } from '../../../localstack/running.ts';
import type { Sent } from './oracle.ts';

export type Load = {
  /** How many records are acknowledged by now. */
  count(): number;
  /** One past the last acknowledged offset of each partition. */
  ends(): ReadonlyMap<number, number>;
  /** Sends no more; resolves when nothing is in flight. */
  stop(): Promise<void>;
  /** Of the end. */
  sent(): Sent;
};

export type LoadWanted = { readonly topic: string; readonly perSecond: number };

let producers = 0;

/**
 * Kafka's verifiable producer, acks=all and without retries, on its own connections. Its values count upwards from 0
 * behind a number of its own, so that each value of a run is sent once at most.
 */
export async function verifiableLoad(stack: RunningStack, wanted: LoadWanted): Promise<Load> {
  producers += 1;
  const prefix = String(producers);
  const producer = await verifiableProducer(stack, {
    topic: wanted.topic,
    messages: -1,
    throughput: wanted.perSecond,
    prefix,
  });
  return loadOf(producer, prefix);
}

function loadOf(producer: VerifiableProducer, prefix: string): Load {
  const { acknowledged } = producer;
  return {
    count: () => acknowledged.length,
    ends() {
      const ends = new Map<number, number>();
      for (const { partition, offset } of acknowledged)
        ends.set(partition, Math.max(ends.get(partition) ?? 0, offset + 1));
      return ends;
    },
    stop: () => producer.stop(),
    sent() {
      const known = new Set(acknowledged.map(({ value }) => value));
      // The producer counts: what it failed to send, and what it was killed over, are numbers of its own.
      return { acknowledged, mayBe: (value) => value.startsWith(`${prefix}.`) && !known.has(value) };
    },
  };
}

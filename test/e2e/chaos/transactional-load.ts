// What do transactional producers put among the plain records, and which of it counts?
import { Kafka, logLevel, Partitioners, type Producer } from 'kafkajs';
import type { Acknowledged } from '../../../localstack/kafka-tools.ts';
import { type Load, verifiableLoad } from './load.ts';
import type { World } from './world.ts';

const PRODUCERS = 2;
const RECORDS_MAX = 150;
const ABORTS = 0.35;
const ABANDONS = 0.05;
/** Of all records so many are in transactions, about. */
const SHARE = 0.3;

/** Plain records by Kafka's verifiable producer, and transactions beside them, whose records count once they committed. */
export async function withTransactions(world: World, perSecond: number): Promise<Load> {
  const { stack } = world.servers;
  const plain = await verifiableLoad(stack, {
    topic: world.topic,
    perSecond: Math.ceil(perSecond * (1 - SHARE)),
  });
  const committed: Acknowledged[] = [];
  /** Of commits that failed: nobody knows. */
  const doubtful = new Set<string>();
  let stopping = false;
  const loops = Array.from({ length: PRODUCERS }, (_, index) =>
    produce(world, index, (perSecond * SHARE) / PRODUCERS, { committed, doubtful, stopping: () => stopping }),
  );
  for (const loop of loops) loop.catch(() => {});
  return {
    count: () => plain.count() + committed.length,
    ends() {
      const ends = new Map(plain.ends());
      for (const { partition, offset } of committed)
        ends.set(partition, Math.max(ends.get(partition) ?? 0, offset + 1));
      return ends;
    },
    async stop() {
      stopping = true;
      await Promise.all([plain.stop(), ...loops]);
    },
    sent() {
      const { acknowledged, mayBe } = plain.sent();
      return {
        acknowledged: [...acknowledged, ...committed],
        mayBe: (value) => mayBe(value) || doubtful.has(value),
      };
    },
  };
}

type Ledger = {
  readonly committed: Acknowledged[];
  readonly doubtful: Set<string>;
  readonly stopping: () => boolean;
};

async function produce(world: World, index: number, perSecond: number, ledger: Ledger): Promise<void> {
  let producer = await connect(world, index);
  let sent = 0;
  const begun = performance.now();
  try {
    while (!ledger.stopping()) {
      const aheadMs = (sent / perSecond) * 1000 - (performance.now() - begun);
      if (aheadMs > 0) await new Promise((resolve) => setTimeout(resolve, aheadMs));
      const { records, abandoned } = await transact(world, producer, `t${index}.${sent}`, ledger);
      sent += records;
      if (abandoned) {
        // The next producer of this name fences it, and the broker aborts what it left open.
        const left = producer;
        producer = await connect(world, index);
        await left.disconnect();
      }
    }
  } finally {
    await producer.disconnect();
  }
}

async function connect(world: World, index: number): Promise<Producer> {
  const { bootstrap } = world.servers.stack.kafka;
  const kafka = new Kafka({
    clientId: `transactional-${index}`,
    brokers: [...bootstrap],
    logLevel: logLevel.NOTHING,
  });
  const producer = kafka.producer({
    transactionalId: `${world.topic}-${index}`,
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner: Partitioners.DefaultPartitioner,
    transactionTimeout: 30_000,
  });
  await producer.connect();
  return producer;
}

/** One transaction of one to three batches, to one partition each. */
async function transact(
  world: World,
  producer: Producer,
  name: string,
  ledger: Ledger,
): Promise<{ readonly records: number; readonly abandoned: boolean }> {
  const { random, topic, partitions } = world;
  const transaction = await producer.transaction();
  const written: Acknowledged[] = [];
  for (let batch = 0; batch < random.between(1, 3); batch++) {
    const partition = random.pick(partitions);
    const values = Array.from(
      { length: random.between(1, RECORDS_MAX) },
      (_, at) => `${name}.${batch}.${at}`,
    );
    const messages = values.map((value) => ({ partition, key: name, value }));
    const [answer] = await transaction.send({ topic, messages, acks: -1 });
    const base = Number(answer?.baseOffset);
    if (!Number.isSafeInteger(base)) throw new Error(`no base offset in ${JSON.stringify(answer)}`);
    written.push(...values.map((value, at) => ({ partition, offset: base + at, key: name, value })));
  }
  const records = written.length;
  if (random.chance(ABANDONS)) {
    world.fault('abandoned');
    return { records, abandoned: true };
  }
  if (random.chance(ABORTS)) {
    await transaction.abort();
    world.fault('aborted');
    return { records, abandoned: false };
  }
  try {
    await transaction.commit();
    ledger.committed.push(...written);
    world.fault('committed');
  } catch (error) {
    for (const { value } of written) ledger.doubtful.add(value);
    throw error;
  }
  return { records, abandoned: false };
}

// Which brokers does a Kafka cluster have, and how does a test or the demo create a topic on it?
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Admin, Kafka, logLevel } from 'kafkajs';

const QUICK = {
  connectionTimeout: 2_000,
  requestTimeout: 5_000,
  logLevel: logLevel.NOTHING,
  clientId: 'local-stack',
};

/**
 * kafkajs 2.2.4 sets a timer with a negative time when it has nothing to wait for (its issue 1751), and Node
 * prints a warning. Then nothing need be scheduled.
 */
const { prototype: queue } = createRequire(import.meta.url)('kafkajs/src/network/requestQueue') as {
  prototype: { scheduleCheckPendingRequests(): void };
};
const schedule = queue.scheduleCheckPendingRequests;
queue.scheduleCheckPendingRequests = function (this: { throttledUntil: number; pending: unknown[] }) {
  if (this.pending.length > 0 || this.throttledUntil > Date.now()) schedule.call(this);
};

async function withAdmin<T>(
  brokers: readonly string[],
  retries: number,
  use: (admin: Admin) => Promise<T>,
): Promise<T> {
  const admin = new Kafka({ ...QUICK, brokers: [...brokers], retry: { retries } }).admin();
  try {
    await admin.connect();
    return await use(admin);
  } finally {
    await admin.disconnect();
  }
}

/** A probe for readiness: the broker at this address lists itself as alive. */
export const servesAs = (id: number, address: string) => (): Promise<boolean> =>
  withAdmin([address], 0, async (admin) =>
    (await admin.describeCluster()).brokers.some(({ nodeId }) => nodeId === id),
  );

export type TopicWanted = {
  readonly topic: string;
  readonly partitions: number;
  /** Default: that of the cluster, one per broker and at most 3. */
  readonly replicas?: number;
  /** Topic configuration, for example `max.message.bytes`. */
  readonly config?: Readonly<Record<string, string>>;
};

/** Null: there is no such topic. */
export const partitionCount = (bootstrap: readonly string[], topic: string): Promise<number | null> =>
  withAdmin(bootstrap, 5, async (admin) => {
    if (!(await admin.listTopics()).includes(topic)) return null;
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return topics[0]?.partitions.length ?? null;
  });

/** Creates the topic unless it exists, and returns when every partition has a leader. */
export async function ensureTopic(bootstrap: readonly string[], wanted: TopicWanted): Promise<void> {
  const deadline = performance.now() + 180_000;
  for (;;) {
    try {
      await withAdmin(bootstrap, 5, async (admin) => {
        if ((await admin.listTopics()).includes(wanted.topic)) return;
        await admin.createTopics({
          waitForLeaders: true,
          topics: [
            {
              topic: wanted.topic,
              numPartitions: wanted.partitions,
              replicationFactor: wanted.replicas ?? -1,
              configEntries: Object.entries(wanted.config ?? {}).map(([name, value]) => ({ name, value })),
            },
          ],
        });
      });
      return;
    } catch (error) {
      // A cluster that has just come up may answer UNKNOWN_TOPIC_OR_PARTITION once.
      if (performance.now() > deadline) throw error;
      await sleep(200);
    }
  }
}

/** Deletes the topic if it exists. */
export const deleteTopic = (bootstrap: readonly string[], topic: string): Promise<void> =>
  withAdmin(bootstrap, 5, async (admin) => {
    if ((await admin.listTopics()).includes(topic)) await admin.deleteTopics({ topics: [topic] });
  });

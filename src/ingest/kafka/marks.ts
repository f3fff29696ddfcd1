// From which offset to which have the brokers records? Asked by kafkajs's public client: it joins no group,
// and fits in a bundle.
import kafkajs from 'kafkajs';
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';
import { LedgerstoneError } from '../../base/error.ts';
import { kafkaError } from './errors.ts';
import { type Address, parseAddress, Sockets, saslFor, tlsMaterial } from './kafkajs/connect.ts';
import { redactor } from './kafkajs/log.ts';
import { checkWhenSomethingWaits } from './kafkajs/pending-timer.ts';
import { KAFKA_TUNING, type SaslOptions, type TlsOptions } from './options.ts';

export type MarksOptions = {
  /** Each `host:port` or `[ipv6]:port`. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly tls: false | TlsOptions;
  /** Its principal needs DESCRIBE on the topics, and nothing else. */
  readonly sasl?: SaslOptions;
};

export type PartitionMarks = {
  /** The oldest offset that they still have. */
  readonly earliest: number;
  /** The offset after the last one that a reader of committed records gets. */
  readonly end: number;
};

/** `absent`: they know no such topic. `unknown`: nothing could be learned of it. */
export type TopicMarks =
  | { readonly kind: 'there'; readonly partitions: ReadonlyMap<number, PartitionMarks> }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unknown'; readonly why: string };

/** The public client has no way to its queues, so all of this process have it. */
RequestQueue.prototype.scheduleCheckPendingRequests = checkWhenSomethingWaits;

/** Who asks comes again: a round of retries each, and no topic is ever made by asking for it. */
const RETRY = { retries: 3, initialRetryTime: 200, maxRetryTime: 1_000 };

/**
 * Connects, asks for these topics, and for those that `takes` wants of all that are shown, and leaves.
 * Rejects with a LedgerstoneError when no broker can be talked
 * to.
 */
export async function readMarks(
  options: MarksOptions,
  topics: readonly string[],
  signal?: AbortSignal,
  takes?: (topic: string) => boolean,
): Promise<ReadonlyMap<string, TopicMarks>> {
  signal?.throwIfAborted();
  const redact = redactor(options.sasl);
  const seeds = new Map(options.brokers.map((broker, index) => [`seed-${index}`, parseAddress(broker)]));
  const ssl = await tlsMaterial(options.tls);
  const sasl = saslFor(options.sasl);
  const sockets = new Sockets();
  const cut = () => sockets.destroy(new Error('given up'));
  signal?.addEventListener('abort', cut, { once: true });
  const client = new kafkajs.Kafka({
    clientId: options.clientId,
    // kafkajs cuts addresses at their first colon: it gets names without one.
    brokers: [...seeds].map(([name, { port }]) => `${name}:${port}`),
    socketFactory: (socket) => sockets.factory({ ...socket, ...addressOf(seeds, socket) }),
    ...(ssl !== undefined && { ssl }),
    ...(sasl !== undefined && { sasl }),
    connectionTimeout: KAFKA_TUNING.connectionTimeoutMs,
    requestTimeout: KAFKA_TUNING.requestTimeoutMs,
    retry: RETRY,
    logLevel: kafkajs.logLevel.NOTHING,
  });
  const admin = client.admin();
  try {
    await admin.connect();
    const marks = new Map<string, TopicMarks>();
    const found = takes === undefined ? [] : (await admin.listTopics()).filter(takes);
    for (const topic of new Set([...topics, ...found]))
      marks.set(topic, await marksOf(admin, topic, redact, signal));
    return marks;
  } catch (error) {
    signal?.throwIfAborted();
    const { code, message, disposition, remedy } = kafkaError('ask the brokers for their offsets', error);
    // Not what caused it: that may hold a password.
    throw new LedgerstoneError(code, redact(message), { disposition, ...(remedy && { remedy }) });
  } finally {
    signal?.removeEventListener('abort', cut);
    await admin.disconnect().catch(() => {});
    sockets.destroy();
  }
}

type Admin = ReturnType<InstanceType<typeof kafkajs.Kafka>['admin']>;

async function marksOf(
  admin: Admin,
  topic: string,
  redact: (text: string) => string,
  signal?: AbortSignal,
): Promise<TopicMarks> {
  try {
    const partitions = new Map<number, PartitionMarks>();
    for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
      const [earliest, end] = [Number(low), Number(high)];
      if (![earliest, end].every((offset) => Number.isSafeInteger(offset) && offset >= 0)) {
        return { kind: 'unknown', why: `partition ${partition} goes from ${low} to ${high}` };
      }
      partitions.set(partition, { earliest, end });
    }
    return { kind: 'there', partitions };
  } catch (error) {
    signal?.throwIfAborted();
    if (typeOf(error) === 'UNKNOWN_TOPIC_OR_PARTITION') return { kind: 'absent' };
    return { kind: 'unknown', why: redact(kafkaError(`ask for the offsets of ${topic}`, error).message) };
  }
}

/** kafkajs hides the reason in its count of retries. */
function typeOf(error: unknown): unknown {
  let reason = error as { type?: unknown; cause?: unknown } | null | undefined;
  while (reason?.type === undefined && reason?.cause != null) reason = reason.cause as typeof reason;
  return reason?.type;
}

const addressOf = (seeds: ReadonlyMap<string, Address>, { host, port }: Address): Address =>
  seeds.get(host) ?? { host, port };

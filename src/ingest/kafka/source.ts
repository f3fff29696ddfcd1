// How do the records of Kafka topics reach the pipeline? The adapter of kafkajs to the port.
import { systemClock } from '../../base/clock.ts';
import { LedgerstoneError, messageOf } from '../../base/error.ts';
import type { CommitHint, Source, SourceListener, TopicPartition } from '../source.ts';
import { Client } from './client.ts';
import { kafkaError } from './errors.ts';
import { FoundTopics } from './found-topics.ts';
import type { PartitionFeed } from './group/assignment.ts';
import { Member } from './group/member.ts';
import { parseAddress } from './kafkajs/connect.ts';
import type { KafkaSourceOptions } from './options.ts';
import type { KafkaReader } from './reader.ts';

export type { KafkaSourceOptions } from './options.ts';

/**
 * A member of the consumer group, once started; `describe` and the other questions may be asked without that.
 * Nothing is reached before the first of them. `start` throws LedgerstoneError `kafkajs-changed`,
 * `kafka-login`,
 * `kafka-not-permitted`, `kafka-too-old`, `tls-file`, or retriable `kafka-unavailable`.
 */
export function kafkaSource(options: KafkaSourceOptions): Source {
  for (const broker of options.brokers) parseAddress(broker);
  return new KafkaSource(options);
}

class KafkaSource implements Source {
  readonly kind = 'kafka';
  readonly #client: Client;
  readonly #options: KafkaSourceOptions;
  #reader: Promise<KafkaReader> | null = null;
  #member: Member | null = null;
  #found: FoundTopics | null = null;
  #closed = false;

  constructor(options: KafkaSourceOptions) {
    this.#options = options;
    this.#client = new Client(options);
  }

  async start(listener: SourceListener): Promise<void> {
    if (this.#member !== null || this.#closed)
      throw new LedgerstoneError('assertion', 'a source starts once');
    await this.#read();
    const { takes } = this.#options;
    const found = takes === undefined ? null : this.#foundTopics(listener, takes);
    await found?.look();
    if (this.#closed) return;
    this.#found = found;
    this.#member = new Member(await this.#client.kafkajs(), this.#client, listener);
    try {
      await this.#member.start();
    } catch (error) {
      throw kafkaError('join the consumer group', error);
    }
    this.#found?.keepLooking();
  }

  #foundTopics(listener: SourceListener, takes: NonNullable<KafkaSourceOptions['takes']>): FoundTopics {
    return new FoundTopics({
      list: async () => (await this.#read()).topics(),
      takes: (topic) => takes(topic) !== null,
      take: (topics) => this.#client.take(topics),
      onTaken: (topics) => {
        if (!this.#closed) listener.onTaken?.(topics);
      },
      subscribe: async () => this.#member?.askForMore(),
      everyMs: this.#client.tuning.topicsMs,
      log: this.#options.log,
    });
  }

  /** Connections of its own, opened with the first question; a failed try is forgotten. */
  #read(): Promise<KafkaReader> {
    if (this.#closed) throw new LedgerstoneError('closed', 'the source is closed');
    this.#reader ??= this.#client.openReader().catch((error) => {
      this.#reader = null;
      throw error;
    });
    return this.#reader;
  }

  async describe(
    partition: TopicPartition,
  ): Promise<{ readonly cluster: string; readonly topicId: string | null }> {
    const described = await (await this.#read()).describe(partition);
    const feed = this.#feed(partition);
    // From here on only this topic is read, not another one of the same name.
    if (feed !== undefined) feed.topicId = described.topicId;
    return described;
  }

  async partitions(topic: string): Promise<readonly number[]> {
    return (await this.#read()).partitions(topic);
  }

  #feed(partition: TopicPartition): PartitionFeed | undefined {
    return this.#member?.assignment?.feed(partition);
  }

  seek(partition: TopicPartition, offset: number): void {
    this.#feed(partition)?.seek(offset);
    this.#member?.wake();
  }

  pause(partition: TopicPartition): void {
    this.#feed(partition)?.pause();
  }

  resume(partition: TopicPartition): void {
    this.#feed(partition)?.resume(systemClock.monotonic());
    this.#member?.wake();
  }

  async logRange(partition: TopicPartition) {
    return (await this.#read()).logRange(partition);
  }

  async readAt(partition: TopicPartition, offset: number, signal?: AbortSignal) {
    return (await this.#read()).readAt(partition, offset, signal);
  }

  async offsetAtTime(partition: TopicPartition, timestampMs: number): Promise<number | null> {
    return (await this.#read()).offsetAtTime(partition, timestampMs);
  }

  async committed(partition: TopicPartition): Promise<CommitHint | null> {
    return (await this.#read()).committed(partition);
  }

  async commitHint(partition: TopicPartition, hint: CommitHint): Promise<boolean> {
    const assignment = this.#member?.assignment;
    if (!assignment?.feed(partition)) return false;
    return (await this.#read()).commit(partition, hint, assignment);
  }

  /** Takes at most `closeMs`: then kafkajs's sockets are cut. Immediate when no group was joined. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#member === null) this.#client.cut(new Error('closed'));
    const work = async (): Promise<void> => {
      await this.#found?.stop();
      await this.#member?.close();
      await (await this.#reader?.catch(() => null))?.close();
    };
    const late = this.#client.tuning.closeMs;
    const timeout = Promise.withResolvers<'late'>();
    const timer = setTimeout(() => timeout.resolve('late'), late);
    const { log } = this.#options;
    try {
      const end = await Promise.race([work(), timeout.promise]);
      if (end === 'late') {
        log.warn({ ms: late }, 'kafkajs did not close in time: its sockets are cut');
        this.#client.cut(new Error('closed'));
      }
    } catch (error) {
      log.warn({ error: messageOf(error) }, 'kafkajs did not close cleanly');
    } finally {
      clearTimeout(timer);
      this.#client.cut();
    }
  }
}

// What is known of the configured topics: is each there, how many partitions has it, and how many are ours?
import type { Logger } from '../base/log.ts';
import type { TopicPartition } from '../ingest/source.ts';

export type TopicShare = {
  readonly topic: string;
  /** Null: the source did not say yet, or the topic is not there. */
  readonly partitions: number | null;
  /** Of them, those that this process owns now. Who owns the others is not known here. */
  readonly owned: number;
};

export class Topics {
  readonly configured: readonly string[];
  readonly #log: Logger;
  #missing: readonly string[] = [];
  #partitions: ReadonlyMap<string, number> = new Map();

  constructor(configured: readonly string[], log: Logger) {
    this.configured = configured;
    this.#log = log;
  }

  /** Configured, and not there. */
  get missing(): readonly string[] {
    return this.#missing;
  }

  shares(owned: readonly TopicPartition[]): TopicShare[] {
    return this.configured.map((topic) => ({
      topic,
      partitions: this.#partitions.get(topic) ?? null,
      owned: owned.filter((one) => one.topic === topic).length,
    }));
  }

  noteMissing(topics: readonly string[]): void {
    this.#missing = topics;
    for (const topic of topics) {
      const remedy = 'Correct source.topics, create the topic, or allow this principal to describe it.';
      this.#log.error(
        { topic, remedy },
        `topic ${topic} is not there, or not shown: nothing of it is archived`,
      );
    }
    if (topics.length === 0) this.#log.info({}, 'every topic is there');
  }

  notePartitions(partitions: ReadonlyMap<string, number>): void {
    this.#partitions = partitions;
    this.#log.info({ partitions: Object.fromEntries(partitions) }, 'partitions of the topics');
  }
}

// What is known of the configured topics: is each there, how many partitions has it, and how many are ours?
import type { Logger } from '../base/log.ts';
import type { Config } from '../config/archiver.ts';
import { patternTakes } from '../config/topic-names.ts';
import type { TopicPartition } from '../ingest/source.ts';

export type TopicShare = {
  readonly topic: string;
  /** Null: the source did not say yet, or the topic is not there. */
  readonly partitions: number | null;
  /** Of them, those that this process owns now. Who owns the others is not known here. */
  readonly owned: number;
};

type Configured = Pick<Config['source'], 'topics' | 'patterns'>;

export class Topics {
  readonly #configured: Configured;
  readonly #log: Logger;
  readonly #decided: ReadonlySet<string> | null;
  #missing: readonly string[] = [];
  #partitions: ReadonlyMap<string, number> = new Map();
  #taken: readonly string[] = [];
  /** Before that it is not known what a pattern matches. */
  #looked = false;

  constructor(configured: Configured, log: Logger, decided: ReadonlySet<string> | null) {
    this.#configured = configured;
    this.#decided = decided;
    this.#log = log;
  }

  /** Those that the configuration names, then those that its patterns took. */
  get names(): readonly string[] {
    return [...this.#configured.topics.map(({ name }) => name), ...this.#taken];
  }

  /** Those that no entry names. */
  get taken(): readonly string[] {
    return this.#taken;
  }

  /** Named or taken, and not there. */
  get missing(): readonly string[] {
    return this.#missing;
  }

  /** Patterns that no topic matches, as far as topics are shown to us. */
  get unmatched(): readonly string[] {
    if (!this.#looked) return [];
    return this.#configured.patterns
      .filter((pattern) => !this.names.some((name) => patternTakes(pattern, name)))
      .map(({ pattern }) => pattern);
  }

  shares(owned: readonly TopicPartition[]): TopicShare[] {
    const counts = new Map<string, number>();
    for (const { topic } of owned) counts.set(topic, (counts.get(topic) ?? 0) + 1);
    return this.names.map((topic) => ({
      topic,
      partitions: this.#partitions.get(topic) ?? null,
      owned: counts.get(topic) ?? 0,
    }));
  }

  noteTaken(topics: readonly string[]): void {
    this.#looked = true;
    this.#taken = [...this.#taken, ...topics];
    for (const topic of topics) {
      this.#log.info(
        { topic, pattern: this.#patternOf(topic) },
        `topic ${topic} is archived, as a pattern wants`,
      );
      if (this.#decided?.has(topic) !== false) continue;
      const remedy =
        'Name it too with `ledgerstone retention policy`. Until then it may have any policy that is in force.';
      this.#log.warn({ topic, remedy }, `the policy in force does not name the chain ${topic}`);
    }
    const remedy = 'Correct source.topics, create a topic, or allow this principal to describe those topics.';
    for (const pattern of this.unmatched)
      this.#log.error(
        { pattern, remedy },
        `no topic that is shown matches ${pattern}: nothing is archived by it`,
      );
  }

  noteMissing(topics: readonly string[]): void {
    this.#missing = topics;
    for (const topic of topics) {
      const remedy = this.#taken.includes(topic)
        ? 'Create the topic again. If it was deleted for good, put it into `except` and restart.'
        : 'Correct source.topics, create the topic, or allow this principal to describe it.';
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

  #patternOf(topic: string): string | null {
    return this.#configured.patterns.find((pattern) => patternTakes(pattern, topic))?.pattern ?? null;
  }
}

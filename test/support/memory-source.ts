// How does a member of a consumer group on the in-memory broker look through the port? As the Kafka adapter does, deterministic.
import type { Clock } from '../../src/base/clock.ts';
import { LedgerstoneError } from '../../src/base/error.ts';
import type {
  CommitHint,
  Fetched,
  LogRange,
  SeenOffsets,
  Source,
  SourceListener,
  TopicPartition,
} from '../../src/ingest/source.ts';
import { type MemoryBroker, unavailable } from './memory-broker.ts';
import { type GroupMember, keyOf, type MemoryGroup } from './memory-group.ts';
import type { Answer } from './memory-log.ts';

/** Where one partition of ours stands, from one assignment to the next. */
type Feed = TopicPartition & {
  position: number | null;
  paused: boolean;
  /** Only a seek leads on. */
  stuck: boolean;
  /** The topic that `describe` named: fetches read from it or from none. */
  topicId: string | null;
  /** Pauses, seeks and the end of the assignment: an answer that was asked for before one of them is late. */
  turns: number;
  /** An answer is kept back by the test: nothing else is asked. */
  busy: boolean;
  toldHighWatermark: number;
};

/** How often a reading looks for a first record behind what carries none. */
const READ_ROUNDS_MAX = 1_000;
const READ_MS = 1;

/** How the process lives that the source is in: by default always. */
export type SourceLife = {
  /** The process's own: it stands still with it. */
  readonly clock?: Clock;
  /** What the group and the brokers say without being asked. A process that stands still reads it later. */
  readonly post?: (read: () => void) => void;
};

export const memorySource = (
  broker: MemoryBroker,
  groupId: string,
  memberId: string,
  topics: readonly string[],
  life: SourceLife = {},
): MemorySource => new MemorySource(broker, groupId, memberId, topics, life);

export class MemorySource implements Source {
  readonly kind = 'kafka';
  readonly #broker: MemoryBroker;
  readonly #group: MemoryGroup;
  readonly #memberId: string;
  readonly #topics: readonly string[];
  #listener: SourceListener | null = null;
  #generation = 0;
  #inGeneration = false;
  #feeds = new Map<string, Feed>();
  /** As `describe` told them last. */
  readonly #topicIds = new Map<string, string | null>();
  #closed = false;
  #wake = new AbortController();
  #endSuspicions: () => void = () => {};

  readonly #clock: Clock;
  readonly #post: (read: () => void) => void;

  constructor(
    broker: MemoryBroker,
    groupId: string,
    memberId: string,
    topics: readonly string[],
    life: SourceLife = {},
  ) {
    this.#broker = broker;
    this.#clock = life.clock ?? broker.clock;
    this.#post = life.post ?? ((read) => read());
    this.#group = broker.group(groupId);
    this.#memberId = memberId;
    this.#topics = topics;
  }

  async start(listener: SourceListener): Promise<void> {
    await this.#answered();
    this.#listener = listener;
    this.#endSuspicions = this.#broker.onSuspect((reason) =>
      this.#post(() => this.#tell()?.onSuspect(reason)),
    );
    const member: GroupMember = {
      id: this.#memberId,
      topics: this.#topics,
      revoked: () => this.#post(() => this.#revoked()),
      assigned: (generation, owned) => this.#post(() => this.#assigned(generation, owned)),
    };
    this.#group.join(member);
    void this.#fetchAll();
  }

  async describe(partition: TopicPartition): Promise<{ cluster: string; topicId: string | null }> {
    await this.#answered();
    this.#broker.log(partition.topic, partition.partition);
    const topicId = this.#broker.topicIds ? this.#broker.topicId(partition.topic) : null;
    const feed = this.#feeds.get(keyOf(partition));
    if (feed !== undefined) feed.topicId = topicId;
    this.#topicIds.set(keyOf(partition), topicId);
    return { cluster: this.#broker.cluster, topicId };
  }

  async partitions(topic: string): Promise<readonly number[]> {
    await this.#answered();
    const partitions = this.#broker.partitionsOf(topic).map(({ partition }) => partition);
    if (partitions.length === 0) throw unavailable(`topic ${topic} is not there`);
    return partitions;
  }

  seek(partition: TopicPartition, offset: number): void {
    this.#turn(partition, (feed) => {
      feed.position = offset;
      feed.stuck = false;
      feed.toldHighWatermark = -1;
    });
  }

  pause(partition: TopicPartition): void {
    this.#turn(partition, (feed) => {
      feed.paused = true;
      // What was asked before the pause then arrives all the same.
      if (this.#broker.lateAfterPause) feed.turns -= 1;
    });
  }

  resume(partition: TopicPartition): void {
    const feed = this.#feeds.get(keyOf(partition));
    if (feed !== undefined) feed.paused = false;
    this.#wake.abort();
  }

  async logRange({ topic, partition }: TopicPartition): Promise<LogRange> {
    await this.#answered();
    return this.#broker.log(topic, partition).believed.range;
  }

  async readAt(partition: TopicPartition, offset: number, signal?: AbortSignal): Promise<Fetched> {
    const seen: SeenOffsets[] = [];
    for (let at = offset, round = 0; ; round++) {
      await this.#answered(signal);
      const log = this.#broker.log(partition.topic, partition.partition).believed;
      const { low, high } = log.range;
      if (at < low || at > high) throw unavailable(`offset ${at} is out of range`);
      const answer = log.read(at, this.#broker.fetchOffsetsMax);
      seen.push(...answer.seen);
      at = answer.next;
      const done = answer.records.length > 0 || answer.undecodable !== undefined || at >= log.stable;
      if (done || round >= READ_ROUNDS_MAX) return fetchedOf(partition, { ...answer, seen });
    }
  }

  async offsetAtTime({ topic, partition }: TopicPartition, timestampMs: number): Promise<number | null> {
    await this.#answered();
    return this.#broker.log(topic, partition).believed.offsetAtTime(timestampMs);
  }

  async committed(partition: TopicPartition): Promise<CommitHint | null> {
    await this.#answered();
    return this.#group.committed(partition);
  }

  async commitHint(partition: TopicPartition, hint: CommitHint): Promise<boolean> {
    const generation = this.#feeds.has(keyOf(partition)) ? this.#generation : -1;
    await this.#answered();
    return this.#group.commit(this.#memberId, generation, partition, hint);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.crash();
    this.#group.leave(this.#memberId);
  }

  /** The brokers do not show these topics any more. */
  missing(topics: readonly string[]): void {
    this.#listener?.onMissing?.(topics);
  }

  /** The process dies: nothing more is said, and the group learns of it only when the test says so (`group.leave`). */
  crash(): void {
    this.#closed = true;
    this.#endSuspicions();
    this.#wake.abort();
  }

  // The group's word.

  #revoked(): void {
    for (const feed of this.#feeds.values()) feed.turns += 1;
    this.#feeds = new Map();
    const ended = this.#inGeneration;
    this.#inGeneration = false;
    if (ended) this.#tell()?.onRevoke();
  }

  #assigned(generation: number, owned: readonly TopicPartition[]): void {
    this.#generation = generation;
    this.#inGeneration = true;
    const fresh = { position: null, paused: true, stuck: false, turns: 0, busy: false };
    this.#feeds = new Map(
      owned.map((partition) => {
        // A topic that has another id since is noticed across assignments, as metadata shows it.
        const topicId = this.#topicIds.get(keyOf(partition)) ?? null;
        return [keyOf(partition), { ...partition, ...fresh, topicId, toldHighWatermark: -1 }];
      }),
    );
    this.#tell()?.onAssign(owned);
    this.#wake.abort();
  }

  // Fetching: one round at a time over all that is open, as from one broker.

  async #fetchAll(): Promise<void> {
    const { fetchMs, idleMs } = this.#broker;
    while (!this.#closed) {
      const open = [...this.#feeds.values()].filter(
        (feed) => !feed.paused && !feed.stuck && !feed.busy && feed.position !== null,
      );
      const asked = open.map((feed) => ({ feed, turns: feed.turns, answer: this.#ask(feed) }));
      const brought = asked.some(({ answer }) => answer !== null);
      this.#wake = new AbortController();
      // Work that comes up ends an idle wait, and no fetch that is under way.
      await this.#clock
        .sleep(brought ? fetchMs : idleMs, brought ? undefined : this.#wake.signal)
        .catch(() => {});
      for (const { feed, turns, answer } of asked) {
        if (answer === null || feed.turns !== turns || answer.isStale()) continue;
        feed.busy = this.#broker.keepsBack(feed, () => {
          feed.busy = false;
          if (answer.isStale()) return;
          if (feed.turns === turns) this.#deliver(feed, answer);
          // Whatever happened since: what is late arrives like anything else.
          else this.#hand(feed, answer);
        });
        if (!feed.busy) this.#deliver(feed, answer);
      }
    }
  }

  /** The answer as of now; null: none, and why is told. */
  #ask(feed: Feed): (Answer & { isStale(): boolean }) | null {
    const { topic, partition } = feed;
    const broker = this.#broker;
    if (broker.down) return this.#suspect(`no answer for ${keyOf(feed)}`);
    if (!broker.has(feed)) return this.#suspect(`${keyOf(feed)} is not there`);
    if (feed.topicId !== null && feed.topicId !== broker.topicId(topic)) {
      return this.#suspect(`${keyOf(feed)} is not the topic ${feed.topicId}`);
    }
    const log = broker.log(topic, partition);
    const { low, high } = log.believed.range;
    const position = feed.position as number;
    if (position < low || position > high) return this.#outOfRange(feed, low);
    const read = log.believed.read(position, broker.fetchOffsetsMax);
    const behind = broker.watermarkBehind && read.records.length > 0;
    const answer = behind ? { ...read, highWatermark: position } : read;
    const empty = answer.next === position && answer.undecodable === undefined;
    if (empty && answer.highWatermark === feed.toldHighWatermark) return null;
    // What a leader said that lost its office is not believed once another one is known.
    const { leaderEpoch } = log.believed;
    return { ...answer, isStale: () => log.believed.leaderEpoch !== leaderEpoch };
  }

  #outOfRange(feed: Feed, low: number): null {
    const offset = feed.position as number;
    if (this.#broker.outOfRange === 'jump') {
      feed.position = low;
      return null;
    }
    feed.stuck = true;
    this.#tell()?.onSuspect(`${keyOf(feed)} at offset ${offset}: out of range`);
    this.#tell()?.onOutOfRange?.({ topic: feed.topic, partition: feed.partition }, offset);
    return null;
  }

  #suspect(reason: string): null {
    this.#tell()?.onSuspect(reason);
    return null;
  }

  #deliver(feed: Feed, answer: Answer): void {
    const drift = answer.next === feed.position ? 0 : this.#broker.takeDrift(feed);
    feed.position = Math.max(0, answer.next + drift);
    feed.stuck = answer.undecodable !== undefined;
    feed.toldHighWatermark = answer.highWatermark;
    this.#hand(feed, answer);
  }

  #hand(feed: Feed, answer: Answer): void {
    this.#tell()?.onFetched(fetchedOf(feed, answer));
  }

  #tell(): SourceListener | null {
    return this.#closed ? null : this.#listener;
  }

  #turn(partition: TopicPartition, change: (feed: Feed) => void): void {
    const feed = this.#feeds.get(keyOf(partition));
    if (feed === undefined) return;
    feed.turns += 1;
    change(feed);
    this.#wake.abort();
  }

  /** Every answer takes a moment, and a rest of a process that died gets none. */
  async #answered(signal?: AbortSignal): Promise<void> {
    await this.#clock.sleep(READ_MS, signal);
    if (this.#closed) throw new LedgerstoneError('closed', 'the source is closed');
    if (this.#broker.down) throw unavailable('no broker answers');
  }
}

const fetchedOf = ({ topic, partition }: TopicPartition, answer: Answer): Fetched => {
  const { records, seen, highWatermark, undecodable } = answer;
  const fetched = { topic, partition, records, seen, highWatermark };
  return undecodable === undefined ? fetched : { ...fetched, undecodable };
};

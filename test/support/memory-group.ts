// Who in a consumer group owns which partition, in which generation? The coordinator's side, with its troubles on demand.
import type { Clock } from '../../src/base/clock.ts';
import type { CommitHint, TopicPartition } from '../../src/ingest/source.ts';

/** A member as the coordinator knows it. */
export type GroupMember = {
  readonly id: string;
  readonly topics: readonly string[];
  /** The member learns that a rebalance began. */
  revoked(): void;
  /** The member learns what it owns in this generation. */
  assigned(generation: number, owned: readonly TopicPartition[]): void;
};

export type Assigner = (
  memberIds: readonly string[],
  partitions: readonly TopicPartition[],
) => ReadonlyMap<string, readonly TopicPartition[]>;

/** As kafkajs does: the partitions in order, to the members in turn. */
const roundRobin: Assigner = (memberIds, partitions) => {
  const owned = new Map<string, TopicPartition[]>(memberIds.map((id) => [id, []]));
  for (const [index, partition] of partitions.entries()) {
    owned.get(memberIds[index % memberIds.length] as string)?.push(partition);
  }
  return owned;
};

export class MemoryGroup {
  readonly #clock: Clock;
  readonly #partitionsOf: (topic: string) => readonly TopicPartition[];
  readonly #joinMs: number;
  readonly #members = new Map<string, GroupMember>();
  /** Believed dead by the coordinator, and not knowing it: they go on as before. */
  readonly #isolated = new Map<string, GroupMember>();
  readonly #hints = new Map<string, CommitHint>();
  #generation = 0;
  /** Generation in which every member knows its partitions. */
  #stable = 0;
  assigner: Assigner = roundRobin;
  /** Told of each hint that was taken. */
  onCommit: (memberId: string, partition: TopicPartition, hint: CommitHint) => void = () => {};

  constructor(clock: Clock, partitionsOf: (topic: string) => readonly TopicPartition[], joinMs: number) {
    this.#clock = clock;
    this.#partitionsOf = partitionsOf;
    this.#joinMs = joinMs;
  }

  get generation(): number {
    return this.#generation;
  }
  get settled(): boolean {
    return this.#stable === this.#generation;
  }

  join(member: GroupMember): void {
    this.#members.set(member.id, member);
    this.rebalance();
  }

  leave(memberId: string): void {
    this.#isolated.delete(memberId);
    if (this.#members.delete(memberId) && this.#members.size > 0) this.rebalance();
  }

  /** A new generation: all members lose what they own, and after the join learn what they own now. */
  rebalance(): void {
    const generation = ++this.#generation;
    for (const member of [...this.#members.values()]) member.revoked();
    void this.#sync(generation);
  }

  /** The coordinator loses sight of a member, which notices nothing: its partitions get a second reader. */
  isolate(memberId: string): void {
    const member = this.#members.get(memberId);
    if (member === undefined) throw new Error(`${memberId} is no member`);
    this.#isolated.set(memberId, member);
    this.#members.delete(memberId);
    this.rebalance();
  }

  /** The member hears from the coordinator again: it learns that it lost everything, and joins anew. */
  heal(memberId: string): void {
    const member = this.#isolated.get(memberId);
    if (member === undefined) throw new Error(`${memberId} is not isolated`);
    this.#isolated.delete(memberId);
    member.revoked();
    this.join(member);
  }

  commit(memberId: string, generation: number, partition: TopicPartition, hint: CommitHint): boolean {
    if (!this.#members.has(memberId) || generation !== this.#generation || !this.settled) return false;
    this.#hints.set(keyOf(partition), hint);
    this.onCommit(memberId, partition, hint);
    return true;
  }

  committed(partition: TopicPartition): CommitHint | null {
    return this.#hints.get(keyOf(partition)) ?? null;
  }

  /** What `kafka-consumer-groups --delete-offsets` does, and the deletion of a topic too. */
  forget(topic: string): void {
    for (const key of [...this.#hints.keys()]) if (key.startsWith(`${topic}/`)) this.#hints.delete(key);
  }

  async #sync(generation: number): Promise<void> {
    await this.#clock.sleep(this.#joinMs);
    // A later rebalance began in the meantime: this generation never gets partitions.
    if (generation !== this.#generation) return;
    this.#stable = generation;
    const members = [...this.#members.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    const topics = [...new Set(members.flatMap((member) => member.topics))].sort();
    const shares = this.assigner(
      members.map((member) => member.id),
      topics.flatMap((topic) => this.#partitionsOf(topic)),
    );
    for (const member of members) {
      // A listener may have closed its source, or started a rebalance, while others were told.
      if (generation !== this.#generation || !this.#members.has(member.id)) return;
      member.assigned(generation, shares.get(member.id) ?? []);
    }
  }
}

export const keyOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;

// Which member of the group reads which partition, and what keeps other programs out of the group?
import { utf8 } from '../../../base/bytes.ts';
import type { KafkajsCluster } from '../kafkajs/kafkajs.ts';
import { ByteReader, ByteWriter } from '../protocol/wire.ts';

/**
 * Kafka lets members into a group only if all of them speak one protocol, known by its name. kafkajs's own
 * name is that of every program written with it: one that uses our group id by mistake would be assigned
 * partitions, which nobody would archive. So would another archive of the same topic whose group id is the
 * default one too.
 */
const PROTOCOL = 'ledgerstone';
const protocolOf = (archive: string | null): string =>
  archive === null ? PROTOCOL : `${PROTOCOL} ${archive}`;
const VERSION = 0;

/**
 * Given to each member beside its partitions. A broker of Kafka 4 turns a classic group into one of the new
 * protocol (KIP-848) as soon as such a consumer asks, and that one takes its share; but not where members'
 * user data would be lost by it (ConsumerGroup.fromClassicGroup). So it is refused.
 */
const USER_DATA = utf8(PROTOCOL);

type GroupMember = { readonly memberId: string; readonly memberMetadata: Uint8Array };
type Group = { readonly members: readonly GroupMember[]; readonly topics: readonly string[] };
type Share = {
  readonly memberId: string;
  readonly subscribed: ReadonlySet<string>;
  readonly owned: Map<string, number[]>;
  count: number;
};

type Assigning = { readonly cluster: Pick<KafkajsCluster, 'findTopicPartitionMetadata'> };

/**
 * What kafkajs takes as a `PartitionAssigner`, for the members of one archive, known by its origin. `joined`:
 * the topics that this member asks for when it joins. kafkajs knows those only that it was started with, and
 * there is no other way to it while it runs: what it hands to `protocol` is its own list, which everything
 * that it does with the answer is held against. So what is missing is put there.
 */
export const assignerOf =
  (archive: string | null, joined: () => readonly string[] = () => []) =>
  ({ cluster }: Assigning) => ({
    name: protocolOf(archive),
    version: VERSION,

    /**
     * Each partition goes to the member with the fewest partitions among those that know its topic: during a
     * rollout configurations differ.
     */
    async assign({ members, topics }: Group): Promise<{ memberId: string; memberAssignment: Buffer }[]> {
      const shares = members.map(shareOf).sort((a, b) => (a.memberId < b.memberId ? -1 : 1));
      for (const topic of topics) {
        const knowing = shares.filter(({ subscribed }) => subscribed.has(topic));
        for (const { partitionId } of cluster.findTopicPartitionMetadata(topic))
          give(knowing, topic, partitionId);
      }
      return shares.map(({ memberId, owned }) => ({ memberId, memberAssignment: encodeAssignment(owned) }));
    },

    protocol({ topics }: Pick<Group, 'topics'>): { readonly name: string; readonly metadata: Buffer } {
      const own = topics as string[];
      for (const topic of joined()) if (!own.includes(topic)) own.push(topic);
      const out = new ByteWriter().int16(VERSION);
      out.array(topics, (topic) => out.string(topic)).int32(0);
      return { name: protocolOf(archive), metadata: Buffer.from(out.bytes()) };
    },
  });

function shareOf({ memberId, memberMetadata }: GroupMember): Share {
  const reader = new ByteReader(memberMetadata);
  reader.int16();
  const subscribed = new Set(reader.array(() => reader.string() ?? ''));
  return { memberId, subscribed, owned: new Map(), count: 0 };
}

function give(shares: readonly Share[], topic: string, partition: number): void {
  let least: Share | undefined;
  for (const share of shares) if (least === undefined || share.count < least.count) least = share;
  if (least === undefined) return;
  least.count += 1;
  const partitions = least.owned.get(topic);
  if (partitions === undefined) least.owned.set(topic, [partition]);
  else partitions.push(partition);
}

function encodeAssignment(owned: ReadonlyMap<string, readonly number[]>): Buffer {
  const out = new ByteWriter().int16(VERSION);
  out.array([...owned], ([topic, partitions]) =>
    out.string(topic).array(partitions, (partition) => out.int32(partition)),
  );
  return Buffer.from(out.int32(USER_DATA.length).raw(USER_DATA).bytes());
}

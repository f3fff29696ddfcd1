// Does every partition get one owner that wants it, and can kafkajs and Kafka read what we say about it?
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { assignerOf } from '../../../../../src/ingest/kafka/group/assigner.ts';

type Decoded = { topics: string[]; assignment: Record<string, number[]>; userData: Buffer };
const { MemberMetadata, MemberAssignment } = createRequire(import.meta.url)(
  'kafkajs/src/consumer/assignerProtocol',
) as Record<'MemberMetadata' | 'MemberAssignment', { decode(bytes: Buffer): Decoded }>;

const PARTITIONS: Readonly<Record<string, number>> = { a: 5, b: 3 };
const cluster = {
  findTopicPartitionMetadata: (topic: string) =>
    Array.from({ length: PARTITIONS[topic] ?? 0 }, (_, partitionId) => ({ partitionId })),
};
const ours = assignerOf('a.example/one')({ cluster });
const member = (memberId: string, topics: readonly string[]) => ({
  memberId,
  memberMetadata: ours.protocol({ topics }).metadata,
});

async function shares(members: readonly ReturnType<typeof member>[], topics: readonly string[]) {
  const given = await ours.assign({ members, topics });
  return Object.fromEntries(
    given.map(({ memberId, memberAssignment }) => [
      memberId,
      { ...MemberAssignment.decode(memberAssignment).assignment },
    ]),
  );
}

describe('the assigner', () => {
  it('gives every partition to one member, evenly, and the same whoever leads', async () => {
    const members = [member('y', ['a', 'b']), member('x', ['a', 'b']), member('z', ['a', 'b'])];
    const given = await shares(members, ['a', 'b']);
    expect(given).toEqual({
      x: { a: [0, 3], b: [1] },
      y: { a: [1, 4], b: [2] },
      z: { a: [2], b: [0] },
    });
    expect(await shares(members.toReversed(), ['a', 'b'])).toEqual(given);
  });

  it('gives nobody a topic that its configuration does not have yet', async () => {
    const given = await shares([member('old', ['a']), member('new', ['a', 'b'])], ['a', 'b']);
    expect(given).toEqual({ new: { a: [0, 2, 4], b: [0, 1, 2] }, old: { a: [1, 3] } });
  });

  it('a member for whom nothing is left has an empty share', async () => {
    const members = ['1', '2', '3', '4'].map((id) => member(id, ['b']));
    expect((await shares(members, ['b']))['4']).toEqual({});
  });

  it('is read by kafkajs, and is no protocol of kafkajs’s own', () => {
    const { name, metadata } = ours.protocol({ topics: ['a', 'é'] });
    expect(MemberMetadata.decode(metadata).topics).toEqual(['a', 'é']);
    expect(name).toBe('ledgerstone a.example/one');
  });

  it('asks for topics that were found since, and puts them into the list that kafkajs goes by', async () => {
    let found: string[] = [];
    const one = assignerOf('a.example/one', () => ['a', ...found])({ cluster });
    const kafkajsOwn = ['a'];
    one.protocol({ topics: kafkajsOwn });
    expect(kafkajsOwn).toEqual(['a']);
    found = ['b'];
    const { metadata } = one.protocol({ topics: kafkajsOwn });
    expect(MemberMetadata.decode(metadata).topics).toEqual(['a', 'b']);
    expect(kafkajsOwn).toEqual(['a', 'b']);
  });

  it('another archive in the group: it speaks another protocol, and is refused', () => {
    const other = assignerOf('a.example/two')({ cluster }).protocol({ topics: ['a'] });
    expect(other.name).not.toBe(ours.protocol({ topics: ['a'] }).name);
  });

  it('a stranger in the group (KIP-848): every share carries user data, for which Kafka refuses to convert the group', async () => {
    for (const { memberAssignment } of await ours.assign({
      members: [member('1', ['b']), member('2', [])],
      topics: ['b'],
    })) {
      expect(MemberAssignment.decode(memberAssignment).userData.length).toBeGreaterThan(0);
    }
  });
});

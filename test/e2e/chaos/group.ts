// How does a dead member leave its consumer group at once, instead of when its session ends?
import { once } from 'node:events';
import { connect } from 'node:net';
import { Kafka, logLevel } from 'kafkajs';

const LEAVE_GROUP = 13;
const TIMEOUT_MS = 5_000;

const string = (text: string): Buffer => {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(2);
  length.writeInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
};

/** LeaveGroup, version 0: whoever knows a member's id may send it. A broker that does not coordinate the group refuses. */
async function leave(address: string, groupId: string, memberId: string): Promise<void> {
  const [host = '', port = ''] = address.split(':');
  const head = Buffer.alloc(8);
  head.writeInt16BE(LEAVE_GROUP, 0);
  head.writeInt32BE(1, 4); // version 0 before it, correlation id 1
  const request = Buffer.concat([head, string('chaos'), string(groupId), string(memberId)]);
  const size = Buffer.alloc(4);
  size.writeInt32BE(request.length);
  const socket = connect(Number(port), host);
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('no answer')));
  try {
    await once(socket, 'connect');
    socket.write(Buffer.concat([size, request]));
    await once(socket, 'data');
  } finally {
    socket.destroy();
  }
}

/** Removes all members of this client id: those of a process that is gone. Returns how many there were. */
export async function removeMembers(
  brokers: readonly string[],
  groupId: string,
  clientId: string,
): Promise<number> {
  const admin = new Kafka({ clientId: 'chaos', brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const { groups } = await admin.describeGroups([groupId]);
    const members = groups.flatMap(({ members: all }) =>
      all.filter((member) => member.clientId === clientId),
    );
    for (const { memberId } of members)
      await Promise.all(brokers.map((address) => leave(address, groupId, memberId).catch(() => {})));
    return members.length;
  } finally {
    await admin.disconnect();
  }
}

// How does one of kafkajs's connections get rid of a socket that is of no more use, and of what came
// through it?
import { Frames, lend } from './frames.ts';
import { changed, type KafkajsConnection, needs } from './kafkajs.ts';

/** Of the length before an answer. */
const LENGTH_BYTES = 4;
const CORRELATION_ID_BYTES = 4;

/**
 * kafkajs keeps one object for all sockets to a broker, one after the other. It forgets three things, for
 * each of which every later request to that broker waited in vain: two requests that find it closed open
 * two sockets; the begin of an answer that was cut off is put before the first answer of the next socket;
 * and a socket that answers nothing any more, as after a firewall lost its state, is kept.
 */
export function mendConnection(connection: KafkajsConnection): void {
  needs(connection, 'Connection', ['connect', 'send', 'isConnected', 'processData']);
  needs(connection.requestQueue, 'RequestQueue', ['fulfillRequest']);
  const { chunks, bytesBuffered, bytesNeeded, requestQueue } = connection;
  if (!Array.isArray(chunks) || bytesBuffered !== 0 || bytesNeeded !== LENGTH_BYTES)
    throw changed('its Connection keeps the bytes of an answer elsewhere');
  if (!(requestQueue.inflight instanceof Map)) throw changed('its RequestQueue keeps no map of requests');
  const { connect, send } = connection;
  const frames = readFrames(connection);
  connection.connect = oneAtATime(async () => {
    if (connection.isConnected()) return true;
    connection.socket?.destroy();
    frames.clear();
    Object.assign(connection, { chunks: [], bytesBuffered: 0, bytesNeeded: LENGTH_BYTES });
    return connect.call(connection);
  });
  connection.send = async (request) => {
    try {
      return await send.call(connection, request);
    } catch (error) {
      if (isSilence(connection, error)) connection.socket?.destroy(error as Error);
      throw error;
    }
  };
}

/**
 * kafkajs joins all chunks of an answer into a new buffer each time, and the garbage collector of the main
 * thread is busy with them. What belongs to a login whose answers have no numbers stays with kafkajs: it
 * takes whatever comes for them. Brokers without SaslAuthenticate alone are logged in to so, and never twice,
 * for they name no end of a session. A second login has numbers, and answers amid it find their own.
 */
function readFrames(connection: KafkajsConnection): Frames {
  const frames = new Frames();
  const { requestQueue, processData } = connection;
  const take = (answer: Buffer) => {
    requestQueue.fulfillRequest({
      size: answer.length,
      correlationId: answer.readInt32BE(0),
      payload: lend(answer.subarray(CORRELATION_ID_BYTES), frames),
    });
  };
  connection.processData = (chunk) => {
    const isTheirs = connection.authHandlers !== null || connection.bytesBuffered > 0;
    // The chunk's memory is filled anew, and kafkajs keeps chunks.
    if (isTheirs && !frames.isAmid) return processData.call(connection, Buffer.from(chunk));
    try {
      frames.push(chunk, take);
    } catch (error) {
      connection.socket?.destroy(error as Error);
    }
  };
  return frames;
}

/**
 * Two requests that find a connection closed would open two sockets, write to the one and forget the other.
 */
function oneAtATime<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | null = null;
  return () => {
    running ??= work().finally(() => {
      running = null;
    });
    return running;
  };
}

/**
 * A broker answers in order: behind a request to join, which may take long, the others wait without
 * anything being wrong.
 */
function isSilence({ requestQueue }: KafkajsConnection, error: unknown): boolean {
  const { name, correlationId } = error as { name?: unknown; correlationId?: unknown };
  if (name !== 'KafkaJSRequestTimeoutError' || typeof correlationId !== 'number') return false;
  return ![...requestQueue.inflight.keys()].some((earlier) => earlier < correlationId);
}

// Can an answer that comes while a connection logs in again be taken for the login's own?
// kafkajs takes any answer for the login's where that has no number of its own (sendAuthRequest). It logs in so only at
// brokers without SaslAuthenticate, and those never say how long a session lasts, so nobody logs in there twice.
import { createRequire } from 'node:module';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { mendConnection } from '../../../../../src/ingest/kafka/kafkajs/connection.ts';
import type { KafkajsConnection } from '../../../../../src/ingest/kafka/kafkajs/kafkajs.ts';
import { checkWhenSomethingWaits } from '../../../../../src/ingest/kafka/kafkajs/pending-timer.ts';
import { PATIENCE_MS } from '../../../../support/patience.ts';

const require = createRequire(import.meta.url);
const Connection = require('kafkajs/src/network/connection');
const Encoder = require('kafkajs/src/protocol/encoder');

const [METADATA, HANDSHAKE, AUTHENTICATE] = [3, 17, 36];
const SESSION_S = 3600;

type Asked = { readonly api: number; readonly answer: (payload: Buffer) => Buffer };

const int = (bytes: 2 | 4 | 8, value: number): Buffer => {
  const out = Buffer.alloc(bytes);
  if (bytes === 2) out.writeInt16BE(value);
  else if (bytes === 4) out.writeInt32BE(value);
  else out.writeBigInt64BE(BigInt(value));
  return out;
};
const text = (value: string): Buffer => Buffer.concat([int(2, value.length), Buffer.from(value)]);
const framed = (...parts: readonly Buffer[]): Buffer => {
  const body = Buffer.concat(parts);
  return Buffer.concat([int(4, body.length), body]);
};
const LOGGED_IN = Buffer.concat([int(2, 0), int(2, -1), int(4, 0), int(8, SESSION_S * 1000)]);
const MECHANISMS = Buffer.concat([int(2, 0), int(4, 1), text('PLAIN')]);

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

/** A broker that does with each request what the test says. `raw` gets what is no request, as a login without numbers is. */
async function broker(onAsked: (asked: Asked, socket: Socket) => void, raw = false): Promise<number> {
  const server: Server = createServer((socket) => {
    let held = Buffer.alloc(0);
    let logins = 0;
    socket.on('data', (chunk) => {
      held = Buffer.concat([held, chunk]);
      while (held.length >= 4 && held.length >= 4 + held.readInt32BE(0)) {
        const request = held.subarray(4, 4 + held.readInt32BE(0));
        held = held.subarray(4 + request.length);
        // The one that follows the handshake.
        if (raw && logins === 1) {
          logins = 2;
          socket.write(int(4, 0));
          continue;
        }
        const api = request.readInt16BE(0);
        if (api === HANDSHAKE) logins++;
        const number = request.subarray(4, 8);
        onAsked({ api, answer: (payload) => framed(number, payload) }, socket);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function connection(port: number, knowsAuthenticate: boolean) {
  const log = { debug() {}, info() {}, warn() {}, error() {}, namespace: () => log };
  const made = new Connection({
    ...{ host: '127.0.0.1', port, logger: log, connectionTimeout: PATIENCE_MS, requestTimeout: PATIENCE_MS },
    reauthenticationThreshold: 10_000,
    sasl: { mechanism: 'plain', username: 'u', password: 'p' },
    socketFactory: ({ host, onConnect }: { host: string; onConnect: () => void }) =>
      connect({ host, port }, onConnect),
  });
  made.setVersions({
    [HANDSHAKE]: { minVersion: 0, maxVersion: 1 },
    [AUTHENTICATE]: { minVersion: 0, maxVersion: 1 },
  });
  made.setSupportAuthenticationProtocol(knowsAuthenticate);
  made.requestQueue.scheduleCheckPendingRequests = checkWhenSomethingWaits;
  mendConnection(made as KafkajsConnection);
  open.push(() => made.socket?.destroy());
  await made.connect();
  const ask = (word: string): Promise<string> =>
    made.send({
      request: {
        apiKey: METADATA,
        apiVersion: 0,
        apiName: 'Metadata',
        encode: async () => new Encoder().writeString(word),
      },
      response: {
        decode: async (payload: Buffer) => ({ said: payload.toString() }),
        parse: async ({ said }: { said: string }) => said,
      },
    });
  /** As if its time had passed. */
  const endSession = () => {
    made.authenticatedAt[0] -= SESSION_S;
  };
  return { ask, endSession };
}

it('no: answers have numbers, in whatever order and pieces they come', async () => {
  let logins = 0;
  let held: Buffer[] = [];
  const asked: number[] = [];
  const port = await broker(({ api, answer }, socket) => {
    asked.push(api);
    if (api === HANDSHAKE) socket.write(answer(MECHANISMS));
    else if (api === AUTHENTICATE) {
      logins++;
      // What was asked before the login is answered amid it: in front of the login's answer, and cut in two.
      const all = Buffer.concat([...held, answer(LOGGED_IN)]);
      held = [];
      socket.write(all.subarray(0, 7));
      setTimeout(() => socket.write(all.subarray(7)), 20);
    } else if (asked.filter((one) => one === METADATA).length === 2) held.push(answer(Buffer.from('b')));
    else socket.write(answer(Buffer.from(logins === 1 ? 'a' : 'c')));
  });
  const { ask, endSession } = await connection(port, true);
  expect(await ask('a')).toBe('a');
  const late = ask('b');
  endSession();
  // The next one logs in again, while `b` is not answered yet.
  expect(await Promise.all([late, ask('c'), ask('d')])).toEqual(['b', 'c', 'c']);
  expect(logins).toBe(2);
  expect(asked).toEqual([
    HANDSHAKE,
    AUTHENTICATE,
    METADATA,
    METADATA,
    HANDSHAKE,
    AUTHENTICATE,
    METADATA,
    METADATA,
  ]);
});

it('and where a login has no number, there is no second one', async () => {
  const asked: number[] = [];
  const port = await broker(({ api, answer }, socket) => {
    asked.push(api);
    socket.write(answer(api === HANDSHAKE ? MECHANISMS : Buffer.from('x')));
  }, true);
  const { ask, endSession } = await connection(port, false);
  expect(await ask('a')).toBe('x');
  endSession();
  expect(await ask('b')).toBe('x');
  expect(asked).toEqual([HANDSHAKE, METADATA, METADATA]);
});

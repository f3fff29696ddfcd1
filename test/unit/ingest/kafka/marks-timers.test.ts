// Does asking the brokers for their offsets set timers in the past, which Node warns of again and again?

import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import { afterEach, expect, it, vi } from 'vitest';
import { readMarks } from '../../../../src/ingest/kafka/marks.ts';

const API_VERSIONS = 18;

/** Correlation id, no error, and what the client asks with: ListOffsets, Metadata, ApiVersions. */
function versionsAnswer(correlationId: number): Buffer {
  const apis = [
    [2, 0, 1],
    [3, 0, 5],
    [API_VERSIONS, 0, 0],
  ] as const;
  const body = Buffer.alloc(4 + 2 + 4 + 6 * apis.length);
  body.writeInt32BE(correlationId, 0);
  body.writeInt32BE(apis.length, 6);
  apis.flat().forEach((value, index) => {
    body.writeInt16BE(value, 10 + 2 * index);
  });
  const size = Buffer.alloc(4);
  size.writeInt32BE(body.length);
  return Buffer.concat([size, body]);
}

afterEach(() => vi.restoreAllMocks());

it('sets no timer in the past', async () => {
  const stop = new AbortController();
  const sockets: Socket[] = [];
  const broker = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.on('data', (request) => {
      if (request.readInt16BE(4) === API_VERSIONS) socket.write(versionsAnswer(request.readInt32BE(8)));
      // It has had an answer, and asks on: what the client's queue does between requests has happened.
      else setImmediate(() => stop.abort());
    });
  });
  await new Promise<void>((ready) => broker.listen(0, '127.0.0.1', ready));
  const timers = vi.spyOn(globalThis, 'setTimeout');
  const brokers = [`127.0.0.1:${(broker.address() as AddressInfo).port}`];
  await expect(
    readMarks({ brokers, clientId: 'test', tls: false }, ['orders'], stop.signal),
  ).rejects.toThrow();
  expect(stop.signal.aborted).toBe(true);
  expect(timers.mock.calls.map(([, ms]) => ms ?? 0).filter((ms) => ms < 0)).toEqual([]);
  for (const socket of sockets) socket.destroy();
  await new Promise((closed) => broker.close(closed));
});

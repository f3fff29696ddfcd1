// How does a server become slow, silent, gone or unreliable, without touching it?

import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** What becomes of an answer: `cut` drops all of it and the connection, `half` lets some through before the cut. */
export type AnswerFate = 'pass' | 'cut' | 'half';

export type ProxyMode =
  | { readonly kind: 'pass' }
  /** Both directions together carry so many bytes a second. */
  | { readonly kind: 'throttle'; readonly bytesPerSecond: number }
  /** Every piece, in either direction, comes later, by up to so much. */
  | { readonly kind: 'delay'; readonly ms: () => number }
  /** Connections are taken and nothing is ever answered. What came in is passed on when the mode ends. */
  | { readonly kind: 'silent' }
  /** As `silent`, but what came in is lost: a connection that lost something stays dead, and open, for good. */
  | { readonly kind: 'black-hole' }
  /** Connections are refused by being cut at once. */
  | { readonly kind: 'cut' }
  /**
   * The server got all of a request and begins to answer it: what becomes of the answer? Given the begin of the request
   * and of the answer. For protocols that await each answer before the next request; for others these are any two pieces.
   */
  | { readonly kind: 'answers'; readonly fate: (request: Buffer, answer: Buffer) => AnswerFate };

export type TcpProxy = {
  readonly port: number;
  set(mode: ProxyMode): void;
  /** Cuts what is open now. */
  cutAll(): void;
  close(): Promise<void>;
};

const SLICE_BYTES = 16 * 1024;
const SILENT_POLL_MS = 50;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** One client's connection and ours to the server. */
type Link = {
  readonly client: Socket;
  readonly upstream: Socket;
  /** Begin of the request that was not answered yet. */
  request: Buffer | null;
  lostBytes: boolean;
};

/** Listens on a loopback port, by default any free one, and forwards to the target. */
export async function tcpProxy(
  target: { readonly host: string; readonly port: number },
  port = 0,
): Promise<TcpProxy> {
  let mode: ProxyMode = { kind: 'pass' };
  const sockets = new Set<Socket>();
  let freeAtMs = 0;

  const waitFor = async (bytes: number): Promise<void> => {
    while (mode.kind === 'silent') await sleep(SILENT_POLL_MS);
    if (mode.kind === 'delay') await sleep(mode.ms());
    if (mode.kind !== 'throttle') return;
    const nowMs = performance.now();
    freeAtMs = Math.max(freeAtMs, nowMs) + (bytes / mode.bytesPerSecond) * 1000;
    await sleep(freeAtMs - nowMs);
  };

  /** False: the connection is no more. */
  const answered = (link: Link, answer: Buffer): boolean => {
    const { request } = link;
    link.request = null;
    if (mode.kind !== 'answers' || request === null) return true;
    const fate = mode.fate(request, answer);
    if (fate === 'pass') return true;
    if (fate === 'half') link.client.write(answer.subarray(0, Math.ceil(answer.length / 2)));
    link.upstream.destroy();
    link.client.destroySoon();
    return false;
  };

  const pump = async (link: Link, from: Socket, to: Socket): Promise<void> => {
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        if (from === link.client) link.request ??= chunk;
        else if (!answered(link, chunk)) return;
        for (let at = 0; at < chunk.length; at += SLICE_BYTES) {
          const slice = chunk.subarray(at, at + SLICE_BYTES);
          await waitFor(slice.length);
          if (mode.kind === 'black-hole') link.lostBytes = true;
          if (to.destroyed) return;
          if (link.lostBytes) continue;
          if (!to.write(slice))
            await new Promise<void>((resolve) => to.once('drain', resolve).once('close', resolve));
        }
      }
      to.end();
    } catch {
      to.destroy();
    }
  };

  const server: Server = createServer((client) => {
    const track = (socket: Socket) => {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => sockets.delete(socket));
    };
    track(client);
    if (mode.kind === 'cut') {
      client.destroy();
      return;
    }
    const upstream = connect(target.port, target.host);
    track(upstream);
    const link: Link = { client, upstream, request: null, lostBytes: false };
    const up = pump(link, client, upstream);
    // What a client sent before it died is on its way, and arrives.
    client.on('close', () => void up.then(() => upstream.destroySoon()));
    upstream.on('close', () => client.destroySoon());
    void pump(link, upstream, client);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    set(next) {
      mode = next;
      if (next.kind === 'cut') for (const socket of sockets) socket.destroy();
    },
    cutAll() {
      for (const socket of sockets) socket.destroy();
    },
    async close() {
      mode = { kind: 'cut' };
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

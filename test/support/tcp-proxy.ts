// How does a server become slow, silent or gone, without touching it?

import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';

export type ProxyMode =
  | { readonly kind: 'pass' }
  /** Both directions together carry so many bytes a second. */
  | { readonly kind: 'throttle'; readonly bytesPerSecond: number }
  /** Connections are taken and nothing is ever answered. */
  | { readonly kind: 'silent' }
  /** Connections are refused by being cut at once. */
  | { readonly kind: 'cut' };

export type TcpProxy = {
  readonly port: number;
  set(mode: ProxyMode): void;
  /** Cuts what is open now. */
  cutAll(): void;
  close(): Promise<void>;
};

const SLICE_BYTES = 16 * 1024;

/** Listens on a free loopback port and forwards to the target. */
export async function tcpProxy(target: { readonly host: string; readonly port: number }): Promise<TcpProxy> {
  let mode: ProxyMode = { kind: 'pass' };
  const sockets = new Set<Socket>();
  let freeAtMs = 0;

  const waitFor = async (bytes: number): Promise<void> => {
    while (mode.kind === 'silent') await new Promise((resolve) => setTimeout(resolve, 50));
    if (mode.kind !== 'throttle') return;
    const nowMs = performance.now();
    freeAtMs = Math.max(freeAtMs, nowMs) + (bytes / mode.bytesPerSecond) * 1000;
    await new Promise((resolve) => setTimeout(resolve, freeAtMs - nowMs));
  };

  const pump = async (from: Socket, to: Socket): Promise<void> => {
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        for (let at = 0; at < chunk.length; at += SLICE_BYTES) {
          const slice = chunk.subarray(at, at + SLICE_BYTES);
          await waitFor(slice.length);
          if (to.destroyed) return;
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
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
    void pump(client, upstream);
    void pump(upstream, client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
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

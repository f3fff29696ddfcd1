// How is a cluster connected to: addresses, TLS, SASL, sockets?
import { readFile } from 'node:fs/promises';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ISocketFactory, SASLOptions } from 'kafkajs';
import { LedgerstoneError, messageOf } from '../../../base/error.ts';
import type { SaslOptions, TlsOptions } from '../options.ts';

/** What kafkajs gives to Node's `tls.connect`. */
export type TlsMaterial = {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
  readonly servername?: string;
};

/** Throws LedgerstoneError `tls-file` for a file that can't be read. */
export async function tlsMaterial(tls: false | TlsOptions): Promise<TlsMaterial | undefined> {
  if (tls === false) return undefined;
  const read = async (setting: string, path: string): Promise<Buffer> => {
    try {
      return await readFile(path);
    } catch (cause) {
      throw new LedgerstoneError('tls-file', `source.tls.${setting}: ${messageOf(cause)}`, {
        remedy: 'Give the path of a PEM file that this process may read.',
        cause,
      });
    }
  };
  return {
    ...(tls.caFile === undefined ? {} : { ca: await read('caFile', tls.caFile) }),
    ...(tls.certFile === undefined ? {} : { cert: await read('certFile', tls.certFile) }),
    ...(tls.keyFile === undefined ? {} : { key: await read('keyFile', tls.keyFile) }),
    ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
  };
}

export function saslFor(sasl: SaslOptions | undefined): SASLOptions | undefined {
  if (sasl === undefined) return undefined;
  if (sasl.mechanism !== 'aws-msk-iam') return { ...sasl };
  const { region } = sasl;
  return {
    mechanism: 'oauthbearer',
    oauthBearerProvider: async () => {
      // Loaded only when configured: it brings a second AWS client.
      const { generateAuthToken } = await import('aws-msk-iam-sasl-signer-js');
      return { value: (await generateAuthToken({ region })).token };
    },
  };
}

export type Address = { readonly host: string; readonly port: number };

/** `host:port`, `[::1]:port`. kafkajs itself cuts at the first colon. */
export function parseAddress(text: string): Address {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port < 1 || port > 65_535) {
    throw new LedgerstoneError('broker-address', `source.brokers: ${JSON.stringify(text)} is not host:port`, {
      remedy: 'Write each broker as host:port.',
    });
  }
  return { host, port };
}

const KEEP_ALIVE_MS = 60_000;
/** What one read of a socket takes at most. */
const READ_BYTES = 128 * 1024;

/** Opens sockets and knows those that are open, so that none outlives a close that kafkajs doesn't finish. */
export class Sockets {
  readonly #open = new Set<Socket>();
  #closed = false;

  readonly factory: ISocketFactory = ({ host, port, ssl, onConnect }) => {
    if (this.#closed) throw new Error('closed');
    const named = isIP(host) === 0 ? { servername: host } : {};
    // Reads into one buffer again and again, and not into a new one each time. So whoever listens to `data`
    // must not keep what it gets.
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
    const callback = (bytes: number): boolean => {
      socket.emit('data', buffer.subarray(0, bytes));
      return true;
    };
    const to = { host, port, onread: { buffer, callback } };
    const socket: Socket = ssl
      ? connectTls({ ...to, ...named, ...(ssl as object) }, onConnect)
      : connectTcp({ ...to, noDelay: true }, onConnect);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    unrefOnce(socket);
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
    return socket;
  };

  /**
   * For good: kafkajs may still try to connect again. With an error where requests may still wait for an
   * answer.
   */
  destroy(error?: Error): void {
    this.#closed = true;
    for (const socket of this.#open) socket.destroy(error);
    this.#open.clear();
  }
}

/**
 * kafkajs lets go of a socket each time that its broker fails, and Node warns of a leak at the eleventh
 * time.
 */
function unrefOnce(socket: Socket): void {
  const unref = socket.unref.bind(socket);
  let done = false;
  socket.unref = () => {
    if (!done) unref();
    done = true;
    return socket;
  };
}

// How does a small HTTP server answer probes and scrapers? GET and HEAD of a few paths, never cached.
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, isIPv4 } from 'node:net';
import { hostname } from 'node:os';
import { LedgerstoneError, messageOf } from '../base/error.ts';

export type Answer = {
  readonly code: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Called when the answer is out, or never will be. */
  readonly done?: () => void;
};
/** A request whose name was found to be ours. */
export type Asked = {
  readonly method: string;
  /** Without what follows a `?`. */
  readonly path: string;
  /** Throws LedgerstoneError `too-large` if it is longer. */
  body(bytesMax: number): Promise<string>;
};
/** What answers to more than fixed paths. Null: the path is none of its own. */
export type Handler = (asked: Asked) => Promise<Answer> | null;
export type Routes = Readonly<Record<string, () => Answer | Promise<Answer>>>;
export type HttpServer = { readonly url: string; close(): Promise<void> };

export type HttpOptions = {
  readonly host: string;
  readonly port: number;
  /** The member of the configuration that names host and port. */
  readonly member: string;
  /** Public host names by which it may be asked. */
  readonly names?: readonly string[];
  /** Whether to take a free port when another process holds this one. */
  readonly orFreePort?: boolean;
  readonly handler?: Handler | null;
};

const TIMEOUT_MS = 5_000;
/** A reader who takes nothing for so long is left. */
const OUT_MS = 30_000;

export const json = (code: number, body: object): Answer => ({
  ...{ code, type: 'application/json' },
  body: `${JSON.stringify(body)}\n`,
});

/** They say nothing that a stranger may not know. */
const PROBES: ReadonlySet<string> = new Set(['/healthz']);
const wrongHost = (member: string): string =>
  `not a name of this server: ask by its address or localhost, or add the name to ${member}.names`;

/**
 * A page in somebody's browser may ask us by a name of its own that leads here, and would be allowed to read
 * the answer. So a name must be one that nobody can own in the public DNS: an address, a name without a dot,
 * or one that is reserved for private networks.
 */
function isNameOfOurs(header: string | undefined, own: readonly string[]): boolean {
  // Browsers always send it.
  if (header === undefined) return true;
  const name = header.replace(/:[0-9]{1,5}$/, '').toLowerCase();
  if (/^\[[0-9a-f:.]+\]$/.test(name) || isIPv4(name)) return true;
  if (own.some((one) => one.toLowerCase() === name)) return true;
  return /^[a-z0-9_-]+$/.test(name) || /\.(?:localhost|local|internal|svc)$/.test(name);
}

/** Rejects with a LedgerstoneError when it can't listen. */
export async function serve(routes: Routes, options: HttpOptions): Promise<HttpServer> {
  const { host } = options;
  const byPath = new Map(Object.entries(routes));
  const server = createServer(async (request, response) => {
    const isOurs = isNameOfOurs(request.headers.host, [host, hostname(), ...(options.names ?? [])]);
    const url = request.url ?? '/';
    const own = isOurs ? (options.handler?.(askedOf(request)) ?? null) : null;
    const { code, type, body, headers, done } = await (own === null
      ? answer(byPath, request.method, url, isOurs ? null : wrongHost(options.member))
      : own.catch((error: unknown) => json(500, { error: messageOf(error) })));
    if (done !== undefined && response.closed) done();
    else if (done !== undefined) response.once('close', done).setTimeout(OUT_MS, () => request.destroy());
    response.writeHead(code, { 'content-type': type, 'cache-control': 'no-store', ...headers });
    response.end(request.method === 'HEAD' ? undefined : body);
  });
  server.headersTimeout = TIMEOUT_MS;
  server.requestTimeout = TIMEOUT_MS;
  await listen(server, options);
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const askedOf = (request: IncomingMessage): Asked => ({
  method: request.method ?? '',
  path: (request.url ?? '/').split('?')[0] ?? '/',
  body: async (bytesMax) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    for await (const part of request as AsyncIterable<Buffer>) {
      bytes += part.length;
      if (bytes > bytesMax) throw new LedgerstoneError('too-large', `more than ${bytesMax} bytes`);
      parts.push(part);
    }
    return Buffer.concat(parts).toString('utf8');
  },
});

async function answer(
  byPath: ReadonlyMap<string, Routes[string]>,
  method: string | undefined,
  url: string,
  refusal: string | null,
): Promise<Answer> {
  if (method !== 'GET' && method !== 'HEAD') return json(405, { error: 'GET only' });
  const route = byPath.get(url.split('?')[0] ?? '/');
  if (refusal !== null && !PROBES.has(url)) return json(403, { error: refusal });
  if (route === undefined) return json(404, { error: `try ${[...byPath.keys()].join(' ')}` });
  try {
    return await route();
  } catch (error) {
    return json(500, { error: messageOf(error) });
  }
}

async function listen(
  server: Server,
  { host, port, member, orFreePort = false }: HttpOptions,
): Promise<void> {
  const attempt = (wanted: number) =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(wanted, host, () => {
        server.removeListener('error', reject);
        resolve();
      });
    });
  try {
    await attempt(port);
  } catch (cause) {
    if (orFreePort && (cause as NodeJS.ErrnoException).code === 'EADDRINUSE') return attempt(0);
    throw new LedgerstoneError('server', `can't listen on ${host}:${port}: ${messageOf(cause)}`, {
      remedy: `Set ${member}.host and ${member}.port in the configuration, or port 0 for no server.`,
      cause,
    });
  }
}

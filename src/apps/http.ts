// How does a small HTTP server answer probes and scrapers? GET and HEAD of a few paths, never cached.
import { createServer, type Server } from 'node:http';
import { type AddressInfo, isIPv4 } from 'node:net';
import { hostname } from 'node:os';
import { LedgerstoneError, messageOf } from '../base/error.ts';

export type Answer = { readonly code: number; readonly type: string; readonly body: string };
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
};

const TIMEOUT_MS = 5_000;

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
    const { code, type, body } = await answer(
      byPath,
      request.method,
      request.url ?? '/',
      isOurs ? null : wrongHost(options.member),
    );
    response.writeHead(code, { 'content-type': type, 'cache-control': 'no-store' });
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

// How does a small HTTP server answer probes, scrapers and people? Reads alone, never cached.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import { type AddressInfo, isIPv4 } from 'node:net';
import { hostname } from 'node:os';
import { createSecureContext } from 'node:tls';
import { LedgerstoneError, messageOf } from '../base/error.ts';
import type { HttpConfig } from '../config/http.ts';
import { isLoopback } from '../config/loopback.ts';
import { type HttpAccess, openAccess } from './http-access.ts';

export type Answer = {
  readonly code: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Goes on writing after the body, until it ends the answer or the asker leaves. */
  readonly stream?: (response: ServerResponse) => void;
  /** Called when the answer is out, or never will be. */
  readonly done?: () => void;
};
/** A request whose name was found to be ours, of somebody who is let in. */
export type Asked = {
  readonly method: string;
  /** Without what follows a `?`. */
  readonly path: string;
  /** Throws LedgerstoneError `too-large` if it is longer. */
  body(bytesMax: number): Promise<string>;
};
/** What answers to more than fixed paths. Null: the path is none of its own. */
export type Handler = (asked: Asked) => Promise<Answer> | null;
export type RouteAsked = {
  /** False: a probe, or somebody else who did not log in. */
  readonly isKnown: boolean;
  /** A script of another site asks. Browsers say so. */
  readonly isForeignScript: boolean;
};
export type Routes = Readonly<Record<string, (asked: RouteAsked) => Answer | Promise<Answer>>>;
export type HttpServer = {
  readonly url: string;
  /**
   * Reads the token and the files of `tls` again. What it returns lets in by them, and by `names`, from then
   * on; where they differ, who is connected has to come again. It gives
   * the members whose files differ, never what is in them. Rejects with `config` if one of them is wrong.
   */
  readonly prepare: (next: Pick<HttpConfig, 'auth' | 'tls' | 'names'>) => Promise<() => readonly string[]>;
  close(): Promise<void>;
};

export type HttpOptions = HttpConfig & {
  /** The member of the configuration that names host and port. */
  readonly member: string;
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

/** They say nothing that a stranger may not know, and answer under every name. */
const PROBES: ReadonlySet<string> = new Set(['/healthz']);
/** Probes carry no login. Of the second one they get the status code, and no reasons. */
const WITHOUT_LOGIN: ReadonlySet<string> = new Set(['/healthz', '/readyz']);
const wrongHost = (member: string): string =>
  `not a name of this server: ask by its address or localhost, or add the name to ${member}.names`;
const wrongMethod = { ...json(405, { error: 'GET only' }), headers: { allow: 'GET, HEAD' } };

/** For answers that are data: no browser takes them for a page, or shows them within another one. */
const SAFE = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

/**
 * A page in somebody's browser may ask us by a name of its own that leads here (DNS rebinding), and would be
 * allowed to read the answer. So a name must be one that no such page can have: an address, localhost, what
 * the configuration names. Who listens to other machines is also asked by names without a dot, and by those
 * that are reserved for private networks. On loopback there are none of these: whoever is in the same network
 * could give such a name to this machine's own address.
 */
function isNameOfOurs(header: string | undefined, host: string, names: readonly string[]): boolean {
  // Browsers always send it.
  if (header === undefined) return true;
  const name = header.replace(/:[0-9]{1,5}$/, '').toLowerCase();
  if (/^\[[0-9a-f:.]+\]$/.test(name) || isIPv4(name)) return true;
  if ([host, hostname(), ...names].some((one) => one.toLowerCase() === name)) return true;
  if (/^(?:[a-z0-9_-]+\.)*localhost$/.test(name)) return true;
  return !isLoopback(host) && (/^[a-z0-9_-]+$/.test(name) || /\.(?:local|internal|svc)$/.test(name));
}

type Site = {
  readonly routes: ReadonlyMap<string, Routes[string]>;
  readonly options: HttpOptions;
  access: HttpAccess;
  names: readonly string[];
};

/** Rejects with a LedgerstoneError when it can't listen, or `config` when a file that it needs is wrong. */
export async function serve(routes: Routes, options: HttpOptions): Promise<HttpServer> {
  const { host, member } = options;
  const access = await openAccess(options, member);
  const site: Site = { routes: new Map(Object.entries(routes)), access, names: options.names, options };
  const server = serverOf(access, member, async (request, response) => {
    const { code, type, body, headers, stream, done } = await answer(site, request);
    if (done !== undefined && response.closed) done();
    else if (done !== undefined) response.once('close', done).setTimeout(OUT_MS, () => request.destroy());
    response.writeHead(code, { 'content-type': type, ...SAFE, ...headers });
    if (request.method === 'HEAD' || stream === undefined) {
      response.end(request.method === 'HEAD' ? undefined : body);
      return;
    }
    response.write(body);
    stream(response);
  });
  server.headersTimeout = TIMEOUT_MS;
  server.requestTimeout = TIMEOUT_MS;
  await listen(server, options);
  const scheme = access.tls === null ? 'http' : 'https';
  const name = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return {
    url: `${scheme}://${name}:${(server.address() as AddressInfo).port}`,
    prepare: async ({ names, ...next }) => {
      const fresh = await openAccess(next, member);
      const tls = fresh.tls;
      if (tls !== null) fitting(member, () => createSecureContext(tls));
      return () => {
        const { isSame, changed } = fresh.since(site.access);
        Object.assign(site, { names, access: fresh });
        if (isSame) return [];
        if (tls !== null) (server as TlsServer).setSecureContext(tls);
        server.closeAllConnections();
        return changed;
      };
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

type Listener = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

function serverOf({ tls }: HttpAccess, member: string, listener: Listener): Server {
  const listens = (request: IncomingMessage, response: ServerResponse) => void listener(request, response);
  return tls === null ? createServer(listens) : fitting(member, () => createTlsServer(tls, listens));
}

function fitting<T>(member: string, use: () => T): T {
  try {
    return use();
  } catch (cause) {
    throw new LedgerstoneError(
      'config',
      `the files of ${member}.tls do not fit together: ${messageOf(cause)}`,
      {
        disposition: 'input',
        remedy:
          'certFile must hold the certificate of the key in keyFile, both as PEM and without a passphrase.',
        cause,
      },
    );
  }
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

async function answer({ routes, access, names, options }: Site, request: IncomingMessage): Promise<Answer> {
  const asked = askedOf(request);
  const isRead = asked.method === 'GET' || asked.method === 'HEAD';
  const { host, member } = options;
  if (!isNameOfOurs(request.headers.host, host, names)) {
    if (!isRead) return wrongMethod;
    if (!PROBES.has(request.url ?? '')) return json(403, { error: wrongHost(member) });
  }
  const isKnown = access.lets(request);
  if (!isKnown && !(isRead && WITHOUT_LOGIN.has(asked.path))) return refusal(access);
  try {
    const own = options.handler?.(asked) ?? null;
    if (own !== null) return await own;
    if (!isRead) return wrongMethod;
    const route = routes.get(asked.path);
    if (route === undefined) return json(404, { error: `try ${[...routes.keys()].join(' ')}` });
    return await route({ isKnown, isForeignScript: isForeignScript(request) });
  } catch (error) {
    return json(500, { error: messageOf(error) });
  }
}

const refusal = ({ challenges }: HttpAccess): Answer =>
  challenges.length === 0
    ? json(403, { error: 'who asks needs a certificate of the authorities that this server was given' })
    : {
        ...json(401, { error: 'log in: the token as a bearer token, or as the password with any name' }),
        headers: { 'www-authenticate': challenges },
      };

/**
 * Somebody who follows a link from elsewhere is welcome. Over plain HTTP browsers say only on loopback who
 * asks, but `Origin` they send with everything that another origin reads.
 */
function isForeignScript({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    return headers['sec-fetch-mode'] !== 'navigate';
  const { origin } = headers;
  return origin !== undefined && origin.replace(/^https?:\/\//, '') !== headers.host;
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

// An S3 server that answers whatever a test says: what does the store send, and what does it make of the answer?
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { afterEach } from 'vitest';
import { s3Store } from '../../src/store/s3.ts';
import type { S3Options } from '../../src/store/s3-connection.ts';
import type { Store } from '../../src/store/store.ts';

export type StubRequest = {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
};

export type StubAnswer = {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Takes the answer over, with its head not yet sent. */
  readonly raw?: (response: ServerResponse) => void;
};

export type Stub = {
  readonly options: S3Options;
  readonly requests: readonly StubRequest[];
  /** TCP connections so far, and those that are open now. */
  connections(): number;
  open(): number;
  close(): Promise<void>;
};

const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };

async function stubS3(
  answer: (request: StubRequest, index: number) => StubAnswer | Promise<StubAnswer>,
  options: Partial<S3Options> = {},
): Promise<Stub> {
  const requests: StubRequest[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const url = new URL(incoming.url ?? '/', 'http://stub');
    const request = {
      method: incoming.method ?? '',
      path: decodeURIComponent(url.pathname),
      query: url.searchParams,
      headers: incoming.headers,
      body: Buffer.concat(chunks),
    };
    requests.push(request);
    const { status = 200, headers = {}, body = '', raw } = await answer(request, requests.length - 1);
    if (raw !== undefined) return raw(response);
    response.writeHead(status, { 'content-length': Buffer.byteLength(body), ...headers });
    response.end(body);
  });
  server.on('connection', (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    options: {
      bucket: 'bucket',
      region: 'eu-central-1',
      prefix: 'pre/',
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      credentials: CREDENTIALS,
      ...options,
    },
    requests,
    connections: () => connections,
    open: () => sockets.size,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Takes connections and never says a word. */
export async function blackHole(): Promise<{
  readonly endpoint: string;
  open(): number;
  close(): Promise<void>;
}> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.resume();
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    open: () => sockets.size,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const errorBody = (code: string, message = 'says the stub'): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message><RequestId>R1</RequestId></Error>`;

export const failure = (status: number, code: string, message?: string): StubAnswer => ({
  status,
  headers: { 'content-type': 'application/xml' },
  body: errorBody(code, message),
});

/** What S3 answers to a good PUT. */
export const stored = (versionId = 'v1'): StubAnswer => ({
  headers: { etag: '"e"', 'x-amz-version-id': versionId },
});

export type StubVersion = {
  readonly key: string;
  readonly id: string;
  readonly marker?: boolean;
  readonly latest?: boolean;
  readonly time?: string;
  readonly size?: number;
};

/** A page of a list of versions, in the order given, keys URL-encoded as S3 does it. */
export function listPage(
  versions: readonly StubVersion[],
  next?: { readonly key: string; readonly id: string },
): StubAnswer {
  const encode = (key: string) => encodeURIComponent(key).replaceAll('%20', '+').replaceAll('%2F', '/');
  const entries = versions.map(
    ({ key, id, marker = false, latest = false, time = '2026-11-23T10:00:00.000Z', size = 1 }) => {
      const name = marker ? 'DeleteMarker' : 'Version';
      const bytes = marker ? '' : `<ETag>"e"</ETag><Size>${size}</Size>`;
      return `<${name}><Key>${encode(key)}</Key><VersionId>${id}</VersionId><IsLatest>${latest}</IsLatest><LastModified>${time}</LastModified>${bytes}</${name}>`;
    },
  );
  const more =
    next === undefined
      ? ''
      : `<NextKeyMarker>${encode(next.key)}</NextKeyMarker><NextVersionIdMarker>${next.id}</NextVersionIdMarker>`;
  return {
    headers: { 'content-type': 'application/xml' },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<ListVersionsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>bucket</Name><EncodingType>url</EncodingType><IsTruncated>${next !== undefined}</IsTruncated>${more}${entries.join('')}</ListVersionsResult>`,
  };
}

/** Small times, so that a test of a timeout takes no time. */
export const QUICK = { requestTimeoutMs: 200, connectTimeoutMs: 200, attemptsMax: 2 } as const;

const cleanups: (() => Promise<void>)[] = [];

/** Runs after the test. */
export const later = (cleanup: () => Promise<void>): void => void cleanups.push(cleanup);

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** A store on a stub, for one test. */
export async function openStub(
  answer: (request: StubRequest, index: number) => StubAnswer | Promise<StubAnswer>,
  options: Partial<S3Options> = {},
): Promise<{ readonly stub: Stub; readonly store: Store }> {
  const stub = await stubS3(answer, { attemptsMax: 1, ...options });
  const store = s3Store(stub.options);
  later(() => stub.close());
  later(() => store.close());
  return { stub, store };
}

export const readKey = (store: Store, maxBytes = 100): Promise<Uint8Array> =>
  store.read('key', 'v1', { maxBytes });

/** Forwards to a real server; of its first connection it lets the request through and drops the answer. */
export async function losingProxy(
  target: string,
): Promise<{ readonly endpoint: string; close(): Promise<void> }> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createTcpServer((client) => {
    const isFirst = ++connections === 1;
    const real = connect(Number(port), hostname);
    for (const socket of [client, real]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => sockets.delete(socket));
    }
    client.pipe(real);
    if (isFirst) real.once('data', () => client.destroy());
    else real.pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

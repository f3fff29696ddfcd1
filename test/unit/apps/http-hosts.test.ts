// By which names may a server be asked, so that no page of somebody else reads its answers?
import { get } from 'node:http';
import { hostname } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { type HttpServer, json, serve } from '../../../src/apps/http.ts';

let server: HttpServer | null = null;
afterEach(async () => {
  await server?.close();
  server = null;
});

async function ask(
  headers: Readonly<Record<string, string>>,
  { host = '127.0.0.1', names = [] as readonly string[] } = {},
): Promise<number> {
  server ??= await serve(
    {
      '/': () => json(200, {}),
      '/healthz': () => json(200, {}),
      '/live': ({ isForeignScript }) => json(isForeignScript ? 403 : 200, {}),
    },
    { ...{ host, port: 0, names, auth: 'public', tls: null, member: 'server' } },
  );
  const { port } = new URL(server.url);
  const { path = '/', ...sent } = headers;
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, headers: sent, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    }).on('error', reject);
  });
}

const ALWAYS = [
  'localhost',
  'LOCALHOST:9464',
  'app.localhost:1',
  '127.0.0.1',
  '10.1.2.3:9464',
  '[::1]:9464',
  hostname(),
];
const NEVER = [
  'evil.example',
  'evil.example:9464',
  'localhost.evil.example',
  'xlocalhost',
  '127.0.0.1.evil.example',
];
const PRIVATE = ['archiver', 'archiver:9464', 'archiver.local', 'a.b.internal', 'archiver.prod.svc'];

describe('on loopback', () => {
  it.each(ALWAYS)('%s is answered', async (host) => expect(await ask({ host })).toBe(200));
  it.each([...NEVER, ...PRIVATE])(
    '%s is not: it may lead here from a page of somebody else',
    async (host) => {
      expect(await ask({ host })).toBe(403);
      // A probe learns nothing that a stranger may not know.
      expect(await ask({ host, path: '/healthz' })).toBe(200);
    },
  );
  it('a name that the configuration lists is answered', async () => {
    expect(await ask({ host: 'archiver' }, { names: ['archiver'] })).toBe(200);
    expect(await ask({ host: 'other' }, { names: ['archiver'] })).toBe(403);
  });
});

describe('on other hosts', () => {
  const all = { host: '0.0.0.0' };
  it.each([...ALWAYS, ...PRIVATE])('%s is answered', async (host) =>
    expect(await ask({ host }, all)).toBe(200),
  );
  it.each(NEVER.filter((name) => name.includes('.')))('%s is not', async (host) =>
    expect(await ask({ host }, all)).toBe(403),
  );
});

describe('what comes live', () => {
  const path = '/live';
  it.each<readonly [string, Readonly<Record<string, string>>, number]>([
    ['the page itself', { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' }, 200],
    ['no browser', {}, 200],
    ['the page itself, as some browsers say it', { origin: 'http://localhost:1', host: 'localhost:1' }, 200],
    ['a script of another site', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' }, 403],
    ['a script of another port', { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors' }, 403],
    ['a script of another site, in a browser that says less', { origin: 'https://evil.example' }, 403],
    ['a script without an origin', { origin: 'null' }, 403],
  ])('goes to who may read it: %s', async (_, headers, code) =>
    expect(await ask({ path, ...headers })).toBe(code),
  );
});

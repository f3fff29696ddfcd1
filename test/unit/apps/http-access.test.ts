// Who gets which answer of the HTTP server: by token, by certificate, as a probe, as a stranger?
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, type IncomingMessage, request as requestHttp } from 'node:http';
import { type RequestOptions, request as requestHttps } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startServer } from '../../../src/apps/archiver/server.ts';
import { askService } from '../../../src/apps/cli/ask-service.ts';
import { serverNotes } from '../../../src/apps/cli/server-notes.ts';
import { type HttpServer, json } from '../../../src/apps/http.ts';
import type { ServiceStatus } from '../../../src/archiver/status.ts';
import type { Config } from '../../../src/config/archiver.ts';
import type { HttpConfig } from '../../../src/config/http.ts';
import { encodeVkey } from '../../../src/format/vkey.ts';
import { ArchiveBuilder } from '../../support/archive-builder.ts';
import { type Certificates, makeCertificates } from '../../support/certificates.ts';
import { ledgerstone } from '../cli/captured-io.ts';

const TOKEN = 'c0ffee-c0ffee-c0ffee';
const REASON = 'orders/0: s3://secret-bucket is down';
const ORIGIN = 'audit.example.com/test';
const status: ServiceStatus = {
  ...{ instance: 'i', version: '1.0.0', origin: ORIGIN, startedAt: '2026-11-22T10:00:00.000Z' },
  ...{
    ready: false,
    reasons: [REASON],
    bufferedBytes: 0,
    pausedForMemory: false,
    topics: [],
    partitions: [],
  },
};

let dir: string;
let certificates: Certificates;
const open: HttpServer[] = [];
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-access-'));
  certificates = makeCertificates(dir);
  writeFileSync(join(dir, 'token'), `${TOKEN}\n`);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});
const at = (name: string) => join(dir, name);
const tlsFiles = (clientCaFile: string | null = null) => ({
  ...{ certFile: certificates.at('server.pem'), keyFile: certificates.at('server.key'), clientCaFile },
});

const start = async (given: Partial<HttpConfig>): Promise<string> => (await started(given)).url;
async function started(given: Partial<HttpConfig>): Promise<HttpServer> {
  const server = await startServer(
    {
      ...{ host: '127.0.0.1', port: 0, names: [], auth: null, tls: null, production: true, ...given },
      handler: ({ path }) =>
        path.startsWith('/receipt/') ? Promise.resolve(json(200, { record: 1 })) : null,
    },
    { status: () => status, metrics: () => Promise.resolve('ledgerstone_ready 0\n') },
  );
  open.push(server);
  return server;
}

type Given = { readonly code: number; readonly body: string; readonly headers: IncomingMessage['headers'] };
async function ask(url: string, options: RequestOptions = {}): Promise<Given> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = url.startsWith('https:') ? requestHttps : requestHttp;
    request(url, { ca: readFileSync(certificates.at('ca.pem')), ...options }, resolve)
      .on('error', reject)
      .end();
  });
  return { code: answer.statusCode ?? 0, body: await text(answer), headers: answer.headers };
}
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
const basic = (login: string) => ({
  headers: { authorization: `Basic ${Buffer.from(login).toString('base64')}` },
});

const PROTECTED = ['/status', '/metrics', '/receipt/orders/0/1', '/nowhere', '/'];

describe('a server with a token', () => {
  it.each([
    ['no login', {}],
    ['another token', bearer('d0ffee-c0ffee-c0ffee')],
    ['a part of it', bearer(TOKEN.slice(0, -1))],
    ['more than it', bearer(`${TOKEN}x`)],
    ['an empty one', bearer('')],
    ['it as the name', basic(`${TOKEN}:`)],
    ['another scheme', { headers: { authorization: `Digest ${TOKEN}` } }],
    ['no scheme', { headers: { authorization: TOKEN } }],
    ['a cookie', { headers: { cookie: `token=${TOKEN}` } }],
  ])('tells nothing to who gives %s', async (_, options) => {
    const url = await start({ auth: { token: TOKEN } });
    for (const path of [...PROTECTED, `/status?token=${TOKEN}`, `/status?access_token=${TOKEN}`]) {
      const { code, body, headers } = await ask(url + path, options);
      expect([path, code]).toEqual([path, 401]);
      expect(headers['www-authenticate']).toMatch(
        /^Basic realm="ledgerstone".*, Bearer realm="ledgerstone"$/,
      );
      for (const secret of [TOKEN, 'secret-bucket', 'ledgerstone_ready', 'record'])
        expect(body).not.toContain(secret);
    }
  });

  it.each([
    ['as a bearer token', bearer(TOKEN)],
    ['in a scheme of other letters', { headers: { authorization: `bearer  ${TOKEN}` } }],
    ['as the password of a login', basic(`ada:${TOKEN}`)],
    ['with no name', basic(`:${TOKEN}`)],
  ])('answers who gives it %s', async (_, options) => {
    const url = await start({ auth: { token: TOKEN } });
    expect((await ask(`${url}/status`, options)).body).toContain('secret-bucket');
    expect((await ask(`${url}/metrics`, options)).body).toContain('ledgerstone_ready');
    expect((await ask(`${url}/receipt/orders/0/1`, options)).code).toBe(200);
    expect((await ask(`${url}/nowhere`, options)).code).toBe(404);
    expect(JSON.parse((await ask(`${url}/readyz`, options)).body)).toMatchObject({ reasons: [REASON] });
  });

  it('answers probes, which have none, without a word of why', async () => {
    const url = await start({ auth: { token: TOKEN } });
    expect(await ask(`${url}/healthz`)).toMatchObject({ code: 200, body: '{"ok":true}\n' });
    expect(await ask(`${url}/readyz`)).toMatchObject({ code: 503, body: '{"ready":false}\n' });
    for (const path of ['/healthz', '/readyz', '/status'])
      expect((await ask(url + path, { method: 'POST' })).code).toBe(401);
  });

  it('reads it from a file', async () => {
    const url = await start({ auth: { tokenFile: at('token') } });
    expect((await ask(`${url}/status`)).code).toBe(401);
    expect((await ask(`${url}/status`, bearer(TOKEN))).code).toBe(200);
  });

  it.each([
    ['is not there', null],
    ['is empty', ''],
    ['holds a short one', 'short'],
    ['holds two', `${TOKEN}\n${TOKEN}\n`],
  ])('does not start where the file %s, names it, and nothing that is in it', async (_, content) => {
    if (content !== null) writeFileSync(at('wrong'), content);
    else rmSync(at('wrong'), { force: true });
    const error = await start({ auth: { tokenFile: at('wrong') } }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'config', disposition: 'input', remedy: expect.any(String) });
    expect(String(error)).toContain(at('wrong'));
    expect(`${String(error)} ${(error as { remedy: string }).remedy}`).not.toMatch(/c0ffee|short/);
  });
});

describe('a server with TLS', () => {
  it('and a token is asked over HTTPS alone', async () => {
    const url = await start({ auth: { token: TOKEN }, tls: tlsFiles() });
    expect(url).toMatch(/^https:/);
    expect((await ask(`${url}/status`)).code).toBe(401);
    expect((await ask(`${url}/status`, bearer(TOKEN))).code).toBe(200);
    await expect(ask(`${url.replace('https:', 'http:')}/healthz`)).rejects.toThrow();
  });

  it('and an authority lets in its clients, and nobody else but probes', async () => {
    const url = await start({ tls: tlsFiles(certificates.at('ca.pem')) });
    const as = (name: string) => ({
      cert: readFileSync(certificates.at(`${name}.pem`)),
      key: readFileSync(certificates.at(`${name}.key`)),
    });
    expect((await ask(`${url}/status`, as('client'))).body).toContain('secret-bucket');
    for (const options of [{}, as('stranger'), bearer(TOKEN)]) {
      const refused = await ask(`${url}/status`, options);
      expect([refused.code, refused.headers['www-authenticate']]).toEqual([403, undefined]);
      expect(refused.body).not.toContain('secret-bucket');
      expect(await ask(`${url}/readyz`, options)).toMatchObject({ code: 503, body: '{"ready":false}\n' });
      expect((await ask(`${url}/healthz`, options)).code).toBe(200);
    }
  });

  it('takes a certificate or the token where it has both', async () => {
    const url = await start({ auth: { token: TOKEN }, tls: tlsFiles(certificates.at('ca.pem')) });
    const client = {
      cert: readFileSync(certificates.at('client.pem')),
      key: readFileSync(certificates.at('client.key')),
    };
    expect((await ask(`${url}/status`, client)).code).toBe(200);
    expect((await ask(`${url}/status`, bearer(TOKEN))).code).toBe(200);
    expect((await ask(`${url}/status`)).code).toBe(401);
  });

  it.each([
    ['a key of another certificate', { keyFile: 'client.key' }, 'server.tls'],
    ['no certificate', { certFile: 'token' }, 'server.tls'],
    ['a file that is not there', { certFile: 'nowhere.pem' }, 'nowhere.pem'],
  ])('does not start with %s', async (_, names, named) => {
    const files = Object.fromEntries(Object.entries(names).map(([member, name]) => [member, at(name)]));
    await expect(start({ tls: { ...tlsFiles(), ...files } })).rejects.toMatchObject({
      ...{ code: 'config', disposition: 'input', message: expect.stringContaining(named) },
    });
  });
});

describe('every answer', () => {
  it('is data that no browser shows as a page, or within another one', async () => {
    const url = await start({});
    for (const path of ['/status', '/metrics', '/healthz', '/nowhere']) {
      const { headers } = await ask(url + path);
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'cross-origin-resource-policy': 'same-origin',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      });
    }
  });

  it('to HEAD is that to GET without its body, and other methods are refused', async () => {
    const url = await start({});
    expect(await ask(`${url}/status`, { method: 'HEAD' })).toMatchObject({ code: 200, body: '' });
    expect(await ask(`${url}/nowhere`, { method: 'HEAD' })).toMatchObject({ code: 404, body: '' });
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'])
      for (const path of ['/', '/status', '/nowhere'])
        expect(await ask(url + path, { method })).toMatchObject({
          code: 405,
          headers: { allow: 'GET, HEAD' },
        });
  });
});

describe('a server whose configuration is read again', () => {
  const OTHER = 'decade-decade-decade';
  const given = { names: [], auth: null, tls: null };

  it('takes the token that its file holds now, and the old one no more', async () => {
    writeFileSync(at('rotated'), `${TOKEN}\n`);
    const server = await started({ auth: { tokenFile: at('rotated') } });
    writeFileSync(at('rotated'), `${OTHER}\n`);
    const codes = async () => [
      (await ask(`${server.url}/status`, { ...bearer(TOKEN), agent: false })).code,
      (await ask(`${server.url}/status`, { ...bearer(OTHER), agent: false })).code,
    ];
    expect(await codes()).toEqual([200, 401]);
    const take = await server.prepare({ ...given, auth: { tokenFile: at('rotated') } });
    expect(await codes()).toEqual([200, 401]);
    take();
    expect(await codes()).toEqual([401, 200]);
  });

  it('names the member whose file holds something else now, and never what it holds', async () => {
    for (const [name, from] of [
      ['s.pem', 'server.pem'],
      ['s.key', 'server.key'],
      ['ca-file', 'ca.pem'],
    ] as const)
      copyFileSync(certificates.at(from), at(name));
    writeFileSync(at('turned'), `${TOKEN}\n`);
    const tls = { certFile: at('s.pem'), keyFile: at('s.key'), clientCaFile: at('ca-file') };
    const next = { names: [], auth: { tokenFile: at('turned') }, tls };
    const server = await started(next);
    const again = async () => (await server.prepare(next))();
    expect(await again()).toEqual([]);
    writeFileSync(at('turned'), `${OTHER}\n`);
    expect(await again()).toEqual(['server.auth.tokenFile']);
    copyFileSync(certificates.at('client.pem'), at('s.pem'));
    copyFileSync(certificates.at('client.key'), at('s.key'));
    expect(await again()).toEqual(['server.tls.certFile', 'server.tls.keyFile']);
    copyFileSync(certificates.at('client.pem'), at('ca-file'));
    expect(await again()).toEqual(['server.tls.clientCaFile']);
    expect(await again()).toEqual([]);
  });

  it('ends connections that the old token opened, and none where nothing changed', async () => {
    const server = await started({ auth: { token: TOKEN } });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const asked = async () => {
      const { code } = await ask(`${server.url}/healthz`, { agent });
      return code;
    };
    expect(await asked()).toBe(200);
    const [socket] = Object.values(agent.freeSockets).flat();
    (await server.prepare({ ...given, auth: { token: TOKEN } }))();
    expect(await asked()).toBe(200);
    expect(Object.values(agent.freeSockets).flat()).toEqual([socket]);
    const closed = once(socket!, 'close');
    (await server.prepare({ ...given, auth: { token: OTHER } }))();
    await closed;
    agent.destroy();
  });

  it('stays as it was where a file is wrong', async () => {
    writeFileSync(at('emptied'), `${TOKEN}\n`);
    const server = await started({ auth: { tokenFile: at('emptied') }, tls: tlsFiles() });
    writeFileSync(at('emptied'), '\n');
    await expect(
      server.prepare({ ...given, auth: { tokenFile: at('emptied') }, tls: tlsFiles() }),
    ).rejects.toThrow('does not hold a token');
    const mixed = { ...tlsFiles(), keyFile: at('client.key') };
    await expect(server.prepare({ ...given, auth: { token: OTHER }, tls: mixed })).rejects.toThrow(
      'do not fit together',
    );
    expect((await ask(`${server.url}/status`, bearer(TOKEN))).code).toBe(200);
    expect((await ask(`${server.url}/status`, bearer(OTHER))).code).toBe(401);
  });

  it('shows the certificate that its files hold now', async () => {
    const server = await started({ tls: tlsFiles() });
    const shown = async () => {
      const socket = connect({ port: Number(new URL(server.url).port), rejectUnauthorized: false });
      await once(socket, 'secureConnect');
      const { subject } = socket.getPeerCertificate();
      socket.destroy();
      return subject.CN;
    };
    expect(await shown()).toBe('server');
    const renewed = { certFile: at('client.pem'), keyFile: at('client.key'), clientCaFile: null };
    (await server.prepare({ ...given, tls: renewed }))();
    expect(await shown()).toBe('client');
  });

  it('is asked by its new names', async () => {
    const server = await started({});
    const asked = async () =>
      (await ask(`${server.url}/status`, { headers: { host: 'new.example.com' } })).code;
    expect(await asked()).toBe(403);
    (await server.prepare({ ...given, names: ['new.example.com'] }))();
    expect(await asked()).toBe(200);
  });
});

describe('`status`', () => {
  const configOf = (server: HttpConfig, url: string) =>
    ({ server: { ...server, port: Number(new URL(url).port) }, archive: { origin: ORIGIN } }) as Config;

  it.each<readonly [string, () => Partial<HttpConfig>, string | null]>([
    ['no login', () => ({}), null],
    ['a token', () => ({ auth: { token: TOKEN } }), null],
    ['a token and TLS', () => ({ auth: { tokenFile: at('token') }, tls: tlsFiles() }), null],
    ['certificates', () => ({ tls: tlsFiles(certificates.at('ca.pem')) }), 'certificates alone'],
  ])('asks a service with %s', async (_, given, problem) => {
    const server = { host: '127.0.0.1', port: 0, names: [], auth: null, tls: null, ...given() };
    const asked = await askService(configOf(server, await start(server)));
    expect(asked?.problem ?? null).toEqual(problem === null ? null : expect.stringContaining(problem));
    expect(asked?.status?.origin).toBe(problem === null ? ORIGIN : undefined);
    expect(JSON.stringify(asked)).not.toContain(TOKEN);
  });

  it('gives its token to nobody who has another certificate', async () => {
    const server = { host: '127.0.0.1', port: 0, names: [], auth: { token: TOKEN }, tls: tlsFiles() };
    const url = await start({
      ...server,
      tls: { ...tlsFiles(), certFile: at('client.pem'), keyFile: at('client.key') },
    });
    expect((await askService(configOf(server, url)))?.status).toBeNull();
  });
});

it('`receipt` gives a token if it has one, and says what is wrong with it', async () => {
  const url = await start({ auth: { token: TOKEN } });
  writeFileSync(at('other-token'), `${TOKEN}x\n`);
  const [key] = new ArchiveBuilder().trusted;
  const receipt = async (...more: string[]) =>
    ledgerstone(['receipt', url, 'orders/0/1', '--key', encodeVkey(key!), ...more]);
  expect((await receipt()).err).toContain(
    'it asks for a token\n  Give the token of its `server.auth` with --token-file',
  );
  expect((await receipt('--token-file', at('other-token'))).err).toContain('it does not know this token');
  // What answers here has none. It was let in.
  expect((await receipt('--token-file', at('token'))).err).toContain('an answer without a proof');
  expect(await receipt('--token-file', at('nowhere'))).toMatchObject({
    ...{ code: 2, err: expect.stringContaining('nowhere') },
  });
});

it('a token that goes over a network readable is spoken of', () => {
  const names = (given: Partial<HttpConfig>) =>
    serverNotes(
      { host: '0.0.0.0', port: 9, names: [], auth: { token: TOKEN }, tls: null, ...given },
      'server',
      {},
    ).map(({ name, found, remedy }) => {
      expect(found + remedy).not.toContain(TOKEN);
      return name;
    });
  expect(names({})).toEqual(['token']);
  for (const given of [{ host: '127.0.0.1' }, { port: 0 }, { auth: 'public' as const }, { tls: tlsFiles() }])
    expect(names(given)).toEqual([]);
});

// Does the archiver answer with receipts of the records that were asked for, and stay small, polite and read-only?
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ReceiptOptions, receiptHandler } from '../../../src/apps/archiver/receipts.ts';
import { startServer } from '../../../src/apps/archiver/server.ts';
import type { HttpServer } from '../../../src/apps/http.ts';
import type { PartitionStatus, ServiceStatus } from '../../../src/archiver/status.ts';
import { utf8 } from '../../../src/base/bytes.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import type { TopicConfig } from '../../../src/config/archiver.ts';
import { encodeVkey, type VerifierKey } from '../../../src/format/vkey.ts';
import { checkEventProof } from '../../../src/verify/event-proof.ts';
import { ArchiveBuilder, entries, transactionGap } from '../../support/archive-builder.ts';
import { lawlessStore } from '../../support/lawless-store.ts';
import { ledgerstone } from '../cli/captured-io.ts';

let builder: ArchiveBuilder;
let key: string;
/** orders/0: records 5 to 24, a gap line for 25 to 27, records 28 and 29; from 30 on nothing is sealed. */
beforeAll(async () => {
  builder = new ArchiveBuilder();
  const chain = builder.chain('orders', 0, 5);
  await chain.seal();
  await chain.seal({ lines: entries(5, 20), linesPerBlock: 4 });
  await chain.seal({ lines: [transactionGap(25, 3), ...entries(28, 2)] });
  const long = { ...entries(0, 1)[0]!, value: utf8(`"${'x'.repeat(3_000_000)}"`) };
  const longs = builder.chain('long');
  await longs.seal({ lines: [long, { ...long, offset: 1 }] });
  await longs.seal({ lines: [{ ...long, offset: 2 }] });
  key = encodeVkey(builder.trusted[0] as VerifierKey);
});

const open: (HttpServer | Server)[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

const topic = (name: string) => ({ name, chain: name, partitions: {} }) as unknown as TopicConfig;
const topicNamed = (name: string) => (['orders', 'long', 'empty'].includes(name) ? topic(name) : null);
const OWN = {
  ...{ topic: 'orders', partition: 0, head: { nextOffset: 30 }, halt: null, oldestUnsealedSeconds: 20 },
} as unknown as PartitionStatus;

async function start(more: Partial<ReceiptOptions> = {}): Promise<string> {
  const store = lawlessStore(builder.archive);
  const handler = receiptHandler({
    ...{ store, topicNamed, maxAgeMs: 60_000, perSecond: 1000 },
    ...{ clock: systemClock, signal: new AbortController().signal, trusted: () => builder.trusted },
    partitions: () => [],
    ...more,
  });
  const status = () => ({ partitions: [] }) as unknown as ServiceStatus;
  const server = await startServer(
    { host: '127.0.0.1', port: 0, names: [], auth: null, tls: null, production: false, handler },
    { status, metrics: async () => '' },
  );
  open.push(server);
  return server.url;
}

const get = async (url: string, path: string) => {
  const response = await fetch(`${url}${path}`);
  return { status: response.status, retry: response.headers.get('retry-after'), ...(await response.json()) };
};
const post = (url: string, body: unknown) =>
  fetch(`${url}/receipts`, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) });
const check = (line: string, proof: string) =>
  checkEventProof({ proof: utf8(proof), line: utf8(line), trusted: builder.trusted, sha256: nodeSha256 });

describe('GET /receipt', () => {
  it('gives the proof of just that record', async () => {
    const url = await start();
    for (const offset of [5, 9, 24, 28, 29]) {
      const { status, code, line, proof } = await get(url, `/receipt/orders/0/${offset}`);
      expect([status, code]).toEqual([200, 'sealed']);
      expect(await check(line, proof)).toMatchObject({ verdict: 'verified', offset, gap: null });
    }
  });

  it('tells apart why there is no receipt', async () => {
    const url = await start({ partitions: () => [OWN] });
    const codes: unknown[] = [];
    for (const path of ['orders/0/26', 'orders/0/4', 'orders/7/0', 'others/0/0', 'empty/0/0']) {
      const { status, code, retry } = await get(url, `/receipt/${path}`);
      codes.push([path, status, code, retry]);
    }
    expect(codes).toEqual([
      ['orders/0/26', 410, 'no-record', null],
      ['orders/0/4', 404, 'before-chain', null],
      ['orders/7/0', 404, 'no-chain', null],
      ['others/0/0', 404, 'unknown-topic', null],
      ['empty/0/0', 404, 'no-chain', null],
    ]);
    const gap = await get(url, '/receipt/orders/0/26');
    expect(await check(gap.line, gap.proof)).toMatchObject({
      verdict: 'verified',
      offset: 25,
      gap: 'transaction',
    });
  });

  it('says when to ask again for what is not sealed, without reading for it if it knows', async () => {
    const url = await start({ partitions: () => [OWN] });
    expect(await get(url, '/receipt/orders/0/30')).toMatchObject({
      status: 202,
      code: 'not-sealed-yet',
      retry: '40',
    });
    const halted = { ...OWN, halt: { code: 'gap' } } as unknown as PartitionStatus;
    const other = await start({ partitions: () => [halted] });
    expect(await get(other, '/receipt/orders/0/31')).toMatchObject({
      status: 202,
      halted: 'gap',
      retry: '60',
    });
    const unknown = await start();
    expect(await get(unknown, '/receipt/orders/0/31')).toMatchObject({ status: 202, retry: '60' });
    const never = { listVersions: () => expect.fail('read') } as unknown as ReceiptOptions['store'];
    const blind = await start({ partitions: () => [OWN], store: never });
    expect((await get(blind, '/receipt/orders/0/30')).status).toBe(202);
  });

  it('tells apart data that expired, and what is not what was signed', async () => {
    const other = new ArchiveBuilder();
    await other
      .chain('orders')
      .seal({ lines: entries(0, 5), retentionMs: 1000, sealedMs: Date.parse('2020-01-01') });
    const data = [...other.archive.keys()].find((name) => name.startsWith('data/')) as string;
    other.archive.remove(data);
    const gone = await start({ store: lawlessStore(other.archive) });
    expect(await get(gone, '/receipt/orders/0/1')).toMatchObject({ status: 410, code: 'expired' });
    const broken = new ArchiveBuilder();
    const encodedLines = (lines: Uint8Array[]) => [...lines.slice(1), lines[0] as Uint8Array];
    await broken.chain('orders').seal({ lines: entries(0, 5), encodedLines });
    const url = await start({ store: lawlessStore(broken.archive) });
    const answer = await get(url, '/receipt/orders/0/1');
    expect([answer.status, answer.proof]).toEqual([500, undefined]);
    const untrusted = await start({ trusted: () => [] });
    expect((await get(untrusted, '/receipt/orders/0/9')).status).toBe(200);
    expect(await get(await start({ trusted: () => null }), '/receipt/orders/0/9')).toMatchObject({
      ...{ status: 503, code: 'starting', retry: '5' },
    });
  });

  it.each([
    '/receipt/orders/0',
    '/receipt/orders/0/x',
    '/receipt/orders/0/-1',
    '/receipt/orders/4294967296/1',
    '/receipt/orders/0/9007199254740993',
    '/receipt/or%2Fders/0/1',
    '/receipt/../status/0/1',
    '/receipt/',
  ])('takes no %s', async (path) => {
    const { status } = await get(await start(), path);
    expect([400, 404]).toContain(status);
  });
});

describe('POST /receipts', () => {
  it('answers for many in their order, each with its own status', async () => {
    const url = await start({ partitions: () => [OWN] });
    const offsets = [29, 5, 26, 30, 5, 4];
    const asked = [
      ...offsets.map((offset) => ({ topic: 'orders', partition: 0, offset })),
      { topic: 'x', partition: 0, offset: 1 },
    ];
    const { receipts } = (await (await post(url, asked)).json()) as { receipts: Record<string, never>[] };
    expect(receipts.map(({ offset, status }) => [offset, status])).toEqual([
      ...[
        [29, 200],
        [5, 200],
        [26, 410],
        [30, 202],
        [5, 200],
        [4, 404],
      ],
      [1, 404],
    ]);
    for (const { line, proof, offset, status } of receipts)
      if (Number(status) === 200)
        expect(await check(line!, proof!)).toMatchObject({ verdict: 'verified', offset });
  });

  it('holds no more than a few MiB of lines', async () => {
    const url = await start();
    const asked = [0, 1, 2].map((offset) => ({ topic: 'long', partition: 0, offset }));
    const { receipts } = (await (await post(url, asked)).json()) as { receipts: { status: number }[] };
    expect(receipts.map(({ status }) => status)).toEqual([200, 413, 413]);
  });

  it.each([
    ['no JSON', 'x'],
    ['no list', '{}'],
    ['an empty one', '[]'],
    [
      'too many',
      JSON.stringify(Array.from({ length: 101 }, () => ({ topic: 'orders', partition: 0, offset: 5 }))),
    ],
    ['a text for an offset', '[{"topic":"orders","partition":0,"offset":"5"}]'],
    ['half an offset', '[{"topic":"orders","partition":0,"offset":5.5}]'],
    ['too many bytes', `[${' '.repeat(70_000)}]`],
  ])('takes no body with %s', async (_, body) => {
    expect((await post(await start(), body)).status).toBe(400);
  });
});

describe('the service', () => {
  it('has no receipts unless they are asked for, and no other method', async () => {
    const off = await startServer(
      { host: '127.0.0.1', port: 0, names: [], auth: null, tls: null, production: false },
      { status: () => ({ partitions: [] }) as unknown as ServiceStatus, metrics: async () => '' },
    );
    open.push(off);
    expect((await fetch(`${off.url}/receipt/orders/0/9`)).status).toBe(404);
    expect((await post(off.url, [])).status).toBe(405);
    const url = await start();
    for (const method of ['POST', 'PUT', 'DELETE'])
      expect((await fetch(`${url}/receipt/orders/0/9`, { method })).status).toBe(405);
    for (const method of ['GET', 'PUT'])
      expect((await fetch(`${url}/receipts`, { method })).status).toBe(405);
    expect((await fetch(`${url}/status`, { method: 'POST' })).status).toBe(405);
  });

  it('tells nothing to a page that asks by another name', async () => {
    const url = await start();
    const { request } = await import('node:http');
    const ask = (path: string, method: string) =>
      new Promise<number>((resolve, reject) => {
        const sent = request(
          `${url}${path}`,
          { method, headers: { host: 'evil.example.com' } },
          ({ statusCode }) => resolve(statusCode ?? 0),
        );
        sent.on('error', reject).end(method === 'POST' ? '[]' : undefined);
      });
    expect(await ask('/receipt/orders/0/9', 'GET')).toBe(403);
    expect(await ask('/receipts', 'POST')).toBeGreaterThanOrEqual(403);
  });

  it('gives no more than so many in a second, and counts each of many', async () => {
    let nowMs = 0;
    const clock = { ...systemClock, monotonic: () => nowMs, sleep: async () => {} };
    const url = await start({ perSecond: 3, clock });
    const asked = Array.from({ length: 5 }, () => ({ topic: 'orders', partition: 0, offset: 9 }));
    expect((await post(url, asked)).status).toBe(200);
    expect(await get(url, '/receipt/orders/0/9')).toMatchObject({ status: 429, retry: '1' });
    nowMs = 900;
    expect((await get(url, '/receipt/orders/0/9')).status).toBe(429);
    nowMs = 1100;
    expect((await get(url, '/receipt/orders/0/9')).status).toBe(200);
  });

  it('answers few at once, and the next when those are out', async () => {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const store = lawlessStore(builder.archive);
    const slow: ReceiptOptions['store'] = {
      ...store,
      listVersions: async function* (...args) {
        await held;
        yield* store.listVersions(...args);
      },
    };
    const url = await start({ store: slow });
    const waiting = Array.from({ length: 16 }, () => get(url, '/receipt/orders/0/9'));
    await expect.poll(async () => (await get(url, '/receipt/orders/0/9')).code).toBe('busy');
    release();
    for (const one of await Promise.all(waiting)) expect(one.status).toBe(200);
    await expect.poll(async () => (await get(url, '/receipt/orders/0/9')).status).toBe(200);
  });
});

describe('ledgerstone receipt', () => {
  const receipt = (url: string, record: string, ...more: string[]) =>
    ledgerstone(['receipt', url, record, '--key', key, ...more]);
  /** An archiver that says what it likes. */
  async function liar(status: number, body: string, headers: Record<string, string> = {}): Promise<string> {
    const server = createServer((_, response) => void response.writeHead(status, headers).end(body));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    open.push(server);
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  it('checks the proof with the key, and says what it shows', async () => {
    const { code, out } = await receipt(await start(), 'orders/0/9', '--json');
    expect([code, JSON.parse(out)]).toMatchObject([0, { verdict: 'archived', offset: 9, isGap: false }]);
    const text = await receipt(await start(), 'orders/0/9');
    expect(text.out).toMatch(/^archived: orders\/0\/9 in audit\.example\.com\/prod\/orders\/0, sealed 2026-/);
  });

  it('ends with a code for each reason', async () => {
    const url = await start({ partitions: () => [OWN] });
    const codes: unknown[] = [];
    for (const record of ['orders/0/26', 'orders/0/30', 'orders/0/4', 'others/0/1'])
      codes.push([record, (await receipt(url, record)).code]);
    expect(codes).toEqual([
      ['orders/0/26', 1],
      ['orders/0/30', 4],
      ['orders/0/4', 3],
      ['others/0/1', 3],
    ]);
    expect((await receipt('http://127.0.0.1:1', 'orders/0/9')).code).toBe(3);
    expect((await receipt('ftp://x', 'orders/0/9')).code).toBe(2);
    expect((await receipt(url, 'orders/0')).code).toBe(2);
    expect((await ledgerstone(['receipt', url, 'orders/0/9'])).code).toBe(2);
  });

  it('waits until it is sealed', async () => {
    let sealed = 20;
    const url = await start({
      partitions: () => [
        { ...OWN, head: { nextOffset: sealed }, oldestUnsealedSeconds: 60 } as unknown as PartitionStatus,
      ],
    });
    setTimeout(() => (sealed = 30), 300);
    expect((await receipt(url, 'orders/0/29', '--wait', '30s')).code).toBe(0);
  });

  it('does not take a good proof of another record', async () => {
    const url = await start();
    for (const [given, asked] of [
      ['orders/0/9', 'orders/0/10'],
      ['orders/0/10', 'orders/0/9'],
      ['orders/0/9', 'payments/0/9'],
      ['orders/0/9', 'orders/1/9'],
    ]) {
      const { line, proof } = await get(url, `/receipt/${given}`);
      const { code, out } = await receipt(await liar(200, JSON.stringify({ line, proof })), asked as string);
      expect([asked, code]).toEqual([asked, 1]);
      expect(out).toMatch(/a good proof of another record: orders\/0\/(?:9|10)/);
    }
  });

  it('believes nothing else that an archiver says', async () => {
    const { line, proof } = await get(await start(), '/receipt/orders/0/9');
    const changed = await receipt(
      await liar(200, JSON.stringify({ line: line.replace('login', 'logon'), proof })),
      'orders/0/9',
    );
    expect([changed.code, changed.out]).toEqual([1, expect.stringContaining('broken: entry-root-mismatch')]);
    const other = new ArchiveBuilder({
      signers: [(await import('../../support/archive-builder.ts')).signer('other')],
    });
    await other.chain('orders').seal({ lines: entries(0, 20) });
    const forged = await get(
      await start({ store: lawlessStore(other.archive), trusted: () => other.trusted }),
      '/receipt/orders/0/9',
    );
    expect((await receipt(await liar(200, JSON.stringify(forged)), 'orders/0/9')).code).toBe(3);
    for (const [status, body, code] of [
      [200, '{}', 3],
      [200, 'no JSON', 3],
      [200, 'null', 3],
      [200, '"\u001b[2J"', 3],
      [410, '{"error":"gone"}', 3],
      [404, '{"error":"\u001b[2Jgone","code":"x"}', 3],
      [202, '{"error":"\\u001b[2Jlater"}', 4],
      [429, '{"error":"later"}', 3],
      [503, '{}', 3],
      [302, '{}', 3],
    ] as const) {
      const ran = await receipt(await liar(status, body, { location: 'http://127.0.0.1:1' }), 'orders/0/9');
      expect([status, body, ran.code]).toEqual([status, body, code]);
      expect(ran.out + ran.err).not.toContain('\u001b');
    }
  });
});

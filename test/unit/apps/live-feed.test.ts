// Do server-sent events stay within bounds: how many listen, how fast they read, and how they end?
import { get, type IncomingMessage } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { type HttpServer, serve } from '../../../src/apps/http.ts';
import { LiveFeed } from '../../../src/apps/page/live.ts';

const EVERY_MS = 20;
const open: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

let nowMs = 0;
let parts = new Map<string, string>();
async function start(): Promise<HttpServer> {
  nowMs = Date.parse('2026-11-30T12:00:00.000Z');
  parts = new Map([
    ['a', '<p>1</p>'],
    ['b', '<p>2</p>'],
  ]);
  const feed = new LiveFeed({ parts: () => parts, now: () => nowMs, everyMs: EVERY_MS });
  const options = { host: '127.0.0.1', port: 0, names: [], auth: null, tls: null, member: 'server' };
  const server = await serve({ '/live': () => feed.answer() }, options);
  open.push(
    () => feed.close(),
    () => server.close(),
  );
  return server;
}

async function listen(server: HttpServer, method = 'GET'): Promise<IncomingMessage> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    get(`${server.url}/live`, { method, agent: false }, resolve).on('error', reject);
  });
  answer.on('error', () => {});
  open.push(() => void answer.destroy());
  return answer;
}
const ended = (answer: IncomingMessage) => expect.poll(() => answer.closed).toBe(true);

type Said = { readonly at: string; readonly parts?: Record<string, string> };
async function* saidBy(answer: IncomingMessage): AsyncGenerator<Said> {
  let text = '';
  for await (const chunk of answer) {
    text += String(chunk);
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const event = text.slice(0, end);
      text = text.slice(end + 2);
      if (event.startsWith('data: ')) yield JSON.parse(event.slice(6)) as Said;
    }
  }
}

describe('what comes live', () => {
  it('is all at first, then what has changed, then a sign of life', async () => {
    const answer = await listen(await start());
    expect(answer.headers['content-type']).toBe('text/event-stream');
    const said = saidBy(answer);
    expect((await said.next()).value).toMatchObject({ parts: { a: '<p>1</p>', b: '<p>2</p>' } });
    parts = new Map([...parts, ['b', '<p>3\n</p>']]);
    expect((await said.next()).value.parts).toEqual({ b: '<p>3\n</p>' });
    nowMs += 5_000;
    const sign = (await said.next()).value as Said;
    expect([sign.at, sign.parts]).toEqual(['2026-11-30T12:00:05.000Z', undefined]);
  });

  it('is for 16 browsers at once, and a place is free again when one leaves', async () => {
    const server = await start();
    const answers: IncomingMessage[] = [];
    for (let at = 0; at < 16; at++) answers.push(await listen(server));
    const refused = await listen(server);
    expect([refused.statusCode, refused.headers['retry-after']]).toEqual([503, '10']);
    answers[0]!.destroy();
    await expect.poll(async () => (await listen(server)).statusCode).toBe(200);
  });

  it('does not pile up before who does not read, and leaves them after a while', async () => {
    const answer = await listen(await start());
    answer.pause();
    const used = () => process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed;
    const before = used();
    const long = 'x'.repeat(1_000_000);
    let turns = 0;
    const timer = setInterval(() => {
      parts = new Map([['a', `${turns++} ${long}`]]);
    }, EVERY_MS / 2);
    open.push(() => clearInterval(timer));
    await expect.poll(() => turns).toBeGreaterThan(150);
    expect(used() - before).toBeLessThan(60_000_000);
    nowMs += 31_000;
    await new Promise((resolve) => setTimeout(resolve, 10 * EVERY_MS));
    answer.resume();
    await ended(answer);
    expect(answer.complete).toBe(false);
  });

  it('ends at once when the server does', async () => {
    const server = await start();
    const answer = await listen(server);
    answer.resume();
    await server.close();
    await ended(answer);
  });

  it('ends where the page can not be drawn: a browser then says that nothing comes', async () => {
    const answer = await listen(await start());
    answer.resume();
    parts = null as never;
    await ended(answer);
  });

  it('has no body for HEAD, and takes no place', async () => {
    const server = await start();
    for (let at = 0; at < 20; at++) {
      const answer = await listen(server, 'HEAD');
      expect(answer.statusCode).toBe(200);
      answer.resume();
      await ended(answer);
    }
  });
});

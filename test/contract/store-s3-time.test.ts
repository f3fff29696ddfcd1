// Does every call to S3 end, in time and with its connections, whatever the wire does?
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../src/base/bytes.ts';
import { systemClock } from '../../src/base/clock.ts';
import { s3Store } from '../../src/store/s3.ts';
import {
  blackHole,
  failure,
  later,
  openStub,
  QUICK,
  readKey,
  type StubAnswer,
  stored,
} from './store-stub.ts';
import { collect, shortLock } from './store-suite.ts';

describe('time', () => {
  it('gives up on a server that never answers, and closes its connections', async () => {
    const hole = await blackHole();
    later(hole.close);
    const store = s3Store({
      bucket: 'b',
      region: 'r',
      prefix: '',
      endpoint: hole.endpoint,
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      ...QUICK,
    });
    later(() => store.close());
    const startMs = performance.now();
    const timedOut = { code: 'timed-out', disposition: 'retriable' };
    await expect(store.putIfAbsent('key', utf8('x'), shortLock())).rejects.toMatchObject(timedOut);
    await expect(readKey(store)).rejects.toMatchObject(timedOut);
    await expect(collect(store, '')).rejects.toMatchObject(timedOut);
    expect(performance.now() - startMs).toBeLessThan(20_000);
    await expect.poll(() => hole.open()).toBe(0);
  });

  it('says unreachable where nobody listens, and for a name that nobody has', async () => {
    const unreachable = { code: 'unreachable', disposition: 'retriable' };
    for (const endpoint of ['http://127.0.0.1:1', 'http://no-such-host.invalid']) {
      const store = s3Store({
        bucket: 'b',
        region: 'r',
        prefix: '',
        endpoint,
        credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
        ...QUICK,
      });
      later(() => store.close());
      await expect(readKey(store)).rejects.toMatchObject(unreachable);
    }
  });

  it('gives up on a head that drips: a busy connection is no answer', async () => {
    const { store } = await openStub(
      () => ({
        raw: (response) => {
          const timer = setInterval(() => response.socket?.write('HTTP/1.1 100 Continue\r\n\r\n'), 50);
          response.on('close', () => clearInterval(timer));
        },
      }),
      { requestTimeoutMs: 300, attemptsMax: 1 },
    );
    // By the request's own time, long before that of the whole call.
    await expect(readKey(store)).rejects.toMatchObject({
      code: 'timed-out',
      message: expect.stringContaining('requestTimeout'),
    });
  });

  it('gives up on a body that stops, and on one that drips for ever', async () => {
    const head = (response: ServerResponse) =>
      response.writeHead(200, { 'content-length': '100' }).write('x');
    const stops = await openStub(() => ({ raw: head }), QUICK);
    await expect(readKey(stops.store)).rejects.toMatchObject({ disposition: 'retriable' });
    const drips = await openStub(
      () => ({
        raw: (response) => {
          head(response);
          const timer = setInterval(() => response.write('x'), 50);
          response.on('close', () => clearInterval(timer));
        },
      }),
      { requestTimeoutMs: 150, attemptsMax: 1 },
    );
    await expect(readKey(drips.store, 1000)).rejects.toMatchObject({
      code: 'timed-out',
      disposition: 'retriable',
    });
    await expect.poll(() => drips.stub.open()).toBe(0);
  });

  it("ends at once with the caller's reason: while waiting for a turn, for the answer, in the body, between tries", async () => {
    const reason = new Error('shutdown');
    const cases: [string, (index: number) => StubAnswer][] = [
      ['answer', () => ({ raw: () => {} })],
      ['body', () => ({ raw: (response) => response.writeHead(200, { 'content-length': '9' }).write('x') })],
      ['retry', () => failure(503, 'SlowDown')],
    ];
    for (const [, answer] of cases) {
      const { store } = await openStub((_, index) => answer(index), { attemptsMax: 10, inFlightMax: 1 });
      const stop = new AbortController();
      const first = store.read('key', 'v1', { maxBytes: 9, signal: stop.signal });
      const queued = store.read('other', 'v1', { maxBytes: 9, signal: stop.signal });
      const outcomes = Promise.allSettled([first, queued]);
      await systemClock.sleep(50);
      const startMs = performance.now();
      stop.abort(reason);
      expect(await outcomes).toEqual([
        { status: 'rejected', reason },
        { status: 'rejected', reason },
      ]);
      expect(performance.now() - startMs).toBeLessThan(10_000);
    }
  });

  it('ends calls under way at close, as retriable', async () => {
    const { store } = await openStub(() => ({ raw: () => {} }));
    const outcome = expect(readKey(store)).rejects.toMatchObject({
      code: 'closed',
      disposition: 'retriable',
    });
    await systemClock.sleep(20);
    await store.close();
    await outcome;
  });

  it.each([
    ['fast', -600_000, 600_000],
    ['slow', 600_000, -600_000],
    ['right', 0, 0],
  ])("learns from any answer's Date that the local clock is %s", async (_, serverMs, offsetMs) => {
    const date = () => new Date(Date.now() + serverMs).toUTCString();
    const { store } = await openStub(() => ({ ...failure(404, 'NoSuchKey'), headers: { date: date() } }));
    expect(store.clockOffset()).toBeNull();
    await expect(readKey(store)).rejects.toMatchObject({ code: 'not-found' });
    expect(Math.abs((store.clockOffset()?.offsetMs ?? Number.NaN) - offsetMs)).toBeLessThan(10_000);
  });

  it('does not take a slow answer for a wrong clock, and ignores a Date that is none', async () => {
    const slow = await openStub(async () => {
      const date = new Date().toUTCString();
      await systemClock.sleep(1500);
      return { ...failure(404, 'NoSuchKey'), headers: { date } };
    });
    await expect(readKey(slow.store)).rejects.toThrow();
    expect(slow.store.clockOffset()?.offsetMs).toBe(0);
    const nonsense = await openStub(() => ({ ...failure(404, 'NoSuchKey'), headers: { date: 'yesterday' } }));
    await expect(readKey(nonsense.store)).rejects.toThrow();
    expect(nonsense.store.clockOffset()).toBeNull();
  });
});

/** Calls of which the first wait until `size` of them are there, and none for longer: how many are there at most? */
function meeting(size: number) {
  let running = 0;
  let most = 0;
  let open = () => {};
  const met = new Promise<void>((resolve) => {
    open = resolve;
  });
  return {
    most: () => most,
    take: async () => {
      running += 1;
      most = Math.max(most, running);
      if (most >= size) open();
      await met;
      await systemClock.sleep(5);
      running -= 1;
    },
  };
}

describe('bodies and connections', () => {
  it('does not read what is too large, and uses its connection no further', async () => {
    let sent = 0;
    const { stub, store } = await openStub(
      () => ({
        raw: (response) => {
          response.writeHead(200, { 'content-length': String(1 << 30) });
          const chunk = Buffer.alloc(65_536);
          const write = () => {
            while (!response.destroyed && response.write(chunk)) sent += chunk.length;
          };
          response.on('drain', write);
          write();
        },
      }),
      { inFlightMax: 2 },
    );
    // More than there are turns: one that did not come back would stop the rest.
    for (let n = 0; n < 5; n++)
      await expect(readKey(store, 1000)).rejects.toMatchObject({ code: 'too-large' });
    await expect.poll(() => stub.open()).toBe(0);
    expect(sent).toBeLessThan(5 * 8 * 1024 * 1024);
  });

  it.each<[string, StubAnswer, { start: number; end: number } | undefined, string]>([
    [
      'a body that is cut off',
      {
        raw: (response) =>
          response.writeHead(200, { 'content-length': '9' }).write('short', () => response.destroy()),
      },
      undefined,
      'retriable',
    ],
    [
      'a body without a length',
      { raw: (response) => response.writeHead(200, { 'transfer-encoding': 'chunked' }).end('x') },
      undefined,
      'retriable',
    ],
    ['the whole object for a range', { body: 'whole object' }, { start: 0, end: 3 }, 'retriable'],
    ['less than the range', { status: 206, body: 'ab' }, { start: 0, end: 3 }, 'input'],
  ])('refuses %s', async (_, answer, range, disposition) => {
    const { store } = await openStub(() => answer);
    const found = store.read('key', 'v1', { maxBytes: 100, ...(range && { range }) });
    await expect(found).rejects.toMatchObject({ disposition });
  });

  it('reads again what broke off in the middle, a few times', async () => {
    const { stub, store } = await openStub(
      (_, index) =>
        index < 2
          ? {
              raw: (response) =>
                response.writeHead(200, { 'content-length': '4' }).write('bo', () => response.destroy()),
            }
          : { body: 'body' },
      { attemptsMax: 3 },
    );
    expect(await readKey(store)).toEqual(utf8('body'));
    expect(stub.requests).toHaveLength(3);
  });

  it('keeps to its number of calls in flight, and to as many connections, which it uses again', async () => {
    const calls = meeting(4);
    const { stub, store } = await openStub(
      async () => {
        await calls.take();
        return { body: 'body' };
      },
      { inFlightMax: 4 },
    );
    await Promise.all(Array.from({ length: 60 }, () => readKey(store)));
    expect(calls.most()).toBe(4);
    expect(stub.connections()).toBe(4);
  });

  it('puts several at once', async () => {
    const calls = meeting(8);
    const { store } = await openStub(async () => {
      await calls.take();
      return stored();
    });
    const puts = Array.from({ length: 16 }, (_, n) => store.putIfAbsent(`${n}`, utf8('x'), shortLock()));
    await Promise.all(puts);
    expect(calls.most()).toBeGreaterThanOrEqual(8);
  });
});

// What does the S3 store put on the wire, and does it end well whatever the wire does?
import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { utf8 } from '../../src/base/bytes.ts';
import { systemClock } from '../../src/base/clock.ts';
import { s3Store } from '../../src/store/s3.ts';
import type { S3Options } from '../../src/store/s3-connection.ts';
import type { Store } from '../../src/store/store.ts';
import {
  blackHole,
  failure,
  type Stub,
  type StubAnswer,
  type StubRequest,
  stored,
  stubS3,
} from './store-stub.ts';
import { collect, shortLock } from './store-suite.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** Small times, so that a test of a timeout takes no time. */
const QUICK = { requestTimeoutMs: 200, connectTimeoutMs: 200, attemptsMax: 2 } as const;

async function open(
  answer: (request: StubRequest, index: number) => StubAnswer | Promise<StubAnswer>,
  options: Partial<S3Options> = {},
): Promise<{ stub: Stub; store: Store }> {
  const stub = await stubS3(answer, { attemptsMax: 1, ...options });
  const store = s3Store(stub.options);
  cleanups.push(
    () => store.close(),
    () => stub.close(),
  );
  return { stub, store };
}

const read = (store: Store, maxBytes = 100) => store.read('key', 'v1', { maxBytes });

describe('a PUT', () => {
  it('carries condition, lock, checksum and owner, and the body as it is', async () => {
    const { stub, store } = await open(() => stored(), { expectedBucketOwner: '123456789012' });
    const bytes = utf8('some bytes');
    const untilMs = Date.parse('2030-01-02T03:04:05.001Z');
    await store.putIfAbsent('a b/ü', bytes, { mode: 'COMPLIANCE', untilMs });
    const [{ method, path, headers, body }] = stub.requests as [StubRequest];
    expect([method, path]).toEqual(['PUT', '/bucket/pre/a b/ü']);
    expect(body.equals(bytes)).toBe(true);
    const hash = createHash('sha256').update(bytes);
    expect(headers).toMatchObject({
      'if-none-match': '*',
      'x-amz-object-lock-mode': 'COMPLIANCE',
      'x-amz-object-lock-retain-until-date': '2030-01-02T03:04:06Z',
      'x-amz-checksum-sha256': hash.copy().digest('base64'),
      'x-amz-content-sha256': hash.digest('hex'),
      'x-amz-expected-bucket-owner': '123456789012',
      'content-length': '10',
    });
    // Streams, trailers and a wait for `100 Continue` have all cost somebody a hang.
    for (const header of ['transfer-encoding', 'x-amz-trailer', 'expect', 'content-encoding']) {
      expect(headers).not.toHaveProperty(header);
    }
  });

  it('has its checksum on every lock PUT, also of no bytes and on the retry', async () => {
    const { stub, store } = await open((_, index) => (index === 0 ? failure(503, 'SlowDown') : stored()), {
      attemptsMax: 2,
    });
    await store.putIfAbsent('key', new Uint8Array(0), shortLock());
    expect(stub.requests).toHaveLength(2);
    for (const { headers } of stub.requests) {
      expect(headers['x-amz-object-lock-mode']).toBe('COMPLIANCE');
      expect(headers['x-amz-checksum-sha256']).toBe('47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=');
    }
  });

  it('has it whatever the environment tells the SDK, and sends large bodies without asking first', async () => {
    process.env['AWS_REQUEST_CHECKSUM_CALCULATION'] = 'WHEN_REQUIRED';
    cleanups.push(async () => void delete process.env['AWS_REQUEST_CHECKSUM_CALCULATION']);
    const { stub, store } = await open(() => stored());
    const bytes = new Uint8Array(3 * 1024 * 1024).fill(1);
    await store.putIfAbsent('key', bytes, shortLock());
    const [{ headers, body }] = stub.requests as [StubRequest];
    expect(headers['x-amz-checksum-sha256']).toBe(createHash('sha256').update(bytes).digest('base64'));
    expect(headers).not.toHaveProperty('expect');
    expect(body.equals(bytes)).toBe(true);
  });

  it('uses a hash that is given, and does not compute another', async () => {
    const { stub, store } = await open(() => stored());
    // Of other bytes, so that a hash computed anywhere on the way would show.
    const sha256 = new Uint8Array(32).fill(7);
    await store.putIfAbsent('key', utf8('x'), shortLock(), { sha256 });
    const [{ headers }] = stub.requests as [StubRequest];
    expect(headers['x-amz-content-sha256']).toBe('07'.repeat(32));
    expect(headers['x-amz-checksum-sha256']).toBe(Buffer.from(sha256).toString('base64'));
  });

  it('reads 412 as "exists", also when it is the answer to its own lost success', async () => {
    const { stub, store } = await open(
      (_, index) =>
        index === 0 ? { raw: (response) => response.destroy() } : failure(412, 'PreconditionFailed'),
      { attemptsMax: 3 },
    );
    expect(await store.putIfAbsent('key', utf8('x'), shortLock())).toEqual({ kind: 'exists' });
    expect(stub.requests).toHaveLength(2);
  });

  it('extends a lock with a checksum, on one version', async () => {
    const { stub, store } = await open(() => ({}));
    await store.extendLock('key', 'v7', { mode: 'COMPLIANCE', untilMs: Date.parse('2030-01-01T00:00:00Z') });
    const [{ method, path, query, headers, body }] = stub.requests as [StubRequest];
    expect([method, path, query.get('versionId'), query.has('retention')]).toEqual([
      'PUT',
      '/bucket/pre/key',
      'v7',
      true,
    ]);
    expect(body.toString()).toContain(
      '<Mode>COMPLIANCE</Mode><RetainUntilDate>2030-01-01T00:00:00Z</RetainUntilDate>',
    );
    expect(Object.keys(headers).some((name) => name.startsWith('x-amz-checksum-'))).toBe(true);
    expect(headers).not.toHaveProperty('x-amz-bypass-governance-retention');
  });
});

describe('an answer to a PUT', () => {
  const put = async (answer: StubAnswer) => {
    const { store } = await open(() => answer);
    return store.putIfAbsent('key', utf8('x'), shortLock());
  };

  it.each<[string, StubAnswer, string, string]>([
    [
      '409 while another request holds the key',
      failure(409, 'ConditionalRequestConflict'),
      'conflict',
      'retriable',
    ],
    ['503', failure(503, 'SlowDown'), 'unavailable', 'retriable'],
    ['500', failure(500, 'InternalError'), 'unavailable', 'retriable'],
    ['500 without a body', { status: 500 }, 'unavailable', 'retriable'],
    ['502 of a proxy, in HTML', { status: 502, body: '<html>Bad gateway' }, 'unavailable', 'retriable'],
    ['429', failure(429, 'TooManyRequests'), 'unavailable', 'retriable'],
    ['400 RequestTimeout', failure(400, 'RequestTimeout'), 'timed-out', 'retriable'],
    ['403 RequestTimeTooSkewed', failure(403, 'RequestTimeTooSkewed'), 'clock-skew', 'retriable'],
    ['an error in a 200', { body: failure(200, 'InternalError').body ?? '' }, 'unavailable', 'retriable'],
    [
      'an error in a 200 that ends in a newline',
      { body: `${failure(200, 'InternalError').body}\n` },
      'bad-answer',
      'retriable',
    ],
    ['a 200 that says nothing', {}, 'bad-answer', 'retriable'],
    ['403', failure(403, 'AccessDenied'), 'not-permitted', 'fatal'],
    ['403 without a body', { status: 403 }, 'not-permitted', 'fatal'],
    ['403 for the secret', failure(403, 'SignatureDoesNotMatch'), 'credentials', 'fatal'],
    ['403 for the key', failure(403, 'InvalidAccessKeyId'), 'credentials', 'fatal'],
    ['400 for a token that never worked', failure(400, 'ExpiredToken'), 'credentials', 'fatal'],
    ['404', failure(404, 'NoSuchBucket'), 'no-bucket', 'fatal'],
    ['301', failure(301, 'PermanentRedirect'), 'wrong-region', 'fatal'],
    ['400 for the Region', failure(400, 'AuthorizationHeaderMalformed'), 'wrong-region', 'fatal'],
    [
      '400 for no Object Lock',
      failure(400, 'InvalidRequest', 'Bucket is missing Object Lock Configuration'),
      'no-object-lock',
      'fatal',
    ],
    [
      '400 for a date',
      failure(400, 'InvalidArgument', 'The retain until date must be in the future!'),
      'bad-lock',
      'fatal',
    ],
    ['400 for anything else', failure(400, 'EntityTooLarge'), 's3-refused', 'fatal'],
    ['damage on the way', failure(400, 'BadDigest'), 'checksum-mismatch', 'retriable'],
    [
      'other bytes stored',
      { headers: { etag: '"e"', 'x-amz-version-id': 'v', 'x-amz-checksum-sha256': 'AAAA' } },
      'store-misbehaves',
      'fatal',
    ],
    ['no version', { headers: { etag: '"e"' } }, 'not-versioned', 'fatal'],
    ['versions suspended', stored('null'), 'not-versioned', 'fatal'],
  ])('%s: %#', async (_, answer, code, disposition) => {
    await expect(put(answer)).rejects.toMatchObject({ code, disposition });
  });

  it('names the Region to use, the permission to give and the request to ask AWS about', async () => {
    const elsewhere = {
      ...failure(301, 'PermanentRedirect'),
      headers: { 'x-amz-bucket-region': 'us-west-2' },
    };
    await expect(put(elsewhere)).rejects.toMatchObject({
      remedy: expect.stringContaining('us-west-2, not in eu-central-1'),
    });
    await expect(put(failure(403, 'AccessDenied'))).rejects.toMatchObject({
      remedy: expect.stringContaining('s3:PutObject'),
      message: expect.stringMatching(/PutObject of key in bucket bucket: AccessDenied: .*HTTP 403/),
    });
  });

  it('takes expired credentials for a passing trouble once they have worked', async () => {
    const { store } = await open((_, index) => (index === 0 ? stored() : failure(400, 'ExpiredToken')));
    await store.putIfAbsent('key', utf8('x'), shortLock());
    const second = store.putIfAbsent('other', utf8('x'), shortLock());
    await expect(second).rejects.toMatchObject({ code: 'credentials', disposition: 'retriable' });
  });

  it('calls a wrong hash of the caller fatal: no repeat cures it', async () => {
    const { store } = await open(() => failure(400, 'BadDigest'));
    const wrong = store.putIfAbsent('key', utf8('x'), shortLock(), { sha256: new Uint8Array(32) });
    await expect(wrong).rejects.toMatchObject({ code: 'checksum-mismatch', disposition: 'fatal' });
  });
});

describe('a lock', () => {
  it.each<[string, StubAnswer, unknown]>([
    ['none', failure(404, 'NoSuchObjectLockConfiguration'), { kind: 'none' }],
    [
      'none in a bucket without locks',
      failure(400, 'InvalidRequest', 'Bucket is missing Object Lock Configuration'),
      { kind: 'none' },
    ],
    ['hidden', failure(403, 'AccessDenied'), { kind: 'not-permitted' }],
    [
      'there',
      {
        body: '<Retention><Mode>COMPLIANCE</Mode><RetainUntilDate>2030-01-01T00:00:00Z</RetainUntilDate></Retention>',
      },
      { kind: 'locked', lock: { mode: 'COMPLIANCE', untilMs: Date.parse('2030-01-01T00:00:00Z') } },
    ],
  ])('%s', async (_, answer, state) => {
    const { store } = await open(() => answer);
    expect(await store.lock('key', 'v1')).toEqual(state);
  });

  it.each<[string, StubAnswer, string, string]>([
    ['a wrong secret is not "may not see"', failure(403, 'SignatureDoesNotMatch'), 'credentials', 'fatal'],
    ['no such version', failure(404, 'NoSuchVersion'), 'not-found', 'fatal'],
    ['trouble', failure(503, 'SlowDown'), 'unavailable', 'retriable'],
  ])('%s', async (_, answer, code, disposition) => {
    const { store } = await open(() => answer);
    await expect(store.lock('key', 'v1')).rejects.toMatchObject({ code, disposition });
  });
});

describe('time', () => {
  it('gives up on a server that never answers, and closes its connections', async () => {
    const hole = await blackHole();
    cleanups.push(hole.close);
    const store = s3Store({
      bucket: 'b',
      region: 'r',
      prefix: '',
      endpoint: hole.endpoint,
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      ...QUICK,
    });
    cleanups.push(() => store.close());
    const startMs = performance.now();
    const timedOut = { code: 'timed-out', disposition: 'retriable' };
    await expect(store.putIfAbsent('key', utf8('x'), shortLock())).rejects.toMatchObject(timedOut);
    await expect(read(store)).rejects.toMatchObject(timedOut);
    await expect(collect(store, '')).rejects.toMatchObject(timedOut);
    expect(performance.now() - startMs).toBeLessThan(5000);
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
      cleanups.push(() => store.close());
      await expect(read(store)).rejects.toMatchObject(unreachable);
    }
  });

  it('gives up on a head that drips: a busy connection is no answer', async () => {
    const { store } = await open(
      () => ({
        raw: (response) => {
          const timer = setInterval(() => response.socket?.write('HTTP/1.1 100 Continue\r\n\r\n'), 50);
          response.on('close', () => clearInterval(timer));
        },
      }),
      { requestTimeoutMs: 300, attemptsMax: 1 },
    );
    // By the request's own time, long before that of the whole call.
    await expect(read(store)).rejects.toMatchObject({
      code: 'timed-out',
      message: expect.stringContaining('requestTimeout'),
    });
  });

  it('gives up on a body that stops, and on one that drips for ever', async () => {
    const head = (response: ServerResponse) =>
      response.writeHead(200, { 'content-length': '100' }).write('x');
    const stops = await open(() => ({ raw: head }), QUICK);
    await expect(read(stops.store)).rejects.toMatchObject({ disposition: 'retriable' });
    const drips = await open(
      () => ({
        raw: (response) => {
          head(response);
          const timer = setInterval(() => response.write('x'), 50);
          response.on('close', () => clearInterval(timer));
        },
      }),
      { requestTimeoutMs: 150, attemptsMax: 1 },
    );
    await expect(read(drips.store, 1000)).rejects.toMatchObject({
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
      const { store } = await open((_, index) => answer(index), { attemptsMax: 10, inFlightMax: 1 });
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
      expect(performance.now() - startMs).toBeLessThan(1000);
    }
  });

  it('ends calls under way at close, as retriable', async () => {
    const { store } = await open(() => ({ raw: () => {} }));
    const outcome = expect(read(store)).rejects.toMatchObject({ code: 'closed', disposition: 'retriable' });
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
    const { store } = await open(() => ({ ...failure(404, 'NoSuchKey'), headers: { date: date() } }));
    expect(store.clockOffset()).toBeNull();
    await expect(read(store)).rejects.toMatchObject({ code: 'not-found' });
    expect(Math.abs((store.clockOffset()?.offsetMs ?? Number.NaN) - offsetMs)).toBeLessThan(1500);
  });

  it('does not take a slow answer for a wrong clock, and ignores a Date that is none', async () => {
    const slow = await open(async () => {
      const date = new Date().toUTCString();
      await systemClock.sleep(1500);
      return { ...failure(404, 'NoSuchKey'), headers: { date } };
    });
    await expect(read(slow.store)).rejects.toThrow();
    expect(slow.store.clockOffset()?.offsetMs).toBe(0);
    const nonsense = await open(() => ({ ...failure(404, 'NoSuchKey'), headers: { date: 'yesterday' } }));
    await expect(read(nonsense.store)).rejects.toThrow();
    expect(nonsense.store.clockOffset()).toBeNull();
  });
});

describe('bodies and connections', () => {
  it('does not read what is too large, and uses its connection no further', async () => {
    let sent = 0;
    const { stub, store } = await open(
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
    for (let n = 0; n < 5; n++) await expect(read(store, 1000)).rejects.toMatchObject({ code: 'too-large' });
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
    const { store } = await open(() => answer);
    const found = store.read('key', 'v1', { maxBytes: 100, ...(range && { range }) });
    await expect(found).rejects.toMatchObject({ disposition });
  });

  it('keeps to its number of calls in flight, and to as many connections, which it uses again', async () => {
    let running = 0;
    let most = 0;
    const { stub, store } = await open(
      async () => {
        running += 1;
        most = Math.max(most, running);
        await systemClock.sleep(5);
        running -= 1;
        return { body: 'body' };
      },
      { inFlightMax: 4 },
    );
    await Promise.all(Array.from({ length: 60 }, () => read(store)));
    expect(most).toBe(4);
    expect(stub.connections()).toBe(4);
  });

  it('puts several at once', async () => {
    let running = 0;
    let most = 0;
    const { store } = await open(async () => {
      running += 1;
      most = Math.max(most, running);
      await systemClock.sleep(20);
      running -= 1;
      return stored();
    });
    const puts = Array.from({ length: 16 }, (_, n) => store.putIfAbsent(`${n}`, utf8('x'), shortLock()));
    await Promise.all(puts);
    expect(most).toBeGreaterThanOrEqual(8);
  });
});

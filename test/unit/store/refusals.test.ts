// What does S3's refusal mean: a call that the server lacks, a HEAD that names no reason, a setting that there is not?
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readinessOf } from '../../../src/apps/cli/check-list.ts';
import { Output } from '../../../src/apps/cli/output.ts';
import { WAIT } from '../../../src/base/error.ts';
import { kmsError } from '../../../src/sign/kms-error.ts';
import { inspectBucket } from '../../../src/store/preflight.ts';
import { storeError } from '../../../src/store/s3-error.ts';
import { capturedIo } from '../cli/captured-io.ts';

const call = { bucket: 'acme', region: 'eu-central-1', workedBefore: true };
const refused = (name: string, httpStatusCode: number) =>
  Object.assign(new Error('said'), { name, $metadata: { httpStatusCode } });

describe('an error', () => {
  it('of a call that the server does not know never passes by itself', () => {
    for (const name of ['NotImplemented', '501', 'UnknownError']) {
      const { code, disposition, remedy } = storeError(refused(name, 501), {
        ...call,
        operation: 'PutObject',
      });
      expect([code, disposition]).toEqual(['not-implemented', 'fatal']);
      expect(remedy).not.toContain(WAIT);
    }
    expect(storeError(refused('x', 503), { ...call, operation: 'PutObject' }).disposition).toBe('retriable');
  });

  // A command that failed, and a service that could not start, repeat nothing.
  it('that may pass promises no repeat to somebody whose process has ended', () => {
    for (const status of [503, 409, 307]) {
      const { remedy, disposition } = storeError(refused('x', status), { ...call, operation: 'PutObject' });
      expect(disposition).toBe('retriable');
      expect(remedy).not.toMatch(/is repeated|sent again|tried again/);
    }
    for (const name of ['ThrottlingException', 'KMSInternalException']) {
      expect(kmsError(refused(name, 400), 'Sign', 'key').remedy).toContain(WAIT);
    }
  });

  it('says nothing that the SDK says to programmers', () => {
    const error = Object.assign(new Error('aborted\n  Deserialization error: inspect the hidden field'), {
      $metadata: { httpStatusCode: 500 },
    });
    expect(storeError(error, { ...call, operation: 'PutObject' }).message).toMatch(/aborted$/);
    expect(kmsError(error, 'Sign', 'key').message).toMatch(/aborted$/);
  });

  it('of a HEAD claims no reason that it does not know', () => {
    const { remedy } = storeError(refused('403', 403), { ...call, operation: 'HeadBucket' });
    expect(remedy).toMatch(/no reason.*credentials.*clock.*s3:ListBucket/s);
    expect(storeError(refused('AccessDenied', 403), { ...call, operation: 'PutObject' }).remedy).toMatch(
      /^Allow/,
    );
  });
});

describe('a bucket', () => {
  let server: Server;
  let answer: (method: string, url: string) => readonly [status: number, body: string];
  beforeEach(async () => {
    server = createServer((request, response) => {
      const [status, body] = answer(request.method ?? '', request.url ?? '');
      response.writeHead(status).end(request.method === 'HEAD' ? undefined : body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });
  const inspected = () =>
    inspectBucket({
      ...{ bucket: 'acme', region: 'eu-central-1', prefix: '' },
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      credentials: { accessKeyId: 'a', secretAccessKey: 's' },
    });
  const error = (code: string) =>
    `<?xml version="1.0"?><Error><Code>${code}</Code><Message>m</Message></Error>`;

  it.each([
    ['SignatureDoesNotMatch', 'does not know these credentials'],
    ['RequestTimeTooSkewed', 'clock (NTP)'],
    ['AccessDenied', 's3:ListBucketVersions'],
  ])('that refuses a HEAD is asked why: %s', async (code, remedy) => {
    answer = () => [403, error(code)];
    const { state, checks } = await inspected();
    expect([state, checks[0]?.verdict]).toEqual(['unreachable', 'bad']);
    expect(checks[0]?.remedy).toContain(remedy);
  });

  it('of a server without public access blocks is a warning, and what is hidden is unknown', async () => {
    answer = (method, url) => {
      if (method === 'HEAD') return [200, ''];
      return url.includes('publicAccessBlock')
        ? [501, error('NotImplemented')]
        : [403, error('AccessDenied')];
    };
    const { checks } = await inspected();
    const verdictOf = (name: string) => checks.find((check) => check.name === name)?.verdict;
    expect(verdictOf('public-access')).toBe('warning');
    expect(verdictOf('versioning')).toBe('unknown');
    expect(readinessOf(checks, new Output(capturedIo().io))).toMatchObject({
      ...{ ready: null, exitCode: 3 },
      text: expect.stringMatching(/^not known: 0 bad, 3 unknown, 1 to look at/),
    });
  });

  it('is ready only if nothing is bad and nothing unknown', () => {
    const of = (...verdicts: ('ok' | 'bad' | 'warning' | 'unknown')[]) => {
      const checks = verdicts.map((verdict) => ({ name: 'x', verdict, found: '', remedy: null }));
      const { ready, exitCode } = readinessOf(checks, new Output(capturedIo().io));
      return [ready, exitCode];
    };
    expect(of('ok', 'warning')).toEqual([true, 0]);
    expect(of('ok', 'unknown')).toEqual([null, 3]);
    expect(of('bad', 'unknown')).toEqual([false, 3]);
  });
});

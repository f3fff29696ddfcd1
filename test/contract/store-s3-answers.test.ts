// What does the S3 store make of answers that are not the wanted one?
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../src/base/bytes.ts';
import { failure, openStub, type StubAnswer, stored } from './store-stub.ts';
import { shortLock } from './store-suite.ts';

describe('an answer to a PUT', () => {
  const put = async (answer: StubAnswer) => {
    const { store } = await openStub(() => answer);
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
    const { store } = await openStub((_, index) => (index === 0 ? stored() : failure(400, 'ExpiredToken')));
    await store.putIfAbsent('key', utf8('x'), shortLock());
    const second = store.putIfAbsent('other', utf8('x'), shortLock());
    await expect(second).rejects.toMatchObject({ code: 'credentials', disposition: 'retriable' });
  });

  it('calls a wrong hash of the caller fatal: no repeat cures it', async () => {
    const { store } = await openStub(() => failure(400, 'BadDigest'));
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
    [
      'there, in the time of another zone',
      {
        body: '<Retention><Mode>COMPLIANCE</Mode><RetainUntilDate>2030-01-01T05:30:00+05:30</RetainUntilDate></Retention>',
      },
      { kind: 'locked', lock: { mode: 'COMPLIANCE', untilMs: Date.parse('2030-01-01T00:00:00Z') } },
    ],
  ])('%s', async (_, answer, state) => {
    const { store } = await openStub(() => answer);
    expect(await store.lock('key', 'v1')).toEqual(state);
  });

  it.each<[string, StubAnswer, string, string]>([
    ['a wrong secret is not "may not see"', failure(403, 'SignatureDoesNotMatch'), 'credentials', 'fatal'],
    ['no such version', failure(404, 'NoSuchVersion'), 'not-found', 'fatal'],
    ['trouble', failure(503, 'SlowDown'), 'unavailable', 'retriable'],
    ['nothing in a 200 is not "not locked"', {}, 'bad-answer', 'retriable'],
    ['nor is a page of a proxy', { body: '<html><body>Sign in</body></html>' }, 'bad-answer', 'retriable'],
    ['nor an error in a 200', { body: `${failure(200, 'InternalError').body}\n` }, 'bad-answer', 'retriable'],
    [
      'nor a lock without its end',
      { body: '<Retention><Mode>COMPLIANCE</Mode></Retention>' },
      'bad-answer',
      'retriable',
    ],
    [
      'nor one without its mode',
      { body: '<Retention><RetainUntilDate>2030-01-01T00:00:00Z</RetainUntilDate></Retention>' },
      'bad-answer',
      'retriable',
    ],
    [
      'nor a date that is none',
      { body: '<Retention><Mode>COMPLIANCE</Mode><RetainUntilDate>soon</RetainUntilDate></Retention>' },
      'bad-answer',
      'retriable',
    ],
  ])('%s', async (_, answer, code, disposition) => {
    const { store } = await openStub(() => answer);
    await expect(store.lock('key', 'v1')).rejects.toMatchObject({ code, disposition });
  });
});

describe('a legal hold', () => {
  const answered = (status: string) => ({ body: `<LegalHold><Status>${status}</Status></LegalHold>` });
  it.each<[string, StubAnswer, string]>([
    ['on', answered('ON'), 'held'],
    ['taken off', answered('OFF'), 'none'],
    ['never set', failure(404, 'NoSuchObjectLockConfiguration'), 'none'],
    [
      'none in a bucket without locks',
      failure(400, 'InvalidRequest', 'Bucket is missing Object Lock Configuration'),
      'none',
    ],
    ['hidden', failure(403, 'AccessDenied'), 'not-permitted'],
  ])('%s', async (_, answer, state) => {
    const { store, stub } = await openStub(() => answer);
    expect(await store.hold('key', 'v1')).toBe(state);
    expect(stub.requests[0]?.query.get('versionId')).toBe('v1');
  });

  it.each<[string, StubAnswer, string]>([
    ['that can not be read', failure(503, 'SlowDown'), 'unavailable'],
    ['in a 200 that says nothing', {}, 'bad-answer'],
    ['in a page of a proxy', { body: '<html><body>Sign in</body></html>' }, 'bad-answer'],
    ['that is neither on nor off', answered('MAYBE'), 'bad-answer'],
  ])('%s is no answer', async (_, answer, code) => {
    const { store } = await openStub(() => answer);
    await expect(store.hold('key', 'v1')).rejects.toMatchObject({ code });
  });
});

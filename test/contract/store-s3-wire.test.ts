// What does the S3 store put on the wire?
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../src/base/bytes.ts';
import { failure, later, openStub, type StubRequest, stored } from './store-stub.ts';
import { shortLock } from './store-suite.ts';

describe('a PUT', () => {
  it('carries condition, lock, checksum and owner, and the body as it is', async () => {
    const { stub, store } = await openStub(() => stored(), { expectedBucketOwner: '123456789012' });
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
    const { stub, store } = await openStub(
      (_, index) => (index === 0 ? failure(503, 'SlowDown') : stored()),
      {
        attemptsMax: 2,
      },
    );
    await store.putIfAbsent('key', new Uint8Array(0), shortLock());
    expect(stub.requests).toHaveLength(2);
    for (const { headers } of stub.requests) {
      expect(headers['x-amz-object-lock-mode']).toBe('COMPLIANCE');
      expect(headers['x-amz-checksum-sha256']).toBe('47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=');
    }
  });

  it('has it whatever the environment tells the SDK, and sends large bodies without asking first', async () => {
    process.env['AWS_REQUEST_CHECKSUM_CALCULATION'] = 'WHEN_REQUIRED';
    later(async () => void delete process.env['AWS_REQUEST_CHECKSUM_CALCULATION']);
    const { stub, store } = await openStub(() => stored());
    const bytes = new Uint8Array(3 * 1024 * 1024).fill(1);
    await store.putIfAbsent('key', bytes, shortLock());
    const [{ headers, body }] = stub.requests as [StubRequest];
    expect(headers['x-amz-checksum-sha256']).toBe(createHash('sha256').update(bytes).digest('base64'));
    expect(headers).not.toHaveProperty('expect');
    expect(body.equals(bytes)).toBe(true);
  });

  it('uses a hash that is given, and does not compute another', async () => {
    const { stub, store } = await openStub(() => stored());
    // Of other bytes, so that a hash computed anywhere on the way would show.
    const sha256 = new Uint8Array(32).fill(7);
    await store.putIfAbsent('key', utf8('x'), shortLock(), { sha256 });
    const [{ headers }] = stub.requests as [StubRequest];
    expect(headers['x-amz-content-sha256']).toBe('07'.repeat(32));
    expect(headers['x-amz-checksum-sha256']).toBe(Buffer.from(sha256).toString('base64'));
  });

  it('reads 412 as "exists", also when it is the answer to its own lost success', async () => {
    const { stub, store } = await openStub(
      (_, index) =>
        index === 0 ? { raw: (response) => response.destroy() } : failure(412, 'PreconditionFailed'),
      { attemptsMax: 3 },
    );
    expect(await store.putIfAbsent('key', utf8('x'), shortLock())).toEqual({ kind: 'exists' });
    expect(stub.requests).toHaveLength(2);
  });

  it('extends a lock with a checksum, on one version', async () => {
    const { stub, store } = await openStub(() => ({}));
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

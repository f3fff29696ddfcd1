// Does the S3 store keep the contract on versitygw, a gateway to files, with its own certificate?
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePorts } from '../../localstack/native/ports.ts';
import { inspectBucket } from '../../src/store/preflight.ts';
import { until } from '../support/patience.ts';
import { storeLockSuite } from './store-lock-suite.ts';
import { newLockBucket, s3Place } from './store-s3-place.ts';
import { storeSuite } from './store-suite.ts';

/** The program, which .ci/run builds. Without it vitest.config.ts leaves this file out. */
const PROGRAM = process.env['LEDGERSTONE_VERSITYGW'] ?? 'versitygw';
const REGION = 'eu-central-1';
const CREDENTIALS = { accessKeyId: 'versity', secretAccessKey: 'versity-secret' };

describe('S3 store on versitygw', () => {
  let dir: string;
  let server: ChildProcess;
  let endpoint: string;
  const base = () => ({ endpoint, region: REGION, credentials: CREDENTIALS });

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'ledgerstone-versitygw-'));
    for (const name of ['root', 'versions', 'metadata']) mkdirSync(join(dir, name));
    const [port] = (await freePorts(1)) as [number];
    endpoint = `http://127.0.0.1:${port}`;
    // Metadata in files of their own: not every file system has extended attributes.
    const folders = ['--versioning-dir', join(dir, 'versions'), '--sidecar', join(dir, 'metadata')];
    const args = ['--port', `127.0.0.1:${port}`, '--region', REGION, '--quiet', 'posix', ...folders];
    server = spawn(PROGRAM, [...args, join(dir, 'root')], {
      stdio: 'ignore',
      env: {
        ROOT_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
        ROOT_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
      },
    });
    const ended = once(server, 'exit').then(([code]) => Promise.reject(new Error(`it ended with ${code}`)));
    const ready = until('versitygw', () =>
      fetch(endpoint).then(
        () => true,
        () => false,
      ),
    );
    await Promise.race([ready, ended]);
    ended.catch(() => {});
  });
  afterAll(async () => {
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
    rmSync(dir, { recursive: true, force: true });
  });

  it('has what an archive needs of a bucket, and no public access blocks', async () => {
    const { state, checks } = await inspectBucket({
      ...base(),
      ...{ bucket: await newLockBucket(base()), prefix: '' },
    });
    expect(state).toBe('there');
    expect(checks.filter(({ verdict }) => verdict !== 'ok').map(({ name, found }) => [name, found])).toEqual([
      ['default-retention', 'none'],
      ['public-access', 'this server has no public access blocks'],
    ]);
  });

  storeSuite('on the third server', async () => s3Place({ ...base(), bucket: await newLockBucket(base()) }), {
    // It replaces control characters, which XML can't carry.
    leaveOut: /\p{Cc}/u,
  });
  storeLockSuite(
    'on the third server',
    async () => s3Place({ ...base(), bucket: await newLockBucket(base()) }),
    { keepsKeyUnderMarker: true, marksNothingAbsent: true },
  );
});

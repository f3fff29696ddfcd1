// Is imported history in a real S3: locked, killed on its way and whole after all, and copied with the rest?
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectRetentionCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { oldestVersions } from '../../src/format/oldest-version.ts';
import { s3Store } from '../../src/store/s3.ts';
import type { Store } from '../../src/store/store.ts';
import { newLockBucket } from '../contract/store-s3-place.ts';
import { cli, startCommand } from '../support/cli.ts';
import { describeWithStack } from '../support/stack/global.ts';

const RECORDS = 3000;
const DAY_MS = 86_400_000;

describeWithStack('history in a real S3', { s3: true }, (stack) => {
  let dir: string;
  let bucket: string;
  let store: Store;
  let s3: S3Client;
  const at = (name: string) => join(dir, name);
  const env = () => ({
    AWS_ACCESS_KEY_ID: stack().s3.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: stack().s3.credentials.secretAccessKey,
    AWS_REGION: stack().s3.region,
    AWS_ENDPOINT_URL_S3: stack().s3.endpoint,
  });
  const run = async (...args: string[]) => {
    const ran = await cli([...args, '--json'], { cwd: dir, env: env() });
    const lines = ran.stdout.toString().trimEnd();
    return {
      ...ran,
      answer: lines === '' ? null : JSON.parse(args[0] === 'find' ? lines.split('\n').at(-1)! : lines),
    };
  };
  const args = () => [
    ...['import', at('old.jsonl'), '--format', 'jsonl', '--time-field', '/at', '--topic', 'old'],
    ...[
      '--provenance',
      at('provenance.txt'),
      '--config',
      at('ledgerstone.yaml'),
      '--by',
      'Ada Byron',
      '--reason',
      'r',
    ],
  ];

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'ledgerstone-import-s3-'));
    const { endpoint, region, credentials } = stack().s3;
    bucket = await newLockBucket({ endpoint, region, credentials });
    store = s3Store({ endpoint, region, credentials, bucket, prefix: '' });
    s3 = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
    const lines = Array.from({ length: RECORDS }, (_, n) =>
      JSON.stringify({ at: new Date(Date.UTC(2020, 0, 1) + n * 60_000).toISOString(), n }),
    );
    await writeFile(at('old.jsonl'), `${lines.join('\n')}\n`);
    await writeFile(at('provenance.txt'), 'From the old server');
    await writeFile(
      at('ledgerstone.yaml'),
      `archive: { origin: test.example/old, store: { kind: s3, bucket: ${bucket}, region: ${region}, endpoint: "${endpoint}" }, signing: { kind: local, keyFile: key.pem } }
source: { kind: file, path: none.jsonl, topic: { name: orders, retention: year } }
retention: { seals: { mode: COMPLIANCE, period: 2y }, year: { mode: COMPLIANCE, period: 1y } }
segment: { maxRecords: 100 }
`,
    );
    expect((await run('init', '--config', 'ledgerstone.yaml', '--vkey', 'archive.vkey')).code).toBe(0);
  });
  afterAll(async () => {
    await store?.close();
    s3?.destroy();
    await rm(dir, { recursive: true, force: true });
  });

  it('killed on its way, it is whole after the next run, and each record is there once', async () => {
    const look = await run(...args(), '--dry-run');
    expect(look.answer).toMatchObject({ records: RECORDS, undated: 0 });
    const confirm = ['--confirm', look.answer.id as string];
    const child = startCommand([...args(), ...confirm], env());
    const seals = async () => {
      let count = 0;
      for await (const _ of store.listVersions('seals/topic=import.old/')) count++;
      return count;
    };
    while ((await seals()) < 3 && child.child.exitCode === null)
      await new Promise((resolve) => setImmediate(resolve));
    await child.end('SIGKILL');
    const before = await seals();
    expect(before).toBeGreaterThan(2);
    const ran = await run(...args(), ...confirm);
    expect([ran.code, ran.answer.imported]).toMatchObject([0, { offset: 0, nextOffset: RECORDS + 1 }]);
    const verified = await run('verify', `s3://${bucket}`, '--key', 'archive.vkey');
    expect([verified.code, verified.answer.verdict]).toEqual([0, 'verified']);
    expect(verified.answer.chains[0]).toMatchObject({ entries: RECORDS + 1, nextOffset: RECORDS + 1 });
    const hour = ['--from', '2020-01-01T01:00:00Z', '--to', '2020-01-01T02:00:00Z', '--text', 'at'];
    const found = await run(
      'find',
      `s3://${bucket}`,
      '--key',
      'archive.vkey',
      '--topic',
      'import.old',
      ...hour,
    );
    expect(found.answer.statement.hits).toBe(60);
  });

  it('is locked by its policy, by the word of the S3 API', async () => {
    for await (const { key, versionId } of oldestVersions(store.listVersions('data/'))) {
      const { Retention } = await s3.send(
        new GetObjectRetentionCommand({ Bucket: bucket, Key: key, VersionId: versionId }),
      );
      const days = ((Retention?.RetainUntilDate?.getTime() ?? 0) - Date.now()) / DAY_MS;
      expect([key, Retention?.Mode, days > 364 && days < 367]).toEqual([key, 'COMPLIANCE', true]);
    }
  });
});

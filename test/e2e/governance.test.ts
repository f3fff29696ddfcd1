// Do two officers hold, release and lengthen locks on a real S3, each as another account of STS?
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  GetObjectLegalHoldCommand,
  GetObjectRetentionCommand,
  PutObjectLegalHoldCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { oldestVersions } from '../../src/format/oldest-version.ts';
import { encodeVkey } from '../../src/format/vkey.ts';
import { s3Store } from '../../src/store/s3.ts';
import type { HoldWriter, Store } from '../../src/store/store.ts';
import { newLockBucket } from '../contract/store-s3-place.ts';
import { ArchiveBuilder, type ChainBuilder, entries } from '../support/archive-builder.ts';
import { cli, type Ran, startCommand } from '../support/cli.ts';
import { describeWithStack } from '../support/stack/global.ts';

const CASE_1 = ['--case', 'C-1', '--partition', '0', '--offsets', '0-29'];
const CASE_2 = ['--case', 'C-2', '--partition', '0', '--offsets', '20-59'];

type Answer = {
  readonly id: string;
  readonly vkey: string;
  readonly state: string;
  readonly by: { readonly principal: string | null };
  readonly effect: { readonly changed: number };
  readonly open: readonly string[];
};

describeWithStack('decisions on a real S3', { s3: true }, (stack) => {
  let dir: string;
  let bucket: string;
  let s3: S3Client;
  let builder: ArchiveBuilder;
  let chain: ChainBuilder;
  let store: Store & HoldWriter;
  const envs: Record<string, Record<string, string>> = {};
  const at = (name: string) => join(dir, name);
  const PREFIX = 'main/';

  const servers: Server[] = [];

  /** STS as each of them reaches it: the local stack has none that knows names. */
  async function envOf(name: string): Promise<Record<string, string>> {
    const arn = `arn:aws:sts::000000000000:assumed-role/${name}/${name}`;
    const server = createServer((request, response) => {
      const isSigned = /^AWS4-HMAC-SHA256 .*\/sts\/aws4_request/.test(request.headers.authorization ?? '');
      response.statusCode = isSigned ? 200 : 403;
      response.end(isSigned ? `<GetCallerIdentityResult><Arn>${arn}</Arn></GetCallerIdentityResult>` : '');
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { credentials, region } = stack().s3;
    return {
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_REGION: region,
      AWS_ENDPOINT_URL_STS: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    };
  }

  const as = async (who: 'ada' | 'grace', ...args: string[]): Promise<Ran & { answer: Answer }> => {
    const name = who === 'ada' ? 'Ada Byron' : 'Grace Hopper';
    const own = ['--config', 'governance.yaml', '--by', name, '--sign-key', `${who}.pem`, '--json'];
    const ran = await cli([...args, ...own], { cwd: dir, env: envs[who]! });
    const text = ran.stdout.toString();
    return { ...ran, answer: (text === '' ? {} : JSON.parse(text)) as Answer };
  };

  const holds = async () => {
    const held: string[] = [];
    for await (const { key, versionId } of oldestVersions(store.listVersions(''))) {
      const of = { Bucket: bucket, Key: PREFIX + key, VersionId: versionId };
      const answer = await s3.send(new GetObjectLegalHoldCommand(of)).catch(() => null);
      if (answer?.LegalHold?.Status === 'ON') held.push(key);
    }
    return held;
  };
  const heldSegments = async () => {
    const held = await holds();
    const of = (root: string) =>
      held.filter((key) => key.startsWith(root)).map((key) => Number(/\/(\d{12})[-.]/.exec(key)![1]));
    expect(of('data/')).toEqual(of('seals/'));
    return of('seals/');
  };

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'ledgerstone-governance-s3-'));
    const { endpoint, region, credentials } = stack().s3;
    bucket = await newLockBucket({ endpoint, region, credentials });
    s3 = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
    store = s3Store({ endpoint, region, credentials, bucket, prefix: PREFIX });
    builder = new ArchiveBuilder();
    chain = builder.chain();
    for (let segment = 0; segment < 6; segment++) await chain.seal({ lines: entries(segment * 10, 10) });
    const lock = { mode: 'COMPLIANCE', untilMs: Date.now() + 600_000 } as const;
    for (const key of builder.archive.keys())
      await store.putIfAbsent(key, builder.archive.bytesOf(key)!, lock);
    await writeFile(
      at('governance.yaml'),
      `archive:
  origin: ${builder.origin}
  store: { kind: s3, bucket: ${bucket}, region: ${region}, prefix: main, endpoint: "${endpoint}" }
  trusted: [ "${encodeVkey(builder.trusted[0]!)}" ]
governance:
  signing: { kind: local, keyFile: governance.pem }
  retention: { mode: COMPLIANCE, period: 900s }
`,
    );
    await writeFile(
      at('people.yaml'),
      `approvalHours: 1
people:
  - { name: Ada Byron, key: ada.vkey, roles: [officer] }
  - { name: Grace Hopper, key: grace.vkey, roles: [approver] }
`,
    );
    await writeFile(at('log.vkey'), `${encodeVkey(builder.trusted[0]!)}\n`);
    for (const who of ['ada', 'grace', 'governance'])
      await cli(['governance', 'key', `${who}.pem`, '--vkey', `${who}.vkey`], { cwd: dir });
    for (const who of ['ada', 'grace'] as const) envs[who] = await envOf(who);
  });
  afterAll(async () => {
    for (const server of servers) server.close();
    await store?.close();
    s3?.destroy();
    await rm(dir, { recursive: true, force: true });
  });

  it('the charter says as whom the account knows its writer', async () => {
    const ran = await as('ada', 'governance', 'charter', 'people.yaml', '--reason', 'Begin');
    expect([ran.code, ran.stderr]).toEqual([0, '']);
    expect(ran.answer.by.principal).toMatch(/^arn:aws:sts::\d{12}:assumed-role\/ada\/ada$/);
    await writeFile(at('governance.chain.vkey'), `${ran.answer.vkey}\n`);
  });

  it('two cases overlap, one is released by two persons, and the other still holds', async () => {
    const place = (...of: string[]) =>
      as('ada', 'hold', 'place', '--topic', 'orders', '--reason', 'Litigation', ...of);
    expect((await place(...CASE_1)).answer).toMatchObject({
      state: 'done',
      effect: { changed: 10, failed: [] },
    });
    expect((await place(...CASE_2)).answer).toMatchObject({
      state: 'done',
      effect: { changed: 6, failed: [] },
    });
    expect(await heldSegments()).toEqual([0, 1, 2, 3, 4, 5]);
    const proposed = await as('ada', 'hold', 'release', '--case', 'C-1', '--reason', 'Settled');
    expect([proposed.code, proposed.answer.state]).toEqual([4, 'waiting']);
    expect(await heldSegments()).toEqual([0, 1, 2, 3, 4, 5]);
    // With Ada's account, Grace's own key is not enough.
    const { id } = proposed.answer;
    const approve = ['governance', 'approve', id.slice(0, 8), '--reason', 'Agreed'];
    const own = envs['grace']!;
    envs['grace'] = envs['ada']!;
    const asAda = await as('grace', ...approve);
    expect([asAda.code, asAda.stderr]).toEqual([2, expect.stringContaining('it must be two')]);
    envs['grace'] = own;
    const approved = await as('grace', ...approve);
    expect([approved.code, approved.answer.state]).toEqual([0, 'done']);
    expect(await heldSegments()).toEqual([2, 3, 4, 5]);
    // Keys and FORMAT stay held while any case is in force.
    expect((await holds()).filter((key) => !key.includes('/topic='))).toHaveLength(4);
  });

  it('a hold that somebody took off is restored', async () => {
    const [key] = (await holds()).filter((one) => one.startsWith('data/'));
    for await (const { versionId } of oldestVersions(store.listVersions(key!, { exact: true })))
      await s3.send(
        new PutObjectLegalHoldCommand({
          ...{ Bucket: bucket, Key: PREFIX + key, VersionId: versionId, LegalHold: { Status: 'OFF' } },
        }),
      );
    const { code, answer } = await as('ada', 'hold', 'enforce', '--reason', 'Restored');
    expect([code, answer.effect.changed, answer.open]).toEqual([0, 1, []]);
    expect(await heldSegments()).toEqual([2, 3, 4, 5]);
  });

  it('a longer lock is on each object, by the word of the S3 API', async () => {
    const until = new Date(Math.ceil(Date.now() / 1000) * 1000 + 1_200_000).toISOString();
    const { code, answer } = await as(
      'ada',
      ...['retention', 'extend', '--topic', 'orders', '--until', until, '--reason', 'Tax'],
    );
    expect([code, answer.effect]).toEqual([
      0,
      expect.objectContaining({ objects: 16, changed: 16, failed: [] }),
    ]);
    for await (const { key, versionId } of oldestVersions(store.listVersions(''))) {
      if (key.includes('ledgerstone.governance')) continue;
      const of = { Bucket: bucket, Key: PREFIX + key, VersionId: versionId };
      const { Retention } = await s3.send(new GetObjectRetentionCommand(of));
      expect([key, Retention?.Mode, Retention?.RetainUntilDate?.toISOString()]).toEqual([
        ...[key, 'COMPLIANCE', until],
      ]);
    }
  });

  it('an export is recorded as whom the account knows its maker, and found again', async () => {
    const { endpoint, region } = stack().s3;
    const archive = [`s3://${bucket}/main`, '--endpoint', endpoint, '--region', region];
    const run = (...args: string[]) => cli(args, { cwd: dir, env: envs['ada']! });
    const made = await run(
      ...[
        'export',
        ...archive,
        '--key',
        'log.vkey',
        '--topic',
        'orders',
        '--partition',
        '0',
        '--offsets',
        '5-14',
      ],
      ...['--case', 'C-2', '--purpose', 'Inquiry', '--by', 'Ada Byron', '--out', 'case.zip', '--json'],
      ...['--act', 'governance.yaml', '--sign-key', 'ada.pem'],
    );
    expect(made.code, made.stderr).toBe(0);
    const { acts, digests } = JSON.parse(made.stdout.toString());
    const listed = await run('custody', 'list', ...archive, '--key', 'governance.chain.vkey', '--json');
    expect([listed.code, JSON.parse(listed.stdout.toString()).entries]).toMatchObject([
      0,
      [
        {
          ...{ act: acts[0], package: digests[0], events: 10, by: 'Ada Byron' },
          principal: expect.stringMatching(/assumed-role\/ada/),
        },
      ],
    ]);
    const found = await run('custody', 'check', 'case.zip', ...archive, '--key', 'governance.chain.vkey');
    expect(found.code).toBe(0);
  });

  it('without an answer of STS one person goes on and says so, and two do not', async () => {
    const nowhere = { AWS_ENDPOINT_URL_STS: 'http://127.0.0.1:9' };
    const own = envs['ada']!;
    envs['ada'] = { ...own, ...nowhere };
    const reaffirmed = await as('ada', 'hold', 'reaffirm', '--case', 'C-2', '--reason', 'Pending');
    expect([reaffirmed.code, reaffirmed.answer.by.principal]).toEqual([0, null]);
    expect(reaffirmed.stderr).toContain('could not be learned');
    // Nothing is written by a trial, so nobody is asked as whom.
    const tried = await as('ada', 'hold', 'release', '--case', 'C-2', '--reason', 'Settled', '--dry-run');
    expect([tried.code, tried.stderr]).toEqual([0, '']);
    const release = await as('ada', 'hold', 'release', '--case', 'C-2', '--reason', 'Settled');
    expect([release.code, release.stderr]).toEqual([3, expect.stringContaining('could not be learned')]);
    // The store's own server has no STS that knows names: there are none to compare.
    const { AWS_ENDPOINT_URL_STS: _, ...without } = own;
    envs['ada'] = without;
    const unnamed = await as('ada', 'hold', 'release', '--case', 'C-2', '--reason', 'Settled');
    expect([unnamed.code, unnamed.answer.by.principal]).toEqual([4, null]);
    expect(unnamed.stderr).toContain('no names for accounts');
    envs['ada'] = own;
  });

  it("what comes into a chain that is held as it grows is held by a service without anybody's key", async () => {
    const placed = await as(
      'ada',
      ...['hold', 'place', '--case', 'C-3', '--topic', 'orders', '--future', '--reason', 'Pending'],
    );
    expect([placed.code, placed.answer.state]).toEqual([0, 'done']);
    const before = new Set(builder.archive.keys());
    await chain.seal({ lines: entries(60, 10) });
    const { endpoint, region } = stack().s3;
    const keys = ['--key', at('governance.chain.vkey'), '--key', at('log.vkey')];
    const { AWS_ENDPOINT_URL_STS: _, ...env } = envs['ada']!;
    const keeper = startCommand(
      [
        'hold',
        'keep',
        `s3://${bucket}/main`,
        ...keys,
        '--region',
        region,
        '--endpoint',
        endpoint,
        '--every',
        '1s',
      ],
      env,
    );
    try {
      await vi.waitFor(() => expect(keeper.log()).toContain('"all":true'), 60_000);
      const lock = { mode: 'COMPLIANCE', untilMs: Date.now() + 600_000 } as const;
      for (const key of builder.archive.keys())
        if (!before.has(key)) await store.putIfAbsent(key, builder.archive.bytesOf(key)!, lock);
      await vi.waitFor(() => expect(keeper.log()).toContain('"all":false,"objects":18,"changed":2'), 60_000);
      // What infra counts rounds by.
      expect(keeper.log()).toMatch(/^\{"level":"info",.*"objects":18,"changed":2/m);
      expect((await heldSegments()).at(-1)).toBe(6);
    } finally {
      expect(await keeper.end('SIGTERM')).toBe(0);
    }
    expect(keeper.log()).toContain('hold keep stopped');
  });

  it('the vkey files hold one line', async () => {
    expect(await readFile(at('ada.vkey'), 'utf8')).toMatch(/^person\+[0-9a-f]{8}\+\S+\n$/);
  });
});

// Is a copy on a real S3 locked and held as its source, by the word of the S3 API, and does a poor replica show?
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  GetObjectLegalHoldCommand,
  GetObjectRetentionCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RunningStack } from '../../localstack/running.ts';
import { oldestVersions } from '../../src/format/oldest-version.ts';
import { encodeVkey } from '../../src/format/vkey.ts';
import { s3Store } from '../../src/store/s3.ts';
import type { HoldWriter, Store } from '../../src/store/store.ts';
import { newLockBucket } from '../contract/store-s3-place.ts';
import { ArchiveBuilder, entries } from '../support/archive-builder.ts';
import { cli, type Ran, startCommand } from '../support/cli.ts';
import { describeWithStack } from '../support/stack/global.ts';

const WHO = ['--by', 'Ada Byron', '--reason', 'Second place'];
const HELD = 'seals/topic=orders/partition=0/000000000001.tlog-proof';

type Server = Pick<RunningStack['s3'], 'endpoint' | 'region' | 'credentials'>;

describeWithStack('a copy on a real S3', { s3: true }, (stack) => {
  let dir: string;
  let bucket: string;
  let from: Store & HoldWriter;
  const clients: S3Client[] = [];
  const opened: Store[] = [];
  const at = (name: string) => join(dir, name);
  const second = (): Server => stack().secondS3;

  /** The environment is of the source's account; the copy's is a profile. */
  const env = () => ({
    AWS_ACCESS_KEY_ID: stack().s3.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: stack().s3.credentials.secretAccessKey,
    AWS_REGION: stack().s3.region,
    AWS_SHARED_CREDENTIALS_FILE: at('credentials'),
    AWS_CONFIG_FILE: at('none'),
  });
  const source = () => `s3://${bucket}/main`;
  const target = (of: string) => [
    `s3://${of}/copied`,
    ...[
      '--endpoint',
      stack().s3.endpoint,
      '--to-endpoint',
      second().endpoint,
      '--to-region',
      second().region,
    ],
    ...['--to-profile', 'second'],
  ];
  const keys = () => ['--key', 'archive.vkey', '--key', 'decisions.vkey'];
  const act = ['--config', 'governance.yaml', '--sign-key', 'ada.pem'];
  const run = (...args: string[]): Promise<Ran> => cli(args, { cwd: dir, env: env() });
  const copy = (to: string, ...more: string[]) => run('copy', source(), ...target(to), ...WHO, ...more);

  const newBucket = () => {
    const { endpoint, region, credentials } = second();
    return newLockBucket({ endpoint, region, credentials });
  };
  function storeOf(of: Server, name: string, prefix: string): Store & HoldWriter {
    const { endpoint, region, credentials } = of;
    const store = s3Store({ endpoint, region, credentials, bucket: name, prefix });
    opened.push(store);
    return store;
  }
  function client(of: Server): S3Client {
    const { endpoint, region, credentials } = of;
    const made = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
    clients.push(made);
    return made;
  }
  /** By the S3 API itself: mode, end and hold of what counts at each key. */
  async function kept(store: Store, s3: S3Client, Bucket: string, prefix: string) {
    const all: Record<string, unknown> = {};
    for await (const { key, versionId } of oldestVersions(store.listVersions(''))) {
      const of = { Bucket, Key: prefix + key, VersionId: versionId };
      const { Retention } = await s3.send(new GetObjectRetentionCommand(of));
      const hold = await s3.send(new GetObjectLegalHoldCommand(of)).catch(() => null);
      all[key] = [
        Retention?.Mode,
        Retention?.RetainUntilDate?.toISOString(),
        hold?.LegalHold?.Status === 'ON',
      ];
    }
    return all;
  }
  async function verdictOf(name: string, of: Server) {
    const { code, stdout } = await cli(
      ['verify', name, '--endpoint', of.endpoint, '--region', of.region, ...keys(), '--json'],
      {
        cwd: dir,
        env: {
          ...env(),
          AWS_ACCESS_KEY_ID: of.credentials.accessKeyId,
          AWS_SECRET_ACCESS_KEY: of.credentials.secretAccessKey,
        },
      },
    );
    const report = JSON.parse(stdout.toString());
    const findings = [report, ...report.chains].flatMap((one) =>
      one.findings.map(({ code: found }: { code: string }) => found),
    );
    return {
      ...{
        code,
        verdict: report.verdict,
        findings: [...new Set(findings)].sort(),
        decisions: report.decisions,
      },
      heads: report.chains.map((one: Record<string, unknown>) => [one['origin'], one['size'], one['root']]),
    };
  }

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'ledgerstone-copy-s3-'));
    const { endpoint, region, credentials } = stack().s3;
    bucket = await newLockBucket({ endpoint, region, credentials });
    from = storeOf(stack().s3, bucket, 'main/');
    const builder = new ArchiveBuilder();
    const chain = builder.chain();
    for (let segment = 0; segment < 6; segment++) await chain.seal({ lines: entries(segment * 10, 10) });
    for (const [index, key] of builder.archive.keys().entries()) {
      const untilMs = Date.parse('2027-11-23T00:00:00Z') + index * 86_400_000;
      await from.putIfAbsent(key, builder.archive.bytesOf(key)!, { mode: 'COMPLIANCE', untilMs });
    }
    const log = encodeVkey(builder.trusted[0]!);
    const files = {
      'archive.vkey': `${log}\n`,
      credentials: `[second]\naws_access_key_id = ${second().credentials.accessKeyId}\naws_secret_access_key = ${second().credentials.secretAccessKey}\n`,
      'governance.yaml': `archive:
  origin: ${builder.origin}
  store: { kind: s3, bucket: ${bucket}, region: ${region}, prefix: main, endpoint: "${endpoint}" }
  trusted: [ "${log}" ]
governance: { signing: { kind: local, keyFile: governance.pem }, retention: { mode: COMPLIANCE, period: 2y } }
`,
      'people.yaml': `approvalHours: 1
people:
  - { name: Ada Byron, key: ada.vkey, roles: [officer] }
  - { name: Grace Hopper, key: grace.vkey, roles: [approver] }
`,
    };
    for (const [name, text] of Object.entries(files)) await writeFile(at(name), text);
    for (const who of ['ada', 'grace', 'governance'])
      await run('governance', 'key', `${who}.pem`, '--vkey', `${who}.vkey`);
    const charter = await run(
      'governance',
      'charter',
      'people.yaml',
      '--by',
      'Ada Byron',
      '--reason',
      'Begin',
      ...act,
      '--json',
    );
    await writeFile(at('decisions.vkey'), JSON.parse(charter.stdout.toString()).vkey);
    const held = [
      'hold',
      'place',
      '--case',
      'C-1',
      '--topic',
      'orders',
      '--partition',
      '0',
      '--offsets',
      '10-19',
    ];
    expect((await run(...held, '--by', 'Ada Byron', '--reason', 'Litigation', ...act)).code).toBe(0);
  });
  afterAll(async () => {
    for (const one of opened) await one.close();
    for (const one of clients) one.destroy();
    await rm(dir, { recursive: true, force: true });
  });

  it('has the bytes, locks and holds of its source on another server, an act, and the same verdict', async () => {
    const to = await newBucket();
    const ran = await copy(to, '--lock-until', 'same', ...act, '--json');
    expect([ran.code, ran.stderr]).toEqual([
      0,
      expect.stringMatching(/^this server has no names for accounts[^\n]*\n$/),
    ]);
    const receipt = JSON.parse(ran.stdout.toString());
    expect(receipt.holds.carried.count).toBeGreaterThan(2);
    const sides = [
      await kept(from, client(stack().s3), bucket, 'main/'),
      await kept(storeOf(second(), to, 'copied/'), client(second()), to, 'copied/'),
    ];
    expect(Object.keys(sides[1]!).length).toBeGreaterThan(15);
    expect(sides[1]).toEqual(sides[0]);
    expect(sides[1]![HELD]).toEqual(['COMPLIANCE', expect.any(String), true]);
    const verdicts = [await verdictOf(source(), stack().s3), await verdictOf(`s3://${to}/copied`, second())];
    expect(verdicts[1]).toEqual(verdicts[0]);
    expect(verdicts[0]).toMatchObject({ code: 0, verdict: 'verified', findings: [] });
    const again = JSON.parse(
      (await copy(to, '--lock-until', '2029-01-01', ...act, '--json')).stdout.toString(),
    );
    expect(again).toMatchObject({ stored: 0, list: receipt.list, locks: { longer: { count: 0 } } });
    const longer = await kept(storeOf(second(), to, 'copied/'), client(second()), to, 'copied/');
    expect(Object.values(longer).every((one) => (one as string[])[1]! >= '2028-12')).toBe(true);
  });

  it('killed on its way, it goes on', async () => {
    const to = await newBucket();
    const more = ['--lock-until', 'same', '--no-act', ...keys()];
    const store = storeOf(second(), to, 'copied/');
    const count = async () => {
      let versions = 0;
      for await (const _ of store.listVersions('')) versions++;
      return versions;
    };
    const args = [
      'copy',
      source(),
      ...target(to),
      ...WHO,
      ...more.map((one) => (one.endsWith('.vkey') ? at(one) : one)),
    ];
    const child = startCommand([...args, '--receipt', at('killed.json')], env());
    while ((await count()) < 3 && child.child.exitCode === null)
      await new Promise((resolve) => setImmediate(resolve));
    await child.end('SIGKILL');
    const before = await count();
    const ran = await copy(to, ...more, '--receipt', 'killed-again.json', '--json');
    expect(ran.code).toBe(0);
    const receipt = JSON.parse(await readFile(at('killed-again.json'), 'utf8'));
    expect(receipt.stored + receipt.there).toBe(receipt.objects);
    expect(receipt.there).toBeGreaterThan(0);
    expect(before).toBeGreaterThan(2);
    expect((await verdictOf(`s3://${to}/copied`, second())).verdict).toBe('verified');
  });

  it('is refused in a bucket without Object Lock', async () => {
    const Bucket = `unlocked-${Date.now()}`;
    const { region } = second();
    await client(second()).send(
      new CreateBucketCommand({
        Bucket,
        CreateBucketConfiguration: { LocationConstraint: region as 'eu-central-1' },
      }),
    );
    const ran = await copy(Bucket, '--lock-until', 'same', ...act);
    expect(ran.code).toBe(3);
    expect(ran.stderr).toMatch(/Object Lock/);
  });

  it.each<[name: string, spoil: (key: string) => object, found: string[]]>([
    [
      'a lock that is shorter',
      (key) => (key === HELD ? { ObjectLockRetainUntilDate: new Date(Date.now() + 3_600_000) } : {}),
      ['retention-short'],
    ],
    [
      'an object without a lock',
      (key) => (key === HELD ? { ObjectLockMode: undefined, ObjectLockRetainUntilDate: undefined } : {}),
      ['lock-missing'],
    ],
    [
      'another mode',
      (key) => (key === HELD ? { ObjectLockMode: 'GOVERNANCE' } : {}),
      ['mode-not-compliance'],
    ],
    [
      'a hold that was not replicated',
      (key) => (key === HELD ? { ObjectLockLegalHoldStatus: 'OFF' } : {}),
      ['legal-hold-missing'],
    ],
    ['everything as it should be', () => ({}), []],
  ])('a replica with %s is held to the same word', async (_, spoil, found) => {
    const to = await newBucket();
    const s3 = client(second());
    const { HeadObjectCommand } = await import('@aws-sdk/client-s3');
    for await (const { key, versionId, size } of oldestVersions(from.listVersions(''))) {
      const head = await client(stack().s3).send(
        new HeadObjectCommand({ Bucket: bucket, Key: `main/${key}`, VersionId: versionId }),
      );
      await s3.send(
        new PutObjectCommand({
          ...{ Bucket: to, Key: key, Body: await from.read(key, versionId, { maxBytes: size }) },
          ...{
            ObjectLockMode: head.ObjectLockMode,
            ObjectLockRetainUntilDate: head.ObjectLockRetainUntilDate,
          },
          ObjectLockLegalHoldStatus: head.ObjectLockLegalHoldStatus ?? 'OFF',
          ...spoil(key),
        }),
      );
    }
    const { verdict, findings } = await verdictOf(`s3://${to}`, second());
    expect(findings).toEqual(found);
    const isNotice = found.length === 0 || found[0] === 'legal-hold-missing';
    expect(verdict).toBe(isNotice ? 'verified' : 'broken');
  });
});

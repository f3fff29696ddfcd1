// Does the template of the second party hold what it rests on?
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, Stack, Validations } from 'aws-cdk-lib';
import { Match } from 'aws-cdk-lib/assertions';
import { CfnBucket } from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks } from 'cdk-nag';
import { afterAll, describe, expect, it } from 'vitest';
import { LedgerstoneStack } from '../../infra/ledgerstone-stack.ts';
import { verifierCode } from '../../infra/verifier-bundle.ts';
import { VerifierStack } from '../../infra/verifier-stack.ts';
import { parseVerifierConfig } from '../../src/apps/verifier/config.ts';
import { policyProblems } from '../../src/apps/verifier/configuration-policy.ts';
import { ACCOUNT, BUCKET, ofType, only, REGION, scratchApp } from './synthesised.ts';
import {
  APART,
  ATTESTATIONS,
  bothStacks,
  LOG_KEY,
  SECOND_ACCOUNT,
  SECOND_REGION,
  TOGETHER,
  twoPartyConfig,
} from './two-parties.ts';

const { archive, verifier } = bothStacks(APART);
describe('the attestation bucket', () => {
  it('is locked in compliance mode from birth, versioned, private, and encrypted by S3 itself', () => {
    verifier.template.hasResourceProperties('AWS::S3::Bucket', {
      BucketName: ATTESTATIONS,
      ObjectLockEnabled: true,
      ObjectLockConfiguration: {
        ObjectLockEnabled: 'Enabled',
        Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 2557 } },
      },
      VersioningConfiguration: { Status: 'Enabled' },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      LifecycleConfiguration: Match.absent(),
    });
  });

  it('allows nobody from elsewhere anything: its policy holds denials only', () => {
    const policies = ofType(verifier, 'AWS::S3::BucketPolicy').filter(
      ({ Bucket }) => Bucket === ATTESTATIONS,
    );
    const effects = policies.flatMap(({ PolicyDocument }) =>
      (PolicyDocument as { Statement: { Effect: string }[] }).Statement.map(({ Effect }) => Effect),
    );
    expect(effects.length).toBeGreaterThan(12);
    expect(new Set(effects)).toEqual(new Set(['Deny']));
  });
});

describe('the key', () => {
  it('is Ed25519 unless P-256 is chosen', () => {
    const spec = (text: string) => only(bothStacks(text).verifier, 'AWS::KMS::Key').Properties['KeySpec'];
    expect(spec(APART)).toBe('ECC_NIST_EDWARDS25519');
    expect(spec(APART.replace('logKey:', 'key: { spec: ECC_NIST_P256 }\n  logKey:'))).toBe('ECC_NIST_P256');
  });

  it('names no account as such', () => {
    const { Statement } = only(verifier, 'AWS::KMS::Key').Properties['KeyPolicy'] as {
      Statement: {
        Effect: string;
        Principal: { AWS: string };
        Action: string | string[];
        Condition?: unknown;
      }[];
    };
    for (const { Principal, Action, Condition } of Statement.filter(({ Effect }) => Effect === 'Allow')) {
      expect(JSON.stringify(Action)).not.toContain('*');
      if (Principal.AWS.endsWith(':root')) expect(Condition).toEqual({ ArnEquals: expect.anything() });
    }
  });
});

describe('the function', () => {
  const { Properties } = only(verifier, 'AWS::Lambda::Function');
  const deadLetters = `arn:aws:sqs:${SECOND_REGION}:${SECOND_ACCOUNT}:EventsDeadLetters`;

  it('runs on arm64 and Node 24, bounded in memory, time and number, with an end for what fails', () => {
    expect(Properties).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      MemorySize: 512,
      Timeout: 300,
      ReservedConcurrentExecutions: 5,
      DeadLetterConfig: { TargetArn: expect.stringContaining(deadLetters) },
    });
    expect(Properties).not.toHaveProperty('VpcConfig');
  });

  it.each([
    ['in two accounts', APART, SECOND_REGION, SECOND_ACCOUNT],
    ['in one', TOGETHER, REGION, ACCOUNT],
  ])('is told a configuration that the verifier takes, %s', (_, text, region, account) => {
    const stack = bothStacks(text).verifier;
    const { Environment } = only(stack, 'AWS::Lambda::Function').Properties as {
      Environment: { Variables: Record<string, string> };
    };
    const told = String(Environment.Variables['LEDGERSTONE_VERIFIER_CONFIG']);
    expect(Buffer.byteLength(JSON.stringify(Environment.Variables))).toBeLessThan(4096);
    const config = parseVerifierConfig(told, 'environment', {});
    expect(config.archive.store).toMatchObject({
      ...{ kind: 's3', bucket: BUCKET, region: REGION, prefix: 'prod/', expectedBucketOwner: ACCOUNT },
    });
    expect(config.attestations).toMatchObject({
      store: { kind: 's3', bucket: ATTESTATIONS, region, expectedBucketOwner: account },
      retention: { mode: 'COMPLIANCE', text: '2557d' },
    });
    expect(config.cosigner).toMatchObject({
      name: 'verifier.example.com/prod',
      signing: { kind: 'kms', keyId: stack.outputs['VerifierKeyArn']?.Value },
    });
    expect(config.alarms.sns).toBe(stack.outputs['TopicArn']?.Value);
    // What the archive's stack sets up is what is promised.
    expect(config.archive.logKey).toMatchObject({ keyId: LOG_KEY, region: REGION });
    expect(config.sweep.leastLockMs).toBe(364 * 86_400_000);
    const isOfOwner = account === ACCOUNT;
    expect(config.configuration).toMatchObject({
      ...{ defaultDays: 365, denies: isOfOwner, minimumDays: isOfOwner ? 364 : null },
    });
  });

  it('keeps, in one account, what its configuration says of the policy', () => {
    const { archive: stack } = bothStacks(TOGETHER);
    const policy = ofType(stack, 'AWS::S3::BucketPolicy').map(({ PolicyDocument }) => PolicyDocument);
    const promised = { bucketArn: `arn:aws:s3:::${BUCKET}`, prefix: 'prod/', minimumDays: 364 };
    expect(policy.map((one) => policyProblems(JSON.stringify(one), promised))).toContainEqual([]);
  });

  it('takes events from the queue one by one, and leaves room for the schedules', () => {
    const [mapping] = ofType(verifier, 'AWS::Lambda::EventSourceMapping');
    expect(mapping).toMatchObject({
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 4 },
    });
    const queue = only(verifier, 'AWS::SQS::Queue', 'EventsQueue').Properties;
    expect(Number(queue['VisibilityTimeout'])).toBeGreaterThan(Number(Properties['Timeout']));
    expect(queue['RedrivePolicy']).toMatchObject({
      deadLetterTargetArn: expect.stringContaining(deadLetters),
      maxReceiveCount: 5,
    });
  });

  it('leaves what it knows when the stack is deleted, and refuses to be deleted', () => {
    const kept = /S3::Bucket|KMS::Key|IAM::Role |Logs::|CloudTrail|SQS::Queue EventsDeadLetters/;
    const made = Object.entries(
      verifier.template.toJSON()['Resources'] as Record<string, { Type: string }>,
    ).filter(([id, { Type }]) => kept.test(`${Type} ${id}`) && !/^(Schedules|BreakGlass)/.test(id));
    expect(made.length).toBeGreaterThan(10);
    for (const [id, resource] of made)
      expect({ id, ...resource }).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    expect(new VerifierStack(scratchApp(), twoPartyConfig(APART)).terminationProtection).toBe(true);
  });
});

describe('the code', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ledgerstone-bundle-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const stackOfOne = () => {
    const app = scratchApp();
    const stack = new Stack(app, 'Code');
    // A template without resources is none.
    new CfnBucket(stack, 'Bucket');
    return { app, stack };
  };
  const messages = (app: App) => app.synth().stacks.flatMap(({ messages }) => messages);

  it('is the bundle where there is one', () => {
    writeFileSync(join(folder, 'index.mjs'), 'export const handler = async () => 1;\n');
    const { app, stack } = stackOfOne();
    verifierCode(stack, folder).bind(stack);
    expect(messages(app)).toEqual([]);
    const assets = readdirSync(app.outdir).filter((name) => name.startsWith('asset.'));
    expect(assets.map((name) => readdirSync(join(app.outdir, name)))).toEqual([['index.mjs']]);
  });

  it('is else nothing that could pass for a verifier, and is not deployed', async () => {
    const { app, stack } = stackOfOne();
    verifierCode(stack, join(folder, 'missing')).bind(stack);
    expect(messages(app)).toMatchObject([
      { level: 'error', entry: { data: expect.stringMatching(/npm run bundle/) } },
    ]);
    const [asset] = readdirSync(app.outdir).filter((name) => name.startsWith('asset.'));
    const file = join(app.outdir, String(asset), 'index.mjs');
    expect(readFileSync(file, 'utf8')).toContain('no verifier');
    const { handler } = (await import(file)) as { handler: () => Promise<unknown> };
    await expect(handler()).rejects.toThrow('was not built');
  });
});

describe('the archive stack with a verifier', () => {
  it('names the second party by condition only, so that it can be deployed before it', () => {
    const text = JSON.stringify(archive.resources);
    expect(text).toContain(`arn:aws:iam::${SECOND_ACCOUNT}:role/ledgerstone-verifier`);
    expect(text).not.toMatch(new RegExp(`"Principal":\\{"AWS":"arn:aws:iam::${SECOND_ACCOUNT}:role`));
  });

  it('tells EventBridge of every object without a custom resource', () => {
    archive.template.hasResourceProperties('AWS::S3::Bucket', {
      BucketName: BUCKET,
      NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
    });
    expect(JSON.stringify(archive.resources)).not.toContain('Custom::');
    expect(ofType(archive, 'AWS::Lambda::Function')).toEqual([]);
  });
});

describe('cdk-nag', () => {
  const synth = (fill: (app: App) => void) => {
    const app = scratchApp();
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
    fill(app);
    app.synth();
  };

  it.each([
    APART,
    TOGETHER,
    APART.replace('prefix: prod/', 'prefix: ""'),
    APART.replace('logKey:', 'trail: false\n  logKey:'),
  ])('finds nothing in both stacks (%#)', (text) => {
    synth((app) => {
      const config = twoPartyConfig(text);
      new LedgerstoneStack(app, config);
      new VerifierStack(app, config);
    });
  });

  it('would find a wildcard, a bucket or a queue that somebody adds', () => {
    const careless = (app: App) => {
      const stack = new VerifierStack(app, twoPartyConfig(APART));
      new CfnBucket(stack, 'Careless');
    };
    expect(() => synth(careless)).toThrow('AwsSolutions-S1');
  });
});

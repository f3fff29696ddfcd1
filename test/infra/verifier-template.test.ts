// Does the verifier's template have every rule that the verifier depends on?

import type { App } from 'aws-cdk-lib';
import { Match } from 'aws-cdk-lib/assertions';
import { CfnBucket } from 'aws-cdk-lib/aws-s3';
import { describe, expect, it } from 'vitest';
import { LedgerstoneStack } from '../../infra/ledgerstone-stack.ts';
import { VerifierStack } from '../../infra/verifier-stack.ts';
import { nodeSha256 } from '../../src/base/node/hash.ts';
import { parseVerifierConfig } from '../../src/config/verifier.ts';
import { cosignerKey, encodeCosignerVkey } from '../../src/format/cosignature.ts';
import { policyProblems } from '../../src/verifier/tasks/bucket-policy.ts';
import { memorySigner } from '../support/memory-signer.ts';
import { openAllowances, problemOf, synthesiseUnderNag } from './checked.ts';
import type { Statement } from './simulation.ts';
import { ACCOUNT, BUCKET, ofType, only, REGION, scratchApp } from './synthesised.ts';
import {
  APART,
  ATTESTATIONS,
  bothStacks,
  LOG_KEY,
  NO_CODE,
  SECOND_ACCOUNT,
  SECOND_REGION,
  TOGETHER,
  twoPartyConfig,
} from './two-parties.ts';

const { archive, verifier } = bothStacks(APART);
const SHOWS_OLDER = APART.replace(
  'logKey:',
  `older: [{ bucket: sold-audit, prefix: prod/, account: "777788889999", region: ${REGION}, trusted: ["${[
    'sold.example.com/prod',
    '916bf104',
    'AUjgW0k/ifzcgyVjX9IWULGe+1D6pl4bRPrYer6KCTfe',
  ].join('+')}"] }]\n  logKey:`,
);
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

  it('allows other accounts nothing, except that the drill role reads findings', () => {
    const statements = (text: string) =>
      ofType(bothStacks(text).verifier, 'AWS::S3::BucketPolicy')
        .filter(({ Bucket }) => Bucket === ATTESTATIONS)
        .flatMap(({ PolicyDocument }) => (PolicyDocument as { Statement: Statement[] }).Statement);
    const allowed = (text: string) => statements(text).filter(({ Effect }) => Effect === 'Allow');
    expect(statements(APART).length).toBeGreaterThan(15);
    expect(allowed(APART).map(({ Sid }) => Sid)).toEqual(['DrillsReadFindings', 'DrillsListFindings']);
    expect(allowed(APART.replace(/drillers: .*/, ''))).toEqual([]);
  });
});

describe('the key', () => {
  it('is Ed25519 unless P-256 is chosen', () => {
    const spec = (text: string) =>
      only(bothStacks(text).verifier, 'AWS::KMS::Key', 'Key').Properties['KeySpec'];
    expect(spec(APART)).toBe('ECC_NIST_EDWARDS25519');
    expect(spec(APART.replace('logKey:', 'key: { spec: ECC_NIST_P256 }\n  logKey:'))).toBe('ECC_NIST_P256');
  });

  it('has one of ML-DSA-44 beside it unless that is turned off, and both are in the configuration', () => {
    const { verifier: stack } = bothStacks(APART);
    const second = only(stack, 'AWS::KMS::Key', 'PostQuantumKey').Properties;
    expect([second['KeySpec'], second['KeyUsage']]).toEqual(['ML_DSA_44', 'SIGN_VERIFY']);
    expect(openAllowances(second['KeyPolicy'])).toEqual([]);
    const configured = (of: typeof stack) =>
      JSON.stringify(only(of, 'AWS::Lambda::Function').Properties['Environment']).includes('postQuantum');
    expect(configured(stack)).toBe(true);
    const off = bothStacks(APART.replace('logKey:', 'key: { postQuantum: false }\n  logKey:')).verifier;
    expect([ofType(off, 'AWS::KMS::Key').length, configured(off)]).toEqual([1, false]);
  });

  it('names no account as such', () => {
    expect(openAllowances(only(verifier, 'AWS::KMS::Key', 'Key').Properties['KeyPolicy'])).toEqual([]);
  });
});

it('gives its role to the function alone, and to pods of one service account if they are named', () => {
  const trusted = (text: string) =>
    (
      only(bothStacks(text).verifier, 'AWS::IAM::Role', 'VerifierRole').Properties[
        'AssumeRolePolicyDocument'
      ] as { Statement: { Principal: object; Condition?: object }[] }
    ).Statement.map(({ Principal, Condition }) => [Principal, Condition]);
  const lambda = [{ Service: 'lambda.amazonaws.com' }, undefined];
  expect(trusted(APART)).toEqual([lambda]);
  const cluster = `arn:aws:eks:${SECOND_REGION}:${SECOND_ACCOUNT}:cluster/audit`;
  const pod = `pod: { kind: eks-pod-identity, cluster: "${cluster}", namespace: verifier, serviceAccount: watch }`;
  const tags = {
    'aws:RequestTag/eks-cluster-arn': cluster,
    'aws:RequestTag/kubernetes-namespace': 'verifier',
    'aws:RequestTag/kubernetes-service-account': 'watch',
  };
  expect(trusted(APART.replace('logKey:', `${pod}\n  logKey:`))).toEqual([
    lambda,
    [{ Service: 'pods.eks.amazonaws.com' }, { StringEquals: tags }],
  ]);
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
      DeadLetterConfig: { TargetArn: expect.stringContaining(deadLetters) },
    });
    expect(Properties).not.toHaveProperty('VpcConfig');
    // A new account may run ten calls at once, and none of them can be reserved.
    expect(Properties).not.toHaveProperty('ReservedConcurrentExecutions');
  });

  it('is told to index what its configuration names', () => {
    const index = 'index: { fields: { orders: { actor: /userIdentity/arn } } }';
    const stack = bothStacks(APART.replace('logKey:', `${index}\n  logKey:`)).verifier;
    const { Environment } = only(stack, 'AWS::Lambda::Function').Properties as {
      Environment: { Variables: Record<string, string> };
    };
    const rendered = String(Environment.Variables['LEDGERSTONE_VERIFIER_CONFIG']);
    expect(parseVerifierConfig(rendered, 'environment', {}).index).toEqual({
      orders: ['/userIdentity/arn'],
    });
  });

  it('is shown older archives, and may read their seals alone', () => {
    const stack = bothStacks(SHOWS_OLDER).verifier;
    const { Environment } = only(stack, 'AWS::Lambda::Function').Properties as {
      Environment: { Variables: Record<string, string> };
    };
    const rendered = String(Environment.Variables['LEDGERSTONE_VERIFIER_CONFIG']);
    expect(parseVerifierConfig(rendered, 'environment', {}).archive.older).toMatchObject([
      {
        store: { kind: 's3', bucket: 'sold-audit', prefix: 'prod/', expectedBucketOwner: '777788889999' },
        trusted: [{ name: 'sold.example.com/prod' }],
      },
    ]);
    const all = ofType(stack, 'AWS::IAM::Role').flatMap(
      (role) => (role['Policies'] ?? []) as { PolicyDocument: { Statement: Statement[] } }[],
    );
    const about = all
      .flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
      .filter((one) => JSON.stringify(one).includes('sold-audit'));
    expect(about.map(({ Action, Resource }) => [Action, Resource])).toEqual([
      [['s3:GetObject', 's3:GetObjectVersion'], 'arn:aws:s3:::sold-audit/prod/seals/*'],
      [['s3:ListBucket', 's3:ListBucketVersions'], 'arn:aws:s3:::sold-audit'],
    ]);
  });

  it('is told which chains have ended', () => {
    const text = (chain: string) => APART.replace('logKey:', `ended: ["${chain}"]\n  logKey:`);
    const { Environment } = only(bothStacks(text('audit.old/3')).verifier, 'AWS::Lambda::Function')
      .Properties as { Environment: { Variables: Record<string, string> } };
    const rendered = String(Environment.Variables['LEDGERSTONE_VERIFIER_CONFIG']);
    expect(parseVerifierConfig(rendered, 'environment', {}).chains.ended).toEqual(['audit.old/3']);
    expect(problemOf(text('audit.old/x'))).toContain("the verifier's configuration at chains.ended");
  });

  it('is told of the witnesses that its configuration names', () => {
    const key = cosignerKey('w.example.com', memorySigner({ seed: 'w' }).publicKey, nodeSha256);
    const policy = `witness A ${encodeCosignerVkey(key)} https://w.example.com/\nquorum A\n`;
    const text = (given: string) =>
      APART.replace('logKey:', `witnesses: { policy: ${JSON.stringify(given)}, every: 1h }\n  logKey:`);
    const { Environment } = only(bothStacks(text(policy)).verifier, 'AWS::Lambda::Function').Properties as {
      Environment: { Variables: Record<string, string> };
    };
    const rendered = String(Environment.Variables['LEDGERSTONE_VERIFIER_CONFIG']);
    const { witnesses } = parseVerifierConfig(rendered, 'environment', {});
    expect([witnesses?.everyMs, witnesses?.policy.witnesses.map(({ url }) => url)]).toEqual([
      3_600_000,
      ['https://w.example.com/'],
    ]);
    expect(problemOf(text('witness'))).toContain("the verifier's configuration at witnesses.policy");
  });

  it.each([
    ['in two accounts', APART, SECOND_REGION, SECOND_ACCOUNT],
    ['in one', TOGETHER, REGION, ACCOUNT],
  ])('gets a configuration that the verifier accepts, %s', (_, text, region, account) => {
    const stack = bothStacks(text).verifier;
    const { Environment } = only(stack, 'AWS::Lambda::Function').Properties as {
      Environment: { Variables: Record<string, string> };
    };
    const rendered = String(Environment.Variables['LEDGERSTONE_VERIFIER_CONFIG']);
    expect(Buffer.byteLength(JSON.stringify(Environment.Variables))).toBeLessThan(4096);
    const config = parseVerifierConfig(rendered, 'environment', {});
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
    expect(config.index).toBeNull();
    expect(config.alarms.sns).toBe(stack.outputs['TopicArn']?.Value);
    // What the archive's stack sets up is what is promised.
    expect(config.archive.logKey).toMatchObject({ keyId: LOG_KEY, region: REGION });
    expect(config.sweep.leastLock).toEqual({ months: 0, ms: 364 * 86_400_000 });
    const isOfOwner = account === ACCOUNT;
    expect(config.configuration).toMatchObject({
      ...{ defaultDays: 365, denies: isOfOwner, minimumDays: 364, maximumDays: 3653 },
    });
    expect(config.attempts).toMatchObject({
      trails: ['ledgerstone-archive', 'ledgerstone-verifier'],
      rules: ['ledgerstone-to-verifier-', 'ledgerstone-verifier-'],
      ...{
        roles: ['ledgerstone-'],
        breakGlass: ['ledgerstone-break-glass', 'ledgerstone-verifier-break-glass'],
      },
      trailFiles: {
        store: { kind: 's3', bucket: `ledgerstone-trail-${account}`, region, expectedBucketOwner: account },
        from: isOfOwner
          ? [{ account: ACCOUNT, region: REGION }]
          : [
              { account: ACCOUNT, region: REGION },
              { account: SECOND_ACCOUNT, region: SECOND_REGION },
            ],
      },
    });
    const trails = Object.values(bothStacks(text)).flatMap((one) => ofType(one, 'AWS::CloudTrail::Trail'));
    expect(trails.map(({ TrailName }) => TrailName)).toEqual(config.attempts.trails);
  });

  it('gets everything else that the configuration says, and the address of a webhook as a secret', () => {
    const secret = `arn:aws:secretsmanager:${SECOND_REGION}:${SECOND_ACCOUNT}:secret:hook-AbCdEf`;
    const more = [
      `webhook: "${secret}"`,
      'leastLock: 30d',
      `earlier: ["${encodeCosignerVkey(cosignerKey('old.example.com', memorySigner().publicKey, nodeSha256))}"]`,
    ].join('\n  ');
    const { verifier: stack } = bothStacks(APART.replace('logKey:', `${more}\n  logKey:`));
    const { Environment } = only(stack, 'AWS::Lambda::Function').Properties as {
      Environment: { Variables: Record<string, string> };
    };
    const { LEDGERSTONE_VERIFIER_CONFIG: rendered = '', LEDGERSTONE_WEBHOOK: hook } = Environment.Variables;
    expect(hook).toBe(`{{resolve:secretsmanager:${secret}:SecretString:::}}`);
    expect(rendered).not.toContain('secretsmanager');
    const url = 'https://hooks.example.com/T000';
    expect(parseVerifierConfig(rendered, 'environment', { LEDGERSTONE_WEBHOOK: url })).toMatchObject({
      alarms: { webhook: url },
      cosigner: { earlier: [{ name: 'old.example.com' }] },
      sweep: {
        leastLock: { months: 0, ms: 30 * 86_400_000 },
      },
    });
  });

  it('keeps, in one account, what its configuration says of the policy', () => {
    const { archive: stack } = bothStacks(TOGETHER);
    const policy = ofType(stack, 'AWS::S3::BucketPolicy').map(({ PolicyDocument }) => PolicyDocument);
    const promised = {
      bucketArn: `arn:aws:s3:::${BUCKET}`,
      prefix: 'prod/',
      minimumDays: 364,
      maximumDays: 3653,
    };
    expect(policy.map((one) => policyProblems(JSON.stringify(one), promised))).toContainEqual([]);
  });

  it('takes events from the queue one by one, and leaves room for the schedules', () => {
    const [mapping] = ofType(verifier, 'AWS::Lambda::EventSourceMapping');
    expect(mapping).toMatchObject({
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 2 },
    });
    const reserved = 'reservedConcurrency: 8\n  concurrency: 5\n  logKey:';
    const { verifier: sized } = bothStacks(APART.replace('logKey:', reserved));
    expect(only(sized, 'AWS::Lambda::Function').Properties).toMatchObject({
      ReservedConcurrentExecutions: 8,
    });
    expect(ofType(sized, 'AWS::Lambda::EventSourceMapping')).toMatchObject([
      { ScalingConfig: { MaximumConcurrency: 5 } },
    ]);
    expect(ofType(verifier, 'AWS::Lambda::EventInvokeConfig')).toMatchObject([
      { MaximumEventAgeInSeconds: 900 },
    ]);
    const queue = only(verifier, 'AWS::SQS::Queue', 'EventsQueue').Properties;
    expect(Number(queue['VisibilityTimeout'])).toBeGreaterThan(Number(Properties['Timeout']));
    expect(queue['RedrivePolicy']).toMatchObject({
      deadLetterTargetArn: expect.stringContaining(deadLetters),
      maxReceiveCount: 5,
    });
  });

  it('leaves what it knows when the stack is deleted, and refuses to be deleted', () => {
    const kept = /S3::Bucket|KMS::Key|IAM::Role |Logs::|CloudTrail::|SQS::Queue EventsDeadLetters/;
    const made = Object.entries(
      verifier.template.toJSON()['Resources'] as Record<string, { Type: string }>,
    ).filter(([id, { Type }]) => kept.test(`${Type} ${id}`) && !/^(Schedules|BreakGlass)/.test(id));
    expect(made.length).toBeGreaterThan(10);
    for (const [id, resource] of made)
      expect({ id, ...resource }).toMatchObject({
        ...{ DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' },
      });
    expect(new VerifierStack(scratchApp(), twoPartyConfig(APART), NO_CODE).terminationProtection).toBe(true);
  });
});

describe('a first deployment', () => {
  type Made = {
    readonly Type: string;
    readonly DeletionPolicy?: string;
    readonly DependsOn?: string[];
    readonly Properties?: object;
  };
  const resources = Object.values(bothStacks(APART)).flatMap(({ template }) =>
    Object.values(template.toJSON()['Resources'] as Record<string, Made>),
  );

  it('that fails leaves nothing with a fixed name, so that the next try does not find it taken', () => {
    const named = resources.filter(({ Properties }) =>
      /"(?:BucketName|RoleName|TrailName|Name)":"/.test(JSON.stringify(Properties)),
    );
    expect(named.length).toBeGreaterThan(15);
    // `Retain` also holds in the rollback of a creation. Rules and the bus have no policy at all, and go.
    expect(resources.filter(({ DeletionPolicy }) => DeletionPolicy === 'Retain')).toEqual([]);
  });

  it('waits for nothing that its own references wait for already (cfn-lint W3005)', () => {
    const twice = resources.filter(({ DependsOn = [], Properties }) =>
      [DependsOn]
        .flat()
        .some((id) => new RegExp(`"(?:Ref":|Fn::GetAtt":\\[)"${id}"`).test(JSON.stringify(Properties))),
    );
    expect(twice).toEqual([]);
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
  it.each([
    APART,
    TOGETHER,
    APART.replace('prefix: prod/', 'prefix: ""'),
    APART.replace('logKey:', 'trail: false\n  logKey:'),
    SHOWS_OLDER,
  ])('finds nothing in both stacks (%#)', (text) => {
    synthesiseUnderNag((app) => {
      const config = twoPartyConfig(text);
      new LedgerstoneStack(app, config);
      new VerifierStack(app, config, NO_CODE);
    });
  });

  it('would find a wildcard, a bucket or a queue that somebody adds', () => {
    const careless = (app: App) => {
      const stack = new VerifierStack(app, twoPartyConfig(APART), NO_CODE);
      new CfnBucket(stack, 'Careless');
    };
    expect(() => synthesiseUnderNag(careless)).toThrow('AwsSolutions-S1');
  });
});

// Does the archive's template have every rule that the archive depends on?
import { type App, Stack } from 'aws-cdk-lib';
import { Match } from 'aws-cdk-lib/assertions';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseInfraConfig } from '../../infra/config.ts';
import { LedgerstoneStack } from '../../infra/ledgerstone-stack.ts';
import { parseConfig } from '../../src/config/archiver.ts';
import { openAllowances, problemOf, synthesiseUnderNag } from './checked.ts';
import { ACCOUNT, BUCKET, CONFIG, only, REGION, scratchApp, synthesise } from './synthesised.ts';

const stack = synthesise();
const { template } = stack;

describe('removing what is over', () => {
  const EXPIRE = `${CONFIG}\nexpire: [{ topic: orders, days: 366 }, { topic: audit.x, days: 3700 }]\n`;
  const rulesOf = (made: ReturnType<typeof synthesise>) =>
    only(made, 'AWS::S3::Bucket').Properties['LifecycleConfiguration'];

  it('is off', () => {
    expect(rulesOf(stack)).toBeUndefined();
  });

  it('is done to data of the topics that are named, and to no seal, key or decision', () => {
    expect(rulesOf(synthesise(EXPIRE))).toEqual({
      Rules: [
        ['orders', 366],
        ['audit.x', 3700],
      ].map(([topic, days]) => ({
        Status: 'Enabled',
        Prefix: `prod/data/topic=${topic}/`,
        ExpirationInDays: days,
        NoncurrentVersionExpiration: { NoncurrentDays: 1 },
      })),
    });
  });

  it.each([
    ['a topic twice', '[{ topic: a, days: 400 }, { topic: a, days: 401 }]', 'must name each topic once'],
    ['decisions', '[{ topic: ledgerstone.governance, days: 400 }]', 'is a chain of Ledgerstone'],
    [
      'what is locked by the bucket’s own rule',
      '[{ topic: a, days: 364 }]',
      'must be over retention.minimumDays',
    ],
    ['a pattern', '[{ topic: "a*", days: 400 }]', 'a topic name'],
  ])('%s is refused', (_, expire, said) => {
    expect(problemOf(`${CONFIG}\nexpire: ${expire}\n`)).toContain(said);
  });
});

describe('the bucket', () => {
  it('is locked in compliance mode from birth, versioned, private, and encrypted by S3 itself', () => {
    template.hasResourceProperties('AWS::S3::Bucket', {
      BucketName: BUCKET,
      ObjectLockEnabled: true,
      ObjectLockConfiguration: {
        ObjectLockEnabled: 'Enabled',
        Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 365 } },
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

  it('has a policy of denials only', () => {
    const { Statement } = only(stack, 'AWS::S3::BucketPolicy').Properties['PolicyDocument'] as {
      Statement: { Effect: string; Principal: unknown }[];
    };
    expect(Statement.length).toBeGreaterThan(10);
    for (const { Effect, Principal } of Statement)
      expect([Effect, Principal]).toEqual(['Deny', { AWS: '*' }]);
  });
});

describe('the key', () => {
  it.each(['ECC_NIST_P256', 'ECC_NIST_EDWARDS25519'])(
    'signs, is of spec %s, and stays one for 30 days',
    (spec) => {
      synthesise(`${CONFIG}\nkey: { spec: ${spec} }`).template.hasResourceProperties('AWS::KMS::Key', {
        KeySpec: spec,
        KeyUsage: 'SIGN_VERIFY',
        PendingWindowInDays: 30,
        MultiRegion: Match.absent(),
      });
    },
  );

  it("passes KMS's check for lockout openly, and skips it only once sealed", () => {
    const bypass = (config: string) =>
      only(synthesise(config), 'AWS::KMS::Key').Properties['BypassPolicyLockoutSafetyCheck'];
    expect(bypass(CONFIG)).toBe(false);
    expect(bypass(`${CONFIG}\nsealed: true`)).toBe(true);
  });

  it('gives the account as such nothing', () => {
    expect(openAllowances(only(stack, 'AWS::KMS::Key').Properties['KeyPolicy'])).toEqual([]);
    const usual = { Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::1:root' }, Action: 'kms:*' };
    expect(openAllowances({ Statement: [usual] })).toEqual([usual]);
  });
});

describe('the stack', () => {
  it('keeps everything when it is deleted, but not what a failed first deployment leaves; refuses to be deleted', () => {
    for (const [id, resource] of Object.entries(template.toJSON()['Resources'] as Record<string, object>)) {
      expect({ id, ...resource }).toMatchObject({
        ...{ DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' },
      });
    }
    const made = new LedgerstoneStack(scratchApp(), parseInfraConfig(CONFIG, 'test'));
    expect(made.terminationProtection).toBe(true);
  });

  it('needs neither assets nor bootstrapped resources', () => {
    const json = template.toJSON();
    expect(json['Parameters']).toBeUndefined();
    expect(json['Rules']).toBeUndefined();
    expect(JSON.stringify(json['Resources'])).not.toContain('Custom::');
  });

  it('puts out the beginning of a configuration that the archiver takes', () => {
    const yaml = String(stack.outputs['LedgerstoneYaml']?.Value);
    const rest = [
      'source: { kind: kafka, brokers: ["kafka:9092"], groupId: ledgerstone, topics: [{ name: a, retention: r }] }',
      'retention: { r: { mode: COMPLIANCE, period: 1y } }',
    ].join('\n');
    const config = parseConfig(`${yaml}${rest}\n`, 'ledgerstone.yaml', {});
    expect(config.production).toBe(true);
    expect(config.archive).toMatchObject({
      origin: 'audit.example.com/prod',
      store: { kind: 's3', bucket: BUCKET, region: REGION, prefix: 'prod/', expectedBucketOwner: ACCOUNT },
      signing: { kind: 'kms', keyId: stack.outputs['LogKeyArn']?.Value },
    });
    expect(Object.keys(parse(yaml))).toEqual(['production', 'archive']);
  });

  it('works with a bucket name that CloudFormation makes up, at the root of the bucket', () => {
    const plain = synthesise(CONFIG.replace(`name: ${BUCKET}, prefix: prod/`, ''));
    plain.template.hasResourceProperties('AWS::S3::Bucket', { BucketName: Match.absent() });
    expect(plain.outputs['LedgerstoneYaml']?.Value).not.toContain('prefix');
    expect(JSON.stringify(plain.resources)).toContain('/seals/*');
  });
});

describe('who may become which role', () => {
  const trust = (text: string, idPrefix: string) =>
    only(synthesise(text), 'AWS::IAM::Role', idPrefix).Properties['AssumeRolePolicyDocument'] as {
      Statement: unknown[];
    };
  const archiver = (yaml: string) => trust(CONFIG.replace('{ kind: ecs-task }', yaml), 'Archiver').Statement;

  it('an ECS task, of this account and Region only', () => {
    expect(archiver('{ kind: ecs-task }')).toEqual([
      {
        Effect: 'Allow',
        Action: 'sts:AssumeRole',
        Principal: { Service: 'ecs-tasks.amazonaws.com' },
        Condition: {
          StringEquals: { 'aws:SourceAccount': ACCOUNT },
          ArnLike: { 'aws:SourceArn': `arn:aws:ecs:${REGION}:${ACCOUNT}:*` },
        },
      },
    ]);
  });

  it('a pod, of one service account of one cluster only', () => {
    const cluster = `arn:aws:eks:${REGION}:${ACCOUNT}:cluster/prod`;
    expect(
      archiver(
        `{ kind: eks-pod-identity, cluster: "${cluster}", namespace: audit, serviceAccount: ledgerstone }`,
      ),
    ).toEqual([
      {
        Effect: 'Allow',
        Action: ['sts:AssumeRole', 'sts:TagSession'],
        Principal: { Service: 'pods.eks.amazonaws.com' },
        Condition: {
          StringEquals: {
            'aws:RequestTag/eks-cluster-arn': cluster,
            'aws:RequestTag/kubernetes-namespace': 'audit',
            'aws:RequestTag/kubernetes-service-account': 'ledgerstone',
          },
        },
      },
    ]);
  });

  it('a pod with a token of its cluster, of one service account only', () => {
    const issuer = `oidc.eks.${REGION}.amazonaws.com/id/ABC`;
    const provider = `arn:aws:iam::${ACCOUNT}:oidc-provider/${issuer}`;
    expect(
      archiver(`{ kind: eks-irsa, provider: "${provider}", namespace: audit, serviceAccount: ledgerstone }`),
    ).toEqual([
      {
        Effect: 'Allow',
        Action: 'sts:AssumeRoleWithWebIdentity',
        Principal: { Federated: provider },
        Condition: {
          StringEquals: {
            [`${issuer}:aud`]: 'sts.amazonaws.com',
            [`${issuer}:sub`]: 'system:serviceaccount:audit:ledgerstone',
          },
        },
      },
    ]);
  });

  it('a principal by its ARN', () => {
    const arn = `arn:aws:iam::${ACCOUNT}:role/ci`;
    expect(archiver(`{ kind: principal, arn: "${arn}" }`)).toMatchObject([{ Principal: { AWS: arn } }]);
  });

  it.each([
    ['PeopleAuditor', {}],
    ['PeopleKeyAdmin', {}],
    // STS of another Region would record the use there, where no rule waits for it.
    ['PeopleBreakGlass', { StringEquals: { 'aws:RequestedRegion': REGION } }],
  ])('%s: people with a second factor, %j', (role, more) => {
    expect(trust(CONFIG, role).Statement).toEqual([
      {
        Effect: 'Allow',
        Action: 'sts:AssumeRole',
        Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
        Condition: { Bool: { 'aws:MultiFactorAuthPresent': 'true' }, ...more },
      },
    ]);
  });

  it('named people alone, each with a second factor where it is asked for', () => {
    const [one, two] = [`arn:aws:iam::${ACCOUNT}:role/one`, 'arn:aws:iam::999988887777:root'];
    const people = (mfa: boolean) =>
      `${CONFIG}\npeople: { requireMfa: ${mfa}, auditors: ["${one}", "${two}"] }`;
    const plain = trust(people(false), 'PeopleAuditor').Statement;
    expect(JSON.stringify(plain)).toContain(one);
    expect(JSON.stringify(plain)).toContain(two);
    expect(JSON.stringify(plain)).not.toContain(`${ACCOUNT}:root`);
    expect(JSON.stringify(plain)).not.toContain('Condition');
    for (const statement of trust(people(true), 'PeopleAuditor').Statement) {
      expect(statement).toMatchObject({ Condition: { Bool: { 'aws:MultiFactorAuthPresent': 'true' } } });
    }
  });
});

describe('cdk-nag', () => {
  it.each([CONFIG, `${CONFIG}\nsealed: true`, CONFIG.replace('prod/ }', '"" }')])(
    'finds nothing (%#)',
    (text) => {
      synthesiseUnderNag((app) => new LedgerstoneStack(app, parseInfraConfig(text, 'test')));
    },
  );

  it('would find something', () => {
    const careless = (app: App) => new Bucket(new Stack(app, 'Careless'), 'Bucket');
    expect(() => synthesiseUnderNag(careless)).toThrow('AwsSolutions-S1');
  });
});

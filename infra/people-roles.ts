// Which roles are for people, and what may each do?
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import {
  AccountRootPrincipal,
  ArnPrincipal,
  CompositePrincipal,
  type IPrincipal,
  Policy,
  PolicyDocument,
  PolicyStatement,
  PrincipalWithConditions,
  Role,
} from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { InfraConfig } from './config.ts';
import { BREAK_GLASS_KEY_ACTIONS, KEY_ADMIN_ACTIONS } from './log-key.ts';
import { acceptObjectPattern } from './nag.ts';

/** The roles outlive the stack, as the bucket and the key do that name them. */
export class PeopleRoles extends Construct {
  /** Reads everything, changes nothing. */
  readonly auditor: Role;
  /** Looks after the log key without being able to sign with it or to end it. */
  readonly keyAdmin: Role;
  /** For the day when the guard rails themselves have to change. Can neither read, write, delete nor sign. */
  readonly breakGlass: Role;

  constructor(scope: Construct, id: string, config: InfraConfig, bucket: Bucket) {
    super(scope, id);
    const { people, origin } = config;
    this.auditor = new Role(this, 'Auditor', {
      description: `Reads the archive ${origin} and its guard rails`,
      assumedBy: whoMayAssume(people.auditors, people.requireMfa),
      inlinePolicies: { archive: auditorPolicy(bucket) },
    });
    acceptObjectPattern(
      this.auditor,
      bucket,
      '*',
      'Auditors read the whole archive, foreign objects in its bucket included.',
    );
    this.keyAdmin = new Role(this, 'KeyAdmin', {
      description: `Describes and tags the log key of ${origin}, and can save it from deletion; can not sign`,
      assumedBy: whoMayAssume(people.keyAdmins, people.requireMfa),
    });
    this.breakGlass = new Role(this, 'BreakGlass', {
      description: `Changes the guard rails of the archive ${origin}; every use should raise an alarm`,
      assumedBy: whoMayAssume(people.breakGlass, people.requireMfa),
      maxSessionDuration: Duration.hours(1),
    });
    for (const role of [this.auditor, this.keyAdmin, this.breakGlass])
      role.applyRemovalPolicy(RemovalPolicy.RETAIN);
  }

  /** Apart from the roles, for the key's policy names them: inline they would wait for each other. */
  grantKey(keyArn: string, bucketArn: string): void {
    const attach = (id: string, role: Role, statements: PolicyStatement[]) =>
      new Policy(this, id, { roles: [role], statements }).applyRemovalPolicy(RemovalPolicy.RETAIN);
    attach('KeyAdminPolicy', this.keyAdmin, [
      new PolicyStatement({ sid: 'LookAfterTheKey', actions: [...KEY_ADMIN_ACTIONS], resources: [keyArn] }),
    ]);
    attach('BreakGlassPolicy', this.breakGlass, [
      new PolicyStatement({
        sid: 'ChangeOrEndTheKey',
        actions: [...BREAK_GLASS_KEY_ACTIONS],
        resources: [keyArn],
      }),
      new PolicyStatement({
        sid: 'ChangeTheBucket',
        actions: [...BREAK_GLASS_BUCKET_ACTIONS],
        resources: [bucketArn],
      }),
    ]);
  }
}

/** Spelled out: the denials of the bucket are by verb, but nobody needs every verb. */
const BREAK_GLASS_BUCKET_ACTIONS = [
  's3:GetBucketPolicy',
  's3:PutBucketPolicy',
  's3:GetBucketObjectLockConfiguration',
  's3:PutBucketObjectLockConfiguration',
  's3:GetBucketVersioning',
  's3:PutBucketVersioning',
  's3:GetLifecycleConfiguration',
  's3:PutLifecycleConfiguration',
  's3:GetEncryptionConfiguration',
  's3:PutEncryptionConfiguration',
  's3:GetBucketNotification',
  's3:PutBucketNotification',
  's3:GetBucketPublicAccessBlock',
  's3:PutBucketPublicAccessBlock',
] as const;

function auditorPolicy(bucket: Bucket): PolicyDocument {
  return new PolicyDocument({
    statements: [
      new PolicyStatement({
        sid: 'ReadObjectsAndTheirLocks',
        actions: ['s3:GetObject', 's3:GetObjectVersion', 's3:GetObjectRetention', 's3:GetObjectLegalHold'],
        resources: [bucket.arnForObjects('*')],
      }),
      new PolicyStatement({
        sid: 'ListAndReadSettings',
        actions: [
          's3:ListBucket',
          's3:ListBucketVersions',
          's3:GetBucketObjectLockConfiguration',
          's3:GetBucketVersioning',
          's3:GetBucketPolicy',
          's3:GetBucketPolicyStatus',
          's3:GetBucketPublicAccessBlock',
          's3:GetEncryptionConfiguration',
          's3:GetLifecycleConfiguration',
        ],
        resources: [bucket.bucketArn],
      }),
    ],
  });
}

/** Nobody named: then whoever this account's own IAM allows to assume the role. */
function whoMayAssume(arns: readonly string[], requireMfa: boolean): IPrincipal {
  const named = arns.length === 0 ? [new AccountRootPrincipal()] : arns.map((arn) => new ArnPrincipal(arn));
  const everyone = new CompositePrincipal(...named);
  return requireMfa
    ? new PrincipalWithConditions(everyone, { Bool: { 'aws:MultiFactorAuthPresent': 'true' } })
    : everyone;
}

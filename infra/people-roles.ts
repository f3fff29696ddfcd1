// Which roles are there for people, and what may each do?
import { Duration, Stack } from 'aws-cdk-lib';
import {
  AccountRootPrincipal,
  ArnPrincipal,
  CompositePrincipal,
  type Conditions,
  type IPrincipal,
  Policy,
  PolicyDocument,
  PolicyStatement,
  PrincipalWithConditions,
  Role,
} from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledgeForeignBucket, acknowledgeObjectPattern } from './cdk-nag.ts';
import type { InfraConfig } from './config-schema.ts';
import { KEEP } from './keep.ts';
import { READ_BUCKET, READ_OBJECTS } from './read-actions.ts';
import { BREAK_GLASS_KEY_ACTIONS, KEY_ADMIN_ACTIONS, PUBLIC_HALF } from './signing-key.ts';

export type PeopleProps = {
  readonly people: InfraConfig['people'];
  /** For descriptions: `archive audit.example.com/prod`. */
  readonly what: string;
  /** The bucket that break-glass may change and the auditor may read. */
  readonly bucket: Bucket;
  /** An archive of another stack: the auditor also reads its bucket and the public halves of its keys. */
  readonly auditorAlsoReads?:
    | { readonly bucketArn: string; readonly bucketName: string; readonly keyArns: readonly string[] }
    | undefined;
  /** Fixed, since policies of other stacks and accounts name the roles, and the trails watch them. */
  readonly names: PeopleNames;
};

export type PeopleNames = {
  readonly auditor: string;
  readonly keyAdmin: string;
  readonly breakGlass: string;
};

/** The roles outlive the stack, like the bucket and the key, whose policies name them. */
export class PeopleRoles extends Construct {
  /** Reads everything, changes nothing. */
  readonly auditor: Role;
  /** Looks after the key. It can neither sign nor delete the key. */
  readonly keyAdmin: Role;
  /** For changes of the guard rails. It can neither read, write, delete nor sign. */
  readonly breakGlass: Role;

  constructor(scope: Construct, id: string, props: PeopleProps) {
    super(scope, id);
    const { people, what, bucket, auditorAlsoReads, names } = props;
    const { region } = Stack.of(this);
    const arns = [bucket.bucketArn, ...(auditorAlsoReads ? [auditorAlsoReads.bucketArn] : [])];
    this.auditor = new Role(this, 'Auditor', {
      roleName: names.auditor,
      description: `Reads the ${what} and its settings`,
      assumedBy: peoplePrincipal(people.auditors, people.requireMfa),
      inlinePolicies: { archive: auditorPolicy(arns, auditorAlsoReads?.keyArns ?? []) },
    });
    const reason = 'Auditors read everything, foreign objects in the bucket included.';
    acknowledgeObjectPattern(this.auditor, bucket, '*', reason);
    if (auditorAlsoReads) acknowledgeForeignBucket(this.auditor, auditorAlsoReads.bucketName, reason);
    this.keyAdmin = new Role(this, 'KeyAdmin', {
      roleName: names.keyAdmin,
      description: `Manages the key of the ${what}: describes it, tags it, cancels its deletion. Can not sign`,
      assumedBy: peoplePrincipal(people.keyAdmins, people.requireMfa),
    });
    this.breakGlass = new Role(this, 'BreakGlass', {
      roleName: names.breakGlass,
      description: `For emergencies: changes the guard rails of the ${what}. Each use is reported`,
      // STS of another Region would record the use there, where no rule of EventBridge waits for it.
      assumedBy: peoplePrincipal(people.breakGlass, people.requireMfa, {
        StringEquals: { 'aws:RequestedRegion': region },
      }),
      maxSessionDuration: Duration.hours(1),
    });
    for (const role of [this.auditor, this.keyAdmin, this.breakGlass]) role.applyRemovalPolicy(KEEP);
  }

  /** Separate from the roles, since the key's policy names them: inline policies would make a circle. */
  grantKey(keyArns: readonly string[], bucketArns: readonly string[]): void {
    const attach = (id: string, role: Role, statements: PolicyStatement[]) =>
      new Policy(this, id, { roles: [role], statements }).applyRemovalPolicy(KEEP);
    attach('KeyAdminPolicy', this.keyAdmin, [
      new PolicyStatement({
        sid: 'LookAfterTheKey',
        actions: [...KEY_ADMIN_ACTIONS],
        resources: [...keyArns],
      }),
    ]);
    attach('BreakGlassPolicy', this.breakGlass, [
      new PolicyStatement({
        sid: 'ChangeOrEndTheKey',
        actions: [...BREAK_GLASS_KEY_ACTIONS],
        resources: [...keyArns],
      }),
      new PolicyStatement({
        sid: 'ChangeTheBucket',
        actions: [...BREAK_GLASS_BUCKET_ACTIONS],
        resources: [...bucketArns],
      }),
    ]);
  }
}

/** Each action by name: the bucket's denials are by verb, but nobody needs every action of a verb. */
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

function auditorPolicy(bucketArns: readonly string[], keyArns: readonly string[]): PolicyDocument {
  return new PolicyDocument({
    statements: [
      new PolicyStatement({
        sid: 'ReadObjectsAndTheirLocks',
        actions: [...READ_OBJECTS],
        resources: bucketArns.map((arn) => `${arn}/*`),
      }),
      new PolicyStatement({
        sid: 'ListAndReadSettings',
        actions: [...READ_BUCKET],
        resources: [...bucketArns],
      }),
      ...(keyArns.length === 0
        ? []
        : [
            new PolicyStatement({
              sid: 'SeeThePublicHalfOfTheLogKey',
              actions: [...PUBLIC_HALF],
              resources: [...keyArns],
            }),
          ]),
    ],
  });
}

/** If nobody is named, this account's IAM decides who may assume the role. */
export function peoplePrincipal(
  arns: readonly string[],
  requireMfa: boolean,
  more: Conditions = {},
): IPrincipal {
  const named = arns.length === 0 ? [new AccountRootPrincipal()] : arns.map((arn) => new ArnPrincipal(arn));
  const everyone = new CompositePrincipal(...named);
  const conditions = {
    ...(requireMfa && { Bool: { 'aws:MultiFactorAuthPresent': 'true' } }),
    ...more,
  };
  return Object.keys(conditions).length === 0 ? everyone : new PrincipalWithConditions(everyone, conditions);
}

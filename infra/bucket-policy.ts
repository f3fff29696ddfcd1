// Which requests does a locked bucket refuse, whatever a role's own policies allow?
import { AccountPrincipal, AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import {
  FINDINGS_PREFIX,
  LIST_VERSIONS,
  READ_FOREIGN_BUCKET,
  READ_OBJECTS,
  READ_VERSIONS,
} from './read-actions.ts';

export type BucketGuard = {
  readonly bucketArn: string;
  /** Role ARNs that alone may write objects. */
  readonly writers: readonly string[];
  /** Keys, with wildcards, that may be written. */
  readonly keyPatterns: readonly string[];
  /** Role ARNs that alone may read objects. */
  readonly readers: readonly string[];
  /** Role ARNs that alone may change the bucket's settings and policy. */
  readonly guardians: readonly string[];
  /** Least days that a lock must still run when it is set. */
  readonly minimumDays: number;
};

type Condition = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

const deny = (sid: string, actions: readonly string[], resource: string, conditions: Condition = {}) =>
  new PolicyStatement({
    sid,
    effect: Effect.DENY,
    principals: [new AnyPrincipal()],
    actions: [...actions],
    resources: [resource],
    conditions,
  });

// The names of roles, not their ids: a role that is made anew under its name takes its place again.
const unless = (arns: readonly string[]): Condition => ({ ArnNotEquals: { 'aws:PrincipalArn': [...arns] } });

// False for the steps of a multipart upload, which carry no such headers; true for the request that makes the object.
const MAKES_THE_OBJECT = { 's3:ObjectCreationOperation': 'true' } as const;

/**
 * Only denials: what is allowed stands with the roles, or for another account's in `readerAllowances`. Denials bind administrators and the account's root as well;
 * root alone can always replace this policy (S3's own rule), which is one reason for an account of its own.
 */
export function bucketGuardStatements(guard: BucketGuard): PolicyStatement[] {
  const objects = `${guard.bucketArn}/*`;
  const put = ['s3:PutObject'];
  return [
    // Object Lock protects versions; without this a delete marker would still hide one, and let its key be reused.
    deny('NobodyDeletes', ['s3:DeleteObject*', 's3:ReplicateDelete'], objects),
    deny('NobodyBypassesRetention', ['s3:BypassGovernanceRetention'], objects),
    deny(
      'OnlyTheWriterWrites',
      ['s3:PutObject*', 's3:Replicate*', 's3:RestoreObject'],
      objects,
      unless(guard.writers),
    ),
    // Also where the writer's own policy was widened: what it writes elsewhere could be taken for somebody else's.
    new PolicyStatement({
      sid: 'OnlyKnownPlaces',
      effect: Effect.DENY,
      principals: [new AnyPrincipal()],
      actions: put,
      notResources: guard.keyPatterns.map((place) => `${guard.bucketArn}/${place}`),
    }),
    deny('OnlyReadersRead', ['s3:GetObject*'], objects, unless(guard.readers)),
    // The seal's key is the fence between two archivers: whoever comes second must be told, not obeyed.
    deny('OnlyNewKeys', put, objects, { Null: { 's3:if-none-match': 'true' }, Bool: MAKES_THE_OBJECT }),
    // Matches a missing header too, so that a put without a lock of its own is refused.
    deny('OnlyComplianceLocks', put, objects, {
      StringNotEquals: { 's3:object-lock-mode': 'COMPLIANCE' },
      Bool: MAKES_THE_OBJECT,
    }),
    deny('OnlyComplianceExtensions', ['s3:PutObjectRetention'], objects, {
      StringNotEqualsIfExists: { 's3:object-lock-mode': 'COMPLIANCE' },
    }),
    deny('NoShortLocks', ['s3:PutObject', 's3:PutObjectRetention'], objects, {
      NumericLessThan: { 's3:object-lock-remaining-retention-days': String(guard.minimumDays) },
    }),
    // Whoever holds the key of an object could destroy it by destroying the key.
    deny('NoKmsEncryption', put, objects, {
      Null: { 's3:x-amz-server-side-encryption': 'false' },
      StringNotEquals: { 's3:x-amz-server-side-encryption': 'AES256' },
    }),
    deny('NoCustomerKeys', put, objects, {
      Null: { 's3:x-amz-server-side-encryption-customer-algorithm': 'false' },
    }),
    deny('NoReEncryption', ['s3:UpdateObjectEncryption'], objects),
    // By verb, so that settings which S3 invents later are guarded as well.
    deny(
      'OnlyGuardiansChangeSettings',
      ['s3:Put*', 's3:Delete*', 's3:Create*', 's3:Update*'],
      guard.bucketArn,
      unless(guard.guardians),
    ),
  ];
}

type Allowed = {
  readonly sid: string;
  readonly actions: readonly string[];
  readonly resource: string;
  readonly conditions?: Condition;
};

/** By condition and not by principal: S3 refuses the names of roles that don't exist yet, and theirs come later. */
const allowTo =
  (account: string, roleArns: readonly string[]) =>
  ({ sid, actions, resource, conditions = {} }: Allowed) =>
    new PolicyStatement({
      sid,
      principals: [new AccountPrincipal(account)],
      actions: [...actions],
      resources: [resource],
      conditions: { ArnEquals: { 'aws:PrincipalArn': [...roleArns] }, ...conditions },
    });

/** What the second party needs to read from another account. */
export function readerAllowances(
  bucketArn: string,
  account: string,
  roleArns: readonly string[],
): PolicyStatement[] {
  return [
    { sid: 'SecondPartyReadsObjects', actions: READ_OBJECTS, resource: `${bucketArn}/*` },
    { sid: 'SecondPartyListsAndReadsSettings', actions: READ_FOREIGN_BUCKET, resource: bucketArn },
  ].map(allowTo(account, roleArns));
}

/** What whoever drills needs to read of the second party: findings, whatever its own policies allow. */
export function drillStatements(bucketArn: string, account: string, roleArn: string): PolicyStatement[] {
  const prefix = { StringLike: { 's3:prefix': [`${FINDINGS_PREFIX}*`] } };
  return [
    ...[
      { sid: 'DrillsReadFindings', actions: READ_VERSIONS, resource: `${bucketArn}/${FINDINGS_PREFIX}*` },
      { sid: 'DrillsListFindings', actions: LIST_VERSIONS, resource: bucketArn, conditions: prefix },
    ].map(allowTo(account, [roleArn])),
    new PolicyStatement({
      sid: 'DrillsReadNothingElse',
      effect: Effect.DENY,
      principals: [new AnyPrincipal()],
      actions: ['s3:GetObject*'],
      notResources: [`${bucketArn}/${FINDINGS_PREFIX}*`],
      conditions: { ArnEquals: { 'aws:PrincipalArn': [roleArn] } },
    }),
  ];
}

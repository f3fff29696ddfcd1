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
  /** ARNs of the only roles that may write objects. */
  readonly writers: readonly string[];
  /** Keys that may be written, with wildcards. */
  readonly keyPatterns: readonly string[];
  /** ARNs of the only roles that may read objects. */
  readonly readers: readonly string[];
  /** ARNs of the only roles that may change the bucket's settings and policy. */
  readonly guardians: readonly string[];
  /** Least days that a lock must still run when it is set. */
  readonly minimumDays: number;
  /** Most days that a lock may run when it is set. Nobody can take a lock back. */
  readonly maximumDays: number;
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

// Roles are named, not identified: a role that is made again under its name has the same rights.
const unless = (arns: readonly string[]): Condition => ({ ArnNotEquals: { 'aws:PrincipalArn': [...arns] } });

// True for the request that creates the object. The steps of a multipart upload carry no lock headers.
const MAKES_THE_OBJECT = { 's3:ObjectCreationOperation': 'true' } as const;

/**
 * Only denials. What is allowed is in the roles' own policies, and for roles of another account in
 * `readerAllowances`. Denials bind administrators and the account's root too. Only root can always replace
 * this policy (a rule of S3), which is one reason for a separate account.
 */
export function bucketGuardStatements(guard: BucketGuard): PolicyStatement[] {
  const objects = `${guard.bucketArn}/*`;
  const put = ['s3:PutObject'];
  return [
    // Object Lock protects versions. Without this denial a delete marker could hide one and free its key.
    deny('NobodyDeletes', ['s3:DeleteObject*', 's3:ReplicateDelete'], objects),
    deny('NobodyBypassesRetention', ['s3:BypassGovernanceRetention'], objects),
    deny(
      'OnlyTheWriterWrites',
      ['s3:PutObject*', 's3:Replicate*', 's3:RestoreObject'],
      objects,
      unless(guard.writers),
    ),
    // Holds even if the writer's own policy gets wider: other keys belong to other writers.
    new PolicyStatement({
      sid: 'OnlyKnownPlaces',
      effect: Effect.DENY,
      principals: [new AnyPrincipal()],
      actions: put,
      notResources: guard.keyPatterns.map((place) => `${guard.bucketArn}/${place}`),
    }),
    deny('OnlyReadersRead', ['s3:GetObject*'], objects, unless(guard.readers)),
    // The key of a seal is the fence between two archivers: the second write must fail.
    deny('OnlyNewKeys', put, objects, { Null: { 's3:if-none-match': 'true' }, Bool: MAKES_THE_OBJECT }),
    // A missing header matches too, so a put without a lock is refused.
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
    deny('NoLongLocks', ['s3:PutObject', 's3:PutObjectRetention'], objects, {
      NumericGreaterThan: { 's3:object-lock-remaining-retention-days': String(guard.maximumDays) },
    }),
    // An event hold keeps an object until somebody ends it, for any time after that, and brings no date. The
    // numbers of days above are not in such a request, so they would not deny it.
    deny('NoEventHolds', ['s3:PutObject', 's3:PutObjectRetention'], objects, {
      Null: { 's3:object-lock-event-hold': 'false' },
    }),
    deny('NoLocksWithoutDate', put, objects, {
      Null: { 's3:object-lock-retain-until-date': 'true' },
      Bool: MAKES_THE_OBJECT,
    }),
    // An object under another's encryption key is lost with that key.
    deny('NoKmsEncryption', put, objects, {
      Null: { 's3:x-amz-server-side-encryption': 'false' },
      StringNotEquals: { 's3:x-amz-server-side-encryption': 'AES256' },
    }),
    deny('NoCustomerKeys', put, objects, {
      Null: { 's3:x-amz-server-side-encryption-customer-algorithm': 'false' },
    }),
    deny('NoReEncryption', ['s3:UpdateObjectEncryption'], objects),
    // By verb, so that future settings of S3 are guarded too.
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

/**
 * Roles are named in a condition: as a principal S3 refuses a role that does not exist yet, and these are
 * made later.
 */
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

/** Lets the second party's roles read from another account. */
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

/** Binds the people who answer findings, whatever their role's own policies allow: one account needs no more. */
export function responderStatements(
  bucketArn: string,
  roleArn: string,
  patterns: readonly string[],
): PolicyStatement[] {
  const denyElsewhere = (sid: string, action: string, places: readonly string[]) =>
    new PolicyStatement({
      sid,
      effect: Effect.DENY,
      principals: [new AnyPrincipal()],
      actions: [action],
      notResources: places.map((place) => `${bucketArn}/${place}`),
      conditions: { ArnEquals: { 'aws:PrincipalArn': [roleArn] } },
    });
  return [
    denyElsewhere('RespondersPutResponsesOnly', 's3:PutObject*', patterns),
    denyElsewhere('RespondersReadFindingsOnly', 's3:GetObject*', [`${FINDINGS_PREFIX}*`]),
  ];
}

/** Lets the drill role read the second party's findings and nothing else, whatever its own policies allow. */
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

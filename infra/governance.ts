// Who may decide about the archive, and what may each of them do to its objects? (FORMAT.md §13)
import {
  AnyPrincipal,
  ArnPrincipal,
  Effect,
  type IPrincipal,
  PolicyDocument,
  PolicyStatement,
  type PolicyStatementProps,
  Role,
} from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { GOVERNANCE_CHAIN } from '../src/format/chain.ts';
import { archiveKeyPatterns, tasksOfThisAccount } from './archiver-role.ts';
import { acknowledgeObjectPattern } from './cdk-nag.ts';
import type { GovernedConfig } from './config-schema.ts';
import { KEEP } from './keep.ts';
import { governanceRoleNames } from './names.ts';
import { peoplePrincipal } from './people-roles.ts';
import { READ_OBJECTS } from './read-actions.ts';

/** Objects of the governance chain below the archive's prefix. */
const DECISIONS = ['data', 'seals'].map((kind) => `${kind}/topic=${GOVERNANCE_CHAIN}/*`);
/** What officers may put: decisions, and the key of their chain. */
const OF_OFFICERS = [...DECISIONS, 'keys/*'];
/** What they read: seals, to know what a decision is about, and no event. */
const READ_BY_OFFICERS = [...DECISIONS, 'seals/*', 'keys/*', 'FORMAT-*'];

const ON_ALONE = { StringEquals: { 's3:object-lock-legal-hold': 'ON' } };

const at = (bucketArn: string, prefix: string, places: readonly string[]): string[] =>
  places.map((place) => `${bucketArn}/${prefix}${place}`);

/** Two roles of people, who sign decisions with the governance key, and that of a service, if wanted. */
export class GovernanceRoles extends Construct {
  /** Decides, puts holds on and lengthens locks. */
  readonly officer: Role;
  /** Approves, and takes holds off. Puts one back that was taken off too early. */
  readonly approver: Role;
  /** Reads everything, to copy it, and records the copy as a decision. It puts no holds on and locks no events. */
  readonly copier: Role | null;
  /** A service that puts holds on what comes later. It decides nothing and signs nothing. */
  readonly keeper: Role | null;

  constructor(scope: Construct, id: string, config: GovernedConfig, bucket: Bucket) {
    super(scope, id);
    const { officers, approvers, copiers, keeper } = config.governance;
    const { requireMfa } = config.people;
    const names = governanceRoleNames(config.stack);
    const allow = allowIn(bucket, config.bucket.prefix);
    const all = archiveKeyPatterns({ ...config, bucket: { ...config.bucket, prefix: '' } });
    const reading = () => [
      allow('ReadSealsAndDecisions', ['s3:GetObject', 's3:GetObjectVersion'], READ_BY_OFFICERS),
      allow('SeeLocksAndHolds', ['s3:GetObjectRetention', 's3:GetObjectLegalHold'], all),
      new PolicyStatement({
        sid: 'List',
        actions: ['s3:ListBucket', 's3:ListBucketVersions'],
        resources: [bucket.bucketArn],
      }),
    ];
    const deciding = () => [
      allow('WriteDecisions', ['s3:PutObject', 's3:PutObjectRetention'], OF_OFFICERS),
      ...reading(),
    ];
    const holdsOn = () => allow('PutHoldsOn', ['s3:PutObjectLegalHold'], all, { conditions: ON_ALONE });
    const role = (
      what: string,
      roleName: string,
      description: string,
      assumedBy: IPrincipal,
      statements: PolicyStatement[],
    ) => {
      const made = new Role(this, what, {
        ...{ roleName, description: `${description} of ${config.origin}` },
        assumedBy,
        inlinePolicies: { archive: new PolicyDocument({ statements }) },
      });
      made.applyRemovalPolicy(KEEP);
      const reason = 'Each decision is about objects that are not known ahead.';
      for (const place of new Set([...all, ...READ_BY_OFFICERS]))
        acknowledgeObjectPattern(made, bucket, `${config.bucket.prefix}${place}`, reason);
      return made;
    };
    const people = (arns: readonly string[]) => peoplePrincipal(arns, requireMfa);
    this.officer = role('Officer', names.officer, 'Decides: holds and longer locks', people(officers), [
      ...deciding(),
      allow('LengthenLocks', ['s3:PutObjectRetention'], all),
      holdsOn(),
    ]);
    this.approver = role('Approver', names.approver, 'Approves, and takes holds off', people(approvers), [
      ...deciding(),
      allow('SettleHolds', ['s3:PutObjectLegalHold'], all),
    ]);
    this.copier =
      copiers.length === 0
        ? null
        : role('Copier', names.copier, 'Copies everything, and records it', people(copiers), [
            ...deciding(),
            allow('ReadToCopy', [...READ_OBJECTS], all),
          ]);
    this.keeper =
      keeper === undefined
        ? null
        : role('Keeper', names.keeper, 'Puts on holds that were decided', keeperPrincipal(this, keeper), [
            ...reading(),
            holdsOn(),
          ]);
  }
}

/** Statements about objects of the archive. */
const allowIn =
  (bucket: Bucket, prefix: string) =>
  (sid: string, actions: string[], places: readonly string[], more: Partial<PolicyStatementProps> = {}) =>
    new PolicyStatement({ sid, actions, resources: at(bucket.bucketArn, prefix, places), ...more });

function keeperPrincipal(
  scope: Construct,
  keeper: NonNullable<GovernedConfig['governance']['keeper']>,
): IPrincipal {
  return keeper.kind === 'principal' ? new ArnPrincipal(keeper.arn) : tasksOfThisAccount(scope);
}

type DecisionGuard = {
  readonly bucketArn: string;
  readonly prefix: string;
  readonly officerArn: string;
  readonly approverArn: string;
  /** Null: there is none. */
  readonly copierArn: string | null;
  /** Null: there is none. */
  readonly keeperArn: string | null;
};

/** Denials of the bucket's policy. They hold whatever the roles' own policies allow. */
export function decisionGuardStatements({
  bucketArn,
  prefix,
  officerArn,
  approverArn,
  copierArn,
  keeperArn,
}: DecisionGuard): PolicyStatement[] {
  const both = [officerArn, approverArn];
  const copiers = copierArn === null ? [] : [copierArn];
  const deciders = [...both, ...copiers];
  const deny = (sid: string, actions: string[], more: Partial<PolicyStatementProps>) =>
    new PolicyStatement({ sid, effect: Effect.DENY, principals: [new AnyPrincipal()], actions, ...more });
  const but = (arns: readonly string[]) => ({ ArnNotEquals: { 'aws:PrincipalArn': [...arns] } });
  const objects = [`${bucketArn}/*`];
  return [
    deny('OnlyOfficersWriteDecisions', ['s3:PutObject'], {
      resources: at(bucketArn, prefix, DECISIONS),
      conditions: but(deciders),
    }),
    deny('OfficersWriteNothingElse', ['s3:PutObject'], {
      notResources: at(bucketArn, prefix, OF_OFFICERS),
      conditions: { ArnEquals: { 'aws:PrincipalArn': deciders } },
    }),
    deny('OnlyOfficersHold', ['s3:PutObjectLegalHold'], {
      resources: objects,
      conditions: but([...both, ...(keeperArn === null ? [] : [keeperArn])]),
    }),
    // A request without the header is no call that takes a hold off.
    deny('OnlyApproversRelease', ['s3:PutObjectLegalHold'], {
      resources: objects,
      conditions: { ...but([approverArn]), StringNotEquals: { 's3:object-lock-legal-hold': 'ON' } },
    }),
    ...(keeperArn === null
      ? []
      : [
          new PolicyStatement({
            ...{ sid: 'KeepersHoldAndRead', effect: Effect.DENY, principals: [new AnyPrincipal()] },
            ...{ notActions: ['s3:PutObjectLegalHold', 's3:GetObject*'], resources: objects },
            conditions: { ArnEquals: { 'aws:PrincipalArn': [keeperArn] } },
          }),
        ]),
    deny('ApproversLengthenNothingElse', ['s3:PutObjectRetention'], {
      notResources: at(bucketArn, prefix, OF_OFFICERS),
      conditions: { ArnEquals: { 'aws:PrincipalArn': [approverArn, ...copiers] } },
    }),
  ];
}

// What should the organisation forbid, above every administrator and root of both accounts?
import { maximumDaysOf } from './config-parts.ts';
import type { TwoPartyConfig } from './config-schema.ts';
import { logKeyArns } from './config-verifier.ts';
import { type Names, roleNamesOf } from './names.ts';
import { trailNames } from './rendered-config.ts';

type Condition = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
type Denial = {
  readonly Sid: string;
  readonly Effect: 'Deny';
  readonly Principal?: '*';
  readonly Action: readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Condition;
};
export type OrganisationPolicy = { readonly Version: '2012-10-17'; readonly Statement: readonly Denial[] };

export type OrganisationProps = {
  readonly config: TwoPartyConfig;
  readonly names: Names;
  /** ARNs of the roles that CloudFormation works as, in both accounts. */
  readonly deployers: readonly string[];
};

const unless = (arns: readonly string[]): Condition => ({ ArnNotEquals: { 'aws:PrincipalArn': [...arns] } });
const LOCKING = ['s3:PutObject', 's3:PutObjectRetention'];
const REMAINING = 's3:object-lock-remaining-retention-days';

const roleArn = (account: string, name: string) => `arn:aws:iam::${account}:role/${name}`;

/** Names, made once for both policies. The two partitions of AWS beside the usual one have no such file. */
function known({ config, names }: OrganisationProps) {
  const { archive, verifier } = names;
  const roles = roleNamesOf(config.stack);
  return {
    archiver: roleArn(archive.account, roles.archiver),
    breakGlass: [
      roleArn(archive.account, roles.breakGlass),
      roleArn(verifier.account, verifier.people.breakGlass),
    ],
    verifier: roleArn(verifier.account, verifier.roleName),
    responders:
      config.verifier.responders.length > 0 ? [roleArn(verifier.account, verifier.responderName)] : [],
    archive: `arn:aws:s3:::${config.bucket.name}`,
    attestations: `arn:aws:s3:::${config.attestations.bucket.name}`,
    records: `arn:aws:s3:::${verifier.trailBucket}`,
  };
}

/** For resources: it holds for whoever calls, root and other accounts included. */
export function resourceControlPolicy(props: OrganisationProps): OrganisationPolicy {
  const { config, deployers } = props;
  const { archiver, verifier, responders, breakGlass, archive, attestations, records } = known(props);
  const deny = (
    Sid: string,
    Action: readonly string[],
    Resource: Denial['Resource'],
    Condition?: Condition,
  ) => ({ Sid, Effect: 'Deny', Principal: '*', Action, Resource, ...(Condition && { Condition }) }) as const;
  const logKeys = logKeyArns(config.verifier);
  const both = [`${archive}/*`, `${attestations}/*`];
  const buckets = [archive, attestations, records];
  const locks = (Sid: string, bucket: string, retention: TwoPartyConfig['retention']) => [
    deny(`${Sid}LeastLock`, LOCKING, `${bucket}/*`, {
      NumericLessThan: { [REMAINING]: String(retention.minimumDays) },
    }),
    deny(`${Sid}GreatestLock`, LOCKING, `${bucket}/*`, {
      NumericGreaterThan: { [REMAINING]: String(maximumDaysOf(retention)) },
    }),
  ];
  const changes = [
    's3:DeleteBucket',
    's3:DeleteBucketPolicy',
    's3:PutBucketPolicy',
    's3:PutBucketVersioning',
  ];
  const people = (arns: readonly string[]) => (arns.length === 0 ? [] : [...arns]);
  const takers = [...people(config.people.breakGlass), ...people(config.attestations.people.breakGlass)];
  return {
    Version: '2012-10-17',
    Statement: [
      deny('NobodyDeletes', ['s3:DeleteObject*', 's3:BypassGovernanceRetention'], [...both, `${records}/*`]),
      ...locks('Archive', archive, config.retention),
      ...locks('Attestations', attestations, config.attestations.retention),
      deny('NoEventHolds', LOCKING, both, { Null: { 's3:object-lock-event-hold': 'false' } }),
      deny('OnlyTheArchiverWrites', ['s3:PutObject*'], `${archive}/*`, unless([archiver])),
      deny(
        'OnlyTheVerifierWrites',
        ['s3:PutObject*'],
        `${attestations}/*`,
        unless([verifier, ...responders]),
      ),
      deny(
        'OnlyGuardiansChangeBuckets',
        [...changes, 's3:PutBucketObjectLockConfiguration', 's3:PutLifecycleConfiguration'],
        buckets,
        unless([...breakGlass, ...deployers]),
      ),
      deny('OnlyTheArchiverSigns', ['kms:Sign'], logKeys, unless([archiver])),
      deny(
        'OnlyBreakGlassEndsTheKey',
        ['kms:ScheduleKeyDeletion', 'kms:DisableKey', 'kms:PutKeyPolicy'],
        logKeys,
        unless([...breakGlass, ...deployers]),
      ),
      ...(takers.length === 0
        ? []
        : [deny('WhoTakesBreakGlass', ['sts:AssumeRole'], breakGlass, unless(takers))]),
      deny(
        'NobodyEmptiesTheQueue',
        ['sqs:PurgeQueue'],
        `arn:aws:sqs:*:${props.names.verifier.account}:${config.stack}-verifier-*`,
      ),
    ],
  };
}

/** For the callers of both accounts. The management account is not bound by it. */
export function serviceControlPolicy(props: OrganisationProps): OrganisationPolicy {
  const { config, names, deployers } = props;
  const { archiver } = known(props);
  const deny = (
    Sid: string,
    Action: readonly string[],
    Resource: Denial['Resource'],
    Condition?: Condition,
  ) => ({ Sid, Effect: 'Deny', Action, Resource, ...(Condition && { Condition }) }) as const;
  const trails = Object.values(trailNames(config.stack));
  const butDeployers = unless(deployers);
  return {
    Version: '2012-10-17',
    Statement: [
      deny('NobodyLeaves', ['organizations:LeaveOrganization', 'account:CloseAccount'], '*'),
      deny('NobodyIsRoot', ['*'], '*', { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:root' } }),
      deny(
        'OnlyDeployersChangeRoles',
        [
          ...['iam:AttachRolePolicy', 'iam:CreateRole', 'iam:DeleteRole*', 'iam:DetachRolePolicy'],
          ...['iam:PutRole*', 'iam:UpdateAssumeRolePolicy', 'iam:UpdateRole*'],
        ],
        `arn:aws:iam::*:role/${config.stack}-*`,
        butDeployers,
      ),
      // Who hands it to a task of its own is the archiver.
      deny('OnlyDeployersHandOnTheArchiver', ['iam:PassRole'], archiver, butDeployers),
      deny(
        'OnlyDeployersChangeTrails',
        [
          'cloudtrail:StopLogging',
          'cloudtrail:DeleteTrail',
          'cloudtrail:UpdateTrail',
          'cloudtrail:PutEventSelectors',
        ],
        trails.map((name) => `arn:aws:cloudtrail:*:*:trail/${name}`),
        butDeployers,
      ),
      deny(
        'OnlyDeployersChangeRules',
        [
          ...['events:DeleteRule', 'events:DisableRule', 'events:PutRule'],
          ...['events:PutTargets', 'events:RemoveTargets'],
        ],
        [
          `arn:aws:events:*:*:rule/${config.stack}-*`,
          `arn:aws:events:*:*:rule/${names.verifier.busName}/${config.stack}-*`,
        ],
        butDeployers,
      ),
    ],
  };
}

// What is deployed on AWS for one archive?
import { CfnOutput, Stack } from 'aws-cdk-lib';
import type { Role } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { AlarmTopic } from './alarm-topic.ts';
import { notForwardedAlarm } from './alarms.ts';
import { ArchiverRole, archiveKeyPatterns } from './archiver-role.ts';
import { AuditTrail } from './audit-trail.ts';
import { bucketGuardStatements, readerAllowances } from './bucket-policy.ts';
import { maximumDaysOf } from './config-parts.ts';
import {
  type GovernedConfig,
  hasVerifier,
  type InfraConfig,
  isGoverned,
  type TwoPartyConfig,
} from './config-schema.ts';
import { DrillRole } from './drill-role.ts';
import { Forwarder } from './forwarder.ts';
import { decisionGuardStatements, GovernanceRoles } from './governance.ts';
import { LockedBucket } from './locked-bucket.ts';
import {
  bootstrapDeployer,
  type Names,
  namesOf,
  roleNamesOf,
  rulePrefixes,
  withoutBootstrap,
} from './names.ts';
import { PeopleRoles } from './people-roles.ts';
import { renderArchiverYaml, trailNames } from './rendered-config.ts';
import { SigningKey, type SigningKeyProps } from './signing-key.ts';
import { attemptEvents, breakGlassUse, objectEvents } from './watched-events.ts';

export class LedgerstoneStack extends Stack {
  readonly archiverRole: Role;
  /** Of `ledgerstone hold keep`. Null: there is none. */
  readonly keeperRole: Role | null;
  readonly bucketName: string;
  /** The beginning of ledgerstone.yaml. */
  readonly yaml: string;

  constructor(scope: Construct, config: InfraConfig) {
    super(scope, config.stack, {
      description: `Ledgerstone: the archive of ${config.origin}`,
      // Deleting the stack would keep everything that matters, but nothing would describe it any more.
      terminationProtection: true,
      synthesizer: withoutBootstrap(),
      ...(config.account && config.region ? { env: { account: config.account, region: config.region } } : {}),
    });
    const names = hasVerifier(config) ? namesOf(this, config) : null;
    const secondParty = names && {
      account: names.verifier.account,
      roleArns: [names.verifier.roleArn, names.verifier.auditorArn],
    };
    const { bucket } = new LockedBucket(this, 'Archive', {
      name: config.bucket.name,
      defaultDays: config.retention.defaultDays,
      sendsEvents: names !== null,
      expire: expiryOf(config),
      auditedBy: 'the trail of this stack, or one that the account has (see README.md)',
    });
    const archiver = new ArchiverRole(this, 'Archiver', config, bucket);
    const people = new PeopleRoles(this, 'People', {
      people: config.people,
      what: `archive ${config.origin}`,
      bucket,
      names: roleNamesOf(config.stack),
    });
    const deployer = config.deployer ?? bootstrapDeployer(this);

    const holders = {
      ...{ auditor: people.auditor, keyAdmin: people.keyAdmin, breakGlass: people.breakGlass },
      ...{ deployer, secondParty: secondParty ?? undefined },
    };
    const governance = isGoverned(config) ? this.#govern(config, bucket, holders) : null;
    const { key, also } = this.#logKeys(config, {
      ...{ signer: archiver.role, decider: governance?.officer, ...holders },
    });
    const keys: Parts['keys'] = also === null ? [key] : [key, also];
    const keyArns = [...keys.map(({ keyArn }) => keyArn), ...(governance?.keyArns ?? [])];
    people.grantKey(keyArns, [bucket.bucketArn]);

    const own = [archiver.role.roleArn, ...(governance?.roleArns ?? [])];
    const keepers = governance?.keepers ?? [];
    const guards = bucketGuardStatements({
      bucketArn: bucket.bucketArn,
      writers: [...own, ...keepers],
      keyPatterns: archiveKeyPatterns(config),
      readers: [...own, ...keepers, people.auditor.roleArn, ...(secondParty?.roleArns ?? [])],
      guardians: [people.breakGlass.roleArn, ...(config.sealed ? [] : [deployer])],
      minimumDays: config.retention.minimumDays,
      maximumDays: maximumDaysOf(config.retention),
    });
    const allowances = secondParty
      ? readerAllowances(bucket.bucketArn, secondParty.account, secondParty.roleArns)
      : [];
    for (const statement of [...guards, ...(governance?.guards ?? []), ...allowances])
      bucket.addToResourcePolicy(statement);

    if (hasVerifier(config) && names) {
      this.#notifyVerifier(config, names, { bucket, keys, archiver, people });
      if (config.verifier.drillers.length > 0) new DrillRole(this, 'Drill', config, names);
    }

    this.archiverRole = archiver.role;
    this.keeperRole = governance?.keeper ?? null;
    this.bucketName = bucket.bucketName;
    const { account, region, bucketName } = this;
    this.yaml = renderArchiverYaml(config, { account, region, bucketName, keyArn: key.keyArn });
    this.#putOut({ bucket, keys, archiver, people });
  }

  /** The one that `archive.signing` names, and a second one while they are changed. */
  #logKeys({ origin, sealed, key: config, archiverService }: InfraConfig, { decider, ...holders }: Holders) {
    const keyOf = ({ name, spec }: { readonly name: string; readonly spec: SigningKeyProps['spec'] }) =>
      new SigningKey(this, `LogKey${name}`, {
        description: `Signs the checkpoints of ${origin} (Ledgerstone${name === '' ? '' : `, ${name}`})`,
        ...{ spec, sealed },
        // The policy of a key that is there never changes: once sealed, no deployment could change it.
        holders: name === '' ? holders : { decider, ...holders },
      });
    const key = keyOf(config);
    if (config.also === undefined) return { key, also: null };
    const also = keyOf(config.also);
    // The archiver's stack takes one of them, and CloudFormation lets no export go that is still taken.
    if (archiverService !== undefined) for (const { keyArn } of [key, also]) this.exportValue(keyArn);
    return { key, also };
  }

  /** The key and the roles of people who decide. */
  #govern(config: GovernedConfig, bucket: Bucket, holders: Omit<Holders, 'signer'>) {
    const { officer, approver, copier, keeper } = new GovernanceRoles(this, 'Governance', config, bucket);
    const { keyArn } = new SigningKey(this, 'GovernanceKey', {
      description: `Signs the decisions about ${config.origin} (Ledgerstone)`,
      ...{ spec: config.governance.key.spec, sealed: config.sealed },
      holders: { signer: officer, alsoSign: copier ? [approver, copier] : [approver], ...holders },
    });
    const output = (name: string, description: string, value: string) =>
      new CfnOutput(this, name, { description, value });
    output('GovernanceKeyArn', 'governance.signing.keyId', keyArn);
    output('OfficerRoleArn', 'The role of people who decide', officer.roleArn);
    output('ApproverRoleArn', 'The role of people who approve', approver.roleArn);
    if (copier) output('CopierRoleArn', 'The role that `ledgerstone copy` runs as', copier.roleArn);
    if (keeper) output('KeeperRoleArn', 'The role that `ledgerstone hold keep` runs as', keeper.roleArn);
    const guards = decisionGuardStatements({
      ...{ bucketArn: bucket.bucketArn, prefix: config.bucket.prefix },
      ...{ officerArn: officer.roleArn, approverArn: approver.roleArn },
      ...{ copierArn: copier?.roleArn ?? null, keeperArn: keeper?.roleArn ?? null },
    });
    const deciders = [officer, approver, ...(copier ? [copier] : [])];
    const keepers = keeper ? [keeper.roleArn] : [];
    return {
      officer,
      keeper,
      keyArns: [keyArn],
      roleArns: deciders.map(({ roleArn }) => roleArn),
      keepers,
      guards,
    };
  }

  #putOut({ bucket, keys, archiver, people }: Parts): void {
    const output = (name: string, description: string, value: string) =>
      new CfnOutput(this, name, { description, value });
    output('BucketName', 'archive.store.bucket', bucket.bucketName);
    const [key, also] = keys;
    output('LogKeyArn', 'archive.signing.keyId', key.keyArn);
    if (also) output('AlsoLogKeyArn', 'The second log key, while they are changed', also.keyArn);
    output('ArchiverRoleArn', 'The role that the service runs as', archiver.role.roleArn);
    output('AuditorRoleArn', 'The role that auditors assume', people.auditor.roleArn);
    output('KeyAdminRoleArn', 'The role that manages the log key', people.keyAdmin.roleArn);
    output('BreakGlassRoleArn', 'The role that can change the guard rails', people.breakGlass.roleArn);
    output('LedgerstoneYaml', 'The beginning of ledgerstone.yaml', this.yaml);
  }

  /** Forwards events to the verifier's account, which only names connect to this one. */
  #notifyVerifier({ stack, verifier, origin }: TwoPartyConfig, names: Names, parts: Parts): void {
    const { bucketArn, bucketName } = parts.bucket;
    const lockKeeperArn = parts.archiver.role.roleArn;
    const rulePrefix = rulePrefixes(stack).archive;
    const trail =
      verifier.trail === false
        ? null
        : new AuditTrail(this, 'Trail', {
            ...{ name: trailNames(stack).archive, bucketArn, logBucket: names.verifier.trailBucket },
            hasManagementEvents: verifier.trail === true,
          });
    const { deadLetters } = new Forwarder(this, 'Forwarder', {
      ...{ names, rulePrefix },
      watched: [
        objectEvents({ bucketName }),
        ...attemptEvents({ bucketName, keys: parts.keys, lockKeeperArn, trail, rulePrefix }),
        breakGlassUse(parts.people.breakGlass.roleArn, names.archive.account),
      ],
    });
    const { topic } = new AlarmTopic(this, 'Notices', origin, verifier.notify);
    notForwardedAlarm(this, deadLetters, topic);
  }
}

/** Data alone: a seal carries its chain, and without it nothing behind can be verified. */
const expiryOf = ({ bucket: { prefix }, expire }: InfraConfig) =>
  expire.map(({ topic, days }) => ({ prefix: `${prefix}data/topic=${topic}/`, days }));

type Holders = SigningKeyProps['holders'];

type Parts = {
  readonly bucket: Bucket;
  /** The log's. */
  readonly keys: readonly [SigningKey, ...SigningKey[]];
  readonly archiver: ArchiverRole;
  readonly people: PeopleRoles;
};

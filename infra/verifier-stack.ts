// What is deployed on AWS for the second party?
import { CfnOutput, Stack } from 'aws-cdk-lib';
import type { Role } from 'aws-cdk-lib/aws-iam';
import type { Code, IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { AlarmTopic } from './alarm-topic.ts';
import { Alarms } from './alarms.ts';
import { AuditTrail, trailArn } from './audit-trail.ts';
import { BreakGlassNotice } from './break-glass-notice.ts';
import { bucketGuardStatements, drillStatements, responderStatements } from './bucket-policy.ts';
import { maximumDaysOf } from './config-parts.ts';
import type { TwoPartyConfig } from './config-schema.ts';
import { logKeyArns } from './config-verifier.ts';
import { VerifierDashboard } from './dashboard.ts';
import { FullPass, WorkBucket } from './full-pass.ts';
import { LockedBucket } from './locked-bucket.ts';
import { bootstrapDeployer, type Names, namesOf, rulePrefixes } from './names.ts';
import { PeopleRoles } from './people-roles.ts';
import { metricsNamespace, trailNames } from './rendered-config.ts';
import { RESPONSE_PATTERNS, ResponderRole } from './responder-role.ts';
import { Schedules } from './schedules.ts';
import { SigningKey, type SigningKeyProps } from './signing-key.ts';
import { TrailBucket } from './trail-bucket.ts';
import { FullPassFunction, VerifierFunction } from './verifier-function.ts';
import { VerifierQueue } from './verifier-queue.ts';
import { VERIFIER_KEY_PATTERNS, VerifierRole } from './verifier-role.ts';
import { attemptEvents, breakGlassUse, trailFileEvents } from './watched-events.ts';

type Guarded = {
  readonly bucket: Bucket;
  /** Null: the accounts have other trails. */
  readonly records: Bucket | null;
  /** Of fanned-out passes. Null: there are none. */
  readonly work: Bucket | null;
  readonly role: Role;
  readonly people: PeopleRoles;
  readonly key: SigningKey;
  /** The second key; null: there is none. */
  readonly postQuantum: SigningKey | null;
};

const keysOf = ({ key, postQuantum }: Pick<Guarded, 'key' | 'postQuantum'>): readonly SigningKey[] =>
  postQuantum === null ? [key] : [key, postQuantum];

type Running = { readonly target: IFunction; readonly topic: ITopic; readonly events: VerifierQueue };

/** Takes only names from the archive's stack, so it can be in another account and Region. */
export class VerifierStack extends Stack {
  constructor(scope: Construct, config: TwoPartyConfig, code: Code) {
    const { attestations, origin } = config;
    const account = attestations.account ?? config.account;
    const region = attestations.region ?? config.region;
    super(scope, `${config.stack}-verifier`, {
      description: `Ledgerstone: the verifier of ${origin}`,
      terminationProtection: true,
      ...(account && region ? { env: { account, region } } : {}),
    });
    const names = namesOf(this, config);
    const guarded = this.#guard(config, names);
    const running = this.#run(config, names, guarded, code);
    this.#watch(config, names, guarded, running);
    const { bucket, role, key, postQuantum, people } = guarded;
    const { auditor, keyAdmin, breakGlass } = people;
    const { target, topic } = running;
    this.#putOut({
      AttestationBucketName: ['attestations.store.bucket', bucket.bucketName],
      VerifierKeyArn: ['cosigner.signing.keyId', key.keyArn],
      ...(postQuantum !== null && {
        VerifierPostQuantumKeyArn: ['cosigner.postQuantum.keyId', postQuantum.keyArn] as const,
      }),
      VerifierRoleArn: ['The role that the function runs as', role.roleArn],
      VerifierFunctionName: ['The function', target.functionName],
      TopicArn: ['Where alarms and findings go', topic.topicArn],
      AttestationAuditorRoleArn: ['The role that reads both buckets', auditor.roleArn],
      VerifierKeyAdminRoleArn: ['The role that manages the key', keyAdmin.roleArn],
      VerifierBreakGlassRoleArn: ['The role that can change the guard rails', breakGlass.roleArn],
    });
  }

  /** What outlives the stack: roles, bucket and key with their policies. */
  #guard(config: TwoPartyConfig, names: Names): Guarded {
    const { attestations, verifier, origin } = config;
    const { bucket } = new LockedBucket(this, 'Attestations', {
      name: attestations.bucket.name,
      defaultDays: attestations.retention.defaultDays,
      sendsEvents: false,
      auditedBy: 'the trail of this stack, or one that the account has (see README.md)',
    });
    const { role } = new VerifierRole(this, 'Verifier', config, names, bucket);
    const people = new PeopleRoles(this, 'People', {
      people: attestations.people,
      what: `attestations of ${origin}`,
      bucket,
      auditorAlsoReads: {
        bucketArn: names.archive.bucketArn,
        bucketName: String(config.bucket.name),
        keyArns: logKeyArns(verifier),
      },
      names: names.verifier.people,
    });
    const deployer = attestations.deployer ?? bootstrapDeployer(this);
    const { auditor, keyAdmin, breakGlass } = people;
    const keyOf = (id: string, spec: SigningKeyProps['spec']) =>
      new SigningKey(this, id, {
        description: `Cosigns the checkpoints of ${origin} (Ledgerstone's verifier)`,
        spec,
        sealed: attestations.sealed,
        holders: { signer: role, auditor, keyAdmin, breakGlass, deployer },
      });
    const key = keyOf('Key', verifier.key.spec);
    const postQuantum = verifier.key.postQuantum ? keyOf('PostQuantumKey', 'ML_DSA_44') : null;
    const { bucketArn } = bucket;
    const drills = verifier.drillers.length > 0 ? [names.drill.roleArn] : [];
    const responders = this.#responders(config, names, bucket);
    const guards = bucketGuardStatements({
      bucketArn,
      writers: [role.roleArn, ...responders],
      keyPatterns: VERIFIER_KEY_PATTERNS,
      readers: [role.roleArn, auditor.roleArn, ...drills, ...responders],
      guardians: [breakGlass.roleArn, ...(attestations.sealed ? [] : [deployer])],
      minimumDays: attestations.retention.minimumDays,
      maximumDays: maximumDaysOf(attestations.retention),
    });
    const drilling = drills.flatMap((arn) => drillStatements(bucketArn, names.archive.account, arn));
    const answering = responders.flatMap((arn) => responderStatements(bucketArn, arn, RESPONSE_PATTERNS));
    for (const statement of [...guards, ...drilling, ...answering]) bucket.addToResourcePolicy(statement);
    const guardians = [breakGlass.roleArn, ...(attestations.sealed ? [] : [deployer])];
    const records =
      verifier.trail === false ? null : this.#keepRecords(config, names, { role, auditor, guardians });
    const keyArns = keysOf({ key, postQuantum }).map(({ keyArn }) => keyArn);
    const work = this.#work(config, names, { role, auditor, guardians });
    const others = [records, work].flatMap((one) => (one === null ? [] : [one.bucketArn]));
    people.grantKey(keyArns, [bucketArn, ...others]);
    return { bucket, records, work, role, people, key, postQuantum };
  }

  /** ARNs: none or one. */
  #responders(config: TwoPartyConfig, names: Names, bucket: Bucket): readonly string[] {
    if (config.verifier.responders.length === 0) return [];
    const { role } = new ResponderRole(this, 'Responder', config, names, bucket);
    new CfnOutput(this, 'ResponderRoleArn', {
      description: 'The role that answers findings',
      value: role.roleArn,
    });
    return [role.roleArn];
  }

  #work(
    { verifier: { fanOut } }: TwoPartyConfig,
    { verifier: own }: Names,
    { role: worker, auditor, guardians }: { role: Role; auditor: Role; guardians: readonly string[] },
  ): Bucket | null {
    if (fanOut === undefined) return null;
    const { partition } = this;
    const { bucket } = new WorkBucket(this, 'Passes', {
      ...{ name: own.workBucket, keptDays: fanOut.keptDays, worker, auditor, guardians },
      readerArn: `arn:${partition}:iam::${own.account}:role/${own.fullPassName}`,
    });
    return bucket;
  }

  /** The bucket of both parties' trails, out of reach of the archive's administrators. */
  #keepRecords(
    { stack, verifier }: TwoPartyConfig,
    { archive, verifier: own }: Names,
    { role, auditor, guardians }: { role: Role; auditor: Role; guardians: readonly string[] },
  ): Bucket {
    const trails = trailNames(stack);
    const { bucket } = new TrailBucket(this, 'Trails', {
      name: own.trailBucket,
      keptDays: verifier.trailDays,
      trails: [
        { arn: trailArn(this, trails.archive, archive), account: archive.account },
        { arn: trailArn(this, trails.verifier), account: own.account },
      ],
      readers: [role, auditor],
      guardians,
    });
    return bucket;
  }

  /** What does the work, and what shows that it is done. */
  #run(
    config: TwoPartyConfig,
    names: Names,
    { bucket, work, role, key, postQuantum }: Guarded,
    code: Code,
  ): Running {
    const { verifier, origin } = config;
    const { topic } = new AlarmTopic(this, 'Notices', origin, verifier.notify);
    const events = new VerifierQueue(this, 'Events', names, rulePrefixes(config.stack).verifier);
    const runs = {
      ...{ config, names, role, bucket, topic, events, code },
      ...{ keyArn: key.keyArn, postQuantumArn: postQuantum?.keyArn ?? null },
    };
    const { function: target } = new VerifierFunction(this, 'Runs', runs);
    const passArn = work === null ? null : this.#fanOut(runs, work);
    const { queue, deadLetters } = events;
    const stamps = verifier.timestamps !== undefined;
    new Schedules(this, 'Schedules', { target, deadLetters, stamps, sweepEvery: verifier.sweepEvery });
    const watched = {
      ...{ function: target, queue, deadLetters, topic, namespace: metricsNamespace(config.stack) },
      ...{ sweepEvery: verifier.sweepEvery, fullPassEvery: verifier.fullPass.every, stamps },
      passArn,
    };
    const alarms = new Alarms(this, 'Alarms', watched);
    new VerifierDashboard(this, 'Overview', { ...watched, alarms });
    return { target, topic, events };
  }

  /** ARN of the state machine. */
  #fanOut(runs: ConstructorParameters<typeof VerifierFunction>[2], work: Bucket): string {
    const { config, names } = runs;
    const { concurrency = 1, hours = 1 } = config.verifier.fanOut ?? {};
    const { function: worker } = new FullPassFunction(this, 'Passing', {
      ...runs,
      workBucket: work.bucketName,
    });
    const { fullPassName: name } = names.verifier;
    const { arn } = new FullPass(this, 'FullPass', {
      ...{ name, roleName: name, bucket: work, worker, concurrency, hours },
    });
    this.#putOut({
      FullPassArn: ['The state machine of full passes by many workers', arn],
      FullPassFunctionName: ['Its workers', worker.functionName],
    });
    return arn;
  }

  /** What reports attempts on the second party itself, and uses of both parties' break-glass roles. */
  #watch(
    { verifier, stack }: TwoPartyConfig,
    names: Names,
    { bucket, records, role, people, ...guarded }: Guarded,
    { topic, events }: Running,
  ): void {
    const rulePrefix = rulePrefixes(stack).verifier;
    const trail = records && this.#trail({ verifier, stack }, names, bucket, records);
    const { bucketName } = bucket;
    const { roleArn } = people.breakGlass;
    events.take([
      ...attemptEvents({ bucketName, keys: keysOf(guarded), lockKeeperArn: role.roleArn, trail, rulePrefix }),
      breakGlassUse(roleArn, names.verifier.account),
      ...(records === null ? [] : [trailFileEvents(records)]),
    ]);
    new BreakGlassNotice(this, 'BreakGlass', {
      ...{
        topic,
        bus: events.bus,
        archiveAccount: names.archive.account,
        breakGlassArn: roleArn,
        rulePrefix,
      },
    });
  }

  #trail(
    { verifier, stack }: Pick<TwoPartyConfig, 'verifier' | 'stack'>,
    { archive, verifier: own }: Names,
    { bucketArn }: Bucket,
    records: Bucket,
  ): AuditTrail {
    const trail = new AuditTrail(this, 'Trail', {
      ...{ name: trailNames(stack).verifier, bucketArn, logBucket: records.bucketName },
      // In one account the archive's trail has them already.
      hasManagementEvents: verifier.trail === true && archive.account !== own.account,
    });
    // CloudTrail refuses a bucket without this policy.
    if (records.policy) trail.trail.node.addDependency(records.policy);
    return trail;
  }

  #putOut(outputs: Readonly<Record<string, readonly [description: string, value: string]>>): void {
    for (const [name, [description, value]] of Object.entries(outputs)) {
      new CfnOutput(this, name, { description, value });
    }
  }
}

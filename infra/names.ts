// Which names do the stacks of the two parties share? Neither can read the other's account.
import { DefaultStackSynthesizer, type IStackSynthesizer, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { TwoPartyConfig } from './config-schema.ts';
import type { PeopleNames } from './people-roles.ts';

type Located = { readonly account: string; readonly region: string };

export type Names = {
  readonly archive: Located & { readonly bucketArn: string };
  readonly verifier: Located & {
    readonly roleName: string;
    readonly roleArn: string;
    readonly auditorArn: string;
    /** Of the people who answer findings, with `verifier.responders`. */
    readonly responderName: string;
    readonly people: PeopleNames;
    readonly busName: string;
    readonly busArn: string;
    /** Usable only if the configuration names the bucket. */
    readonly bucketArn: string;
    /** The bucket of both parties' trails. */
    readonly trailBucket: string;
    /** Of fanned-out passes, with `verifier.fanOut`: the bucket of their results, and the state machine. */
    readonly workBucket: string;
    readonly fullPassName: string;
  };
  /** The drill role, in the archive's account. */
  readonly drill: { readonly roleName: string; readonly roleArn: string };
  /** Puts events of the archive's account on the verifier's bus. */
  readonly forwarder: { readonly roleName: string; readonly roleArn: string };
};

/** Of the archive's stack. Fixed: the organisation's policies name them, and the trails watch them. */
export const roleNamesOf = (stack: string): PeopleNames & { readonly archiver: string } => ({
  archiver: `${stack}-archiver`,
  ...peopleNames(stack),
});

/** Of people who decide about the archive, with `governance`. */
export const governanceRoleNames = (stack: string) => ({
  officer: `${stack}-officer`,
  approver: `${stack}-approver`,
  /** Copies the archive, and records that. */
  copier: `${stack}-copier`,
  /** No person: it puts holds on that people decided. */
  keeper: `${stack}-hold-keeper`,
});

export const breakGlassOfVerifier = (stack: string): string => peopleNames(`${stack}-verifier`).breakGlass;

const peopleNames = (prefix: string): PeopleNames => ({
  auditor: `${prefix}-auditor`,
  keyAdmin: `${prefix}-key-admin`,
  breakGlass: `${prefix}-break-glass`,
});

/** The same for both stacks, if both are in one AWS partition. */
export function namesOf(scope: Construct, config: TwoPartyConfig): Names {
  const here = Stack.of(scope);
  const { partition } = here;
  const archive = { account: config.account ?? here.account, region: config.region ?? here.region };
  const account = config.attestations.account ?? archive.account;
  const region = config.attestations.region ?? archive.region;
  const role = (of: string, name: string) => `arn:${partition}:iam::${of}:role/${name}`;
  const roleName = `${config.stack}-verifier`;
  const people = peopleNames(roleName);
  const drillName = `${config.stack}-drill`;
  const forwarderName = `${config.stack}-forwarder`;
  return {
    archive: { ...archive, bucketArn: `arn:${partition}:s3:::${config.bucket.name}` },
    verifier: {
      ...{ account, region, roleName, people },
      roleArn: role(account, roleName),
      auditorArn: role(account, people.auditor),
      responderName: `${roleName}-responder`,
      busName: roleName,
      bucketArn: `arn:${partition}:s3:::${config.attestations.bucket.name ?? ''}`,
      busArn: `arn:${partition}:events:${region}:${account}:event-bus/${roleName}`,
      trailBucket: `${config.stack.toLowerCase()}-trail-${account}`,
      workBucket: `${config.stack.toLowerCase()}-full-pass-${account}`,
      fullPassName: `${config.stack}-full-pass`,
    },
    drill: { roleName: drillName, roleArn: role(archive.account, drillName) },
    forwarder: { roleName: forwarderName, roleArn: role(archive.account, forwarderName) },
  };
}

/** The names of the rules that bring events begin so, in each account. Changing one is an attempt. */
export const rulePrefixes = (stack: string) => ({
  archive: `${stack}-to-verifier-`,
  verifier: `${stack}-verifier-`,
});

/** For stacks without assets: the template asks for nothing that `cdk bootstrap` makes. */
export const withoutBootstrap = (): IStackSynthesizer =>
  new DefaultStackSynthesizer({ generateBootstrapVersionRule: false }) as IStackSynthesizer;

/** The role that `cdk bootstrap` makes for CloudFormation, by its documented name. */
export function bootstrapDeployer(
  scope: Construct,
  { partition, account, region }: Located & { readonly partition: string } = Stack.of(scope),
): string {
  const name = `cdk-${DefaultStackSynthesizer.DEFAULT_QUALIFIER}-cfn-exec-role-${account}-${region}`;
  return `arn:${partition}:iam::${account}:role/${name}`;
}

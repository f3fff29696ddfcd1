// Which names do the stacks of the two parties share? Neither can read the other's account.
import { DefaultStackSynthesizer, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { TwoPartyConfig } from './config-schema.ts';

export type Names = {
  readonly archive: { readonly account: string; readonly region: string; readonly bucketArn: string };
  readonly verifier: {
    readonly account: string;
    readonly region: string;
    readonly roleName: string;
    readonly roleArn: string;
    readonly auditorName: string;
    readonly auditorArn: string;
    readonly busName: string;
    readonly busArn: string;
    /** Usable only if the configuration names the bucket. */
    readonly bucketArn: string;
  };
  /** The drill role, in the archive's account. */
  readonly drill: { readonly roleName: string; readonly roleArn: string };
  /** Puts events of the archive's account on the verifier's bus. */
  readonly forwarder: { readonly roleName: string; readonly roleArn: string };
};

/** The same for both stacks, if both are in one AWS partition. */
export function namesOf(scope: Construct, config: TwoPartyConfig): Names {
  const here = Stack.of(scope);
  const { partition } = here;
  const archive = { account: config.account ?? here.account, region: config.region ?? here.region };
  const account = config.attestations.account ?? archive.account;
  const region = config.attestations.region ?? archive.region;
  const role = (of: string, name: string) => `arn:${partition}:iam::${of}:role/${name}`;
  const roleName = `${config.stack}-verifier`;
  const auditorName = `${config.stack}-verifier-auditor`;
  const drillName = `${config.stack}-drill`;
  const forwarderName = `${config.stack}-forwarder`;
  return {
    archive: { ...archive, bucketArn: `arn:${partition}:s3:::${config.bucket.name}` },
    verifier: {
      ...{ account, region, roleName, auditorName },
      roleArn: role(account, roleName),
      auditorArn: role(account, auditorName),
      busName: roleName,
      bucketArn: `arn:${partition}:s3:::${config.attestations.bucket.name ?? ''}`,
      busArn: `arn:${partition}:events:${region}:${account}:event-bus/${roleName}`,
    },
    drill: { roleName: drillName, roleArn: role(archive.account, drillName) },
    forwarder: { roleName: forwarderName, roleArn: role(archive.account, forwarderName) },
  };
}

/** The role that `cdk bootstrap` makes for CloudFormation, by its documented name. */
export function bootstrapDeployer(scope: Construct): string {
  const { partition, account, region } = Stack.of(scope);
  const name = `cdk-${DefaultStackSynthesizer.DEFAULT_QUALIFIER}-cfn-exec-role-${account}-${region}`;
  return `arn:${partition}:iam::${account}:role/${name}`;
}

// What stands in AWS for one archive?
import { CfnOutput, DefaultStackSynthesizer, type IStackSynthesizer, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { ArchiveBucket } from './archive-bucket.ts';
import { ArchiverRole } from './archiver-role.ts';
import { bucketGuardStatements } from './bucket-policy.ts';
import type { InfraConfig } from './config.ts';
import { LogKey } from './log-key.ts';
import { PeopleRoles } from './people-roles.ts';

export class LedgerstoneStack extends Stack {
  constructor(scope: Construct, config: InfraConfig) {
    super(scope, config.stack, {
      description: `Ledgerstone: the archive of ${config.origin}`,
      // Deleting the stack would delete nothing that matters, but would leave it without a description.
      terminationProtection: true,
      // No assets: the template can be deployed without `cdk bootstrap` too.
      synthesizer: new DefaultStackSynthesizer({ generateBootstrapVersionRule: false }) as IStackSynthesizer,
      ...(config.account && config.region ? { env: { account: config.account, region: config.region } } : {}),
    });
    const { bucket } = new ArchiveBucket(this, 'Archive', config);
    const archiver = new ArchiverRole(this, 'Archiver', config, bucket);
    const people = new PeopleRoles(this, 'People', config, bucket);
    const deployer = config.deployer ?? bootstrapDeployer(this);

    const key = new LogKey(this, 'LogKey', config, {
      archiver: archiver.role,
      auditor: people.auditor,
      keyAdmin: people.keyAdmin,
      breakGlass: people.breakGlass,
      deployer,
    });
    people.grantKey(key.keyArn, bucket.bucketArn);

    const guardians = [people.breakGlass.roleArn, ...(config.sealed ? [] : [deployer])];
    const statements = bucketGuardStatements({
      bucketArn: bucket.bucketArn,
      writers: [archiver.role.roleArn],
      readers: [archiver.role.roleArn, people.auditor.roleArn],
      guardians,
      minimumDays: config.retention.minimumDays,
    });
    for (const statement of statements) bucket.addToResourcePolicy(statement);

    const output = (name: string, description: string, value: string) =>
      new CfnOutput(this, name, { description, value });
    output('BucketName', 'archive.store.bucket', bucket.bucketName);
    output('LogKeyArn', 'archive.signing.keyId', key.keyArn);
    output('ArchiverRoleArn', 'The role that the service runs as', archiver.role.roleArn);
    output('AuditorRoleArn', 'The role that auditors assume', people.auditor.roleArn);
    output('KeyAdminRoleArn', 'The role that looks after the log key', people.keyAdmin.roleArn);
    output('BreakGlassRoleArn', 'The role that can change the guard rails', people.breakGlass.roleArn);
    output(
      'LedgerstoneYaml',
      'The beginning of ledgerstone.yaml',
      yamlFor(this, config, bucket.bucketName, key.keyArn),
    );
  }
}

/** The role that `cdk bootstrap` makes for CloudFormation, by its published name. */
function bootstrapDeployer({ partition, account, region }: Stack): string {
  const name = `cdk-${DefaultStackSynthesizer.DEFAULT_QUALIFIER}-cfn-exec-role-${account}-${region}`;
  return `arn:${partition}:iam::${account}:role/${name}`;
}

function yamlFor(
  { account, region }: Stack,
  config: InfraConfig,
  bucketName: string,
  keyArn: string,
): string {
  return [
    'production: true',
    'archive:',
    `  origin: ${JSON.stringify(config.origin)}`,
    '  store:',
    '    kind: s3',
    `    bucket: ${bucketName}`,
    `    region: ${region}`,
    ...(config.bucket.prefix === '' ? [] : [`    prefix: ${config.bucket.prefix}`]),
    `    expectedBucketOwner: "${account}"`,
    '  signing:',
    '    kind: kms',
    `    keyId: ${keyArn}`,
    '',
  ].join('\n');
}

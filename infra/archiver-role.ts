// Who may assume the archiver's role, and what may it do with the bucket?
import { Stack } from 'aws-cdk-lib';
import {
  ArnPrincipal,
  type IPrincipal,
  PolicyDocument,
  PolicyStatement,
  Role,
  ServicePrincipal,
} from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledgeObjectPattern } from './cdk-nag.ts';
import type { InfraConfig } from './config-schema.ts';
import { KEEP } from './keep.ts';
import { roleNamesOf } from './names.ts';
import { podPrincipal } from './pod-principal.ts';

/** Keys of an archive's objects below its prefix (FORMAT.md: object keys). */
const OBJECTS = ['data/*', 'seals/*', 'keys/*', 'FORMAT-*'];

export const archiveKeyPatterns = ({ bucket }: InfraConfig): string[] =>
  OBJECTS.map((objects) => `${bucket.prefix}${objects}`);

/** Its right to sign is in the key's policy and not here: one policy says who may sign. */
export class ArchiverRole extends Construct {
  readonly role: Role;

  constructor(scope: Construct, id: string, config: InfraConfig, bucket: Bucket) {
    super(scope, id);
    const { prefix } = config.bucket;
    this.role = new Role(this, 'Role', {
      roleName: roleNamesOf(config.stack).archiver,
      description: `Writes the archive ${config.origin}. Can not delete`,
      assumedBy: archiverPrincipal(this, config),
      inlinePolicies: {
        archive: new PolicyDocument({
          statements: [
            new PolicyStatement({
              sid: 'WriteAndReadBack',
              actions: [
                's3:PutObject',
                // Needed for a put with lock headers, and to lengthen a lock.
                's3:PutObjectRetention',
                's3:GetObject',
                's3:GetObjectVersion',
                's3:GetObjectRetention',
              ],
              resources: archiveKeyPatterns(config).map((place) => bucket.arnForObjects(place)),
            }),
            new PolicyStatement({
              sid: 'ListItsOwnVersions',
              actions: ['s3:ListBucketVersions'],
              resources: [bucket.bucketArn],
              ...(prefix === '' ? {} : { conditions: { StringLike: { 's3:prefix': `${prefix}*` } } }),
            }),
            new PolicyStatement({
              sid: 'LearnThatSomethingIsMissing',
              // Without it S3 answers 403 instead of 404. Not limited by prefix: HeadBucket and GetObject
              // have none.
              actions: ['s3:ListBucket'],
              resources: [bucket.bucketArn],
            }),
            new PolicyStatement({
              sid: 'SeeThatTheBucketIsFit',
              actions: [
                's3:GetBucketObjectLockConfiguration',
                's3:GetBucketVersioning',
                's3:GetBucketPublicAccessBlock',
              ],
              resources: [bucket.bucketArn],
            }),
          ],
        }),
      },
    });
    this.role.applyRemovalPolicy(KEEP);
    for (const place of archiveKeyPatterns(config)) {
      const reason =
        'Each new segment adds an object under this fixed name, so its keys cannot be listed ahead.';
      acknowledgeObjectPattern(this.role, bucket, place, reason);
    }
  }
}

/** Only tasks of this account and Region: ECS has the same name for every customer. */
export function tasksOfThisAccount(scope: Construct): IPrincipal {
  const { account, region, partition } = Stack.of(scope);
  return new ServicePrincipal('ecs-tasks.amazonaws.com', {
    conditions: {
      StringEquals: { 'aws:SourceAccount': account },
      ArnLike: { 'aws:SourceArn': `arn:${partition}:ecs:${region}:${account}:*` },
    },
  });
}

function archiverPrincipal(scope: Construct, { archiver }: InfraConfig): IPrincipal {
  switch (archiver.kind) {
    case 'ecs-task':
      return tasksOfThisAccount(scope);
    case 'eks-pod-identity':
    case 'eks-irsa':
      return podPrincipal(archiver);
    case 'principal':
      return new ArnPrincipal(archiver.arn);
  }
}

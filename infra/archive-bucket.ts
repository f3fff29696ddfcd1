// Where does the archive live, and what does S3 itself refuse to everybody?
import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  ObjectLockRetention,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { InfraConfig } from './config.ts';

/**
 * A bucket with Object Lock from birth: it can't be added later to a bucket of this name that is kept. Policy and
 * bucket outlive the stack, for a bucket without its policy would be a weaker one.
 */
export class ArchiveBucket extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, config: InfraConfig) {
    super(scope, id);
    this.bucket = new Bucket(this, 'Bucket', {
      ...(config.bucket.name === undefined ? {} : { bucketName: config.bucket.name }),
      objectLockEnabled: true,
      objectLockDefaultRetention: ObjectLockRetention.compliance(Duration.days(config.retention.defaultDays)),
      versioned: true,
      // A key of one's own would be a way to destroy what can't be deleted: without it nothing can be read.
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    // CDK keeps the bucket but would let its policy go with the stack.
    this.bucket.policy?.applyRemovalPolicy(RemovalPolicy.RETAIN);
    Validations.of(this.bucket).acknowledge({
      id: 'AwsSolutions-S1',
      reason:
        'Server access logs are best effort and come late, so they prove nothing about an archive. CloudTrail data ' +
        'events on this bucket do, and are set up once per account, outside this stack (see README.md).',
    });
  }
}

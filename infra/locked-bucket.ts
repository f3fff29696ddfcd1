// Where do locked objects live, and what does S3 itself refuse to everybody there?
import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type CfnBucket,
  ObjectLockRetention,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';

export type LockedBucketProps = {
  readonly name?: string | undefined;
  /** The bucket's own default, in COMPLIANCE mode. */
  readonly defaultDays: number;
  /** Whether S3 tells EventBridge of this account about every object. */
  readonly sendsEvents: boolean;
  /** Why cdk-nag is content without server access logs. */
  readonly auditedBy: string;
};

/**
 * A bucket with Object Lock from birth: it can't be added later to a bucket of this name that is kept. Policy and
 * bucket outlive the stack, for a bucket without its policy would be a weaker one.
 */
export class LockedBucket extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, props: LockedBucketProps) {
    super(scope, id);
    this.bucket = new Bucket(this, 'Bucket', {
      ...(props.name === undefined ? {} : { bucketName: props.name }),
      objectLockEnabled: true,
      objectLockDefaultRetention: ObjectLockRetention.compliance(Duration.days(props.defaultDays)),
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
    if (props.sendsEvents) {
      // CDK's own switch brings a custom resource with rights over every bucket of the account.
      (this.bucket.node.defaultChild as CfnBucket).notificationConfiguration = {
        eventBridgeConfiguration: { eventBridgeEnabled: true },
      };
    }
    Validations.of(this.bucket).acknowledge({
      id: 'AwsSolutions-S1',
      reason:
        'Server access logs are best effort and come late, so they prove nothing about an archive. CloudTrail data ' +
        `events on this bucket do: ${props.auditedBy}.`,
    });
  }
}

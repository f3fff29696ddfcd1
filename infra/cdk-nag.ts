// How are wildcards in our roles acknowledged to cdk-nag, each with its reason?
import { Stack, Validations } from 'aws-cdk-lib';
import type { Role } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';

/** Acknowledges this pattern of object keys on this role. Any other wildcard is still reported. */
export function acknowledgeObjectPattern(role: Role, bucket: Bucket, pattern: string, reason: string): void {
  const bucketId = Stack.of(bucket).getLogicalId(
    bucket.node.defaultChild as Parameters<Stack['getLogicalId']>[0],
  );
  Validations.of(role).acknowledge({
    id: `AwsSolutions-IAM5[Resource::<${bucketId}.Arn>/${pattern}]`,
    reason,
  });
}

/** The same for a bucket of another stack, which policies name by its full ARN. */
export function acknowledgeForeignBucket(
  role: Role,
  bucketName: string,
  reason: string,
  pattern = '*',
): void {
  Validations.of(role).acknowledge({
    id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:s3:::${bucketName}/${pattern}]`,
    reason,
  });
}

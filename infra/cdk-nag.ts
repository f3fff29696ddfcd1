// Which wildcards does cdk-nag find in our roles, and why is each one meant?
import { Stack, Validations } from 'aws-cdk-lib';
import type { Role } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';

/** Accepts exactly this pattern of object keys on exactly this role: any other wildcard is found again. */
export function acknowledgeObjectPattern(role: Role, bucket: Bucket, pattern: string, reason: string): void {
  const bucketId = Stack.of(bucket).getLogicalId(
    bucket.node.defaultChild as Parameters<Stack['getLogicalId']>[0],
  );
  Validations.of(role).acknowledge({
    id: `AwsSolutions-IAM5[Resource::<${bucketId}.Arn>/${pattern}]`,
    reason,
  });
}

/** The same for a bucket of another stack, which policies name in full. */
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

// How do buckets, keys, roles and their policies read in Terraform?
import { reference } from './expressions.ts';
import type { Maker } from './translating.ts';

/** A policy of CloudFormation is a document, and Terraform's a text. */
export const GUARDED: Readonly<Record<string, Maker>> = {
  'AWS::S3::Bucket': ({ id, given, to, put }) => {
    const bucket = reference(`aws_s3_bucket.${id}.id`);
    given.expect('ObjectLockEnabled', true);
    put('aws_s3_bucket', { bucket: to.optional(given.take('BucketName')), object_lock_enabled: true });
    const versioning = given.inside('VersioningConfiguration');
    put('aws_s3_bucket_versioning', {
      bucket,
      versioning_configuration: { status: versioning?.take('Status') },
    });
    const lock = given.inside('ObjectLockConfiguration');
    lock?.expect('ObjectLockEnabled', 'Enabled');
    const retention = lock?.inside('Rule')?.inside('DefaultRetention');
    put('aws_s3_bucket_object_lock_configuration', {
      bucket,
      rule: { default_retention: { mode: retention?.take('Mode'), days: retention?.take('Days') } },
      depends_on: [`aws_s3_bucket_versioning.${id}`],
    });
    const [encryption] = given.inside('BucketEncryption')?.each('ServerSideEncryptionConfiguration') ?? [];
    const sse = encryption?.inside('ServerSideEncryptionByDefault')?.take('SSEAlgorithm');
    put('aws_s3_bucket_server_side_encryption_configuration', {
      bucket,
      rule: { apply_server_side_encryption_by_default: { sse_algorithm: sse } },
    });
    const block = given.inside('PublicAccessBlockConfiguration');
    put('aws_s3_bucket_public_access_block', {
      bucket,
      block_public_acls: block?.take('BlockPublicAcls'),
      block_public_policy: block?.take('BlockPublicPolicy'),
      ignore_public_acls: block?.take('IgnorePublicAcls'),
      restrict_public_buckets: block?.take('RestrictPublicBuckets'),
    });
    const [owner] = given.inside('OwnershipControls')?.each('Rules') ?? [];
    put('aws_s3_bucket_ownership_controls', {
      bucket,
      rule: { object_ownership: owner?.take('ObjectOwnership') },
    });
    const notes = given.inside('NotificationConfiguration');
    if (notes !== undefined) {
      notes.expect('EventBridgeConfiguration', { EventBridgeEnabled: true });
      put('aws_s3_bucket_notification', { bucket, eventbridge: true });
    }
    const rules = given.inside('LifecycleConfiguration')?.each('Rules') ?? [];
    if (rules.length > 0)
      put('aws_s3_bucket_lifecycle_configuration', {
        bucket,
        rule: rules.map((rule, index) => ({
          ...{ id: `rule-${index}`, status: rule.take('Status'), filter: {} },
          expiration: { days: rule.take('ExpirationInDays') },
          noncurrent_version_expiration: {
            noncurrent_days: rule.inside('NoncurrentVersionExpiration')?.take('NoncurrentDays'),
          },
        })),
        depends_on: [`aws_s3_bucket_versioning.${id}`],
      });
  },
  'AWS::S3::BucketPolicy': ({ given, to, put }) => {
    put('aws_s3_bucket_policy', {
      bucket: to.text(given.take('Bucket')),
      policy: to.json(given.take('PolicyDocument')),
    });
  },
  'AWS::IAM::Role': ({ id, given, to, put }) => {
    put('aws_iam_role', {
      name: to.optional(given.take('RoleName')),
      description: to.optional(given.take('Description')),
      max_session_duration: given.take('MaxSessionDuration'),
      assume_role_policy: to.json(given.take('AssumeRolePolicyDocument')),
    });
    for (const policy of given.each('Policies')) {
      const name = to.text(policy.take('PolicyName'));
      const document = to.json(policy.take('PolicyDocument'));
      put(
        'aws_iam_role_policy',
        { name, role: reference(`aws_iam_role.${id}.name`), policy: document },
        `-${name}`,
      );
    }
  },
  'AWS::IAM::Policy': ({ given, to, put }) => {
    const [role, ...others] = given.list('Roles');
    if (others.length > 0) throw new Error('a policy of several roles');
    put('aws_iam_role_policy', {
      name: to.text(given.take('PolicyName')),
      role: to.text(role),
      policy: to.json(given.take('PolicyDocument')),
    });
  },
  'AWS::KMS::Key': ({ given, to, put }) => {
    put('aws_kms_key', {
      description: to.optional(given.take('Description')),
      customer_master_key_spec: given.take('KeySpec'),
      key_usage: given.take('KeyUsage'),
      deletion_window_in_days: given.take('PendingWindowInDays'),
      bypass_policy_lockout_safety_check: given.take('BypassPolicyLockoutSafetyCheck'),
      policy: to.json(given.take('KeyPolicy')),
    });
  },
  'AWS::CloudTrail::Trail': ({ given, to, put }) => {
    put('aws_cloudtrail', {
      name: to.text(given.take('TrailName')),
      s3_bucket_name: to.text(given.take('S3BucketName')),
      enable_logging: given.take('IsLogging'),
      is_multi_region_trail: given.take('IsMultiRegionTrail'),
      include_global_service_events: given.take('IncludeGlobalServiceEvents'),
      enable_log_file_validation: given.take('EnableLogFileValidation'),
      advanced_event_selector: given.each('AdvancedEventSelectors').map((selector) => ({
        name: to.optional(selector.take('Name')),
        field_selector: selector.each('FieldSelectors').map((field) => ({
          field: field.take('Field'),
          equals: to.value(field.take('Equals')),
          starts_with: to.value(field.take('StartsWith')),
          not_equals: to.value(field.take('NotEquals')),
        })),
      })),
    });
  },
};

// Who wrote, deleted or tried to? CloudTrail records it, into a locked bucket of the verifier's account.
import { Stack } from 'aws-cdk-lib';
import { CfnTrail } from 'aws-cdk-lib/aws-cloudtrail';
import { Construct } from 'constructs';
import { KEEP } from './keep.ts';

export type AuditTrailProps = {
  readonly name: string;
  /** The bucket whose objects are watched. */
  readonly bucketArn: string;
  /** Where the records go. Its policy has to name this trail before the trail is made. */
  readonly logBucket: string;
  /** False: another trail of the account records these already (`trail: data-only`). */
  readonly hasManagementEvents: boolean;
};

/**
 * Logs write events of that bucket's objects, and all management events of the account, of every Region.
 * EventBridge gets only those CloudTrail events that some trail logs.
 */
export class AuditTrail extends Construct {
  readonly name: string;
  readonly arn: string;
  readonly trail: CfnTrail;

  constructor(scope: Construct, id: string, props: AuditTrailProps) {
    super(scope, id);
    this.name = props.name;
    this.arn = trailArn(this, props.name);
    this.trail = new CfnTrail(this, 'Trail', {
      trailName: props.name,
      s3BucketName: props.logBucket,
      isLogging: true,
      // IAM's calls are recorded in us-east-1 alone, and AssumeRole where STS was called.
      isMultiRegionTrail: true,
      includeGlobalServiceEvents: true,
      enableLogFileValidation: true,
      advancedEventSelectors: [
        dataEvents(props.bucketArn),
        ...(props.hasManagementEvents ? [MANAGEMENT_EVENTS] : []),
      ],
    });
    this.trail.applyRemovalPolicy(KEEP);
  }
}

/** A trail is named before it exists, by the policy of the bucket that it writes to. */
export function trailArn(
  scope: Construct,
  name: string,
  { account, region }: { readonly account: string; readonly region: string } = Stack.of(scope),
): string {
  return `arn:${Stack.of(scope).partition}:cloudtrail:${region}:${account}:trail/${name}`;
}

const dataEvents = (bucketArn: string) => ({
  name: 'Writes to the objects of the bucket',
  fieldSelectors: [
    { field: 'eventCategory', equalTo: ['Data'] },
    { field: 'resources.type', equalTo: ['AWS::S3::Object'] },
    { field: 'readOnly', equalTo: ['false'] },
    { field: 'resources.ARN', startsWith: [`${bucketArn}/`] },
  ],
});

/** Without `readOnly`: CloudTrail calls AssumeRole and Sign read-only, which are what is watched for. */
const MANAGEMENT_EVENTS = {
  name: 'All calls that concern settings, policies, roles and keys',
  fieldSelectors: [{ field: 'eventCategory', equalTo: ['Management'] }],
};

// How does a full pass fan out? A state machine has the archive planned, each range checked, and all joined.
import { Duration, Stack, Token, Validations } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { CfnStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { bucketGuardStatements } from './bucket-policy.ts';
import { acknowledgeObjectPattern } from './cdk-nag.ts';
import { LockedBucket } from './locked-bucket.ts';
import { READ_BUCKET, READ_OBJECTS } from './read-actions.ts';
import { WORKER_MINUTES } from './verifier-function.ts';

/** Keys that the workers write. */
const RESULTS = 'runs/*';
/** Each step starts from what was kept before, so a repeat costs time and nothing else. */
const HELD_BACK = ['Lambda.TooManyRequestsException', 'Lambda.ServiceException', 'Lambda.SdkClientException'];

export type WorkBucketProps = {
  readonly name: string;
  readonly keptDays: number;
  /** The verifier's role: the only one that writes. */
  readonly worker: Role;
  readonly auditor: Role;
  /** ARN of the role of the state machine, which reads the lists of ranges. */
  readonly readerArn: string;
  readonly guardians: readonly string[];
};

/** Results of passes, locked for as long as a pass can be gone on with, and removed then. */
export class WorkBucket extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, { name, keptDays, worker, auditor, ...props }: WorkBucketProps) {
    super(scope, id);
    const { bucket } = new LockedBucket(this, 'Results', {
      ...{ name, defaultDays: keptDays, sendsEvents: false },
      auditedBy:
        'nothing here is kept as evidence. Each result is signed, and the report of a pass lies elsewhere',
    });
    this.bucket = bucket;
    bucket.addLifecycleRule({
      expiration: Duration.days(keptDays + 1),
      noncurrentVersionExpiration: Duration.days(1),
    });
    const guards = bucketGuardStatements({
      bucketArn: bucket.bucketArn,
      writers: [worker.roleArn],
      keyPatterns: [RESULTS],
      readers: [worker.roleArn, auditor.roleArn, props.readerArn],
      guardians: props.guardians,
      minimumDays: keptDays - 1,
      maximumDays: keptDays + 1,
    });
    for (const statement of guards) bucket.addToResourcePolicy(statement);
    for (const [role, writes] of [
      [worker, true],
      [auditor, false],
    ] as const) {
      const allow = (sid: string, actions: readonly string[], resource: string) =>
        role.addToPolicy(new PolicyStatement({ sid, actions: [...actions], resources: [resource] }));
      const results = bucket.arnForObjects(RESULTS);
      if (writes) allow('WriteResultsOfPasses', ['s3:PutObject', 's3:PutObjectRetention'], results);
      allow('ReadResultsOfPasses', READ_OBJECTS, results);
      allow('ListResultsOfPasses', READ_BUCKET, bucket.bucketArn);
      acknowledgeObjectPattern(role, bucket, RESULTS, 'Each pass has a folder of its own name.');
    }
  }
}

export type FullPassProps = {
  readonly name: string;
  readonly roleName: string;
  readonly bucket: Bucket;
  readonly worker: IFunction;
  readonly concurrency: number;
  readonly hours: number;
};

export class FullPass extends Construct {
  readonly arn: string;

  constructor(scope: Construct, id: string, props: FullPassProps) {
    super(scope, id);
    const { name, bucket, worker } = props;
    const { partition, region, account } = Stack.of(this);
    const states = (resource: string) => `arn:${partition}:states:${region}:${account}:${resource}`;
    this.arn = states(`stateMachine:${name}`);
    const allow = (sid: string, actions: readonly string[], resources: readonly string[]) =>
      new PolicyStatement({ sid, actions: [...actions], resources: [...resources] });
    const executions = [states(`execution:${name}:*`), states(`execution:${name}/${RANGES}:*`)];
    const role = new Role(this, 'Role', {
      roleName: props.roleName,
      description: 'Has a full pass done by many workers. Reads nothing of the archive and writes nothing',
      assumedBy: new ServicePrincipal('states.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': account },
          ArnLike: { 'aws:SourceArn': states('*') },
        },
      }),
      inlinePolicies: {
        pass: new PolicyDocument({
          statements: [
            allow('CallTheWorkers', ['lambda:InvokeFunction'], [worker.functionArn]),
            allow('ReadTheListOfRanges', ['s3:GetObject'], [bucket.arnForObjects(ITEMS)]),
            // A distributed map runs each item as an execution of its own.
            allow('StartAnItem', ['states:StartExecution'], [this.arn]),
            allow('FollowAndStopItems', ['states:DescribeExecution', 'states:StopExecution'], executions),
            allow('GoOnWithItems', ['states:RedriveExecution'], executions),
          ],
        }),
      },
    });
    acknowledgeObjectPattern(role, bucket, ITEMS, 'Each pass has a list under its own name.');
    const here = `${nag(region, '<AWS::Region>')}:${nag(account, '<AWS::AccountId>')}`;
    for (const wildcard of [`execution:${name}:*`, `execution:${name}/${RANGES}:*`])
      Validations.of(role).acknowledge({
        id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:states:${here}:${wildcard}]`,
        reason: 'Executions, and the items of one, are named when they start.',
      });
    const machine = new CfnStateMachine(this, 'Machine', {
      stateMachineName: name,
      stateMachineType: 'STANDARD',
      roleArn: role.roleArn,
      definitionString: Stack.of(this).toJsonString(definition(props)),
    });
    Validations.of(machine).acknowledge({
      id: 'AwsSolutions-SF1',
      reason:
        'Delivery of its log needs rights on every log group of the account. The history of an execution is kept for ' +
        'ninety days, the workers have a log, and the report of a pass is signed and locked.',
    });
    Validations.of(machine).acknowledge({
      id: 'AwsSolutions-SF2',
      reason: 'X-Ray needs rights on everything. The history of an execution has each step with its times.',
    });
  }
}

/** As cdk-nag writes what is only known when the template is deployed. */
const nag = (value: string, token: string): string => (Token.isUnresolved(value) ? token : value);

const RANGES = 'Ranges';
const ITEMS = 'runs/*/items-*.json';

/** Of Amazon States Language. What it says of paths is followed by a test over the template. */
function definition({ bucket, worker, concurrency, hours }: FullPassProps): object {
  const run = { 'name.$': '$$.Execution.Name', 'startedAt.$': '$$.Execution.StartTime' };
  const step = (payload: object) => ({
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke',
    Parameters: { FunctionName: worker.functionArn, Payload: payload },
    TimeoutSeconds: WORKER_MINUTES * 60 + 30,
    Retry: [
      {
        ...{ ErrorEquals: HELD_BACK, IntervalSeconds: 5, MaxAttempts: 8 },
        ...{ BackoffRate: 2, MaxDelaySeconds: 300, JitterStrategy: 'FULL' },
      },
      { ErrorEquals: ['States.ALL'], IntervalSeconds: 15, MaxAttempts: 3, BackoffRate: 2 },
    ],
  });
  return {
    Comment: 'A full pass over the archive by many workers. Whoever has no result of a range has no verdict.',
    StartAt: 'Plan',
    TimeoutSeconds: hours * 3600,
    States: {
      Plan: {
        ...step({ fanOut: 'plan', run }),
        ResultSelector: { 'key.$': '$.Payload.key' },
        Next: RANGES,
      },
      [RANGES]: {
        ...{ Type: 'Map', Label: RANGES, MaxConcurrency: concurrency, ToleratedFailurePercentage: 0 },
        ItemReader: {
          Resource: 'arn:aws:states:::s3:getObject',
          ReaderConfig: { InputType: 'JSON' },
          Parameters: { Bucket: bucket.bucketName, 'Key.$': '$.key' },
        },
        ItemSelector: { run, 'item.$': '$$.Map.Item.Value' },
        ItemProcessor: {
          ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
          StartAt: 'Range',
          States: {
            Range: {
              ...step({ fanOut: 'range', 'run.$': '$.run', 'item.$': '$.item' }),
              // All answers together have to be less than 256 KiB. What was found lies in the bucket.
              OutputPath: '$.Payload.done',
              End: true,
            },
          },
        },
        ResultPath: null,
        Next: 'Join',
      },
      Join: {
        ...step({ fanOut: 'merge', run }),
        ResultSelector: {
          ...{ 'verdict.$': '$.Payload.verdict', 'report.$': '$.Payload.key' },
          'coverage.$': '$.Payload.coverage',
        },
        Next: 'Verdict',
      },
      Verdict: {
        Type: 'Choice',
        Choices: [{ Variable: '$.verdict', StringEquals: 'verified', Next: 'Verified' }],
        Default: 'NotVerified',
      },
      Verified: { Type: 'Succeed' },
      NotVerified: {
        ...{ Type: 'Fail', Error: 'NotVerified' },
        Cause: 'The pass is whole, and its verdict is not "verified": its report and the findings say why.',
      },
    },
  };
}

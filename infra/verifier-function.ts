// How does the verifier run on Lambda, and with which configuration?
import { Duration, SecretValue, Stack } from 'aws-cdk-lib';
import { CfnPolicy, PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  type CfnFunction,
  type Code,
  Function as LambdaFunction,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { TwoPartyConfig } from './config-schema.ts';
import { KEEP } from './keep.ts';
import type { Names } from './names.ts';
import { renderVerifierConfig, WEBHOOK_VARIABLE } from './rendered-config.ts';
import type { VerifierQueue } from './verifier-queue.ts';

const FUNCTION_MINUTES = 5;
const MEMORY_MIB = 512;
/** Lambda's longest time. A range is meant to take a third of it. */
export const WORKER_MINUTES = 15;
/** A whole CPU. */
const WORKER_MIB = 1769;
const BATCH_EVENTS = 10;

export type VerifierFunctionProps = {
  readonly config: TwoPartyConfig;
  readonly names: Names;
  readonly role: Role;
  readonly keyArn: string;
  readonly postQuantumArn: string | null;
  readonly bucket: Bucket;
  readonly topic: ITopic;
  readonly events: VerifierQueue;
  readonly code: Code;
};

type MadeProps = Pick<
  VerifierFunctionProps,
  'config' | 'names' | 'role' | 'keyArn' | 'postQuantumArn' | 'topic' | 'code'
> & {
  readonly bucket: Pick<Bucket, 'bucketName'>;
};

/** Its configuration and its log. `workBucket`: of fanned-out passes. */
function runsOf(
  scope: Construct,
  { config, names, role, keyArn, postQuantumArn, topic, bucket: { bucketName }, code }: MadeProps,
  workBucket?: string,
) {
  const { webhook } = config.verifier;
  const rendered = renderVerifierConfig(config, {
    ...{ ...names, bucketName, keyArn, postQuantumArn, topicArn: topic.topicArn },
    trailBucket: names.verifier.trailBucket,
    ...(workBucket !== undefined && { workBucket }),
  });
  const logGroup = new LogGroup(scope, 'Log', { retention: RetentionDays.ONE_YEAR, removalPolicy: KEEP });
  role.addToPolicy(
    new PolicyStatement({
      sid: workBucket === undefined ? 'WriteItsLog' : 'WriteTheLogOfPasses',
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [logGroup.logGroupArn],
    }),
  );
  return {
    ...{ runtime: Runtime.NODEJS_24_X, architecture: Architecture.ARM_64, code, role, logGroup },
    handler: 'index.handler',
    environment: {
      LEDGERSTONE_VERIFIER_CONFIG: Stack.of(scope).toJsonString(rendered),
      // Filled in at deployment. Everybody who may read the function's settings can read it.
      ...(webhook !== undefined && {
        [WEBHOOK_VARIABLE]: SecretValue.secretsManager(webhook).unsafeUnwrap(),
      }),
    },
  };
}

/** The same code under the same role, with more time and a whole CPU: each call does one step of a pass. */
export class FullPassFunction extends Construct {
  readonly function: LambdaFunction;

  constructor(scope: Construct, id: string, props: MadeProps & { readonly workBucket: string }) {
    super(scope, id);
    this.function = new LambdaFunction(this, 'Function', {
      ...runsOf(this, props, props.workBucket),
      description: `Does one step of a full pass over the archive ${props.config.origin}`,
      memorySize: WORKER_MIB,
      timeout: Duration.minutes(WORKER_MINUTES),
      // The state machine waits for each answer, and tries again by itself.
      retryAttempts: 0,
    });
    dependOnPoliciesAlone(this.function, props.role);
  }
}

export class VerifierFunction extends Construct {
  readonly function: LambdaFunction;

  constructor(scope: Construct, id: string, props: VerifierFunctionProps) {
    super(scope, id);
    const { config, role, topic, events } = props;
    const { concurrency, reservedConcurrency } = config.verifier;
    this.function = new LambdaFunction(this, 'Function', {
      ...runsOf(this, props),
      description: `Verifies the archive ${config.origin}`,
      memorySize: MEMORY_MIB,
      timeout: Duration.minutes(FUNCTION_MINUTES),
      // A new account may run so few calls at once that no share of them can be reserved.
      ...(reservedConcurrency !== undefined && { reservedConcurrentExecutions: reservedConcurrency }),
      // For calls by schedules. Events wait in their queue, which has the same dead letters.
      deadLetterQueue: events.deadLetters,
      retryAttempts: 2,
      // The next run does the same work.
      maxEventAge: Duration.minutes(15),
    });
    this.function.addEventSource(
      new SqsEventSource(events.queue, {
        batchSize: BATCH_EVENTS,
        // One bad event must not send its whole batch to the dead letters.
        reportBatchItemFailures: true,
        // Limits the cost. A flood of events must not take what the schedules need.
        maxConcurrency: concurrency,
      }),
    );
    topic.grantPublish(role);
    dependOnPoliciesAlone(this.function, role);
  }
}

/** The CDK lets the function wait for its role too, which its own reference to the role does (cfn-lint W3005). */
function dependOnPoliciesAlone(made: LambdaFunction, role: Role): void {
  const policies = role.node.findAll().filter((child): child is CfnPolicy => child instanceof CfnPolicy);
  const ids = policies.map((policy) => Stack.of(made).getLogicalId(policy));
  (made.node.defaultChild as CfnFunction).addOverride('DependsOn', ids);
}

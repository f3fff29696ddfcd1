// How does the verifier run on Lambda, and with which configuration?
import { Duration, RemovalPolicy, SecretValue, Stack } from 'aws-cdk-lib';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { Architecture, type Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { TwoPartyConfig } from './config-schema.ts';
import type { Names } from './names.ts';
import { renderVerifierConfig, WEBHOOK_VARIABLE } from './rendered-config.ts';
import type { VerifierQueue } from './verifier-queue.ts';

const FUNCTION_MINUTES = 5;
const MEMORY_MIB = 512;
const BATCH_EVENTS = 10;

export type VerifierFunctionProps = {
  readonly config: TwoPartyConfig;
  readonly names: Names;
  readonly role: Role;
  readonly keyArn: string;
  readonly bucket: Bucket;
  readonly topic: ITopic;
  readonly events: VerifierQueue;
  readonly code: Code;
};

export class VerifierFunction extends Construct {
  readonly function: LambdaFunction;

  constructor(scope: Construct, id: string, props: VerifierFunctionProps) {
    super(scope, id);
    const { config, names, role, topic, events, keyArn, code } = props;
    const { concurrency, webhook } = config.verifier;
    const { bucketName } = props.bucket;
    const rendered = renderVerifierConfig(config, { ...names, bucketName, keyArn, topicArn: topic.topicArn });
    const logGroup = new LogGroup(this, 'Log', {
      retention: RetentionDays.ONE_YEAR,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    role.addToPolicy(
      new PolicyStatement({
        sid: 'WriteItsLog',
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [logGroup.logGroupArn],
      }),
    );
    this.function = new LambdaFunction(this, 'Function', {
      description: `Verifies the archive ${config.origin}`,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code,
      handler: 'index.handler',
      role,
      memorySize: MEMORY_MIB,
      timeout: Duration.minutes(FUNCTION_MINUTES),
      // Limits the cost, and reserves a share that other functions of the account can't take.
      reservedConcurrentExecutions: concurrency,
      // For calls by schedules. Events wait in their queue, which has the same dead letters.
      deadLetterQueue: events.deadLetters,
      retryAttempts: 2,
      logGroup,
      environment: {
        LEDGERSTONE_VERIFIER_CONFIG: Stack.of(this).toJsonString(rendered),
        // Filled in at deployment. Everybody who may read the function's settings can read it.
        ...(webhook !== undefined && {
          [WEBHOOK_VARIABLE]: SecretValue.secretsManager(webhook).unsafeUnwrap(),
        }),
      },
    });
    this.function.addEventSource(
      new SqsEventSource(events.queue, {
        batchSize: BATCH_EVENTS,
        // One bad event must not send its whole batch to the dead letters.
        reportBatchItemFailures: true,
        // One is left for the schedules: a flood of events must not stop them.
        maxConcurrency: concurrency - 1,
      }),
    );
    topic.grantPublish(role);
  }
}

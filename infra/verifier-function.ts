// How does the verifier run on Lambda, and what is it told?
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { Architecture, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { TwoPartyConfig } from './config.ts';
import type { Names } from './names.ts';
import { verifierCode } from './verifier-bundle.ts';
import type { VerifierQueue } from './verifier-queue.ts';

export const FUNCTION_MINUTES = 5;
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
};

export class VerifierFunction extends Construct {
  readonly function: LambdaFunction;

  constructor(scope: Construct, id: string, props: VerifierFunctionProps) {
    super(scope, id);
    const { config, names, role, topic, events } = props;
    const { concurrency } = config.verifier;
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
      code: verifierCode(this),
      handler: 'index.handler',
      role,
      memorySize: MEMORY_MIB,
      timeout: Duration.minutes(FUNCTION_MINUTES),
      // A bound on cost, and a share that other functions of the account can't take.
      reservedConcurrentExecutions: concurrency,
      // For calls by schedules. Events wait in their queue, which has the same end.
      deadLetterQueue: events.deadLetters,
      retryAttempts: 2,
      logGroup,
      environment: {
        NODE_OPTIONS: '--enable-source-maps',
        LEDGERSTONE_VERIFIER_CONFIG: Stack.of(this).toJsonString(verifierConfig(props, names)),
      },
    });
    this.function.addEventSource(
      new SqsEventSource(events.queue, {
        batchSize: BATCH_EVENTS,
        // One bad event must not take the others of its batch to the dead letters.
        reportBatchItemFailures: true,
        // One is left for the schedules, so that no flood of events keeps them from running.
        maxConcurrency: concurrency - 1,
      }),
    );
    topic.grantPublish(role);
  }
}

/** What `src/apps/verifier/config.ts` takes. JSON is YAML, and there is no secret in it. */
function verifierConfig({ config, keyArn, bucket, topic }: VerifierFunctionProps, names: Names): object {
  const { verifier, attestations } = config;
  const store = (name: string, region: string, account: string, prefix = '') => ({
    kind: 's3',
    bucket: name,
    region,
    ...(prefix === '' ? {} : { prefix }),
    expectedBucketOwner: account,
  });
  const { archive, verifier: own } = names;
  const { minimumDays } = config.retention;
  const isBounded = minimumDays > 0;
  return {
    archive: {
      store: store(String(config.bucket.name), archive.region, archive.account, config.bucket.prefix),
      trusted: verifier.trusted,
      logKey: { keyId: verifier.logKey },
    },
    attestations: {
      store: store(bucket.bucketName, own.region, own.account),
      retention: { mode: 'COMPLIANCE', period: `${attestations.retention.defaultDays}d` },
    },
    cosigner: { name: verifier.cosigner, signing: { kind: 'kms', keyId: keyArn } },
    chains: { freshness: verifier.freshness },
    sweep: { every: verifier.sweepEvery, ...(isBounded && { leastLock: `${minimumDays}d` }) },
    fullPass: verifier.fullPass,
    configuration: {
      defaultDays: Math.min(config.retention.defaultDays, attestations.retention.defaultDays),
      // S3 shows a policy to the bucket's own account alone; from another one, the trail tells of changes.
      ...(archive.account === own.account && { denies: true, ...(isBounded && { minimumDays }) }),
    },
    alarms: { sns: topic.topicArn, metricsNamespace: METRICS_NAMESPACE },
  };
}

export const METRICS_NAMESPACE = 'Ledgerstone';

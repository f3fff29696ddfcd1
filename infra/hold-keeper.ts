// How does `ledgerstone hold keep` run as a service, and who is told if it doesn't?
import { Duration, Size, Stack, Validations } from 'aws-cdk-lib';
import type { SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import {
  AwsLogDriverMode,
  Capability,
  type ContainerImage,
  CpuArchitecture,
  FargateService,
  FargateTaskDefinition,
  type ICluster,
  LinuxParameters,
  LogDriver,
  OperatingSystemFamily,
} from 'aws-cdk-lib/aws-ecs';
import type { Role } from 'aws-cdk-lib/aws-iam';
import { FilterPattern, type ILogGroup, LogGroup, MetricFilter, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { AlarmTopic } from './alarm-topic.ts';
import { HOLD_ROUNDS, holdsNotKeptAlarm } from './alarms.ts';
import type { InfraConfig, keeperServiceOf } from './config-schema.ts';
import { KEEP } from './keep.ts';
import { metricsNamespace } from './rendered-config.ts';

export const RUNTIME = {
  cpuArchitecture: CpuArchitecture.ARM64,
  operatingSystemFamily: OperatingSystemFamily.LINUX,
};

type HoldKeeperProps = {
  readonly config: InfraConfig;
  readonly keeper: NonNullable<ReturnType<typeof keeperServiceOf>>;
  readonly role: Role;
  readonly bucketName: string;
  readonly cluster: ICluster;
  readonly image: ContainerImage;
  readonly securityGroup: SecurityGroup;
};

/** One task: it has nothing to drain, and two at once do no harm. */
export class HoldKeeper extends Construct {
  constructor(scope: Construct, id: string, props: HoldKeeperProps) {
    super(scope, id);
    const { config, keeper, role, bucketName, cluster, image, securityGroup } = props;
    const { region } = Stack.of(this);
    const task = new FargateTaskDefinition(this, 'Task', {
      ...{ cpu: 256, memoryLimitMiB: 1024, runtimePlatform: RUNTIME, taskRole: role },
    });
    const logGroup = new LogGroup(this, 'Log', { retention: RetentionDays.ONE_YEAR, removalPolicy: KEEP });
    task.addContainer('Keeper', {
      ...{ ...confined(this, 'keeper'), image, logging: logTo(logGroup, 'keeper'), essential: true },
      command: [
        ...['hold', 'keep', `s3://${bucketName}/${config.bucket.prefix}`, '--region', region],
        ...keeper.trusted.flatMap((vkey) => ['--key', vkey]),
        ...['--every', keeper.every, '--json'],
      ],
      stopTimeout: Duration.seconds(30),
    });
    new FargateService(this, 'Service', {
      ...{ cluster, taskDefinition: task, desiredCount: 1, minHealthyPercent: 0, maxHealthyPercent: 200 },
      circuitBreaker: { enable: true, rollback: true },
      assignPublicIp: false,
      securityGroups: [securityGroup],
    });
    Validations.of(task).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'ecr:GetAuthorizationToken knows no resource. The right to pull is for the one repository.',
    });
    const namespace = metricsNamespace(config.stack);
    new MetricFilter(this, 'Rounds', {
      ...{ logGroup, metricNamespace: namespace, metricName: HOLD_ROUNDS, metricValue: '1' },
      // The line of a round in which nothing failed. Of one that failed the level is another.
      filterPattern: FilterPattern.all(
        FilterPattern.stringValue('$.level', '=', 'info'),
        FilterPattern.numberValue('$.objects', '>=', 0),
      ),
    });
    const { topic } = new AlarmTopic(this, 'Notices', config.origin, keeper.notify);
    holdsNotKeptAlarm(this, namespace, keeper.every, topic);
  }
}

/** What a container of ours may do to its host. */
export const confined = (scope: Construct, name: string) => ({
  user: 'node',
  readonlyRootFilesystem: true,
  linuxParameters: withoutCapabilities(scope, name),
});

/** A log that can't be written must not stop the service. */
export const logTo = (logGroup: ILogGroup, streamPrefix: string): LogDriver =>
  LogDriver.awsLogs({
    ...{ logGroup, streamPrefix },
    mode: AwsLogDriverMode.NON_BLOCKING,
    maxBufferSize: Size.mebibytes(10),
  });

function withoutCapabilities(scope: Construct, name: string): LinuxParameters {
  const parameters = new LinuxParameters(scope, `Linux-${name}`, { initProcessEnabled: true });
  parameters.dropCapabilities(Capability.ALL);
  return parameters;
}

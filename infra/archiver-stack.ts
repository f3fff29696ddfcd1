// How does the archiver run as a service on Fargate?
import { Duration, Stack, Validations } from 'aws-cdk-lib';
import { SecurityGroup, Vpc } from 'aws-cdk-lib/aws-ec2';
import { type IRepository, Repository } from 'aws-cdk-lib/aws-ecr';
import {
  Cluster,
  ContainerDependencyCondition,
  ContainerImage,
  ContainerInsights,
  FargateService,
  FargateTaskDefinition,
  type ICluster,
  Secret,
} from 'aws-cdk-lib/aws-ecs';
import type { Role } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Secret as StoredSecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { stringify } from 'yaml';
import { type InfraConfig, keeperServiceOf } from './config-schema.ts';
import { type ServiceConfig, stopSecondsOf } from './config-service.ts';
import { confined, HoldKeeper, logTo, RUNTIME } from './hold-keeper.ts';
import { KEEP } from './keep.ts';
import { withoutBootstrap } from './names.ts';

/** Folder of the configuration in the image. Nothing else in the container can be written. */
const FOLDER = '/config';
const FILE = `${FOLDER}/ledgerstone.yaml`;
const WRITE_FILE = `require('node:fs').writeFileSync('${FILE}', process.env.LEDGERSTONE_YAML)`;

export type ArchiverStackProps = {
  readonly config: InfraConfig;
  readonly service: ServiceConfig;
  readonly role: Role;
  /** Of `ledgerstone hold keep`, if a service of it is wanted. */
  readonly keeperRole: Role | null;
  readonly bucketName: string;
  /** The beginning of ledgerstone.yaml, which names the archive. */
  readonly yaml: string;
};

export class ArchiverStack extends Stack {
  constructor(scope: Construct, props: ArchiverStackProps) {
    const { config, service, role, yaml } = props;
    super(scope, `${config.stack}-archiver`, {
      description: `Ledgerstone: the archiver of ${config.origin}`,
      synthesizer: withoutBootstrap(),
      ...(config.account && config.region ? { env: { account: config.account, region: config.region } } : {}),
    });
    const { subnets } = service;
    const vpc = Vpc.fromVpcAttributes(this, 'Vpc', {
      vpcId: service.vpc,
      // The CDK asks for names of zones, but nothing here uses them.
      availabilityZones: subnets.map((id) => `zone of ${id}`),
      privateSubnetIds: subnets,
    });
    const cluster = new Cluster(this, 'Cluster', { vpc, containerInsightsV2: ContainerInsights.ENABLED });
    const task = new FargateTaskDefinition(this, 'Task', {
      cpu: service.cpu,
      memoryLimitMiB: service.memoryMiB,
      runtimePlatform: RUNTIME,
      taskRole: role,
      volumes: [{ name: 'configuration' }],
    });
    this.#containers(task, service, yaml);
    const nothingComesIn = new SecurityGroup(this, 'NothingComesIn', {
      vpc,
      description: 'The archiver calls Kafka, S3 and KMS. Nobody calls the archiver.',
    });
    new FargateService(this, 'Service', {
      cluster: cluster as ICluster,
      taskDefinition: task,
      desiredCount: service.instances,
      // Instances share the partitions. If two have the same one, the store lets one of them seal.
      minHealthyPercent: 50,
      maxHealthyPercent: 200,
      circuitBreaker: { enable: true, rollback: true },
      assignPublicIp: false,
      securityGroups: [nothingComesIn],
    });
    const keeper = keeperServiceOf(config);
    if (keeper !== null && props.keeperRole !== null)
      new HoldKeeper(this, 'Keeper', {
        ...{ config, keeper, role: props.keeperRole, bucketName: props.bucketName },
        ...{ cluster: cluster as ICluster, image: imageOf(this, service), securityGroup: nothingComesIn },
      });
    Validations.of(task).acknowledge(
      {
        id: 'AwsSolutions-ECS2',
        reason:
          'The configuration holds no secret: passwords come from Secrets Manager, by the names in `secrets`.',
      },
      {
        id: 'CloudFormation-Validate::E1029',
        reason: 'A secret by its name is meant for the archiver. CloudFormation fills in Fn::Sub alone.',
      },
      {
        id: 'AwsSolutions-IAM5[Resource::*]',
        reason: 'ecr:GetAuthorizationToken knows no resource. The right to pull is for the one repository.',
      },
    );
  }

  #containers(task: FargateTaskDefinition, service: ServiceConfig, yaml: string): void {
    const { settings } = service;
    const image = imageOf(this, service);
    const logGroup = new LogGroup(this, 'Log', {
      retention: RetentionDays.ONE_YEAR,
      removalPolicy: KEEP,
    });
    const container = (name: string) => ({
      ...confined(this, name),
      image,
      logging: logTo(logGroup, name),
    });
    const configuration = task.addContainer('Configuration', {
      ...container('configuration'),
      essential: false,
      entryPoint: ['node'],
      command: ['-e', WRITE_FILE],
      environment: { LEDGERSTONE_YAML: `${yaml}${stringify(settings)}` },
    });
    const url = `http://127.0.0.1:${settings.server.port}/healthz`;
    const probe = `fetch('${url}').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))`;
    const archiver = task.addContainer('Archiver', {
      ...container('archiver'),
      essential: true,
      command: ['archive', '--config', FILE],
      secrets: Object.fromEntries(
        Object.entries(service.secrets).map(([name, arn]) => [
          name,
          Secret.fromSecretsManager(StoredSecret.fromSecretCompleteArn(this, name, arn)),
        ]),
      ),
      healthCheck: {
        command: ['CMD', 'node', '-e', probe],
        interval: Duration.seconds(30),
        timeout: Duration.seconds(10),
        retries: 3,
        startPeriod: Duration.seconds(60),
      },
      stopTimeout: Duration.seconds(stopSecondsOf(settings.limits.drain)),
    });
    configuration.addMountPoints({ containerPath: FOLDER, sourceVolume: 'configuration', readOnly: false });
    archiver.addMountPoints({ containerPath: FOLDER, sourceVolume: 'configuration', readOnly: true });
    archiver.addContainerDependencies({
      container: configuration,
      condition: ContainerDependencyCondition.SUCCESS,
    });
  }
}

/** Made once for both services. */
function imageOf(scope: Construct, { image: { repository, digest } }: ServiceConfig): ContainerImage {
  const made = scope.node.tryFindChild('Repository') as IRepository | undefined;
  return ContainerImage.fromEcrRepository(
    made ?? Repository.fromRepositoryArn(scope, 'Repository', repository),
    digest,
  );
}

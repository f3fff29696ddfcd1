// Does the archiver's service have only the rights that it needs, and time to seal before it ends?
import type { App } from 'aws-cdk-lib';
import { describe, expect, it } from 'vitest';
import { ArchiverStack } from '../../infra/archiver-stack.ts';
import { parseInfraConfig } from '../../infra/config.ts';
import { LedgerstoneStack } from '../../infra/ledgerstone-stack.ts';
import { type Config, parseConfig } from '../../src/config/archiver.ts';
import { problemOf, synthesiseUnderNag } from './checked.ts';
import { ACCOUNT, BUCKET, CONFIG, filled, only, REGION, scratchApp } from './synthesised.ts';
import { LOG_KEY } from './two-parties.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;
const SERVICE = `${CONFIG}
account: "${ACCOUNT}"
region: ${REGION}
archiverService:
  image: { repository: "arn:aws:ecr:${REGION}:${ACCOUNT}:repository/ledgerstone", digest: "${DIGEST}" }
  vpc: vpc-0123456789abcdef0
  subnets: [subnet-0123456789abcdef0, subnet-0123456789abcdef1]
  secrets: { KAFKA_PASSWORD: "arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:kafka-AbCdEf" }
  settings:
    source:
      kind: kafka
      brokers: ["kafka:9092"]
      tls: true
      sasl: { mechanism: scram-sha-512, username: ledgerstone, password: "\${KAFKA_PASSWORD}" }
      groupId: ledgerstone
      topics: [{ name: orders, retention: r }]
    retention: { r: { mode: COMPLIANCE, period: 1y } }
    limits: { drain: 40s }
`;

function makeStacks(text: string, app: App = scratchApp()) {
  const config = parseInfraConfig(text, 'test');
  const archive = new LedgerstoneStack(app, config);
  const { archiverService: service } = config;
  if (service === undefined) throw new Error('no service');
  const { archiverRole: role, keeperRole, bucketName, yaml } = archive;
  return {
    archive,
    archiver: new ArchiverStack(app, { config, service, role, keeperRole, bucketName, yaml }),
  };
}

type Container = {
  readonly Name: string;
  readonly [member: string]: unknown;
};

const stack = filled(makeStacks(SERVICE).archiver, ACCOUNT, REGION);
const task = only(stack, 'AWS::ECS::TaskDefinition').Properties;
const containers = task['ContainerDefinitions'] as Container[];
const named = (name: string, from = containers): Container => {
  const found = from.find(({ Name }) => Name === name);
  if (found === undefined) throw new Error(name);
  return found;
};

/** What the first container writes for the second, as the archiver reads it. */
function configOf(from: Container[]): Config {
  const [{ Value }] = named('Configuration', from)['Environment'] as [{ Value: string }];
  // Ids of the other stack's bucket and key come in by export.
  const yaml = Value.replace(/bucket: .*/, `bucket: ${BUCKET}`).replace(/keyId: .*/, `keyId: ${LOG_KEY}`);
  return parseConfig(yaml, 'ledgerstone.yaml', { KAFKA_PASSWORD: 'secret' });
}

describe('the task', () => {
  it('has the verifier keys that the archiver needs beside its own, and bad ones are refused', () => {
    const key = 'audit.example.com/prod+83780ac8+AUjgW0k/ifzcgyVjX9IWULGe+1D6pl4bRPrYer6KCTfe';
    const text = SERVICE.replace('  settings:', `  trusted: ["${key}"]\n  settings:`);
    const { archiver } = makeStacks(text);
    const properties = only(filled(archiver, ACCOUNT, REGION), 'AWS::ECS::TaskDefinition').Properties;
    const trusted = (from: Container[]) => configOf(from).archive.trusted;
    expect([trusted(containers), trusted(properties['ContainerDefinitions'] as Container[])]).toEqual([
      [],
      [key],
    ]);
    expect(problemOf(text.replace(key, 'nothing'))).toContain(
      'archiverService.trusted.0: must be a verifier key',
    );
  });

  it('runs as a user of no rights on a file system that it can not write', () => {
    expect(containers).toHaveLength(2);
    for (const container of containers) {
      expect(container).toMatchObject({
        User: 'node',
        ReadonlyRootFilesystem: true,
        LinuxParameters: { Capabilities: { Drop: ['ALL'] } },
        Image: expect.stringContaining(`@${DIGEST}`),
      });
      expect(container).not.toHaveProperty('Privileged');
    }
    expect(named('Archiver')).toMatchObject({
      MountPoints: [{ ContainerPath: '/config', ReadOnly: true }],
      DependsOn: [{ ContainerName: 'Configuration', Condition: 'SUCCESS' }],
    });
  });

  it('is alive as long as it answers, and has longer to end than a drain takes', () => {
    const archiver = named('Archiver');
    expect(archiver['StopTimeout']).toBe(70);
    const [kind, command, flag, script] = (archiver['HealthCheck'] as { Command: string[] }).Command;
    expect([kind, command, flag]).toEqual(['CMD', 'node', '-e']);
    expect(script).toContain("fetch('http://127.0.0.1:9464/healthz')");
  });

  it('is asked where the archiver answers, and may drain for as long, also by default', () => {
    const plain = SERVICE.replace(/ {4}limits: .*\n/, '');
    const { Properties } = only(
      filled(makeStacks(plain).archiver, ACCOUNT, REGION),
      'AWS::ECS::TaskDefinition',
    );
    const made = Properties['ContainerDefinitions'] as Container[];
    const archiver = named('Archiver', made);
    const { limits, server } = configOf(made);
    expect(plain).not.toBe(SERVICE);
    expect(Number(archiver['StopTimeout']) * 1000).toBe(limits.drainMs + 30_000);
    expect(JSON.stringify(archiver['HealthCheck'])).toContain(`http://${server.host}:${server.port}/healthz`);
  });

  it('gets a configuration that the archiver takes, and secrets by name only', () => {
    const config = configOf(containers);
    expect(config).toMatchObject({
      production: true,
      archive: { origin: 'audit.example.com/prod' },
      source: { kind: 'kafka', sasl: { password: 'secret' } },
    });
    expect(named('Archiver')['Secrets']).toMatchObject([{ Name: 'KAFKA_PASSWORD' }]);
    expect(JSON.stringify(named('Archiver')['Environment'] ?? [])).not.toContain('PASSWORD');
  });

  it('runs as the role that the archive knows', () => {
    expect(String(task['TaskRoleArn'])).toContain('ArchiverRole');
    expect(String(task['TaskRoleArn'])).not.toBe(task['ExecutionRoleArn']);
  });
});

describe('the template', () => {
  it('needs nothing that cdk bootstrap makes', () => {
    const json = stack.template.toJSON();
    expect([json['Parameters'], json['Rules']]).toEqual([undefined, undefined]);
  });
});

describe('the service', () => {
  it('is reached by nobody, rolls back what does not start, and has no public address', () => {
    const service = only(stack, 'AWS::ECS::Service').Properties;
    expect(service).toMatchObject({
      DesiredCount: 2,
      DeploymentConfiguration: {
        DeploymentCircuitBreaker: { Enable: true, Rollback: true },
        MinimumHealthyPercent: 50,
      },
      NetworkConfiguration: { AwsvpcConfiguration: { AssignPublicIp: 'DISABLED' } },
    });
    expect(service).not.toHaveProperty('EnableExecuteCommand', true);
    expect(only(stack, 'AWS::EC2::SecurityGroup').Properties).not.toHaveProperty('SecurityGroupIngress');
    expect(Object.values(stack.resources).map(({ Type }) => Type)).not.toContain(
      'AWS::EC2::SecurityGroupIngress',
    );
  });

  it('gives the archiver no right of its own beside those of the archive stack', () => {
    const roles = Object.entries(stack.resources).filter(([, { Type }]) => Type === 'AWS::IAM::Role');
    expect(roles.map(([id]) => id.replace(/[0-9A-F]{8}$/, ''))).toEqual(['TaskExecutionRole']);
  });

  it('passes cdk-nag', () => {
    synthesiseUnderNag((app) => void makeStacks(SERVICE, app));
  });
});

describe('refusals', () => {
  it('data is not marked while its topic’s policy locks it', () => {
    const text = (days: number) => `${SERVICE}expire: [{ topic: orders, days: ${days} }]\n`;
    expect([problemOf(text(367)), problemOf(text(366))]).toEqual([
      'none',
      expect.stringContaining('retention.r: must be under expire of orders'),
    ]);
  });

  it.each([
    ['a drain that Fargate would cut short', SERVICE.replace('40s', '2m'), 'must be 90s at most'],
    ['a tag in place of a digest', SERVICE.replace(DIGEST, 'latest'), 'digest'],
    ['another archive', SERVICE.replace('settings:', 'settings:\n    archive: {}'), 'is set by the stack'],
    [
      'an archiver that is no task',
      SERVICE.replace('ecs-task', 'principal, arn: "arn:aws:iam::111122223333:role/x"'),
      'ecs-task',
    ],
    ['no subnet', SERVICE.replace(/subnets: .*/, 'subnets: []'), 'subnets'],
  ])('%s', (_, text, said) => {
    expect(problemOf(SERVICE)).toBe('none');
    expect(problemOf(text)).toContain(said);
  });
});

describe('the service that keeps holds', () => {
  const [log, decisions] = [
    'audit.example.com/prod+83780ac8+AUjgW0k',
    'audit.example.com/prod/g+0a1b2c3d+AAAA',
  ];
  const service = `service: { every: 10m, trusted: ["${log}", "${decisions}"], notify: [a@example.com] }`;
  const people = (name: string) => `["arn:aws:iam::${ACCOUNT}:role/${name}"]`;
  const kept = (keeper: string) =>
    `${SERVICE}governance: { officers: ${people('a')}, approvers: ${people('b')}, keeper: ${keeper} }\n`;
  const KEPT = kept(`{ kind: ecs-task, ${service} }`);

  it('runs the command as the role that can hold and nothing else', () => {
    const made = filled(makeStacks(KEPT).archiver, ACCOUNT, REGION);
    const { Properties } = only(made, 'AWS::ECS::TaskDefinition', 'Keeper');
    const [container, ...others] = Properties['ContainerDefinitions'] as [Container, ...Container[]];
    expect(others).toEqual([]);
    expect(container).toMatchObject({
      User: 'node',
      ReadonlyRootFilesystem: true,
      LinuxParameters: { Capabilities: { Drop: ['ALL'] } },
      Image: expect.stringContaining(`@${DIGEST}`),
    });
    const command = container['Command'] as string[];
    expect(command.slice(0, 2)).toEqual(['hold', 'keep']);
    expect(command.slice(3)).toEqual([
      ...['--region', REGION, '--key', log, '--key', decisions, '--every', '10m', '--json'],
    ]);
    expect(command[2]).toMatch(/^s3:\/\/.+\/prod\/$/);
    expect(String(Properties['TaskRoleArn'])).toContain('Keeper');
    const own = only(made, 'AWS::ECS::Service', 'Keeper').Properties;
    expect(own).toMatchObject({
      DesiredCount: 1,
      NetworkConfiguration: { AwsvpcConfiguration: { AssignPublicIp: 'DISABLED' } },
    });
  });

  it('rings when no round was done in three times its interval, and counts only what did not fail', () => {
    const made = filled(makeStacks(KEPT).archiver, ACCOUNT, REGION);
    expect(only(made, 'AWS::Logs::MetricFilter').Properties).toMatchObject({
      FilterPattern: '{ ($.level = "info") && ($.objects >= 0) }',
      MetricTransformations: [{ MetricName: 'HoldRounds', MetricNamespace: 'Ledgerstone/ledgerstone' }],
    });
    const alarm = only(made, 'AWS::CloudWatch::Alarm').Properties;
    expect(alarm).toMatchObject({
      ComparisonOperator: 'LessThanThreshold',
      ...{ Threshold: 1, EvaluationPeriods: 3, DatapointsToAlarm: 3, TreatMissingData: 'breaching' },
    });
    expect(JSON.stringify(alarm)).toContain('FILL(rounds, 0)');
    expect(JSON.stringify(alarm)).toContain('"Period":600');
    expect(only(made, 'AWS::SNS::Subscription').Properties).toMatchObject({ Endpoint: 'a@example.com' });
  });

  it('passes cdk-nag', () => {
    synthesiseUnderNag((app) => void makeStacks(KEPT, app));
  });

  it('is there only where it is asked for', () => {
    const made = makeStacks(kept('{ kind: ecs-task }')).archiver;
    expect(JSON.stringify(filled(made, ACCOUNT, REGION).resources)).not.toContain('hold');
  });

  it.each([
    ['one key alone', KEPT.replace(`"${log}", `, ''), 'one of the decisions'],
    ['rounds that are too seldom', KEPT.replace('10m', '30m'), 'a hold may lack for an hour'],
    ['an alarm for nobody', KEPT.replace('[a@example.com]', '[]'), 'whom an alarm reaches'],
    [
      'no service beside it',
      KEPT.replace(/archiverService:[\s\S]*?(?=governance)/, ''),
      'needs an archiverService',
    ],
  ])('%s is refused', (_, text, said) => {
    expect(problemOf(KEPT)).toBe('none');
    expect(problemOf(text)).toContain(said);
  });
});

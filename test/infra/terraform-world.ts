// What do the modules of Terraform say, with every reference worked out? Read without the code that wrote them.
import type { TerraformModule } from '../../infra/terraform/module.ts';
import { BUCKET, KEY_IDS, type Synthesised } from './synthesised.ts';

type Values = Readonly<Record<string, unknown>>;

/** Every text of the module that Terraform reads as a template. */
export function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsOf);
}

/** What stands between `${` and `}`, but for `$${`, which is a text. */
export const referencesOf = (text: string): string[] =>
  [...text.matchAll(/(?<!\$)\$\{([^}]*)\}/g)].map(([, path = '']) => path);

const keyNameOf = (id: string): keyof typeof KEY_IDS => {
  if (id.startsWith('LogKey')) return 'log';
  return id.startsWith('PostQuantum') ? 'second' : 'verifier';
};

class Evaluated {
  readonly #module: TerraformModule;
  readonly #account: string;
  readonly #region: string;

  constructor(module: TerraformModule, account: string, region: string) {
    this.#module = module;
    this.#account = account;
    this.#region = region;
  }

  text(value: unknown): string {
    return String(value)
      .replace(/(?<!\$)\$\{([^}]*)\}/g, (_, path: string) => this.#reference(path))
      .replace(/([$%])\1\{/g, '$1{');
  }

  document(value: unknown): unknown {
    return JSON.parse(this.text(value));
  }

  ofType(type: string): [string, Values][] {
    return Object.entries(this.#module.resource[type] ?? {});
  }

  #reference(path: string): string {
    const [type = '', id = '', attribute = ''] = path.split('.');
    if (type === 'data') return this.#fact(path);
    const values = this.#module.resource[type]?.[id];
    if (values === undefined) throw new Error(`no ${path}`);
    if (attribute === 'arn') return this.#arn(type, id, values);
    return this.#name(type, id, values);
  }

  #fact(path: string): string {
    if (path === 'data.aws_caller_identity.current.account_id') return this.#account;
    if (path === 'data.aws_region.current.region') return this.#region;
    if (path === 'data.aws_partition.current.partition') return 'aws';
    throw new Error(`no ${path}`);
  }

  /** As AWS would make it up where none is given that policies need. */
  #name(type: string, id: string, values: Values): string {
    const given = (member: string, otherwise: string) => this.text(values[member] ?? otherwise);
    switch (type) {
      case 'aws_s3_bucket':
        return given('bucket', id.startsWith('Archive') ? BUCKET : id.toLowerCase());
      case 'aws_iam_role':
        return given('name', id);
      case 'aws_cloudwatch_event_bus':
        return given('name', id);
      case 'aws_kms_key':
        return KEY_IDS[keyNameOf(id)];
      default:
        return id;
    }
  }

  #arn(type: string, id: string, values: Values): string {
    const name = this.#name(type, id, values);
    const here = (service: string, resource: string) =>
      `arn:aws:${service}:${this.#region}:${this.#account}:${resource}`;
    switch (type) {
      case 'aws_s3_bucket':
        return `arn:aws:s3:::${name}`;
      case 'aws_iam_role':
        return `arn:aws:iam::${this.#account}:role/${name}`;
      case 'aws_kms_key':
        return here('kms', `key/${name}`);
      case 'aws_sqs_queue':
        return here('sqs', name);
      case 'aws_sns_topic':
        return here('sns', name);
      case 'aws_lambda_function':
        return here('lambda', `function:${name}`);
      case 'aws_cloudwatch_log_group':
        return here('logs', `log-group:${name}`);
      case 'aws_cloudwatch_event_rule':
        return here('events', `rule/${name}`);
      case 'aws_cloudwatch_event_bus':
        return here('events', `event-bus/${name}`);
      case 'aws_scheduler_schedule_group':
        return here('scheduler', `schedule-group/${name}`);
      case 'aws_cloudwatch_metric_alarm':
        return here('cloudwatch', `alarm:${name}`);
      default:
        throw new Error(`no ARN is known for ${type}.${id}`);
    }
  }
}

/** Its policies in the shape that the simulation reads: which resource has which document. */
export function readTerraform(
  module: TerraformModule,
  account: string,
  region: string,
): Omit<Synthesised, 'template'> {
  const here = new Evaluated(module, account, region);
  const each = (type: string, Type: string, properties: (values: Values) => Values) =>
    here.ofType(type).map(([id, values]) => [id, { Type, Properties: properties(values) }] as const);
  const resources = Object.fromEntries([
    ...each('aws_s3_bucket_policy', 'AWS::S3::BucketPolicy', ({ bucket, policy }) => ({
      Bucket: here.text(bucket),
      PolicyDocument: here.document(policy),
    })),
    ...each('aws_kms_key', 'AWS::KMS::Key', ({ policy }) => ({ KeyPolicy: here.document(policy) })),
    ...each('aws_iam_role', 'AWS::IAM::Role', ({ name, assume_role_policy }) => ({
      ...(name !== undefined && { RoleName: here.text(name) }),
      AssumeRolePolicyDocument: here.document(assume_role_policy),
    })),
    ...each('aws_iam_role_policy', 'AWS::IAM::Policy', ({ name, role, policy }) => ({
      ...{ PolicyName: here.text(name), Roles: [here.text(role)] },
      PolicyDocument: here.document(policy),
    })),
    ...each('aws_sns_topic_policy', 'AWS::SNS::TopicPolicy', ({ arn, policy }) => ({
      ...{ Topics: [here.text(arn)], PolicyDocument: here.document(policy) },
    })),
    ...each('aws_sqs_queue_policy', 'AWS::SQS::QueuePolicy', ({ queue_url, policy }) => ({
      ...{ Queues: [here.text(queue_url)], PolicyDocument: here.document(policy) },
    })),
    ...each('aws_cloudwatch_event_bus_policy', 'AWS::Events::EventBusPolicy', ({ policy }) => ({
      Statement: (here.document(policy) as { Statement: [object] }).Statement[0],
    })),
  ]);
  const outputs = Object.fromEntries(
    Object.entries(module.output).map(([name, { value }]) => [name, { Value: here.text(value) }]),
  );
  return { resources, outputs };
}

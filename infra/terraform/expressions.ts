// How does a value of a CloudFormation template read in Terraform?
import type { CfnResource } from './given.ts';

/** Terraform's type of a resource that others refer to, and the attributes that `Ref` and `GetAtt` mean. */
type Kind = {
  readonly type: string;
  readonly ref: string;
  readonly attributes: Readonly<Record<string, string>>;
};
const ARN = { Arn: 'arn' };
const KINDS: Readonly<Record<string, Kind>> = {
  'AWS::S3::Bucket': { type: 'aws_s3_bucket', ref: 'id', attributes: ARN },
  'AWS::IAM::Role': { type: 'aws_iam_role', ref: 'name', attributes: ARN },
  'AWS::KMS::Key': { type: 'aws_kms_key', ref: 'key_id', attributes: ARN },
  'AWS::SNS::Topic': { type: 'aws_sns_topic', ref: 'arn', attributes: { TopicName: 'name' } },
  'AWS::SQS::Queue': { type: 'aws_sqs_queue', ref: 'url', attributes: { ...ARN, QueueName: 'name' } },
  'AWS::Events::EventBus': {
    type: 'aws_cloudwatch_event_bus',
    ref: 'name',
    attributes: { ...ARN, Name: 'name' },
  },
  'AWS::Events::Rule': { type: 'aws_cloudwatch_event_rule', ref: 'name', attributes: ARN },
  'AWS::Lambda::Function': { type: 'aws_lambda_function', ref: 'function_name', attributes: ARN },
  'AWS::Logs::LogGroup': { type: 'aws_cloudwatch_log_group', ref: 'name', attributes: ARN },
  'AWS::Scheduler::ScheduleGroup': { type: 'aws_scheduler_schedule_group', ref: 'name', attributes: ARN },
  'AWS::CloudWatch::Alarm': { type: 'aws_cloudwatch_metric_alarm', ref: 'alarm_name', attributes: ARN },
};

/** An expression within a text. */
export const reference = (path: string): string => `\${${path}}`;

const PSEUDO: Readonly<Record<string, string>> = {
  'AWS::AccountId': reference('data.aws_caller_identity.current.account_id'),
  'AWS::Region': reference('data.aws_region.current.region'),
  'AWS::Partition': reference('data.aws_partition.current.partition'),
  'AWS::URLSuffix': reference('data.aws_partition.current.dns_suffix'),
};

/** Terraform reads each string as a template. */
const literal = (text: string): string => text.replace(/([$%])\{/g, '$1$1{');

export class Expressions {
  readonly #resources: Readonly<Record<string, CfnResource>>;

  constructor(resources: Readonly<Record<string, CfnResource>>) {
    this.#resources = resources;
  }

  /** The value with its references as `${type.ID.attribute}`. Names of Terraform's resources are the logical ids. */
  value(value: unknown): unknown {
    if (typeof value === 'string') return literal(value);
    if (Array.isArray(value)) return value.map((item) => this.value(item));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value);
    const [name = '', argument] = entries[0] ?? [];
    if (entries.length === 1 && name === 'Ref')
      return PSEUDO[String(argument)] ?? this.#attribute(String(argument), null);
    if (entries.length === 1 && name === 'Fn::GetAtt') {
      const [id, attribute] = argument as [string, string];
      return this.#attribute(id, attribute);
    }
    if (entries.length === 1 && name === 'Fn::Join') {
      const [separator, parts] = argument as [string, unknown[]];
      return parts.map((part) => this.text(part)).join(literal(separator));
    }
    if (entries.length === 1 && name.startsWith('Fn::'))
      throw new Error(`${name} can't be written for Terraform`);
    return Object.fromEntries(entries.map(([key, item]) => [literal(key), this.value(item)]));
  }

  text(value: unknown): string {
    const found = this.value(value);
    if (typeof found !== 'string') throw new Error(`${JSON.stringify(value)} is no text`);
    if (found.includes('{{resolve:'))
      throw new Error(
        [
          "a secret by its name can't be written for Terraform, which would keep it in its state:",
          'leave verifier.webhook out, or deploy by CDK',
        ].join(' '),
      );
    return found;
  }

  /** A document as a JSON text, such as a policy. */
  json(value: unknown): string {
    return JSON.stringify(this.value(value));
  }

  /** `type.ID` of what others refer to or wait for. */
  address(id: string): string {
    const { Type = '' } = this.#resources[id] ?? {};
    const waited: Readonly<Record<string, string>> = {
      'AWS::IAM::Policy': 'aws_iam_role_policy',
      'AWS::S3::BucketPolicy': 'aws_s3_bucket_policy',
      'AWS::SQS::QueuePolicy': 'aws_sqs_queue_policy',
      'AWS::SNS::TopicPolicy': 'aws_sns_topic_policy',
    };
    const type = KINDS[Type]?.type ?? waited[Type];
    if (type === undefined) throw new Error(`${id} (${Type}) can't be written for Terraform`);
    return `${type}.${id}`;
  }

  #attribute(id: string, name: string | null): string {
    const { Type = '' } = this.#resources[id] ?? {};
    const kind = KINDS[Type];
    const attribute = name === null ? kind?.ref : kind?.attributes[name];
    if (kind === undefined || attribute === undefined)
      throw new Error(`${name ?? 'Ref'} of ${id} (${Type}) can't be written for Terraform`);
    // CloudFormation's ARN of a log group ends so.
    const end = Type === 'AWS::Logs::LogGroup' && attribute === 'arn' ? ':*' : '';
    return `${reference(`${kind.type}.${id}.${attribute}`)}${end}`;
  }
}

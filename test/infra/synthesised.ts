// What does the synthesised template say, with every name filled in?
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, type Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { parseInfraConfig } from '../../infra/config.ts';
import { LedgerstoneStack } from '../../infra/ledgerstone-stack.ts';

export const ACCOUNT = '111122223333';
export const REGION = 'eu-central-1';
export const BUCKET = 'acme-audit';
export const KEY_IDS = {
  log: '00000000-1111-2222-3333-444444444444',
  also: '66666666-7777-8888-9999-000000000000',
  verifier: '55555555-6666-7777-8888-999999999999',
  second: '22222222-3333-4444-5555-666666666666',
  governance: '33333333-4444-5555-6666-777777777777',
} as const;

export const CONFIG = `
origin: audit.example.com/prod
bucket: { name: ${BUCKET}, prefix: prod/ }
retention: { defaultDays: 365, minimumDays: 364 }
archiver: { kind: ecs-task }
`;

const folder = mkdtempSync(join(tmpdir(), 'ledgerstone-infra-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

/**
 * An app whose output is gone with the process. CloudFormation's own rules take most of a synthesis: cdk-nag's tests
 * and app.test.ts apply them, and the others read what they have let through.
 */
export const scratchApp = (isValidated = false): App =>
  new App({
    analyticsReporting: false,
    outdir: mkdtempSync(join(folder, 'app-')),
    context: isValidated ? { '@aws-cdk/core:validateAgainstDefaultRules': true } : {},
  });

type Resource = { readonly Type: string; readonly Properties: Readonly<Record<string, unknown>> };

export type Synthesised = {
  readonly template: Template;
  /** The template with Ref, GetAtt and Join worked out as CloudFormation would. */
  readonly resources: Readonly<Record<string, Resource>>;
  readonly outputs: Readonly<Record<string, { readonly Value: string }>>;
};

/** Test files of one worker share what they load: each configuration is synthesised once in it. */
const made = new Map<string, Synthesised>();

export function synthesise(configText: string = CONFIG): Synthesised {
  const stack = () => new LedgerstoneStack(scratchApp(), parseInfraConfig(configText, 'test'));
  const one = made.get(configText) ?? filled(stack(), ACCOUNT, REGION);
  made.set(configText, one);
  return one;
}

export function filled(stack: Stack, account: string, region: string): Synthesised {
  const template = Template.fromStack(stack);
  const json = template.toJSON();
  const names = new Names(json['Resources'], account, region);
  return {
    template,
    resources: names.fill(json['Resources']) as Synthesised['resources'],
    outputs: names.fill(json['Outputs']) as Synthesised['outputs'],
  };
}

/** The one resource of that type whose logical id begins so. */
export function only({ resources }: Synthesised, type: string, idPrefix = ''): Resource {
  const found = Object.entries(resources).filter(
    ([id, { Type }]) => Type === type && id.startsWith(idPrefix),
  );
  if (found.length !== 1) throw new Error(`${found.length} resources ${type} ${idPrefix}*`);
  return (found[0] as [string, Resource])[1];
}

export const ofType = ({ resources }: Synthesised, type: string) =>
  Object.values(resources)
    .filter(({ Type }) => Type === type)
    .map(({ Properties }) => Properties);

const keyNameOf = (id: string): keyof typeof KEY_IDS =>
  id.startsWith('LogKey2027')
    ? 'also'
    : id.startsWith('LogKey')
      ? 'log'
      : id.startsWith('GovernanceKey')
        ? 'governance'
        : id.startsWith('PostQuantum')
          ? 'second'
          : 'verifier';

/** Policy of the log's key of that name in the configuration; the first one has none. */
export function logKeyPolicy({ resources }: Synthesised, name: string): unknown {
  const isIt = new RegExp(`^LogKey${name}(Key)?[0-9A-F]{8}$`);
  const [found, second] = Object.entries(resources).filter(([id]) => isIt.test(id));
  if (found === undefined || second !== undefined) throw new Error(`not one log key ${name}`);
  return found[1].Properties['KeyPolicy'];
}

type Types = Readonly<
  Record<string, { readonly Type: string; readonly Properties?: Readonly<Record<string, unknown>> }>
>;

class Names {
  readonly #resources: Types;
  readonly #account: string;
  readonly #region: string;
  readonly #pseudo: Readonly<Record<string, string>>;

  constructor(resources: Types, account: string, region: string) {
    this.#resources = resources;
    this.#account = account;
    this.#region = region;
    this.#pseudo = { 'AWS::AccountId': account, 'AWS::Region': region, 'AWS::Partition': 'aws' };
  }

  fill(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((item) => this.fill(item));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value);
    const [name, argument] = entries[0] ?? [];
    if (entries.length === 1 && name === 'Ref')
      return this.#pseudo[String(argument)] ?? this.#ref(String(argument));
    if (entries.length === 1 && name === 'Fn::GetAtt') return this.#attribute(argument as [string, string]);
    if (entries.length === 1 && name === 'Fn::Join') {
      const [separator, parts] = argument as [string, unknown[]];
      return parts.map((part) => String(this.fill(part))).join(separator);
    }
    if (entries.length === 1 && name === 'Fn::Sub')
      return String(argument).replace(/\$\{([^}]+)\}/g, (_, pseudo) => String(this.#pseudo[pseudo]));
    // Of another stack, by a name that holds the id of the resource.
    if (entries.length === 1 && name === 'Fn::ImportValue') return String(argument);
    if (entries.length === 1 && name?.startsWith('Fn::')) throw new Error(`unknown function ${name}`);
    return Object.fromEntries(entries.map(([key, item]) => [key, this.fill(item)]));
  }

  #ref(id: string): string {
    switch (this.#resources[id]?.Type) {
      case 'AWS::S3::Bucket':
        return this.#given(id, 'BucketName', id.startsWith('Archive') ? BUCKET : id.toLowerCase());
      case 'AWS::IAM::Role':
        return this.#given(id, 'RoleName', id);
      case 'AWS::KMS::Key':
        return KEY_IDS[keyNameOf(id)];
      case 'AWS::Events::EventBus':
        return this.#given(id, 'Name', id);
      case 'AWS::SNS::Topic':
        return this.#arn('sns', id);
      default:
        return id;
    }
  }

  #attribute([id, attribute]: [string, string]): string {
    if (/(Name|GroupId)$/.test(attribute)) return id;
    if (attribute !== 'Arn') throw new Error(`unknown attribute ${id}.${attribute}`);
    const ref = this.#ref(id);
    switch (this.#resources[id]?.Type) {
      case 'AWS::S3::Bucket':
        return `arn:aws:s3:::${ref}`;
      case 'AWS::IAM::Role':
        return `arn:aws:iam::${this.#account}:role/${ref}`;
      case 'AWS::KMS::Key':
        return this.#arn('kms', `key/${ref}`);
      case 'AWS::SQS::Queue':
        return this.#arn('sqs', ref);
      case 'AWS::Lambda::Function':
        return this.#arn('lambda', `function:${ref}`);
      case 'AWS::Logs::LogGroup':
        return this.#arn('logs', `log-group:${ref}:*`);
      case 'AWS::Events::Rule':
        return this.#arn('events', `rule/${ref}`);
      case 'AWS::Events::EventBus':
        return this.#arn('events', `event-bus/${ref}`);
      case 'AWS::Scheduler::ScheduleGroup':
        return this.#arn('scheduler', `schedule-group/${ref}`);
      case 'AWS::CloudWatch::Alarm':
        return this.#arn('cloudwatch', `alarm:${ref}`);
      default:
        throw new Error(`no ARN is known for ${id}`);
    }
  }

  #arn(service: string, resource: string): string {
    return `arn:aws:${service}:${this.#region}:${this.#account}:${resource}`;
  }

  #given(id: string, property: string, otherwise: string): string {
    return String(this.fill(this.#resources[id]?.Properties?.[property] ?? otherwise));
  }
}

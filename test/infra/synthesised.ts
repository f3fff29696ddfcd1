// What does the synthesised template say, with every name filled in?
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { afterAll } from 'vitest';
import { parseInfraConfig } from '../../infra/config.ts';
import { LedgerstoneStack } from '../../infra/ledgerstone-stack.ts';

export const ACCOUNT = '111122223333';
export const REGION = 'eu-central-1';
export const BUCKET = 'acme-audit';

export const CONFIG = `
origin: audit.example.com/prod
bucket: { name: ${BUCKET}, prefix: prod/ }
retention: { defaultDays: 365, minimumDays: 364 }
archiver: { kind: ecs-task }
`;

const folder = mkdtempSync(join(tmpdir(), 'ledgerstone-infra-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** An app whose output is gone after the test file. */
export const scratchApp = (): App =>
  new App({ analyticsReporting: false, outdir: mkdtempSync(join(folder, 'app-')) });

type Resource = { readonly Type: string; readonly Properties: Readonly<Record<string, unknown>> };

export type Synthesised = {
  readonly template: Template;
  /** The template with Ref, GetAtt and Join worked out as CloudFormation would. */
  readonly resources: Readonly<Record<string, Resource>>;
  readonly outputs: Readonly<Record<string, { readonly Value: string }>>;
};

export function synthesise(configText: string = CONFIG): Synthesised {
  const stack = new LedgerstoneStack(scratchApp(), parseInfraConfig(configText, 'test'));
  const template = Template.fromStack(stack);
  const json = template.toJSON();
  const names = new Names(json['Resources']);
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

const PSEUDO: Readonly<Record<string, string>> = {
  'AWS::AccountId': ACCOUNT,
  'AWS::Region': REGION,
  'AWS::Partition': 'aws',
};

type Types = Readonly<Record<string, { readonly Type: string }>>;

class Names {
  readonly #resources: Types;

  constructor(resources: Types) {
    this.#resources = resources;
  }

  fill(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((item) => this.fill(item));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value);
    const [name, argument] = entries[0] ?? [];
    if (entries.length === 1 && name === 'Ref')
      return PSEUDO[String(argument)] ?? this.#ref(String(argument));
    if (entries.length === 1 && name === 'Fn::GetAtt') return this.#arn(argument as [string, string]);
    if (entries.length === 1 && name === 'Fn::Join') {
      const [separator, parts] = argument as [string, unknown[]];
      return parts.map((part) => String(this.fill(part))).join(separator);
    }
    if (entries.length === 1 && name?.startsWith('Fn::')) throw new Error(`unknown function ${name}`);
    return Object.fromEntries(entries.map(([key, item]) => [key, this.fill(item)]));
  }

  #ref(id: string): string {
    return this.#type(id) === 'AWS::S3::Bucket' ? BUCKET : id;
  }

  #arn([id, attribute]: [string, string]): string {
    if (attribute !== 'Arn') throw new Error(`unknown attribute ${id}.${attribute}`);
    switch (this.#type(id)) {
      case 'AWS::S3::Bucket':
        return `arn:aws:s3:::${BUCKET}`;
      case 'AWS::IAM::Role':
        return `arn:aws:iam::${ACCOUNT}:role/${id}`;
      case 'AWS::KMS::Key':
        return `arn:aws:kms:${REGION}:${ACCOUNT}:key/00000000-1111-2222-3333-444444444444`;
      default:
        throw new Error(`no ARN is known for ${id}`);
    }
  }

  #type(id: string): string | undefined {
    return this.#resources[id]?.Type;
  }
}

// Where does a module of Terraform lie, and what lies beside it?
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { InfraConfig } from '../config-schema.ts';
import { type DeployTo, type Template, terraformModule } from './module.ts';

export type WrittenStack = {
  readonly name: string;
  readonly templateFile: string;
  readonly target: DeployTo;
};

/**
 * What CDK would take for granted, and Terraform does not: the role that deploys is not the one that
 * `cdk bootstrap` makes. Null: nothing.
 */
export function terraformProblem({ deployer, attestations }: InfraConfig): string | null {
  const missing = [
    ...(deployer === undefined ? ['deployer'] : []),
    ...(attestations !== undefined && attestations.deployer === undefined ? ['attestations.deployer'] : []),
  ];
  return missing.length === 0
    ? null
    : [
        `${missing.join(' and ')}: name the role that Terraform runs as.`,
        'Left out it is the one of CloudFormation, and no other may change bucket and key.',
      ].join(' ');
}

/** A folder for each stack. Resolves to the files. `assets`: the folder of the templates. */
export function writeTerraform(into: string, assets: string, stacks: readonly WrittenStack[]): string[] {
  return stacks.map(({ name, templateFile, target }) => {
    const template = JSON.parse(readFileSync(join(assets, templateFile), 'utf8')) as Template;
    const module = terraformModule(name, template, target);
    const folder = join(into, name);
    rmSync(join(folder, 'function'), { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const bundle = bundleOf(template);
    if (bundle !== null) cpSync(join(assets, bundle), join(folder, 'function'), { recursive: true });
    const file = join(folder, 'main.tf.json');
    writeFileSync(file, `${JSON.stringify(module, null, 2)}\n`);
    return file;
  });
}

/** The folder of the function's code among the CDK's assets. */
function bundleOf({ Resources }: Template): string | null {
  const found = Object.values(Resources).find(({ Type }) => Type === 'AWS::Lambda::Function');
  if (found === undefined) return null;
  const { S3Key = '' } = (found.Properties?.['Code'] ?? {}) as { S3Key?: string };
  const [, hash] = /^([0-9a-f]{64})\.zip$/.exec(S3Key) ?? [];
  if (hash === undefined) throw new Error('the function has no bundle');
  return `asset.${hash}`;
}

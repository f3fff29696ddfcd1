// How does a template of CloudFormation become a module of Terraform? The same resources and policies, as JSON.
import { Expressions, reference } from './expressions.ts';
import { CfnMembers, type CfnResource } from './given.ts';
import { GUARDED } from './guarded.ts';
import { RUNNING } from './running.ts';
import type { Maker, TerraformBlock, Translating } from './translating.ts';

export type Template = {
  readonly Resources: Readonly<Record<string, CfnResource>>;
  readonly Outputs?: Readonly<
    Record<string, { readonly Description?: string; readonly Value: unknown; readonly Export?: unknown }>
  >;
};
type ByType = Record<string, Record<string, TerraformBlock>>;
/** The text of `main.tf.json`, as a value. */
export type TerraformModule = {
  readonly terraform: TerraformBlock;
  readonly data: ByType;
  readonly resource: ByType;
  readonly output: Readonly<Record<string, TerraformBlock>>;
};

const MAKERS: Readonly<Record<string, Maker>> = { ...GUARDED, ...RUNNING };
/** That whose schema the tests hold the module against, or a later one. */
const PROVIDER = '~> 6.25';
/** Terraform's names of resources. */
const nameOf = (id: string): string => id.replaceAll(/[^A-Za-z0-9_-]/g, '-');

export type DeployTo = { readonly account: string | undefined; readonly region: string | undefined };

/** Throws where the template has anything that would be lost on the way. `target`: where it may be deployed. */
export function terraformModule(stack: string, template: Template, target: DeployTo): TerraformModule {
  const expressions = new Expressions(template.Resources);
  const resource: ByType = {};
  for (const [id, found] of Object.entries(template.Resources)) {
    const make = MAKERS[found.Type];
    if (make === undefined) throw new Error(`${id}: ${found.Type} can't be written for Terraform`);
    const given = new CfnMembers(found.Properties ?? {}, id);
    make(translating({ id, stack, given, expressions, found, resource }));
    given.done();
  }
  return {
    terraform: requirements(resource),
    data: dataOf(resource, target),
    resource,
    output: outputs(template, expressions),
  };
}

type Parts = Pick<Translating, 'id' | 'stack' | 'given'> & {
  readonly expressions: Expressions;
  readonly found: CfnResource;
  readonly resource: ByType;
};

function translating({ id, stack, given, expressions, found, resource }: Parts): Translating {
  const to: Translating['to'] = {
    value: (value) => expressions.value(value),
    text: (value) => expressions.text(value),
    json: (value) => expressions.json(value),
    optional: (value) => (value === undefined ? undefined : expressions.text(value)),
    texts: (value) =>
      Object.fromEntries(Object.entries(value ?? {}).map(([name, one]) => [name, expressions.text(one)])),
  };
  const waitsFor = [found.DependsOn ?? []].flat().map((other) => expressions.address(other));
  const isKept = found.DeletionPolicy?.startsWith('Retain') === true;
  const put: Translating['put'] = (type, values, suffix = '') => {
    const waits = [...((values['depends_on'] as string[] | undefined) ?? []), ...waitsFor];
    const all = resource[type] ?? {};
    resource[type] = all;
    const name = nameOf(`${id}${suffix}`);
    if (name in all) throw new Error(`two of ${type}.${name}`);
    all[name] = {
      ...values,
      ...(waits.length > 0 && { depends_on: waits }),
      // Bucket, key, roles and their policies outlive the stack.
      ...(isKept && { lifecycle: { prevent_destroy: true } }),
    };
  };
  const named: Translating['named'] = (member, name) =>
    name === undefined
      ? { [`${member}_prefix`]: `${`${stack}-${id}`.slice(0, 36)}-` }
      : { [member]: to.text(name) };
  return { id, stack, given, to, put, named };
}

function requirements(resource: ByType): TerraformBlock {
  return {
    required_version: '>= 1.5.0',
    required_providers: {
      aws: { source: 'hashicorp/aws', version: PROVIDER },
      ...('aws_lambda_function' in resource && {
        archive: { source: 'hashicorp/archive', version: '>= 2.4.0' },
      }),
    },
  };
}

/** Policies name account and Region, so elsewhere they would be wrong. */
function dataOf(resource: ByType, { account, region }: DeployTo): ByType {
  const only = (member: string, wanted: string | undefined) =>
    wanted === undefined
      ? {}
      : {
          lifecycle: {
            postcondition: [
              {
                condition: reference(`self.${member} == "${wanted}"`),
                error_message: `This module was made for ${wanted}: its policies name it.`,
              },
            ],
          },
        };
  return {
    aws_caller_identity: { current: only('account_id', account) },
    aws_region: { current: only('region', region) },
    aws_partition: { current: {} },
    ...('aws_lambda_function' in resource && {
      archive_file: {
        function: {
          type: 'zip',
          source_dir: `${reference('path.module')}/function`,
          output_path: `${reference('path.module')}/function.zip`,
        },
      },
    }),
  };
}

/** Without those by which stacks of CloudFormation know each other. */
function outputs({ Outputs = {} }: Template, expressions: Expressions): TerraformModule['output'] {
  return Object.fromEntries(
    Object.entries(Outputs)
      .filter(([, { Export }]) => Export === undefined)
      .map(([name, { Description, Value }]) => [
        name,
        { ...(Description !== undefined && { description: Description }), value: expressions.value(Value) },
      ]),
  );
}

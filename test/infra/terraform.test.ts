// Are the modules of Terraform what CDK deploys: the same resources, the same policies, and the same who may do what?
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { afterAll, describe, expect, it } from 'vitest';
import { type Template, type TerraformModule, terraformModule } from '../../infra/terraform/module.ts';
import { bucketRows, keyRows, OBJECT_ROWS } from './requests.ts';
import { Account, ACTORS as OF_ONE } from './simulation.ts';
import { ACCOUNT, REGION, type Synthesised, synthesise } from './synthesised.ts';
import { readTerraform, referencesOf, textsOf } from './terraform-world.ts';
import { ACTORS, APART, bothStacks, SECOND_ACCOUNT, SECOND_REGION, TOGETHER, World } from './two-parties.ts';
import {
  ARCHIVE_ROWS,
  ATTESTATION_ROWS,
  LOG_KEY_ROWS,
  machineRows,
  recordRows,
  verifierKeyRows,
} from './two-party-requests.ts';

const ROOT = join(import.meta.dirname, '../..');
const SCHEMA = JSON.parse(readFileSync(join(ROOT, 'test/data/terraform/aws-6.25.0.json'), 'utf8')) as {
  readonly $defs: Readonly<Record<string, object>>;
  readonly attributes: Readonly<Record<string, readonly string[]>>;
};
const ajv = new Ajv({ strict: false, allErrors: true });
ajv.addSchema(SCHEMA, 'aws');

const templateOf = ({ template }: Synthesised) => template.toJSON() as Template;
const moduleOf = (stack: Synthesised, name = 'ledgerstone', place = { account: ACCOUNT, region: REGION }) =>
  JSON.parse(JSON.stringify(terraformModule(name, templateOf(stack), place))) as TerraformModule;
const read = (stack: Synthesised, account = ACCOUNT, region = REGION): Synthesised => ({
  ...stack,
  ...readTerraform(moduleOf(stack), account, region),
});

/** Members of a template that hold policies. */
const DOCUMENTS = ['PolicyDocument', 'KeyPolicy', 'AssumeRolePolicyDocument', 'Statement'];
const governed = `governance: { officers: ["arn:aws:iam::${ACCOUNT}:role/a"], approvers: ["arn:aws:iam::${ACCOUNT}:role/b"] }\n`;
const apart = bothStacks(APART);
const STACKS: readonly (readonly [string, Synthesised, string, string])[] = [
  ['the archive', apart.archive, ACCOUNT, REGION],
  ['the verifier', apart.verifier, SECOND_ACCOUNT, SECOND_REGION],
  ['the verifier in the same account', bothStacks(TOGETHER).verifier, ACCOUNT, REGION],
  ['an archive without a verifier', synthesise(), ACCOUNT, REGION],
  [
    'a verifier whose full passes fan out',
    bothStacks(APART.replace('logKey:', 'fanOut: {}\n  logKey:')).verifier,
    SECOND_ACCOUNT,
    SECOND_REGION,
  ],
];

describe.each(STACKS)('the module of %s', (_, stack, account, region) => {
  const module = moduleOf(stack);
  const all = Object.entries(module.resource).flatMap(([type, named]) =>
    Object.entries(named).map(([id, values]) => ({ type, id, values })),
  );

  it("is what the provider's schema takes, to the last member", () => {
    const problems = all.flatMap(({ type, id, values }) => {
      const check = ajv.getSchema(`aws#/$defs/${type}`);
      if (check === undefined) return [`there is no schema of ${type}`];
      check(values);
      return (check.errors ?? []).map(
        ({ instancePath, message, params }) =>
          `${type}.${id}${instancePath} ${message} ${JSON.stringify(params)}`,
      );
    });
    expect(problems).toEqual([]);
    expect(all.length).toBeGreaterThan(10);
  });

  it('refers to what is there, by attributes that it has', () => {
    const data = ['data.aws_caller_identity.current.account_id', 'data.aws_region.current.region'];
    const known = new Set([
      ...[...data, 'data.aws_partition.current.partition', 'data.archive_file.function.output_path'],
      ...['data.archive_file.function.output_base64sha256'],
      ...all.flatMap(({ type, id }) => (SCHEMA.attributes[type] ?? []).map((one) => `${type}.${id}.${one}`)),
    ]);
    const used = textsOf([module.resource, module.output]).flatMap(referencesOf);
    expect(used.filter((path) => !known.has(path))).toEqual([]);
    expect(used.length).toBeGreaterThan(20);
    const waited = all.flatMap(({ values }) => (values['depends_on'] ?? []) as string[]);
    expect(waited.filter((one) => !all.some(({ type, id }) => one === `${type}.${id}`))).toEqual([]);
  });

  it('has every document of the template, word for word', () => {
    const { resources } = read(stack, account, region);
    const policies = (found: Synthesised['resources']) =>
      Object.entries(found).flatMap(([id, { Properties = {} }]) => {
        const inline = (Properties['Policies'] ?? []) as { PolicyName: string; PolicyDocument: object }[];
        return [
          ...DOCUMENTS.filter((member) => member in Properties).map((member) => [id, Properties[member]]),
          ...inline.map((one) => [`${id}-${one.PolicyName}`, one.PolicyDocument]),
        ];
      });
    const wanted = Object.fromEntries(policies(stack.resources));
    expect(Object.fromEntries(policies(resources))).toEqual(wanted);
    expect(Object.keys(wanted).length).toBeGreaterThan(6);
  });

  it('keeps what outlives the stack, and nothing else', () => {
    const kept = Object.entries(templateOf(stack).Resources).filter(([, { DeletionPolicy }]) =>
      DeletionPolicy?.startsWith('Retain'),
    );
    const isKept = (id: string) => kept.some(([one]) => id === one || id.startsWith(`${one}-`));
    const held = (values: object) => JSON.stringify(values).includes('"prevent_destroy":true');
    expect(all.filter(({ id, values }) => held(values) !== isKept(id))).toEqual([]);
    expect(kept.length).toBeGreaterThan(5);
  });

  it('gives the same answers', () => {
    const { outputs } = read(stack, account, region);
    const valuesOf = (found: Synthesised['outputs']) =>
      Object.entries(found).map(([name, { Value }]) => [name, Value]);
    expect(valuesOf(outputs)).toEqual(valuesOf(stack.outputs));
  });
});

describe('who may do what, as AWS would decide it on the policies of the modules', () => {
  it('with both parties in two accounts, is what the rows of both say', async () => {
    const { archive, verifier } = apart;
    const world = new World({
      archive: read(archive),
      verifier: read(verifier, SECOND_ACCOUNT, SECOND_REGION),
    });
    // The rows ask it for names of resources, and for no policy.
    const cdk = new World(apart);
    const rows = [
      ...[...ARCHIVE_ROWS, ...ATTESTATION_ROWS, ...LOG_KEY_ROWS, ...verifierKeyRows(cdk)],
      ...[...recordRows(cdk), ...machineRows(cdk)],
    ];
    for (const { what, request, may } of rows)
      expect([what, await world.whoMay(request)]).toEqual([what, ACTORS.filter((one) => may.includes(one))]);
    expect(rows.length).toBeGreaterThan(90);
  });

  it('with the archive alone, is what the rows of the archive say', async () => {
    const account = new Account(read(synthesise()));
    for (const { what, request, may } of [
      ...OBJECT_ROWS,
      ...bucketRows(false),
      ...keyRows(account.keyArn, false),
    ]) {
      const answers = await Promise.all(OF_ONE.map((actor) => account.allows(actor, request)));
      expect([what, OF_ONE.filter((_, i) => answers[i])]).toEqual([
        what,
        OF_ONE.filter((one) => may.includes(one)),
      ]);
    }
  });
});

describe('nothing is lost on the way', () => {
  const made = (
    change: (resources: Record<string, { Type: string; Properties: Record<string, unknown> }>) => void,
  ) => {
    const template = JSON.parse(JSON.stringify(templateOf(synthesise())));
    change(template.Resources);
    return () => terraformModule('ledgerstone', template, { account: undefined, region: undefined });
  };
  const ofBucket = 'ArchiveBucket49F1AC64';
  type Inside = { Rule: { DefaultRetention: Record<string, unknown> } };

  it.each<readonly [string, Parameters<typeof made>[0], string]>([
    [
      'a resource',
      (all) => {
        all['Table'] = { Type: 'AWS::DynamoDB::Table', Properties: {} };
      },
      'Table: AWS::DynamoDB::Table',
    ],
    [
      'a member',
      (all) => {
        Object.assign(all[ofBucket]?.Properties ?? {}, { ReplicationConfiguration: {} });
      },
      `${ofBucket}.ReplicationConfiguration`,
    ],
    [
      'a member within another',
      (all) => {
        const lock = all[ofBucket]?.Properties['ObjectLockConfiguration'] as Inside | undefined;
        Object.assign(lock?.Rule.DefaultRetention ?? {}, { Years: 1 });
      },
      `${ofBucket}.ObjectLockConfiguration.Rule.DefaultRetention.Years`,
    ],
    [
      'a value',
      (all) => {
        Object.assign(all[ofBucket]?.Properties ?? {}, { ObjectLockEnabled: false });
      },
      `${ofBucket}.ObjectLockEnabled`,
    ],
    [
      'an attribute',
      (all) => {
        Object.assign(all[ofBucket]?.Properties ?? {}, { BucketName: { 'Fn::GetAtt': ['Nothing', 'Arn'] } });
      },
      'Arn of Nothing',
    ],
    [
      'a function',
      (all) => {
        Object.assign(all[ofBucket]?.Properties ?? {}, { BucketName: { 'Fn::Select': [0, ['a']] } });
      },
      'Fn::Select',
    ],
    [
      'a secret',
      (all) => {
        Object.assign(all[ofBucket]?.Properties ?? {}, { BucketName: '{{resolve:secretsmanager:a}}' });
      },
      'would keep it in its state',
    ],
  ])('%s that is not known is refused', (_, change, said) => {
    expect(made(change)).toThrow(said);
  });

  it('what Terraform would take for an expression stays a text', () => {
    const text = '$' + '{aws:username} %' + '{if}';
    const module = made((all) => {
      Object.assign(all[ofBucket]?.Properties ?? {}, { BucketName: text });
    })();
    expect(module.resource['aws_s3_bucket']?.[ofBucket]?.['bucket']).toBe(
      '$$' + '{aws:username} %%' + '{if}',
    );
  });

  it('decisions and a second log key come along', () => {
    const stack = synthesise(`${templateText()}${governed}key: { also: { name: "2027" } }\n`);
    const { resource } = moduleOf(stack);
    expect(Object.keys(resource['aws_kms_key'] ?? {})).toHaveLength(3);
    expect(Object.values(resource['aws_iam_role'] ?? {}).map(({ name }) => name)).toContain(
      'ledgerstone-officer',
    );
  });
});

const templateText = () => `
origin: audit.example.com/prod
bucket: { name: acme-audit, prefix: prod/ }
retention: { defaultDays: 365, minimumDays: 364 }
archiver: { kind: ecs-task }
`;

describe('npm run terraform', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ledgerstone-terraform-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const out = join(folder, 'terraform');
  function run(config: string) {
    const file = join(folder, 'config.yaml');
    writeFileSync(file, config);
    const env = {
      ...process.env,
      CDK_OUTDIR: join(folder, 'cdk'),
      LEDGERSTONE_TERRAFORM_OUT: out,
      LEDGERSTONE_INFRA_CONFIG: file,
    };
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const [node, ...args] = scripts.terraform.split(' ');
    expect(node).toBe('node');
    return spawnSync(process.execPath, args, { cwd: ROOT, env, encoding: 'utf8' });
  }

  it('asks for the roles that Terraform runs as', () => {
    const { status, stderr } = run(APART);
    expect(status).toBe(2);
    expect(stderr).toContain('deployer and attestations.deployer: name the role that Terraform runs as');
    expect(existsSync(out)).toBe(false);
  });

  it('writes a module for each party, for its account and Region alone, and the function beside it', () => {
    const role = (account: string) => `"arn:aws:iam::${account}:role/terraform"`;
    const config = `${APART.replace('attestations: {', `attestations: { deployer: ${role(SECOND_ACCOUNT)},`)}deployer: ${role(ACCOUNT)}\n`;
    const { status, stderr } = run(config);
    expect([status, stderr.match(/^error/im)]).toEqual([0, null]);
    expect(readdirSync(out).sort()).toEqual(['ledgerstone', 'ledgerstone-verifier']);
    const module = (name: string): TerraformModule =>
      JSON.parse(readFileSync(join(out, name, 'main.tf.json'), 'utf8'));
    for (const [name, account, region] of [
      ['ledgerstone', ACCOUNT, REGION],
      ['ledgerstone-verifier', SECOND_ACCOUNT, SECOND_REGION],
    ] as const) {
      const conditions = textsOf(module(name).data).flatMap(referencesOf);
      expect(conditions).toEqual(
        expect.arrayContaining([`self.account_id == "${account}"`, `self.region == "${region}"`]),
      );
      expect(JSON.stringify(module(name).resource)).toContain(role(account).slice(1, -1));
      expect(JSON.stringify(module(name))).not.toContain('cdk-hnb659fds');
    }
    expect(readdirSync(join(out, 'ledgerstone')).sort()).toEqual(['main.tf.json']);
    expect(readdirSync(join(out, 'ledgerstone-verifier', 'function'))).toEqual(['index.mjs']);
  });
});

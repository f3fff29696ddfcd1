// How does the configuration become a CloudFormation template? `node infra/app.ts` writes it to cdk.out/, and with
// --terraform the same as Terraform to terraform.out/.
import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { App, type Stack, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { ArchiverStack } from './archiver-stack.ts';
import { readInfraConfig } from './config.ts';
import { hasVerifier, type InfraConfig, type TwoPartyConfig } from './config-schema.ts';
import { LedgerstoneStack } from './ledgerstone-stack.ts';
import { bootstrapDeployer, namesOf } from './names.ts';
import { type OrganisationPolicy, resourceControlPolicy, serviceControlPolicy } from './organisation.ts';
import { terraformProblem, writeTerraform } from './terraform/write.ts';
import { verifierCode } from './verifier-bundle.ts';
import { VerifierStack } from './verifier-stack.ts';

const beside = (name: string) => fileURLToPath(new URL(name, import.meta.url));

const app = new App({
  outdir: process.env['CDK_OUTDIR'] ?? 'cdk.out',
  analyticsReporting: false,
  context: {
    // What CloudFormation would refuse is an error here.
    '@aws-cdk/core:validateAgainstDefaultRules': true,
    // CloudFormation takes 51,200 bytes of a template that is not in a bucket.
    '@aws-cdk/core:suppressTemplateIndentation': true,
  },
});
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));

const path = configPath();
const config = configOrExit();
const isForTerraform = process.argv.includes('--terraform');
const problem = isForTerraform ? terraformProblem(config) : null;
if (problem !== null) {
  console.error(`${path} has 1 problem(s):\n  ${problem}`);
  process.exit(2);
}
const archive = new LedgerstoneStack(app, config);
const stacks: Stack[] = [archive];
const { archiverService: service } = config;
if (service) {
  const { archiverRole: role, keeperRole, bucketName, yaml } = archive;
  stacks.push(new ArchiverStack(app, { config, service, role, keeperRole, bucketName, yaml }));
}
if (hasVerifier(config))
  stacks.push(new VerifierStack(app, config, await verifierCode(config.verifier.timestamps?.roots)));
// Prints the messages with which the CDK's command line would refuse to deploy.
for (const { messages } of app.synth().stacks) {
  for (const { level, entry } of messages) console.error(`${level}: ${entry.data}`);
}
const policies = hasVerifier(config) ? organisationPolicies(config) : {};
for (const [name, policy] of Object.entries(policies)) {
  writeFileSync(`${app.outdir}/${name}`, JSON.stringify(policy));
  console.error(`${path} -> ${app.outdir}/${name}`);
}
for (const { templateFile } of stacks) console.error(`${path} -> ${app.outdir}/${templateFile}`);
if (isForTerraform) {
  const into = process.env['LEDGERSTONE_TERRAFORM_OUT'] ?? 'terraform.out';
  // The service names its role and key by exports of CloudFormation.
  const written = stacks.filter((stack) => !(stack instanceof ArchiverStack));
  if (written.length < stacks.length)
    console.error(
      'archiverService: is not written for Terraform. Run the archiver by the chart, or deploy it by CDK.',
    );
  const target = { account: config.account, region: config.region };
  const { account = target.account, region = target.region } = config.attestations ?? {};
  const files = writeTerraform(
    into,
    app.outdir,
    written.map((stack) => ({
      ...{ name: stack.stackName, templateFile: stack.templateFile },
      target: stack === archive ? target : { account, region },
    })),
  );
  for (const file of files) console.error(`${path} -> ${file}`);
}

/** They name accounts and buckets, so there are none beside a template for any account. */
function organisationPolicies(both: TwoPartyConfig): Record<string, OrganisationPolicy> {
  if (both.account === undefined || both.attestations.bucket.name === undefined) return {};
  const names = namesOf(archive, both);
  const partition = 'aws';
  const deployers = [
    both.deployer ?? bootstrapDeployer(archive, { ...names.archive, partition }),
    both.attestations.deployer ?? bootstrapDeployer(archive, { ...names.verifier, partition }),
  ];
  const props = { config: both, names, deployers };
  return {
    [`${both.stack}.rcp.json`]: resourceControlPolicy(props),
    [`${both.stack}.scp.json`]: serviceControlPolicy(props),
  };
}

function configOrExit(): InfraConfig {
  try {
    return readInfraConfig(path);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(2);
  }
}

/** `-c config=FILE` of the CDK CLI, else LEDGERSTONE_INFRA_CONFIG, else infra/config.yaml. */
function configPath(): string {
  const named: unknown = app.node.tryGetContext('config') ?? process.env['LEDGERSTONE_INFRA_CONFIG'];
  if (typeof named === 'string' && named !== '') return named;
  const own = beside('config.yaml');
  if (existsSync(own)) return own;
  console.error(
    'infra/config.yaml is missing, so the example is used. Copy infra/config.example.yaml and change it.',
  );
  return beside('config.example.yaml');
}

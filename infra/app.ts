// How does the configuration become a CloudFormation template? `node infra/app.ts` writes it to cdk.out/.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { type InfraConfig, readInfraConfig } from './config.ts';
import { LedgerstoneStack } from './ledgerstone-stack.ts';

const beside = (name: string) => fileURLToPath(new URL(name, import.meta.url));

const app = new App({ outdir: process.env['CDK_OUTDIR'] ?? 'cdk.out', analyticsReporting: false });
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));

const path = configPath();
const config = configOrExit();
new LedgerstoneStack(app, config);
app.synth();
console.error(`${path} -> ${app.outdir}/${config.stack}.template.json`);

function configOrExit(): InfraConfig {
  try {
    return readInfraConfig(path);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(2);
  }
}

/** `-c config=FILE` of the CDK CLI, else LEDGERSTONE_INFRA_CONFIG, else the file that a deployment keeps here. */
function configPath(): string {
  const named: unknown = app.node.tryGetContext('config') ?? process.env['LEDGERSTONE_INFRA_CONFIG'];
  if (typeof named === 'string') return named;
  const own = beside('config.yaml');
  if (existsSync(own)) return own;
  console.error(
    'infra/config.yaml is missing: this is the example. Copy infra/config.example.yaml and change it.',
  );
  return beside('config.example.yaml');
}

// What do cdk-nag and the configuration's own checks say?
import { type App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { parseInfraConfig } from '../../infra/config.ts';
import { scratchApp } from './synthesised.ts';

/** Throws what cdk-nag finds. */
export function synthesiseUnderNag(fill: (app: App) => void): void {
  const app = scratchApp(true);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  fill(app);
  app.synth();
}

/** Why that configuration is refused; `none` where it is taken. */
export function problemOf(text: string): string {
  try {
    parseInfraConfig(text, 'config.yaml');
  } catch (error) {
    return (error as Error).message;
  }
  return 'none';
}

type KeyStatement = {
  readonly Effect: string;
  readonly Principal: { readonly AWS: string };
  readonly Action: string | readonly string[];
  readonly Condition?: unknown;
};

/** Allowances of a key's policy that reach further than the roles that they name. */
export function openAllowances(policy: unknown): KeyStatement[] {
  const { Statement } = policy as { Statement: KeyStatement[] };
  return Statement.filter(({ Effect, Principal, Action, Condition }) => {
    if (Effect !== 'Allow') return false;
    const isNamed = JSON.stringify(Condition ?? {}).includes('"ArnEquals":{"aws:PrincipalArn"');
    return JSON.stringify(Action).includes('*') || (Principal.AWS.endsWith(':root') && !isNamed);
  });
}

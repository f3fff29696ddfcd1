// `ledgerstone alerts`: which rules for Prometheus fit this configuration?
import { readFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { printable } from '../../base/printable.ts';
import { loadConfig } from '../../config/archiver.ts';
import { isVerifierFile, loadVerifierConfig } from '../../config/verifier.ts';
import {
  archiverRules,
  LAG_DEFAULT,
  type RulesFor,
  rulesText,
  type Service,
  verifierRules,
} from '../alert-rules.ts';
import { acting, type Session } from './session.ts';

type AlertsOptions = {
  readonly config: string;
  readonly lag?: number;
  readonly match: readonly string[];
  readonly operator?: string;
  readonly json?: boolean;
};

const HELP = `
Writes the alarms of the archiver or, for verifier.yaml, of the verifier: a file for
rule_files of Prometheus. Thresholds that depend on settings are taken from the
configuration. Their lines at the top say how. If a service runs with other settings than
these, one of the alarms says so. Nothing is connected to, and nothing is stored.

One Prometheus that watches several archives needs --match, so that each file asks for the
series of its own archive alone.

Exit codes: 0 written, 2 configuration.

Examples:
  ledgerstone alerts --config ledgerstone.yaml > ledgerstone-rules.yaml
  ledgerstone alerts --config verifier.yaml --match 'job="audit-verifier"' > rules.yaml
  ledgerstone alerts --config ledgerstone.yaml --operator ledgerstone | kubectl apply -f -
`;

export function alertsCommand(program: Command, session: Session): void {
  program
    .command('alerts')
    .description('Alarms for Prometheus, with thresholds of a configuration.')
    .requiredOption('--config <file>', 'ledgerstone.yaml or verifier.yaml')
    .option('--lag <records>', `archiver: a lag beyond it that grows is an alarm (${LAG_DEFAULT})`, records)
    .option('--match <matcher>', 'such as job="audit"; repeat for more', matcher, [])
    .option('--operator <name>', 'as a PrometheusRule of this name, for Kubernetes', objectName)
    .option('--json', 'the rules as one text of a JSON object, with the thresholds')
    .addHelpText('after', HELP)
    .action(acting(session, (options: AlertsOptions) => writeRules(session, options)));
}

async function writeRules({ io, output }: Session, options: AlertsOptions): Promise<void> {
  const { config: file, lag = LAG_DEFAULT, match, operator = null } = options;
  const rules: RulesFor = (await isVerifierFile(file))
    ? verifierRules(await loadVerifierConfig(file, io.env))
    : archiverRules(await loadConfig(file, io.env), lag);
  const text = rulesText(await alertsTemplate(rules.service), rules, { match, operator });
  if (options.json !== true) return output.write(text);
  const { service, archive, silent } = rules;
  const thresholds = rules.thresholds.map(({ value, from }) => ({ value, from }));
  await output.json({ service, archive, thresholds, silent, rules: text });
}

const IS_CHECKOUT = import.meta.url.endsWith('.ts');
const alertsTemplate = (service: Service): Promise<string> =>
  readFile(
    new URL(IS_CHECKOUT ? `../../${service}/alerts.yaml` : `./${service}-alerts.yaml`, import.meta.url),
    'utf8',
  );

function records(text: string): number {
  if (/^[1-9][0-9]{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number of records, 1 or more.');
}

/** One of PromQL, with a value that needs no escapes: it goes into the rules as it is. */
function matcher(text: string, before: readonly string[]): string[] {
  if (/^[a-zA-Z_][a-zA-Z0-9_]*(?:=|!=|=~|!~)"[^"\\\p{Cc}{}]*"$/u.test(text)) return [...before, text];
  throw new InvalidArgumentError(`${printable(text)} is no matcher such as job="audit", without { } and \\.`);
}

function objectName(text: string): string {
  if (/^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/.test(text)) return text;
  throw new InvalidArgumentError('It must be a name of Kubernetes: a-z, 0-9, . and -.');
}

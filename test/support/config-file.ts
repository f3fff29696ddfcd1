// What is a right configuration file of the archiver, and what is wrong with another one?
import { parseConfig } from '../../src/config/archiver.ts';
import { ConfigError } from '../../src/config/config-error.ts';

export const GOOD = `
archive:
  origin: audit.example.com/prod
  store: { kind: s3, bucket: acme-audit, region: eu-central-1, prefix: a/b }
  signing: { kind: kms, keyId: "arn:aws:kms:eu-west-1:111122223333:key/1234" }
source:
  kind: kafka
  brokers: [ "k1:9092", "k2:9092" ]
  topics:
    - { name: audit.orders, retention: pci-12m }
retention:
  pci-12m: { mode: COMPLIANCE, period: 1y }
`;

/** Each with its place. */
export const problemsOf = (text: string, env: NodeJS.ProcessEnv = {}): string[] => {
  try {
    parseConfig(text, '/etc/ledgerstone.yaml', env);
  } catch (error) {
    if (error instanceof ConfigError) {
      return error.problems.map(({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`);
    }
    throw error;
  }
  return [];
};

/** The good file with that in `source.sasl`. */
export const withSasl = (sasl: string) => `${GOOD.replace('  topics:', () => `  sasl: ${sasl}\n  topics:`)}`;
/** The good file with this text where a password belongs, or behind its end. */
export const PASSWORD_PLACES: readonly ((password: string) => string)[] = [
  (password) => withSasl(`{ mechanism: plain, username: u, password: ${password} }`),
  (password) => withSasl(`\n    mechanism: plain\n    password: ${password}\n    username: u`),
  (password) => withSasl(`{ mechanism: plain, username: u, password: "${password}" }`),
  (password) => withSasl(`{ mechanism: plain, username: u, password: '${password}' }`),
  (password) => `${GOOD}\n${password}`,
];

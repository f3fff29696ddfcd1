// How is infra/config.yaml read, and what is wrong with it?
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { type InfraConfig, infraSchema } from './config-schema.ts';
import { renderedConfigProblems } from './rendered-config.ts';

/** Throws an error that lists every problem at once. Unknown members are problems. */
export function parseInfraConfig(text: string, name: string): InfraConfig {
  const result = infraSchema.safeParse(parse(text));
  const problems = result.success
    ? renderedConfigProblems(result.data)
    : result.error.issues.map(({ path, message }) => `${path.join('.') || '(whole file)'}: ${message}`);
  if (result.success && problems.length === 0) return result.data;
  throw new Error(
    [`${name} has ${problems.length} problem(s):`, ...problems.map((one) => `  ${one}`)].join('\n'),
  );
}

export const readInfraConfig = (path: string): InfraConfig =>
  parseInfraConfig(readFileSync(path, 'utf8'), path);

// Which short names do fields have, by a file of their own?
import { z } from 'zod';
import { readConfigFile } from './check.ts';
import { ConfigError } from './config-error.ts';
import { problemsOf } from './problems.ts';
import { type TopicFields, topicFields, topicFieldsOf } from './topic-fields.ts';
import { readYaml } from './yaml.ts';

const fileSchema = z.record(z.string(), topicFields);

/** `*`: of every topic that the file does not name. */
export const ANY_TOPIC = '*';

/**
 * A file for who has a copy of an archive and no configuration: short names by topic. Throws ConfigError, or
 * `config` when it can't be read.
 */
export async function loadFieldsFile(
  path: string,
  env: NodeJS.ProcessEnv,
): Promise<Readonly<Record<string, TopicFields>>> {
  const { yaml, problems } = readYaml((await readConfigFile(path)).replace(/^\uFEFF/, ''), env);
  const parsed = fileSchema.safeParse(yaml.value);
  const found = (parsed.error?.issues ?? []).flatMap((issue) => problemsOf(issue, yaml.value, fileSchema));
  const all = [
    ...problems.map(({ position, message }) => ({ path: '', ...position, message })),
    ...(problems.length > 0 ? [] : found).map(({ path: at, message }) => ({
      ...{ path: at.join('.'), message },
      ...yaml.position(at),
    })),
  ];
  if (all.length > 0 || !parsed.success) {
    throw new ConfigError(
      path,
      all,
      'Write it like `orders: { actor: /userIdentity/arn, time: /eventTime }`.',
    );
  }
  return Object.fromEntries(
    Object.entries(parsed.data).map(([topic, fields]) => [topic, topicFieldsOf(fields)]),
  );
}

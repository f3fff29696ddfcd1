// Is a configuration file right, and if not, what is wrong with it and where?

import { createReadStream } from 'node:fs';
import type { z } from 'zod';
import { utf8Text } from '../base/bytes.ts';
import { LedgerstoneError, messageOf } from '../base/error.ts';
import { ConfigError, type ConfigProblem, UPGRADE } from './config-error.ts';
import { laterConfigMessage, laterConfigVersion } from './config-version.ts';
import { type FileKind, otherFile } from './file-kind.ts';
import { isRetired } from './migrate/steps.ts';
import { knownPath, problemsOf, type SchemaProblem } from './problems.ts';
import { type ConfigPath, readYaml } from './yaml.ts';

/** More than any configuration needs. A wrong file name must not fill the memory. */
const FILE_BYTES_MAX = 1024 * 1024;

/** Throws `config` when the file can't be read. */
export async function readConfigFile(path: string): Promise<string> {
  try {
    const parts: Buffer[] = [];
    let length = 0;
    // Not to its end: a device, or a log by mistake, has none that fits into memory.
    for await (const part of createReadStream(path, { end: FILE_BYTES_MAX }) as AsyncIterable<Buffer>) {
      parts.push(part);
      length += part.length;
    }
    if (length > FILE_BYTES_MAX) throw new Error('the file is larger than 1 MiB');
    return utf8Text(Buffer.concat(parts));
  } catch (cause) {
    throw new LedgerstoneError('config', `can't read the configuration ${path}: ${messageOf(cause)}`, {
      disposition: 'input',
      remedy: 'Name an existing YAML file with --config, which this user may read.',
      cause,
    });
  }
}

const RETIRED = 'is of an earlier version: `ledgerstone config migrate FILE` brings the file up to date';

export type FileRules<T> = {
  readonly kind: FileKind;
  readonly schema: z.ZodType<T>;
  /** Those that concern more than one member. */
  readonly rules: (root: unknown) => readonly SchemaProblem[];
};

/** The values of the text. Throws ConfigError with every problem if they break the schema or the rules. */
export function checkYaml<T>(
  text: string,
  fileName: string,
  env: NodeJS.ProcessEnv,
  { kind, schema, rules }: FileRules<T>,
): T {
  const { yaml, problems: yamlProblems } = readYaml(text.replace(/^\uFEFF/, ''), env);
  const shownText = (path: ConfigPath) => pathText(knownPath(path, yaml.value, schema));
  const problems: ConfigProblem[] = yamlProblems.map(({ path, position, message }) => ({
    path: shownText(path),
    ...position,
    message,
  }));
  const later = laterConfigVersion(yaml.value);
  if (later !== null) {
    const [path, message] = ['version', laterConfigMessage(later)];
    throw new ConfigError(fileName, [{ path, ...yaml.position([path]), message }], UPGRADE);
  }
  const other = otherFile(yaml.value, kind);
  if (other !== null) {
    const { message, remedy } = other;
    throw new ConfigError(fileName, [{ path: '', ...yaml.position([]), message }], remedy);
  }
  const parsed = schema.safeParse(yaml.value);
  if (yaml.value !== undefined) {
    const substituted = new Set(yamlProblems.map(({ path }) => pathText(path)));
    const found = [
      ...(parsed.error?.issues ?? []).flatMap((issue) => problemsOf(issue, yaml.value, schema)),
      ...rules(yaml.value),
    ];
    for (const { path, shown, message } of found) {
      // A variable that is missing in the environment is one problem, not two.
      if (substituted.has(pathText(path))) continue;
      const at = shown === undefined ? shownText(path) : pathText(shown);
      const retired = isRetired(kind, pathText(path));
      problems.push(
        retired
          ? { path: pathText(path), ...yaml.position(path), message: RETIRED }
          : { path: at, ...yaml.position(path), message },
      );
    }
  }
  if (problems.length > 0 || !parsed.success) {
    throw new ConfigError(
      fileName,
      problems.sort((a, b) => a.line - b.line || a.column - b.column),
    );
  }
  return parsed.data;
}

const pathText = (path: ConfigPath): string =>
  path.reduce<string>(
    (text, step) =>
      typeof step === 'number' ? `${text}[${step}]` : `${text}${text === '' ? '' : '.'}${step}`,
    '',
  );

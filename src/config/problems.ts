// What does each failed check of the schema mean, in words for the person who wrote the file?
import { z } from 'zod';
import { suggestion } from '../base/nearest.ts';
import { configSchema } from './archiver-schema.ts';
import type { JsonSchema } from './json-schema.ts';
import type { ConfigPath } from './yaml.ts';

export type SchemaProblem = {
  readonly path: ConfigPath;
  /** What of the path may be repeated. Without it: what the schema knows. */
  readonly shown?: ConfigPath;
  readonly message: string;
};
type Issue = z.core.$ZodIssue;

const asPath = (path: readonly PropertyKey[]): ConfigPath =>
  path.map((step) => (typeof step === 'symbol' ? String(step) : step));

export const memberOf = (value: unknown, step: string | number): unknown =>
  value !== null && typeof value === 'object' && Object.hasOwn(value, step)
    ? (value as Record<string | number, unknown>)[step]
    : undefined;
export const valueAt = (value: unknown, path: ConfigPath): unknown =>
  path.reduce<unknown>((at, step) => memberOf(at, step), value);

const isMapping = (value: unknown): boolean =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

const jsonSchemas = new WeakMap<z.ZodType, JsonSchema>();
function inputSchemaOf(schema: z.ZodType): JsonSchema {
  const known = jsonSchemas.get(schema) ?? (z.toJSONSchema(schema, { io: 'input' }) as JsonSchema);
  jsonSchemas.set(schema, known);
  return known;
}

/** The branches of a union that fit the value's `kind` or `mechanism`; all of them when none is stated. */
function branches(schema: JsonSchema, value: unknown): readonly JsonSchema[] {
  const all = schema.oneOf ?? schema.anyOf;
  if (all === undefined) return [schema];
  const fitting = all.filter((branch) =>
    Object.entries(branch.properties ?? {}).some(
      ([name, property]) => property.const !== undefined && property.const === memberOf(value, name),
    ),
  );
  return fitting.length > 0 ? fitting : all;
}

/** What may stand at `path`. */
function schemasAt(path: ConfigPath, value: unknown, schema: z.ZodType): readonly JsonSchema[] {
  let schemas: readonly JsonSchema[] = branches(inputSchemaOf(schema), value);
  let at = value;
  for (const step of path) {
    at = memberOf(at, step);
    schemas = schemas.flatMap((schema) => {
      const open = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
      const next = typeof step === 'number' ? schema.items : (schema.properties?.[step] ?? open);
      return next === undefined ? [] : branches(next, at);
    });
  }
  return schemas;
}

/** Names of the keys that may stand in the mapping at `path`. */
const knownKeys = (path: ConfigPath, value: unknown, schema: z.ZodType = configSchema): string[] => [
  ...new Set(schemasAt(path, value, schema).flatMap(({ properties }) => Object.keys(properties ?? {}))),
];

/**
 * The path up to its first key that the schema does not know: that may be a part of a secret. So may a name
 * of a policy or the like (`additionalProperties`) if no mapping follows it.
 */
export function knownPath(path: ConfigPath, value: unknown, schema: z.ZodType): ConfigPath {
  const isKnown = (step: string | number, index: number) =>
    typeof step === 'number' ||
    schemasAt(path.slice(0, index), value, schema).some(
      ({ properties, additionalProperties }) =>
        Object.hasOwn(properties ?? {}, step) ||
        (typeof additionalProperties === 'object' && isMapping(valueAt(value, path.slice(0, index + 1)))),
    );
  const end = path.findIndex((step, index) => !isKnown(step, index));
  return end < 0 ? path : path.slice(0, end);
}

/** Without quotes, a password with a comma in it is a password and a key. */
const UNKNOWN = 'unknown key (not repeated here: it may be a part of a value that lacks its quotes)';

const KINDS: Readonly<Record<string, string>> = {
  object: 'a mapping (key: value lines)',
  array: 'a list',
  string: 'text (put it in quotes)',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
};
const quoted = (values: readonly unknown[]): string =>
  values.map((value) => JSON.stringify(value)).join(', ');

/** The problems behind one issue of zod. Values are never repeated: they may be secrets. */
export function problemsOf(issue: Issue, root: unknown, schema: z.ZodType = configSchema): SchemaProblem[] {
  const path = asPath(issue.path);
  const found = valueAt(root, path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => {
        const guess = suggestion(key, knownKeys(path, root, schema));
        const message = guess === '' ? UNKNOWN : `unknown key${guess}`;
        return { path: [...path, key], shown: guess === '' ? path : [...path, key], message };
      });
    case 'invalid_type':
      return [{ path, message: found === undefined ? 'is missing' : `must be ${wantedBy(issue)}` }];
    case 'invalid_value': {
      const known = issue.values.map(String);
      const message = found === undefined ? 'is missing' : `must be ${oneOf(issue.values)}`;
      return [{ path, message: `${message}${suggestion(found, known)}` }];
    }
    case 'invalid_union':
      return unionProblems(issue, path, root, schema);
    case 'invalid_key':
      return issue.issues.map((inner) => ({ path, message: `the key ${inner.message}` }));
    case 'too_small':
    case 'too_big':
      return [{ path, message: boundMessage(issue) }];
    default:
      return [{ path, message: issue.message }];
  }
}

const wantedBy = (issue: z.core.$ZodIssueInvalidType): string =>
  issue.message.startsWith('must be ') ? issue.message.slice(8) : (KINDS[issue.expected] ?? issue.expected);

const oneOf = (values: readonly unknown[]): string =>
  values.length === 1 ? JSON.stringify(values[0]) : `one of ${quoted(values)}`;

function boundMessage(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string {
  if (issue.message.startsWith('must ')) return issue.message;
  return issue.code === 'too_small'
    ? `must be at least ${issue.minimum}`
    : `must be at most ${issue.maximum}`;
}

function unionProblems(
  issue: z.core.$ZodIssueInvalidUnion,
  path: ConfigPath,
  root: unknown,
  schema: z.ZodType,
): SchemaProblem[] {
  const found = valueAt(root, path);
  if (issue.discriminator !== undefined && 'options' in issue) {
    const options = issue.options ?? [];
    if (found === undefined) return [{ path, message: `is missing: ${oneOf(options)}` }];
    return [{ path, message: `must be ${oneOf(options)}${suggestion(found, options.map(String))}` }];
  }
  // The branch that the writer meant is the one whose outer shape fits; its inner problems are what to show.
  const isShape = (inner: Issue) =>
    inner.path.length === 0 && (inner.code === 'invalid_type' || inner.code === 'invalid_value');
  const meant = issue.errors.filter((errors) => !errors.some(isShape));
  if (meant.length === 1) {
    return meant[0]!.flatMap((inner) =>
      problemsOf({ ...inner, path: [...path, ...inner.path] } as Issue, root, schema),
    );
  }
  const choices = issue.errors.flat().filter(isShape);
  const words = choices.map((inner) =>
    inner.code === 'invalid_value'
      ? quoted(inner.values)
      : inner.code === 'invalid_type'
        ? wantedBy(inner)
        : '',
  );
  const known = choices.flatMap((inner) => (inner.code === 'invalid_value' ? inner.values.map(String) : []));
  const message = found === undefined ? 'is missing' : `must be ${[...new Set(words)].join(', or ')}`;
  return [{ path, message: `${message}${suggestion(found, known)}` }];
}

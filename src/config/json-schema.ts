// Which JSON schemas let an editor complete and check the configuration files?
import { z } from 'zod';
import { configSchema } from './archiver-schema.ts';
import { forms } from './fields.ts';
import { governanceConfigSchema } from './governance-schema.ts';
import { verifierConfigSchema } from './verifier-schema.ts';

/** The part of JSON schema that comes out of our zod schemas. */
export type JsonSchema = {
  readonly description?: string;
  readonly default?: unknown;
  /** What the value is, in words. No keyword of JSON schema: in a file it is part of the description. */
  readonly form?: string;
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
};

export type ConfigFile = 'ledgerstone' | 'verifier' | 'governance';
const FILES = {
  ledgerstone: { title: 'Ledgerstone configuration', schema: configSchema },
  verifier: { title: 'Ledgerstone verifier configuration', schema: verifierConfigSchema },
  governance: { title: 'Ledgerstone governance configuration', schema: governanceConfigSchema },
} as const;

/** What stands for a value that comes from the environment; allowed wherever a text has a form of its own. */
const VARIABLE = '\\$\\{[A-Za-z_][A-Za-z0-9_]*\\}';

/** The schema of one file, each value with its form. A pure function of the zod schema. */
export function jsonSchemaOf(file: ConfigFile): JsonSchema {
  const { title, schema } = FILES[file];
  const generated = z.toJSONSchema(schema, {
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      // What wraps a value, such as a default, comes after the value and has its members already.
      const form = forms.get(zodSchema)?.form;
      if (form !== undefined) jsonSchema['form'] = form;
      if (typeof jsonSchema.pattern !== 'string' || jsonSchema.pattern.endsWith(VARIABLE)) return;
      jsonSchema.pattern = `(?:${jsonSchema.pattern})|${VARIABLE}`;
      // A variable is no date yet; the pattern says what the format says.
      delete jsonSchema.format;
    },
  });
  return { title, ...generated } as JsonSchema;
}

/** The text of the schema file: forms become part of the descriptions. */
export const jsonSchemaText = (file: ConfigFile): string =>
  `${jsonText(withoutForms(jsonSchemaOf(file)), '')}\n`;

function withoutForms(schema: JsonSchema): JsonSchema {
  const { form, properties, additionalProperties, items, oneOf, anyOf, ...rest } = schema;
  const described = form === undefined ? {} : { description: describe(rest.description, form) };
  return {
    ...rest,
    ...described,
    ...(oneOf && { oneOf: oneOf.map(withoutForms) }),
    ...(anyOf && { anyOf: anyOf.map(withoutForms) }),
    ...(items && { items: withoutForms(items) }),
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, property]) => [name, withoutForms(property)]),
      ),
    }),
    ...(additionalProperties !== undefined && {
      additionalProperties:
        typeof additionalProperties === 'object' ? withoutForms(additionalProperties) : additionalProperties,
    }),
  };
}

const describe = (description: string | undefined, form: string): string =>
  description === undefined ? form : `${description} (${form})`;

const LINE_WIDTH = 110;

/** As the formatter of this project writes JSON: lists of plain values on one line where they fit. */
function jsonText(value: unknown, indent: string): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const inner = `${indent}  `;
  const isList = Array.isArray(value);
  const parts = isList
    ? value.map((item) => jsonText(item, inner))
    : Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}: ${jsonText(member, inner)}`);
  const [open, close] = isList ? '[]' : '{}';
  if (parts.length === 0) return `${open}${close}`;
  const line = `${open}${parts.join(', ')}${close}`;
  const isPlain = isList && value.every((item) => item === null || typeof item !== 'object');
  // The name before the list and the comma after it need room too.
  if (isPlain && indent.length + line.length + 16 <= LINE_WIDTH) return line;
  return `${open}\n${parts.map((part) => inner + part).join(',\n')}\n${indent}${close}`;
}

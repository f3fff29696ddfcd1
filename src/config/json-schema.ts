// Which JSON schema lets an editor complete and check the configuration file? `npm run schema` writes it.
import { writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { configSchema } from './archiver-schema.ts';

export const JSON_SCHEMA_FILE = new URL('./ledgerstone.schema.json', import.meta.url);

/** What stands for a value that comes from the environment; allowed wherever a text has a form of its own. */
const VARIABLE = '\\$\\{[A-Za-z_][A-Za-z0-9_]*\\}';

/** The text of the schema file. A pure function of the zod schema. */
export function jsonSchemaText(): string {
  const schema = z.toJSONSchema(configSchema, {
    io: 'input',
    override: ({ jsonSchema }) => {
      // Called again for what wraps a text: a default, an option.
      if (typeof jsonSchema.pattern !== 'string' || jsonSchema.pattern.endsWith(VARIABLE)) return;
      jsonSchema.pattern = `(?:${jsonSchema.pattern})|${VARIABLE}`;
      // A variable is no date yet; the pattern says what the format says.
      delete jsonSchema.format;
    },
  });
  return `${jsonText({ title: 'Ledgerstone configuration', ...schema }, '')}\n`;
}

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

if (import.meta.main) await writeFile(JSON_SCHEMA_FILE, jsonSchemaText());

// Which JSON schema lets an editor complete and check the configuration file? `npm run schema` writes it.
import { writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { configSchema } from './config-schema.ts';

export const JSON_SCHEMA_FILE = new URL('./ledgerstone.schema.json', import.meta.url);

/** What stands for a value that comes from the environment; allowed wherever a text has a form of its own. */
const VARIABLE = '\\$\\{[A-Za-z_][A-Za-z0-9_]*\\}';

/** The text of the schema file. A pure function of the zod schema. */
export function jsonSchemaText(): string {
  const schema = z.toJSONSchema(configSchema, {
    io: 'input',
    override: ({ jsonSchema }) => {
      if (typeof jsonSchema.pattern !== 'string') return;
      jsonSchema.pattern = `(?:${jsonSchema.pattern})|${VARIABLE}`;
      // A variable is no date yet; the pattern says what the format says.
      delete jsonSchema.format;
    },
  });
  return `${JSON.stringify({ title: 'Ledgerstone configuration', ...schema }, null, 2)}\n`;
}

if (import.meta.main) await writeFile(JSON_SCHEMA_FILE, jsonSchemaText());

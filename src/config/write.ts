// Which files are made from the configuration schemas? `npm run schema` writes them.
import { readFile, writeFile } from 'node:fs/promises';
import { type ConfigFile, jsonSchemaText } from './json-schema.ts';
import { pageText } from './page.ts';

export const schemaFile = (file: ConfigFile): URL => new URL(`./${file}.schema.json`, import.meta.url);
export const PAGE_FILE = new URL('../../docs/configuration.md', import.meta.url);

if (import.meta.main) {
  for (const file of ['ledgerstone', 'verifier', 'governance'] as const) {
    await writeFile(schemaFile(file), jsonSchemaText(file));
  }
  await writeFile(PAGE_FILE, pageText(await readFile(PAGE_FILE, 'utf8')));
}

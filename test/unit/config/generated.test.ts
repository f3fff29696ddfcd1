// Are the JSON schemas and the page of all members what the zod schemas say today, and does each member have a meaning?
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { type ConfigFile, jsonSchemaText } from '../../../src/config/json-schema.ts';
import { pageText } from '../../../src/config/page.ts';
import { PAGE_FILE, schemaFile } from '../../../src/config/write.ts';

const FILES: readonly ConfigFile[] = ['ledgerstone', 'verifier', 'governance'];
const STALE = 'stale: run `npm run schema`';

describe('what is made from the schemas', () => {
  test.each(FILES)('the JSON schema of %s.yaml is current', async (file) => {
    expect(await readFile(schemaFile(file), 'utf8'), STALE).toBe(jsonSchemaText(file));
  });

  test('the page of all members is current', async () => {
    const page = await readFile(PAGE_FILE, 'utf8');
    expect(pageText(page), STALE).toBe(page);
    // Both parts are there: without the marks nothing would be compared.
    for (const file of FILES) expect(page).toContain(`### ${file}.yaml: log\n`);
  });

  test('a page with another text between the marks is not current', async () => {
    const page = await readFile(PAGE_FILE, 'utf8');
    const altered = page.replace('| `log.level` |', '| `log.levels` |');
    expect(altered).not.toBe(page);
    expect(pageText(altered)).toBe(page);
  });

  test('each member has a meaning', async () => {
    const rows = (await readFile(PAGE_FILE, 'utf8')).split('\n').filter((line) => line.startsWith('| `'));
    expect(rows.length).toBeGreaterThan(100);
    expect(rows.filter((row) => row.split(' | ').at(-1)?.replace('|', '').trim() === '')).toEqual([]);
  });
});

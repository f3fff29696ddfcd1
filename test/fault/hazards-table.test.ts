// Is HAZARDS.md true: does each test and each file that it names exist, and does it name every test of the hazards?
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, it } from 'vitest';

const TEST = join(import.meta.dirname, '..');
const SRC = join(TEST, '../src');
const rows = readFileSync(join(import.meta.dirname, 'HAZARDS.md'), 'utf8')
  // Markdown's own escape, where a title has what would be emphasis.
  .replaceAll('\\_', '_')
  .split('\n')
  .filter(
    (line) =>
      line.startsWith('| ') &&
      !line.startsWith('| -') &&
      !line.startsWith('| Hazard') &&
      !line.startsWith('| What happened'),
  )
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, hazard = '', known = '', closed = '', tests = '']) => ({ hazard, known, closed, tests }));

type Named = { readonly file: string; readonly title: string };

/** `file` “title” “another title of that file”. */
function namedTests(cell: string): Named[] {
  let file = '';
  return [...cell.matchAll(/`([^`]+)`|“([^”]+)”/g)].flatMap(([, path, title]) => {
    if (path !== undefined) file = path;
    return title === undefined ? [] : [{ file, title }];
  });
}

/** As they stand in the source, with the places of `it.each`. */
const titlesIn = (file: string): string[] =>
  [
    ...readFileSync(join(TEST, file), 'utf8').matchAll(
      /(?:\bit|\))\(\s*'((?:[^'\\]|\\.)*)',\s*(?:async )?\(/g,
    ),
  ].map(([, title]) => title as string);

const named = rows.flatMap(({ tests }) => namedTests(tests));

it('every row says how the hazard is known, where it is closed and which test holds it', () => {
  expect(rows.length).toBeGreaterThan(30);
  for (const row of rows) {
    expect({ ...row, tests: namedTests(row.tests).length > 0 }).toEqual({
      hazard: expect.stringMatching(/\S/),
      known: expect.stringMatching(/\S/),
      closed: expect.stringMatching(/`/),
      tests: true,
    });
  }
});

it('every file of the product that it names exists', () => {
  const files = rows.flatMap(({ closed }) =>
    [...closed.matchAll(/`([^`]+)`/g)].map(([, file]) => file as string),
  );
  expect(files.filter((file) => !existsSync(join(SRC, file)))).toEqual([]);
});

it('every test that it names exists under that title', () => {
  expect(named.filter(({ file, title }) => !titlesIn(file).includes(title))).toEqual([]);
});

it('every test of the hazards is named', () => {
  const files = globSync(['fault/hazards*.test.ts', 'contract/ingest-kafka-hazards*.ts'], { cwd: TEST })
    .map((file) => relative('.', file).replaceAll('\\', '/'))
    .filter((file) => file !== 'fault/hazards-table.test.ts');
  expect(files.length).toBeGreaterThan(5);
  const missing = files.flatMap((file) =>
    titlesIn(file)
      .filter((title) => !named.some((one) => one.file === file && one.title === title))
      .map((title) => ({ file, title })),
  );
  expect(missing).toEqual([]);
});

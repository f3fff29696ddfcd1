import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const table = readFileSync('docs/aws.md', 'utf8');
const rows = table
  .split('\n')
  .filter((line) => /^\| [A-Z0-9]+-\d/.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()));
const ids = rows.map((cells) => cells[1] ?? '');
const pages = ['infra/README.md', ...globSync('docs/**/*.md')].filter((page) => page !== 'docs/aws.md');
const marks = pages.flatMap((page) =>
  [...readFileSync(page, 'utf8').matchAll(/\([^()]*\bdocumented\b[^()]*\)/g)].map(([mark]) => ({
    page,
    mark,
  })),
);

test('what is documented by AWS names its row of docs/aws.md', () => {
  expect(marks.length).toBeGreaterThan(10);
  for (const { page, mark } of marks) {
    const named: string[] = mark.match(/\b[A-Z0-9]+-\d+\b/g) ?? [];
    expect(named, `${page}: ${mark}`).not.toEqual([]);
    for (const id of named) expect(ids, `${page}: ${mark}`).toContain(id);
  }
});

test("each row is there once, is named by a page, and has AWS's page or says that none was read", () => {
  expect(new Set(ids).size).toBe(ids.length);
  for (const [, id, , , page, read] of rows) {
    expect(
      marks.some(({ mark }) => new RegExp(`\\b${id}\\b`).test(mark)),
      id,
    ).toBe(true);
    if (read !== 'page not read')
      expect(page, id).toMatch(/\]\(https:\/\/docs\.aws\.amazon\.com\/\S+\.html\)$/);
  }
});

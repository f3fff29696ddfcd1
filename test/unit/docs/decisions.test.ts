// Does each decision have a number of its own and a line in the index?
import { expect, it } from 'vitest';
import { PAGES, pageText, relativeLinks } from '../../support/docs/pages.ts';

const FOLDER = 'docs/decisions/';
const records = PAGES.filter((page) => page.startsWith(FOLDER) && !page.endsWith('README.md'));

it('every record is in the index, once', () => {
  const listed = relativeLinks(`${FOLDER}README.md`).map(({ target }) => `${FOLDER}${target}`);
  expect(records.length).toBeGreaterThan(40);
  expect(listed.filter((page) => page.startsWith(`${FOLDER}0`)).sort()).toEqual([...records].sort());
});

it.each(records)('%s begins with its number, which no other has', (page) => {
  const number = page.slice(FOLDER.length, FOLDER.length + 4);
  expect(pageText(page)).toMatch(new RegExp(`^# ${number}: `));
  expect(records.filter((other) => other.startsWith(`${FOLDER}${number}`))).toEqual([page]);
});

// Does docs/architecture.md give a reason for each dependency, and for none that is gone?
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { pageText, ROOT } from '../../support/docs/pages.ts';

type Manifest = Readonly<Record<'dependencies' | 'devDependencies', Readonly<Record<string, string>>>>;
const { dependencies, devDependencies } = JSON.parse(
  readFileSync(join(ROOT, 'package.json'), 'utf8'),
) as Manifest;
const [, section = ''] = pageText('docs/architecture.md').split('## Dependencies');
const [, runTime = '', development = ''] = section.split(/^\| (?:at run time|for development) +\|/m);

/** Packages named in the first column. */
const namedIn = (table: string): string[] =>
  [...table.matchAll(/^\| ([^|]+) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
  );

it.each([
  ['at run time', dependencies, runTime],
  ['for development', devDependencies, development],
])('%s', (_when, installed, table) => {
  const needed = Object.keys(installed).filter((name) => !name.startsWith('@types/'));
  expect(namedIn(table).sort()).toEqual(needed.sort());
  for (const version of Object.values(installed)) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
});

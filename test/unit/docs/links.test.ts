// Does every link of the documentation lead to a file, and to a heading, that is there?
import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  anchorsOf,
  FILES,
  type Link,
  namedFiles,
  PAGES,
  pageText,
  ROOT,
  relativeLinks,
} from '../../support/docs/pages.ts';

/** What is wrong with the link, or null. */
function problemOf({ page, target }: Link): string | null {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? page : posix.normalize(posix.join(posix.dirname(page), decodeURI(path)));
  if (file.startsWith('..')) return `${target} leads out of the repository`;
  if (!existsSync(join(ROOT, file))) return `${target}: there is no ${file}`;
  if (anchor === undefined || !file.endsWith('.md')) return null;
  return anchorsOf(file).has(anchor) ? null : `${target}: ${file} has no heading #${anchor}`;
}

/** A name without its folder may be that of any file; rooms are also named without `src/`, tests without `test/`. */
const isThere = (name: string): boolean => FILES.some((file) => file === name || file.endsWith(`/${name}`));

describe('files that a page names', () => {
  it.each(PAGES)('are there: %s', (page) => {
    expect(namedFiles(page).filter((name) => !isThere(name))).toEqual([]);
  });

  it('are found', () => {
    expect(namedFiles('infra/README.md').length).toBeGreaterThan(20);
    expect(isThere('no-such-file.ts')).toBe(false);
  });
});

describe('links', () => {
  it.each(PAGES)('of %s lead somewhere', (page) => {
    expect(relativeLinks(page).flatMap((link) => problemOf(link) ?? [])).toEqual([]);
  });

  it('are all found', () => {
    expect(PAGES.length).toBeGreaterThan(10);
    expect(PAGES.flatMap(relativeLinks).length).toBeGreaterThan(50);
  });

  it.each([
    ['missing.md', 'there is no docs/missing.md'],
    ['security.md#no-such-heading', 'has no heading #no-such-heading'],
    ['#no-such-heading', 'has no heading #no-such-heading'],
    ['../../elsewhere.md', 'leads out of the repository'],
  ])('to %s is noticed', (target, said) => {
    expect(problemOf({ page: 'docs/operating.md', target })).toContain(said);
  });
});

it('README fits on three screens', () => {
  expect(pageText('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(120);
});

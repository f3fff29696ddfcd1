// Is every picture of the documentation there, small, named by a page, and said in words too?
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PAGES, pageText, ROOT } from '../../support/docs/pages.ts';
import { pngSize } from '../../support/png.ts';

const IMAGES = join(ROOT, 'docs/images');
const named = PAGES.flatMap((page) =>
  [...pageText(page).matchAll(/!\[([^\]]*)\]\((?:[^)]*\/)?images\/([^)]+)\)/g)].map(
    ([, alt = '', file = '']) => ({ page, alt, file }),
  ),
);

describe('pictures', () => {
  it('are those that pages name: test/e2e/docs-pictures.test.ts makes them', () => {
    expect(readdirSync(IMAGES).sort()).toEqual([...new Set(named.map(({ file }) => file))].sort());
  });

  it.each(['docs/auditors.md', 'docs/for-investigators.md', 'docs/for-compliance.md', 'docs/packages.md'])(
    'are in %s',
    (page) => expect(named.filter((one) => one.page === page)).not.toEqual([]),
  );

  it.each(named)('$file is small, and $page says in words what it shows', ({ file, alt }) => {
    const bytes = readFileSync(join(IMAGES, file));
    expect(bytes.length).toBeLessThan(200_000);
    expect(pngSize(bytes).width).toBeLessThanOrEqual(1280);
    expect(alt.length).toBeGreaterThan(60);
  });
});

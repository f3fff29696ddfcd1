// Does the page in a package say by when its checkpoint existed, to the reader who names the authority, and to no other?
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Browser, CHROMIUM, openBrowser, violations } from '../support/browser.ts';
import { filesOf } from '../support/package-world.ts';
import { type StampedArchive, stampedArchive } from '../support/stamped-archive.ts';
import { PLACE } from '../support/verifier-world.ts';
import { ledgerstone } from '../unit/cli/captured-io.ts';

describe.skipIf(CHROMIUM === undefined)('open-me.html', () => {
  let world: StampedArchive;
  let browser: Browser;

  beforeAll(async () => {
    world = await stampedArchive();
    for (const [name, more] of [
      ['case.zip', ['--stamp']],
      ['none.zip', []],
    ] as const) {
      const about = ['--case', '1', '--purpose', 'Audit', '--by', 'Ada', '--out', world.at(name)];
      const asked = [
        '--topic',
        PLACE.chain,
        '--partition',
        '0',
        '--offsets',
        '0-1',
        ...world.attested,
        ...more,
      ];
      expect((await ledgerstone(['export', ...world.archive, ...about, ...asked])).code).toBe(0);
    }
    writeFileSync(world.at('open-me.html'), filesOf(world.at('case.zip')).get('open-me.html') as Uint8Array);
    browser = await openBrowser();
  });
  afterAll(async () => {
    const { requests, errors } = browser;
    await browser.close();
    world.remove();
    expect([requests, errors]).toEqual([[], []]);
  });

  async function opened(zip: string) {
    const page = await browser.page();
    await page.goto(pathToFileURL(world.at('open-me.html')).href);
    await page.locator('#zip').setInputFiles(world.at(zip));
    await page.locator('#verdict').waitFor();
    const text = async () => (await page.locator('#stamps').textContent()) ?? '';
    const choose = async (file: string, shown: string) => {
      await page.locator('#root').setInputFiles(world.at(file));
      await page.locator('#stamps', { hasText: shown }).waitFor();
    };
    return { page, text, choose };
  }

  it('shows nothing about time before a root is chosen, and then by when the checkpoint existed', async () => {
    const { page, text, choose } = await opened('case.zip');
    expect(await text()).toContain('whom nobody vouches for without its root certificate');
    expect(await text()).not.toContain('existed by');
    expect(await violations(page)).toEqual([]);
    await choose('root.pem', 'existed by');
    expect(await text()).toContain(`existed by ${new Date(world.times.first).toISOString()}`);
    expect(await text()).toContain('under the root you gave (Test Root, SHA-256 ');
    expect(await violations(page)).toEqual([]);
    await page.locator('#language-de').click();
    expect(await text()).toContain(`bestand spätestens ${new Date(world.times.first).toISOString()}`);
  });

  it('is amber for a root that is another one, and says what is no root', async () => {
    const { page, text, choose } = await opened('case.zip');
    await choose('other.pem', 'leads to none of the roots');
    const verdict = page.locator('#verdict');
    expect(await verdict.textContent()).toContain(
      'By when it existed is not shown, though you named an authority',
    );
    await choose('log.vkey', 'holds no certificate that can be read');
    expect(await text()).toContain('whom nobody vouches for');
    expect(await verdict.textContent()).not.toContain('By when it existed');
  });

  it('says that a package has none', async () => {
    const { page, text } = await opened('none.zip');
    expect(await text()).toContain('no time-stamp in this package');
    expect(await page.locator('#root').count()).toBe(0);
  });
});

// Does the page in a package say what is so, in a real browser, from a disk and without a network?
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Browser, CHROMIUM, openBrowser, SHOTS, shoot, violations } from '../support/browser.ts';
import { changeText, filesOf, type PackageWorld, packageWorld, writeZip } from '../support/package-world.ts';
import { TAMPERINGS } from '../support/tampered-packages.ts';

const OWN_TIMES = ['{"n":0,"at":"2001-02-03T04:05:06+01:00"}', '{"n":1,"at":"<b>soon</b>"}', '{"n":2}'];
const HOSTILE = '<img src=https://example.com/x onerror="document.title=1">\u202egnp';

describe.skipIf(CHROMIUM === undefined)('open-me.html', () => {
  let world: PackageWorld;
  let browser: Browser;
  let zip: string;
  let pageFile: string;
  let page: Page;

  beforeAll(async () => {
    world = await packageWorld((record) =>
      record.offset === 14 ? { ...record, key: Buffer.from(HOSTILE), value: Buffer.from(HOSTILE) } : record,
    );
    zip = await world.exported('case.zip', '--sign-key', world.at('export-key.pem'));
    pageFile = world.at('open-me.html');
    writeFileSync(pageFile, filesOf(zip).get('open-me.html') as Uint8Array);
    browser = await openBrowser();
    page = await opened();
  });
  afterAll(async () => {
    // Of all tests here: nothing was asked of anybody, and no script of the page failed.
    const { requests, errors } = browser;
    await browser.close();
    world.remove();
    expect([requests, errors]).toEqual([[], []]);
  });

  const textOf = async (locator: Locator): Promise<string> => (await locator.textContent()) ?? '';

  async function opened(width?: number): Promise<Page> {
    const made = await browser.page(width);
    await made.goto(pathToFileURL(pageFile).href);
    return made;
  }
  async function give(to: Page, file: string): Promise<void> {
    await to.locator('#zip').setInputFiles(file);
    await to.locator('#verdict').waitFor();
  }
  const verdict = async (of: Page) => ({
    colour: await textOf(of.locator('#verdict .label')),
    sentence: await textOf(of.locator('#verdict .sentence')),
    findings: await of.locator('#verdict li').allInnerTexts(),
  });
  it('says before anything was given what it is for', async () => {
    expect(await page.title()).toBe('Is this what was archived?');
    expect(await textOf(page.locator('.drop'))).toContain('Drop the zip here');
    expect(await violations(page)).toEqual([]);
    await shoot(page, 'empty');
  });

  it('is amber until the keys are compared, and then green', async () => {
    await give(page, zip);
    const before = await verdict(page);
    expect([before.colour, before.findings]).toEqual(['Amber', []]);
    expect(before.sentence).toMatch(/^Whose the keys are only the package says: compare them\./);
    expect(await violations(page)).toEqual([]);
    await shoot(page, 'amber');
    const boxes = page.locator('label.confirm input');
    expect(await boxes.count()).toBe(2);
    await boxes.nth(0).check();
    expect((await verdict(page)).colour).toBe('Amber');
    await boxes.nth(1).check();
    const after = await verdict(page);
    expect([after.colour, after.sentence]).toEqual([
      'Green',
      'All 22 events and 1 gap line of this package are exactly as they were archived and signed, and nothing of what was asked for is missing: offsets 10-34 of orders/0.',
    ]);
    await shoot(page, 'green');
    await boxes.nth(0).uncheck();
    expect((await verdict(page)).colour).toBe('Amber');
    await boxes.nth(0).check();
  });

  it('says what was asked for, by whom and why', async () => {
    const text = await textOf(page.locator('dl'));
    for (const word of ['2026-17', 'Audit 2026', 'Ada Byron', 'offsets 10-34 of orders/0', 'size 4']) {
      expect(text).toContain(word);
    }
  });

  it('shows the same digits as the command line', async () => {
    const digits = (await textOf(page.locator('.digits').first())).match(/\d{5}/g);
    const { ledgerstone } = await import('../unit/cli/captured-io.ts');
    const { out } = await ledgerstone(['verify-package', zip]);
    expect(digits).toHaveLength(8);
    expect(out).toContain(digits?.join(' '));
  });

  it('shows events in UTC and in the time of the reader, searched and sorted', async () => {
    const rows = page.locator('tbody tr');
    expect(await rows.count()).toBe(23);
    const first = await textOf(rows.nth(0));
    expect(first).toContain('2026-11-22 10:00:10.000Z');
    expect(first).toContain('22 Nov 2026, 11:00:10');
    const heads = await page.locator('thead th').allInnerTexts();
    expect(heads.slice(3, 6)).toEqual(['Time (UTC)', 'Time (Europe/Berlin)', 'Archived (UTC)']);
    expect(await textOf(rows.nth(0).locator('td').nth(5))).toMatch(/^2026-11-22 \d\d:\d\d:00\.000Z$/);
    await page.locator('#sort-offset').click();
    await page.locator('#sort-offset').click();
    expect(await textOf(rows.nth(0).locator('td').nth(2))).toBe('34');
    await page.locator('#search').fill('"n":12,');
    expect(await rows.count()).toBe(1);
    await page.locator('#search').fill('no such thing');
    expect(await page.locator('section', { hasText: 'No event has these words.' }).count()).toBeGreaterThan(
      0,
    );
    await page.locator('#search').fill('');
  });

  it('shows what somebody else wrote as text', async () => {
    await page.locator('#search').fill('example.com/x');
    const cell = await textOf(page.locator('tbody tr td').nth(6));
    expect(cell).toBe('<img src=https://example.com/x onerror="document.title=1">\\u{202e}gnp');
    expect(await page.locator('img').count()).toBe(0);
    await page.locator('#search').fill('');
  });

  it('shows the way of one event to the signature, by keyboard alone', async () => {
    await page.locator('#sort-offset').click();
    await page.locator('#show-orders-0-12').focus();
    await page.keyboard.press('Enter');
    await page.locator('.picture svg').waitFor();
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('event-head');
    const label = await page.locator('.picture svg').getAttribute('aria-label');
    expect(label).toMatch(
      /Event 12: [0-9a-f]{64}; Root of segment 1 \(20 lines\): [0-9a-f]{64}; .*Signature by the key of: audit\.example\.com/,
    );
    expect(await textOf(page.locator('#event pre'))).toContain('{"offset":12,');
    expect(await violations(page)).toEqual([]);
    await shoot(page, 'event');
  });

  it('prints', async () => {
    const pdf = await page.pdf({ format: 'A4' });
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    if (SHOTS !== undefined) writeFileSync(join(SHOTS, 'print.pdf'), pdf);
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('.drop').isVisible()).toBe(false);
    expect(await page.locator('#verdict').isVisible()).toBe(true);
    // The width of the text on A4: nothing is cut off.
    await page.setViewportSize({ width: 688, height: 1000 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(688);
    await shoot(page, 'print');
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.emulateMedia({ media: 'screen' });
  });

  it('is German for a German reader, and in a narrow window', async () => {
    const narrow = await opened(360);
    await narrow.locator('#language-de').click();
    await give(narrow, zip);
    expect((await verdict(narrow)).colour).toBe('Gelb');
    expect(await narrow.title()).toBe('Ist das, was archiviert wurde?');
    expect(await narrow.evaluate(() => document.documentElement.lang)).toBe('de');
    expect(await narrow.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
    expect(await violations(narrow)).toEqual([]);
    await shoot(narrow, 'narrow-german');
    await narrow.close();
  });

  it('takes the folder, chosen or dropped, and the zip, dropped', async () => {
    const folder = world.at('unpacked');
    for (const [path, bytes] of filesOf(zip)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), bytes);
    }
    const other = await opened();
    await other.locator('#folder').setInputFiles(folder);
    await other.locator('#verdict').waitFor();
    expect((await verdict(other)).findings).toEqual([]);
    for (const dropped of [zip, folder]) {
      await other.reload();
      const session = await browser.context.newCDPSession(other);
      const at = { x: 600, y: 200, data: { items: [], files: [dropped], dragOperationsMask: 1 } };
      for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
        await session.send('Input.dispatchDragEvent', { type, ...at });
      await other.locator('#verdict').waitFor();
      expect(await verdict(other)).toMatchObject({ colour: 'Amber', findings: [] });
    }
    await other.close();
  });

  it('says of a search whose word its completeness is', async () => {
    const other = await opened();
    const key = ['--sign-key', world.at('export-key.pem')];
    await give(other, await world.exported('search.zip', '--where', '/n<3', ...key));
    for (const box of await other.locator('label.confirm input').all()) await box.check();
    const { colour, sentence } = await verdict(other);
    expect([colour, sentence]).toEqual(['Green', expect.stringContaining('All 6 events of this package')]);
    expect(sentence).toContain('is the word of who signed the list of files');
    const text = await textOf(other.locator('dl'));
    expect(text).toContain('/n<3');
    expect(text).toContain('What the search says');
    await shoot(other, 'search');
    await other.close();
  });

  it('shows an event’s own time where the package says that it stands', async () => {
    const heads = () => page.locator('thead th').allInnerTexts();
    expect(await heads()).not.toContain('The event’s own time (UTC)');
    const timed = await packageWorld((record) => ({
      ...record,
      value: Buffer.from(OWN_TIMES[record.offset % 3]!),
    }));
    writeFileSync(timed.at('fields.yaml'), 'orders: { time: /at }\n');
    const other = await opened();
    await give(
      other,
      await timed.exported('timed.zip', '--where', '/n<3', '--fields', timed.at('fields.yaml')),
    );
    timed.remove();
    expect((await other.locator('thead th').allInnerTexts())[3]).toBe('The event’s own time (UTC)');
    const cells = other.locator('tbody tr td:nth-child(4)');
    const at = await cells.allInnerTexts();
    expect(at.slice(0, 3).map((text) => text.replace(/\s+/, ' '))).toEqual([
      '2001-02-03 03:05:06.000Z',
      '<b>soon</b>',
      '–',
    ]);
    // Every third of 60, but for the gap line at 30.
    await other.locator('#search').fill('2001-02-03 03:05');
    expect(await cells.count()).toBe(19);
    await other.locator('tbody button').first().click();
    expect(await textOf(other.locator('#event'))).toContain(
      'The event’s own time, as it says it: 2001-02-03T04:05:06+01:00',
    );
    expect(await violations(other)).toEqual([]);
    await shoot(other, 'own-time');
    await other.close();
  });

  it('shows how a sample was drawn, from what, and what only the archive can show', async () => {
    const other = await opened();
    const drawn = ['--sample', '4', '--seed', HOSTILE.replace('\u202e', ''), '--sign-key'];
    await give(other, await world.exported('drawn.zip', ...drawn, world.at('export-key.pem')));
    for (const box of await other.locator('label.confirm input').all()) await box.check();
    const { colour, sentence } = await verdict(other);
    expect([colour, sentence]).toEqual(['Green', expect.stringContaining('the seed draws by the rule')]);
    expect(sentence).toContain('only the archive can show');
    const english = await textOf(other.locator('dl'));
    for (const text of ['<img src=', 'ledgerstone/sample/1', '77 records, from which 4 were drawn'])
      expect(english).toContain(text);
    expect(english).toContain('payments/1, 2026-11-22: 20, by the time of the record');
    expect(await violations(other)).toEqual([]);
    await shoot(other, 'sample');
    await other.locator('#language-de').click();
    const german = await textOf(other.locator('dl'));
    expect(german).toContain('77 Einträge, aus denen 4 gezogen wurden');
    expect(german).toContain('Nur das Archiv kann zeigen');
    await shoot(other, 'sample-german');
    await other.close();
  });

  it('shows one column of times to a reader in UTC', async () => {
    const utc = await openBrowser('en-GB', 'UTC');
    const other = await utc.page();
    await other.goto(pathToFileURL(pageFile).href);
    await give(other, zip);
    const heads = await other.locator('thead th').allInnerTexts();
    await utc.close();
    expect(heads.slice(3)).toEqual(['Time (UTC)', 'Archived (UTC)', 'Key', 'Value']);
  });

  describe('a changed package', () => {
    it('says of a changed protocol that nobody vouches for it, where it is shown', async () => {
      const changed = changeText(filesOf(zip), 'protocol.json', (text) => text.replace('Ada', 'Eve'));
      await give(page, writeZip(world.at('eve.zip'), changed));
      const warning = page.locator('section[aria-labelledby=about-head] .warning');
      expect(await textOf(warning)).toMatch(/^protocol\.json is not as it was exported: who asked/);
      expect(await page.getByText('This is the word of who holds the key').count()).toBe(0);
      await shoot(page, 'changed-protocol');
      await page.reload();
    });

    const COLOURS = { red: 'Red', amber: 'Amber' };

    it.each(TAMPERINGS)('$name', async ({ colour, says, change }) => {
      await give(page, writeZip(world.at('changed.zip'), change(filesOf(zip))));
      const shown = await verdict(page);
      expect(shown.findings.join('\n')).toMatch(says);
      // No comparison of keys makes it green.
      for (const box of await page.locator('label.confirm input').all()) await box.check();
      expect((await verdict(page)).colour).toBe(COLOURS[colour]);
      await page.reload();
    });

    it('one that was cut, and something else', async () => {
      for (const [bytes, said] of [
        [readFileSync(zip).subarray(0, 5000), 'The file was cut short, as by a download that broke off'],
        [Buffer.from('<!doctype html>'), 'This is not a package as a zip file'],
      ] as const) {
        writeFileSync(world.at('cut.zip'), bytes);
        await give(page, world.at('cut.zip'));
        const { colour, sentence, findings } = await verdict(page);
        expect([colour, sentence]).toEqual(['Amber', 'Nothing was checked: see below.']);
        expect(findings.join()).toContain(said);
        await page.reload();
      }
    });

    it('one of another key is amber, with other digits', async () => {
      const forger = await packageWorld(undefined, 'forger');
      const forged = await forger.exported('case.zip', '--sign-key', forger.at('export-key.pem'));
      await give(page, zip);
      const before = await page.locator('.digits').allInnerTexts();
      await page.reload();
      await give(page, forged);
      forger.remove();
      const after = await page.locator('.digits').allInnerTexts();
      expect((await verdict(page)).colour).toBe('Amber');
      expect(after.filter((digits) => before.includes(digits))).toEqual([]);
    });

    it('looks so', async () => {
      const [first] = TAMPERINGS;
      await give(
        page,
        writeZip(world.at('changed.zip'), first?.change(filesOf(zip)) as Map<string, Uint8Array>),
      );
      expect(await violations(page)).toEqual([]);
      await shoot(page, 'red');
      await page.reload();
    });
  });
});

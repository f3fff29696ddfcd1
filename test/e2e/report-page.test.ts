// Does each report render and print in a real browser, without a network, for everybody?
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DAY_MS, dateOf } from '../../src/verifier/days/day-keys.ts';
import { chainScope } from '../../src/verifier/findings/record.ts';
import { type Browser, CHROMIUM, openBrowser, SHOTS, shoot, violations } from '../support/browser.ts';
import { type FindingsWorld, findingAt, findingsWorld, recordDays } from '../support/findings-world.ts';
import { HOSTILE, type ReportWorld, reportWorld } from '../support/report-world.ts';

describe.skipIf(CHROMIUM === undefined)('a report', () => {
  let world: ReportWorld;
  let findings: FindingsWorld;
  let browser: Browser;
  const shown: { name: string; file: string }[] = [];

  beforeAll(async () => {
    world = await reportWorld();
    const key = ['--key', world.at('archive.vkey')];
    const make = async (name: string, kind: string, ...args: string[]) => {
      const file = world.at(`${name}.html`);
      const { code, err } = await world.report(kind, ...args, '--out', file);
      if (code === 2) throw new Error(err);
      shown.push({ name, file });
    };
    await make('losses', 'losses', world.at('archive'), ...key, '--by', HOSTILE.slice(0, 200));
    await make('losses-none', 'losses', world.at('whole'), ...key, '--sign-key', world.at('report-key.pem'));
    await make('retention', 'retention', world.at('archive'), ...key);
    await make('controls', 'controls', world.at('archive'), ...key, '--framework', 'pci-dss-4');
    findings = await findingsWorld();
    await recordDays(findings, 45, [20, 21]);
    const [entry] = await findings.report([findingAt('data-altered', HOSTILE, HOSTILE)]);
    await findings.report(
      [findingAt('malformed', 'k')],
      chainScope({ chain: 'ledgerstone.drill', partition: 0 }),
    );
    const ada = ['--by', 'Ada Byron', '--text', HOSTILE, '--sign-key', findings.at('ada-key.pem')];
    for (const kind of ['ack', 'resolve']) await findings.run('finding', kind, entry?.id as string, ...ada);
    const days = (ago: number) => dateOf(Date.now() - ago * DAY_MS);
    const checked = ['--config', findings.at('verifier.yaml'), '--person', findings.at('ada.pem')];
    await make('checks', 'checks', ...checked, '--from', days(50), '--to', days(-3));
    browser = await openBrowser();
  });
  afterAll(async () => {
    const { requests, errors } = browser;
    await browser.close();
    world.remove();
    findings.remove();
    // Of all pages here: nothing was asked of anybody, and nothing was refused.
    expect([requests, errors]).toEqual([[], []]);
  });

  async function each(look: (page: Page, name: string) => Promise<void>, width?: number): Promise<void> {
    expect(shown.length).toBeGreaterThan(0);
    for (const { name, file } of shown) {
      const page = await browser.page(width);
      await page.goto(pathToFileURL(file).href);
      await look(page, name);
      await page.close();
    }
  }

  it('says its verdict first, and has no script and no picture', async () => {
    await each(async (page, name) => {
      const top = await page
        .locator('.verdict .sentence')
        .evaluate((one) => one.getBoundingClientRect().bottom);
      expect(top, name).toBeLessThan(500);
      expect(await page.locator('script, img, iframe, link').count(), name).toBe(0);
      expect(await page.title(), name).not.toBe('1');
      expect(await page.locator('#protocol').count(), name).toBe(1);
      await shoot(page, name);
    });
  });

  it('axe finds nothing serious', async () => {
    await each(async (page, name) => expect(await violations(page), name).toEqual([]));
  });

  it('in a narrow window nothing but tables is wider', async () => {
    await each(async (page, name) => {
      expect(await page.evaluate(() => document.documentElement.scrollWidth), name).toBeLessThanOrEqual(360);
      await shoot(page, `${name}-narrow`);
    }, 360);
  });

  it('prints on A4 with nothing cut off', async () => {
    await each(async (page, name) => {
      const pdf = await page.pdf({ preferCSSPageSize: true, printBackground: true });
      expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
      expect(pdf.length, name).toBeGreaterThan(10_000);
      if (SHOTS !== undefined) writeFileSync(join(SHOTS, `${name}.pdf`), pdf);
      await page.emulateMedia({ media: 'print' });
      // The width of the text on A4: 210 mm less both margins, at 96 dots an inch.
      await page.setViewportSize({ width: 688, height: 1000 });
      await shoot(page, `${name}-print`);
      expect(await page.evaluate(() => document.documentElement.scrollWidth), name).toBeLessThanOrEqual(688);
    });
  });
});

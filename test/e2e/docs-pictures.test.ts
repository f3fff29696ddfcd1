// Do the pictures in docs/images show the pages as they are today? LEDGERSTONE_PICTURES=write makes them anew.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DAY_MS, dateOf } from '../../src/verifier/days/day-keys.ts';
import { type Browser, CHROMIUM, openBrowser } from '../support/browser.ts';
import { type FindingsWorld, findingAt, findingsWorld, recordDays } from '../support/findings-world.ts';
import { filesOf, type PackageWorld, packageWorld } from '../support/package-world.ts';
import { pngSize } from '../support/png.ts';
import { type ReportWorld, reportWorld } from '../support/report-world.ts';

const IMAGES = join(import.meta.dirname, '../../docs/images');
const IS_WRITING = process.env['LEDGERSTONE_PICTURES'] === 'write';
const WIDTH = 960;

const ACTIONS = ['GetObject', 'PutObject', 'DeleteObject', 'AssumeRole'];
const USERS = ['alice', 'bob', 'carol'];
const eventOf = (offset: number): string =>
  JSON.stringify({
    eventName: ACTIONS[offset % ACTIONS.length],
    userIdentity: { userName: USERS[offset % USERS.length] },
    sourceIPAddress: `203.0.113.${offset}`,
  });

describe.skipIf(CHROMIUM === undefined)('docs/images', () => {
  let world: PackageWorld;
  let reports: ReportWorld;
  let findings: FindingsWorld;
  let browser: Browser;
  let page: Page;
  let dir: string;

  beforeAll(async () => {
    dir = IS_WRITING ? IMAGES : mkdtempSync(join(tmpdir(), 'ledgerstone-pictures-'));
    mkdirSync(dir, { recursive: true });
    browser = await openBrowser();
    world = await packageWorld((record) => ({
      ...record,
      key: Buffer.from(`s3-${record.offset % 5}`),
      value: Buffer.from(eventOf(record.offset)),
    }));
    reports = await reportWorld();
    findings = await findingsWorld();
    const zip = await world.exported('case.zip', '--sign-key', world.at('export-key.pem'));
    writeFileSync(world.at('open-me.html'), filesOf(zip).get('open-me.html') as Uint8Array);
    page = await opened(world.at('open-me.html'));
    await page.locator('#zip').setInputFiles(zip);
    await page.locator('#verdict').waitFor();
  });
  afterAll(async () => {
    await browser.close();
    for (const one of [world, reports, findings]) one.remove();
    if (!IS_WRITING) rmSync(dir, { recursive: true, force: true });
  });

  async function opened(file: string): Promise<Page> {
    const made = await browser.page(WIDTH);
    await made.goto(pathToFileURL(file).href);
    return made;
  }

  /** Times and keys are others each time, so pixels are too: how large it is says whether it is the same page. */
  async function like(name: string, shot: Buffer, tolerance = 40): Promise<void> {
    if (IS_WRITING) writeFileSync(join(dir, name), shot);
    const kept = pngSize(readFileSync(join(IMAGES, name)));
    const now = pngSize(shot);
    expect([name, now.width]).toEqual([name, kept.width]);
    const said = `${name} is out of date: LEDGERSTONE_PICTURES=write`;
    expect(Math.abs(now.height - kept.height), said).toBeLessThan(tolerance);
  }
  const top = async (of: Page, to: Locator): Promise<Buffer> => {
    const box = await to.boundingBox();
    const height = Math.ceil((box?.y ?? 0) + (box?.height ?? 0) + 12);
    return of.screenshot({ clip: { x: 0, y: 0, width: WIDTH, height }, fullPage: true });
  };

  it('the page in a package, before the keys are compared', async () => {
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    await like('package-amber.png', await top(page, page.locator('#verdict')));
  });

  it('the keys to compare, and green', async () => {
    await like('package-keys.png', await page.locator('section[aria-labelledby=keys-head]').screenshot());
    for (const box of await page.locator('label.confirm input').all()) await box.check();
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    await like('package-green.png', await page.locator('#verdict').screenshot());
  });

  it('the events, searched, and the way of one to the signature', async () => {
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.locator('#search').fill('alice');
    await like('package-events.png', await page.locator('section[aria-labelledby=events-head]').screenshot());
    await page.setViewportSize({ width: WIDTH, height: 900 });
    await page.locator('tbody tr button').first().click();
    await like('package-way.png', await page.locator('.picture').screenshot());
  });

  it('a report of losses', async () => {
    const file = reports.at('losses.html');
    const key = ['--key', reports.at('archive.vkey'), '--sign-key', reports.at('report-key.pem')];
    await reports.report('losses', reports.at('whole'), ...key, '--by', 'Ada Byron', '--out', file);
    const made = await opened(file);
    await like('report-losses.png', await top(made, made.locator('section').first()));
  });

  it('a report of checks', async () => {
    await recordDays(findings, 25, [8, 9]);
    await findings.report([
      findingAt('data-altered', 'data/topic=orders/partition=0/0000000000000042.jsonl.zst'),
    ]);
    const days = (ago: number) => dateOf(Date.now() - ago * DAY_MS);
    const file = findings.at('checks.html');
    const args = ['--config', findings.at('verifier.yaml'), '--by', 'Ada Byron', '--out', file];
    await findings.run('report', 'checks', ...args, '--from', days(25), '--to', days(0));
    const made = await opened(file);
    // A calendar is higher where its days lie in two months.
    await like('report-checks.png', await top(made, made.locator('section').first()), 400);
  });
});

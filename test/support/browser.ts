// How does a test get a real browser that has no network?
import { accessSync, constants, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';

const CANDIDATES = [
  ...(process.env['LEDGERSTONE_CHROMIUM'] === undefined ? [] : [process.env['LEDGERSTONE_CHROMIUM']]),
  ...['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'],
];

const isProgram = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** Undefined: there is none on this machine. */
export const CHROMIUM = CANDIDATES.find(isProgram);

if (CHROMIUM === undefined && (process.env['LEDGERSTONE_REQUIRE_STACK'] ?? '') !== '')
  throw new Error(
    'no Chromium on this machine: `.ci/run install` installs it, or LEDGERSTONE_CHROMIUM names it',
  );

export type Browser = {
  /** A new page, of which nothing is left after `close`. */
  readonly context: BrowserContext;
  /** What any page asked of anything but its own file and what stands in it. */
  readonly requests: readonly string[];
  /** Errors of scripts, and what the browser refused. */
  readonly errors: readonly string[];
  page(width?: number): Promise<Page>;
  close(): Promise<void>;
};

/** `server`: the only address that its pages may ask; by default none. `more`: options of Chromium. */
export async function openBrowser(
  locale = 'en-GB',
  timezoneId = 'Europe/Berlin',
  server: string | null = null,
  more: readonly string[] = [],
): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'ledgerstone-chromium-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM as string,
    headless: true,
    args: [
      ...[
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
      ],
      ...['--disable-component-update', '--disable-sync', ...more],
    ],
    ...{ locale, timezoneId, offline: server === null, viewport: { width: 1280, height: 900 } },
  });
  const [requests, errors]: [string[], string[]] = [[], []];
  context.on('request', (request) => {
    const isOwn = request.url().startsWith(server === null ? 'file://' : `${server}/`);
    if (!isOwn && !request.url().startsWith('data:')) requests.push(request.url());
  });
  context.on('weberror', (error) => errors.push(String(error.error())));
  context.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  return {
    ...{ context, requests, errors },
    async page(width = 1280) {
      const page = await context.newPage();
      await page.setViewportSize({ width, height: 900 });
      return page;
    },
    async close() {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

/** For people who look at them: LEDGERSTONE_SCREENSHOTS=folder. */
export const SHOTS = process.env['LEDGERSTONE_SCREENSHOTS'];

export async function shoot(page: Page, name: string): Promise<void> {
  if (SHOTS === undefined) return;
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
}

const axe = (): string => readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds serious, with the elements. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe());
  const found = await page.evaluate(async () => {
    const { axe: loaded } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }> };
    };
    return (await loaded.run()).violations;
  });
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`);
}

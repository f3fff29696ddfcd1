// Do the pages of both services show what is so, live, in a real browser, and nothing that nobody measured?
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { archiverSite } from '../../src/apps/archiver/archiver-site.ts';
import { type HttpServer, serve } from '../../src/apps/http.ts';
import type { BoardFinding, BoardState } from '../../src/apps/verifier/findings-board.ts';
import { newWatchState, type WatchState } from '../../src/apps/verifier/watch.ts';
import { watchSite } from '../../src/apps/verifier/watch-site.ts';
import type { PartitionStatus, ServiceStatus } from '../../src/archiver/status.ts';
import { parseConfig } from '../../src/config/archiver.ts';
import { parseVerifierConfig } from '../../src/config/verifier.ts';
import { encodeVkey } from '../../src/format/vkey.ts';
import type { DecisionReader } from '../../src/read/decision-reader.ts';
import type { LocksSeen } from '../../src/verifier/tasks/lock-tally.ts';
import { type FindingCode, findingOf } from '../../src/verify/finding.ts';
import { ArchiveBuilder } from '../support/archive-builder.ts';
import { type Browser, CHROMIUM, openBrowser, SHOTS, shoot, violations } from '../support/browser.ts';
import { HOSTILE } from '../support/report-world.ts';

const SECRET = 'a-password-of-kafka-0123456789';
const config = parseConfig(
  `archive:
  origin: audit.example.com/prod
  store: { kind: s3, bucket: acme-audit, region: eu-central-1 }
  signing: { kind: kms, keyId: "arn:aws:kms:eu-central-1:111122223333:key/1" }
source:
  kind: kafka
  brokers: [ "kafka.example.com:9092" ]
  tls: true
  sasl: { mechanism: scram-sha-512, username: ada, password: "${SECRET}" }
  topics: [ { name: orders, retention: pci } ]
retention: { pci: { mode: COMPLIANCE, period: 1y } }
`,
  'a.yaml',
  {},
);
const webhook = 'https://hooks.example.com/T000/SECRET-OF-THE-HOOK';
const verifierConfig = parseVerifierConfig(
  `archive:
  store: { kind: s3, bucket: acme-audit, region: eu-central-1 }
  trusted: [ "${encodeVkey(new ArchiveBuilder().trusted[0]!)}" ]
attestations:
  store: { kind: s3, bucket: acme-attestations, region: eu-central-1 }
  retention: { mode: COMPLIANCE, period: 1y }
cosigner: { name: verifier.example.com/prod, signing: { kind: kms, keyId: "arn:aws:kms:eu-central-1:111122223333:key/2" } }
alarms: { webhook: "${webhook}" }
`,
  'v.yaml',
  {},
);

const partition = (number: number, more: Partial<PartitionStatus> = {}): PartitionStatus =>
  ({
    ...{
      topic: 'orders',
      partition: number,
      chain: 'orders',
      origin: `audit.example.com/prod/orders/${number}`,
    },
    ...{ state: 'streaming', lag: 12, oldestUnsealedSeconds: 7, halt: null, trouble: null },
    head: { sealedAt: new Date(Date.now() - 30_000).toISOString(), nextOffset: 125_003 },
    ...more,
  }) as PartitionStatus;
const statusOf = (partitions: PartitionStatus[], more: Partial<ServiceStatus> = {}): ServiceStatus => ({
  ...{ instance: 'archiver-1', version: '1.0.0', origin: 'audit.example.com/prod' },
  ...{
    startedAt: new Date().toISOString(),
    ready: true,
    reasons: [],
    bufferedBytes: 0,
    pausedForMemory: false,
  },
  ...{ topics: [{ topic: 'orders', partitions: partitions.length, owned: partitions.length }], partitions },
  ...more,
});
const halted = partition(3, {
  halt: { code: 'expired', message: HOSTILE, remedy: HOSTILE, gap: { from: 7, to: 9 } },
} as never);

const boardOf = (findings: readonly BoardFinding[]): BoardState => ({
  board: { findings, omitted: 0, decisionsUnknown: null, asOfMs: Date.now() },
  problem: null,
});
/** Opened so many hours ago. */
const finding = (code: FindingCode, hours: number, more: Partial<BoardFinding> = {}): BoardFinding => ({
  id: `6d2f9b1f${String(hours).padStart(24, '0')}`,
  file: {
    ...{ state: 'open', scope: 'topic=orders/partition=0', chain: 'orders', partition: 0, check: 'confirm' },
    finding: findingOf(code, {
      sequence: 7,
      found: '3 records lost; offsets 3 to 5 (expired) by J. Doe: outage',
    }),
    ...{ opening: 0, firstSeenMs: 0, lastSeenMs: 0, closed: null, verifier: { name: 'v', version: '1' } },
  },
  ...{
    openedMs: Date.now() - hours * 3_600_000,
    seenMs: Date.now() - hours * 1_800_000,
    notified: ['log', 'sns'],
  },
  ...{ answers: [], otherAnswers: 0, lost: null, settled: null, ...more },
});

describe.skipIf(CHROMIUM === undefined)('the page of a service', () => {
  let status = statusOf([]);
  const state: WatchState = newWatchState(Date.now() - 3_600_000);
  let open: Record<string, number | null> = { broken: null, unverifiable: null, attempt: null, notice: null };
  let findings: BoardState = { board: null, problem: null };
  const locks: { seen: LocksSeen | null } = { seen: null };
  const decisions: { last: Pick<DecisionReader, 'last'>['last'] } = { last: null };
  const metrics = { openFindings: () => open, takeLagSeconds: () => 3 };
  const clock = { now: () => Date.now() } as never;
  const sites = [
    archiverSite(config, () => status, clock, 200),
    watchSite({
      config: verifierConfig,
      ...{ state, metrics, locks, decisions },
      board: { ask: () => findings, settled: async () => findings },
      kinds: ['confirmations', 'sweeps'],
      isHealthy: () => true,
      clock,
      everyMs: 200,
    }),
  ];
  let servers: HttpServer[];
  let browsers: Browser[];

  beforeAll(async () => {
    const options = { host: '127.0.0.1', port: 0, names: [], auth: null, tls: null, member: 'server' };
    servers = await Promise.all(sites.map((site) => serve(site.routes, options)));
    browsers = await Promise.all(servers.map(({ url }) => openBrowser('en-GB', 'Europe/Berlin', url)));
  });
  afterAll(async () => {
    for (const site of sites) site.close();
    for (const browser of browsers) await browser.close();
    for (const server of servers) await server.close();
    // Nothing was asked of anybody else, and the policy refused nothing.
    expect(browsers.flatMap(({ requests }) => requests)).toEqual([]);
    expect(browsers.flatMap(({ errors }) => errors).filter((text) => !text.includes('ERR_'))).toEqual([]);
  });

  const archiver = async (next: ServiceStatus, look: (page: Page) => Promise<void>, width?: number) => {
    status = next;
    await shown(0, look, width);
  };
  const shown = async (at: number, look: (page: Page) => Promise<void>, width?: number) => {
    const page = await browsers[at]!.page(width);
    await page.goto(`${servers[at]!.url}/`);
    await look(page);
    await page.close();
  };
  const shownIn = (selector: string) => async (page: Page) =>
    (await page.locator(selector).textContent()) ?? '';
  const verdict = shownIn('.verdict .label');
  const words = shownIn('main');

  it('of an archiver says what it does, and never that anything is verified', async () => {
    await archiver(statusOf([partition(0), partition(1)]), async (page) => {
      expect(await verdict(page)).toMatch(/^archiving$/i);
      expect(await words(page)).toContain('It archives, and verifies nothing.');
      expect(await words(page)).toContain('125,003');
      expect(await words(page)).not.toMatch(/no finding is open|all verified/i);
      await shoot(page, 'archiver');
    });
    await archiver(statusOf([partition(0), halted]), async (page) => {
      expect(await verdict(page)).toMatch(/^halted$/i);
      expect(await words(page)).toContain('orders/3: offsets 7 to 8');
      // Text of others stays text.
      expect(await page.title()).not.toBe('1');
      expect(await page.locator('img').count()).toBe(0);
      await shoot(page, 'archiver-halted');
    });
    await archiver(statusOf([]), async (page) => expect(await verdict(page)).toMatch(/owns no partition/i));
    await archiver(statusOf([], { ready: false, reasons: ['starting'] }), async (page) =>
      expect(await verdict(page)).toMatch(/^not ready$/i),
    );
  });

  it('shows no secret', async () => {
    await archiver(statusOf([partition(0)]), async (page) => {
      expect(await page.content()).not.toContain(SECRET);
      expect(await words(page)).toContain('scram-sha-512');
    });
    await shown(1, async (page) => {
      expect(await page.content()).not.toContain('SECRET-OF-THE-HOOK');
      expect(await words(page)).toContain('a webhook');
    });
  });

  it('renews itself, and says when nothing comes any more', async () => {
    await archiver(statusOf([partition(0)]), async (page) => {
      await page.getByText('Live: it renews itself.').waitFor();
      status = statusOf([halted]);
      await page.getByText('Halted', { exact: true }).waitFor();
      sites[0]!.close();
      await browsers[0]!.context.setOffline(true);
      await page.getByText(/^STALE: nothing comes from the process\./).waitFor({ timeout: 60_000 });
      expect(await page.title()).toMatch(/^STALE: /);
      await browsers[0]!.context.setOffline(false);
    });
  });

  it('keeps focus, scroll and what is selected while it renews itself', async () => {
    const many = Array.from({ length: 300 }, (_, at) => partition(at));
    await archiver(statusOf(many), async (page) => {
      await page.getByText('Live: it renews itself.').waitFor();
      const table = page.locator('.scroll').first();
      await table.focus();
      const cell = page.locator('tbody tr').nth(200).locator('td').first();
      await table.evaluate((one) => one.scrollTo(0, 4_000));
      await page.evaluate(() => window.scrollTo(0, 300));
      await cell.evaluate((one) => getSelection()?.selectAllChildren(one));
      const kept = () =>
        page.evaluate(() => ({
          focus: document.activeElement?.className,
          inside: document.querySelector('.scroll')?.scrollTop,
          window: window.scrollY,
          selected: String(getSelection()).trim(),
        }));
      const before = await kept();
      expect(before).toEqual({ focus: 'scroll', inside: 4_000, window: 300, selected: 'orders/200' });
      // Other numbers, the same rows.
      status = statusOf(many.map((one) => ({ ...one, lag: 77_123 })));
      await page.getByText('77,123').first().waitFor();
      expect(await kept()).toEqual(before);
      // One row less, and another verdict.
      status = statusOf([...many.slice(0, 298), partition(298, { lag: 88_456 })]);
      await page.getByText('88,456').first().waitFor();
      expect(await kept()).toEqual(before);
    });
  });

  it('gives nothing to a page of another origin, nor by a name that somebody else made lead here', async () => {
    const { port } = new URL(servers[1]!.url);
    const page = { code: 200, type: 'text/html', body: '<title>another site</title>', headers: {} };
    const free = {
      ...page,
      headers: { 'content-security-policy': 'frame-src *; script-src *', 'access-control-allow-origin': '*' },
    };
    const options = {
      host: '127.0.0.1',
      port: 0,
      names: ['evil.example'],
      auth: null,
      tls: null,
      member: 'server',
    };
    const other = await serve({ '/': () => free, '/favicon.ico': () => page }, options);
    const evil = `http://evil.example:${new URL(other.url).port}`;
    const rules = ['--host-resolver-rules=MAP evil.example 127.0.0.1, MAP evil.local 127.0.0.1'];
    const browser = await openBrowser('en-GB', 'Europe/Berlin', evil, rules);
    try {
      for (const from of [`${evil}/`, `${other.url}/`]) {
        const foreign = await browser.page();
        await foreign.goto(from);
        const got = await foreign.evaluate(async (base) => {
          const text = async (path: string, mode: RequestMode) => {
            try {
              const answer = await fetch(`${base}${path}`, { mode, credentials: 'include' });
              return `${answer.type} ${answer.status} ${(await answer.text()).length}`;
            } catch {
              return 'refused';
            }
          };
          const heard = await new Promise<string>((resolve) => {
            const source = new EventSource(`${base}/live`);
            source.onmessage = ({ data }) => resolve(String(data));
            source.onerror = () => source.readyState === EventSource.CLOSED && resolve('refused');
            setTimeout(() => resolve('nothing'), 5_000);
          });
          const ran = await new Promise<string>((resolve) => {
            const script = Object.assign(document.createElement('script'), { src: `${base}/status` });
            script.onload = () => resolve('loaded');
            script.onerror = () => resolve('refused');
            document.head.append(script);
          });
          const paths = ['/', '/live', '/status', '/metrics', '/healthz'];
          const read = await Promise.all(paths.map((path) => text(path, 'cors')));
          const blind = await Promise.all(paths.map((path) => text(path, 'no-cors')));
          return [heard, ran, ...read, ...blind];
        }, servers[1]!.url);
        expect(got).toEqual(Array.from({ length: 12 }, () => 'refused'));
        await foreign.close();
      }
      // It would be of the same origin as the page of whoever owns the name.
      for (const name of ['evil.example', 'evil.local']) {
        const rebound = await browser.page();
        const answer = await rebound.goto(`http://${name}:${port}/`);
        expect(answer?.status()).toBe(403);
        expect(await rebound.content()).not.toContain('orders');
        expect(await rebound.content()).toContain('not a name of this server');
        await rebound.close();
      }
    } finally {
      await browser.close();
      await other.close();
    }
  });

  it('asks for a login where one is needed, also for what comes live', async () => {
    const options = { host: '127.0.0.1', port: 0, names: [], tls: null, member: 'server' };
    const server = await serve(sites[1]!.routes, { ...options, auth: { token: 'a-token-of-16-characters' } });
    try {
      for (const path of ['/', '/live']) {
        expect((await fetch(`${server.url}${path}`)).status).toBe(401);
        const authorization = `Basic ${Buffer.from('any:a-token-of-16-characters').toString('base64')}`;
        const answer = await fetch(`${server.url}${path}`, { headers: { authorization } });
        expect(answer.status).toBe(200);
        await answer.body?.cancel();
        const post = await fetch(`${server.url}${path}`, { method: 'POST', headers: { authorization } });
        expect(post.status).toBe(405);
      }
    } finally {
      await server.close();
    }
  });

  it('of a verifier knows nothing before it looked, and says so', async () => {
    await shown(1, async (page) => {
      expect(await verdict(page)).toMatch(/^nothing looked at yet$/i);
      expect(await words(page)).toContain('not known yet');
      expect(await words(page)).not.toContain('no finding is open');
    });
  });

  it('of a verifier shows how far each chain is verified, and what is open', async () => {
    const place = { chain: 'orders', partition: 0 };
    const chain = {
      place,
      verdict: 'verified',
      size: 41,
      nextOffset: 125_003,
      sealedThrough: '2026-11-30T10:00:00.000Z',
      isAtEnd: true,
      isDrill: false,
      lookedAtMs: Date.now(),
    };
    state.chains.set('orders/0', chain);
    Object.assign(state, { lastRoundMs: Date.now(), archiveChains: 1 });
    open = { broken: 0, unverifiable: 0, attempt: 0, notice: 0 };
    findings = boardOf([]);
    state.lastWhole.set('confirmations', Date.now());
    await shown(1, async (page) => {
      expect(await verdict(page)).toMatch(/^not everything was looked at$/i);
      expect(await words(page)).toContain('No whole sweep of both buckets has ended');
      expect(await words(page)).not.toContain('no finding is open');
    });
    state.lastWhole.set('sweeps', Date.now());
    await shown(1, async (page) => {
      expect(await verdict(page)).toMatch(/^verified$/i);
      expect(await words(page)).toContain('no finding is open');
      expect(await words(page)).toContain('2026-11-30 10:00:00Z');
      await shoot(page, 'verifier');
    });
    const lost = [{ chain: 'orders', partition: 0, firstOffset: 3, lastOffset: 5, offsets: 3 }];
    open = { ...open, notice: 2 };
    findings = boardOf([finding('stale-chain', 2), finding('records-lost', 400, { lost })]);
    await shown(1, async (page) => {
      expect(await verdict(page)).toMatch(/^findings are open$/i);
      expect(await words(page)).toContain('lost: not accepted yet');
      await shoot(page, 'verifier-findings');
    });
    open = { ...open, notice: 1 };
    const atMs = Date.now() - 300 * 3_600_000;
    const settled = {
      how: 'accepted',
      by: ['Ada Byron', 'Grace Hopper'],
      atMs,
      text: 'Ticket 4711',
    } as const;
    findings = boardOf([finding('records-lost', 400, { lost, settled })]);
    const date = new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 10);
    locks.seen = {
      ...{ begunMs: Date.now() - 900_000, endedMs: Date.now() - 600_000, locks: 82, unlocked: 0, notRead: 0 },
      ...{ isWithoutLocks: false, endingOmitted: 0, nextMs: null },
      ending: [{ chain: 'orders', partition: 0, date, objects: 2 }],
    };
    await shown(1, async (page) => {
      expect(await verdict(page)).toMatch(/^verified$/i);
      expect(await words(page)).toContain('no finding is open but one that somebody accepted or resolved');
      expect(await words(page)).toContain('Ada Byron and Grace Hopper');
      expect(await words(page)).toContain(date);
      await shoot(page, 'verifier-accepted');
    });
    open = { ...open, attempt: 2 };
    findings = boardOf([finding('extra-version', 1), finding('records-lost', 400, { lost, settled })]);
    await shown(1, async (page) => expect(await verdict(page)).toMatch(/^somebody tried to change it$/i));
    open = { ...open, attempt: null };
    await shown(1, async (page) => expect(await verdict(page)).toMatch(/^not everything was looked at$/i));
    for (let at = 1; at < 200; at++)
      state.chains.set(`orders/${at}`, { ...chain, place: { chain: 'orders', partition: at } });
    state.chains.set('orders/7', { ...chain, verdict: 'broken', place: { chain: 'orders', partition: 7 } });
    await shown(1, async (page) => {
      expect(await verdict(page)).toMatch(/^broken$/i);
      const rows = await page.locator('tbody tr').allInnerTexts();
      expect(rows.slice(0, 4).map((row) => row.split(/\s/)[0])).toEqual([
        'orders/7',
        'orders/0',
        'orders/1',
        'orders/2',
      ]);
      await shoot(page, 'verifier-broken');
    });
  });

  it.each([0, 1])(
    'page %i: axe finds nothing serious, a narrow window and paper cut nothing off',
    async (at) => {
      await shown(at, async (page) => expect(await violations(page)).toEqual([]));
      await shown(
        at,
        async (page) => {
          expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
          await shoot(page, `page-${at}-narrow`);
        },
        360,
      );
      await shown(at, async (page) => {
        const pdf = await page.pdf({ preferCSSPageSize: true });
        expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
        await page.emulateMedia({ media: 'print' });
        await page.setViewportSize({ width: 688, height: 1000 });
        await shoot(page, `page-${at}-print`);
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(688);
      });
      if (SHOTS !== undefined)
        await shown(at, async (page) => {
          await page.emulateMedia({ colorScheme: 'dark' });
          await shoot(page, `page-${at}-dark`);
        });
    },
  );
});

// Do the report of checks and `explain` say which days have a time-stamp, and never that one shows what it does not?
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ChecksReport } from '../../../src/evidence/report/checks.ts';
import { dateOf } from '../../../src/verifier/days/day-keys.ts';
import { findingsWorld, recordDays } from '../../support/findings-world.ts';
import { DAY_MS } from '../../support/stamp-world.ts';
import { type StampedArchive, stampedArchive } from '../../support/stamped-archive.ts';
import { ledgerstone } from './captured-io.ts';

let world: StampedArchive;
const at = (name: string) => world.at(name);
beforeAll(async () => {
  world = await stampedArchive();
});
afterAll(() => world.remove());
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: world.times.renewed + 3 * DAY_MS }));
afterEach(() => void vi.useRealTimers());

const daysFrom = (from: number, to: number) => ['--from', dateOf(from), '--to', dateOf(to)];
let number = 0;
async function checks(...more: readonly string[]) {
  const name = at(`report-${number++}`);
  const files = ['--out', `${name}.html`, '--json', `${name}.json`, '--csv', `${name}.csv`];
  const range = daysFrom(world.times.first, world.times.renewed + 2 * DAY_MS);
  const asked = ['report', 'checks', ...world.attested, '--key', at('log.vkey'), ...range, ...files];
  const { code } = await ledgerstone([...asked, ...more]);
  const { data, verdict } = JSON.parse(readFileSync(`${name}.json`, 'utf8')) as ChecksReport;
  const [html, csv] = [readFileSync(`${name}.html`, 'utf8'), readFileSync(`${name}.csv`, 'utf8')];
  return { code, stamps: data.days.map(({ stamp }) => stamp), bounds: verdict.bounds.join(' '), html, csv };
}

describe('report checks', () => {
  it('shows each day’s time-stamp under a root that was given, and names the days without', async () => {
    const { stamps, bounds, html, csv } = await checks('--tsa-root', at('root.pem'));
    expect(stamps.map((stamp) => stamp?.kind)).toEqual(['shown', 'shown', 'shown', 'none']);
    expect(stamps[0]).toMatchObject({ by: 'First Authority', at: new Date(world.times.first).toISOString() });
    expect(bounds).toContain('A time-stamp under the roots that were given: 3 of 4 days.');
    expect(bounds).toContain(`No time-stamp: ${dateOf(world.times.renewed + DAY_MS)}.`);
    expect(html).toContain('time-stamp (UTC)');
    expect(csv).toContain(',shown,');
    expect((await ledgerstone(['report', 'check', at('report-0.html')])).code).toBe(3);
  });

  it('shows no time without a root, and is open where a token leads to none of those that were given', async () => {
    const without = await checks();
    expect(without.stamps.map((stamp) => stamp?.kind)).toEqual([
      'unvouched',
      'unvouched',
      'unvouched',
      'none',
    ]);
    expect(without.bounds).toContain('of 3 days, and no root of its authority was given: it shows no time');
    const other = await checks('--tsa-root', at('other.pem'));
    expect(other.bounds).toContain('leads to none of the roots that were given');
    expect(other.bounds).not.toContain('A time-stamp under the roots');
    expect(other.code).toBe(3);
  });

  it('says of a token whose certificate ended that whether it was renewed was not looked at', async () => {
    vi.setSystemTime(world.times.ends + DAY_MS);
    const { bounds } = await checks('--tsa-root', at('root.pem'));
    expect(bounds).toContain(
      `The certificate of the time-stamp has ended since: ${dateOf(world.times.first)}`,
    );
  });
});

it('days without any stamp are no fault, and what somebody laid at its key is one', async () => {
  vi.setSystemTime(Math.floor(Date.now() / DAY_MS) * DAY_MS + DAY_MS / 2);
  const findings = await findingsWorld();
  try {
    const dates = await recordDays(findings, 4);
    const root = ['--tsa-root', at('root.pem')];
    const report = async (name: string) => {
      const out = ['--out', findings.at(`${name}.html`), '--json', findings.at(`${name}.json`)];
      const range = ['--from', dates[2] as string, '--to', dateOf(Date.now())];
      const { code } = await findings.run('report', 'checks', ...range, ...out, ...root);
      const { verdict } = JSON.parse(readFileSync(findings.at(`${name}.json`), 'utf8')) as ChecksReport;
      return { code, standing: verdict.standing, bounds: verdict.bounds.join(' ') };
    };
    expect(await report('none')).toMatchObject({
      ...{ code: 0, standing: 'whole' },
      bounds: expect.stringContaining('No time-stamp of these days: each time is by the verifier'),
    });
    const junk = findings.at(`attestations/passes/stamps/${dates[2]}/001795341600-009999999999.tst`);
    mkdirSync(dirname(junk), { recursive: true });
    writeFileSync(junk, 'no token');
    expect(await report('junk')).toMatchObject({
      ...{ code: 3, standing: 'open' },
      bounds: expect.stringContaining('At keys of time-stamps lie 1 object that are none.'),
    });
  } finally {
    findings.remove();
  }
});

describe('explain', () => {
  const explained = async (...more: readonly string[]) => {
    const asked = ['verify', ...world.archive, '--as-copy', ...world.attested, '--json', ...more];
    const { out } = await ledgerstone(asked);
    return ledgerstone(['explain', '-'], {}, out);
  };

  it('says what the report says of time-stamps', async () => {
    const first = dateOf(world.times.first);
    const last = dateOf(world.times.renewed);
    const held = await explained('--tsa-root', at('root.pem'));
    expect([held.code, held.out]).toEqual([
      0,
      expect.stringContaining(
        `- of 3 days from ${first} to ${last}, 3 hold under the roots that were given: `,
      ),
    ]);
    const listed = await explained();
    expect(listed.out).toContain('no root of an authority was given: none was read, and none shows a time');
    expect(listed.out).not.toContain('hold under');
  });

  it('says that there are none, why they are not known, and nothing where the report is silent', async () => {
    const { out } = await ledgerstone(['verify', ...world.archive, '--as-copy', '--json']);
    const about = async (stamps: unknown) =>
      ledgerstone(['explain', '-'], {}, JSON.stringify({ ...JSON.parse(out), stamps }));
    expect((await ledgerstone(['explain', '-'], {}, out)).out).not.toContain('Time-stamps');
    expect((await about({ why: 'no \u001b[2J answer' })).out).toMatch(/- not known: no .*2J answer/);
    const none = { days: 0, first: null, last: null, missing: 0, shown: null, foreignCount: 2 };
    const said = (await about(none)).out;
    expect(said).toContain("- there are none: every time in this report is by the archive's");
    expect(said).toContain("- 2 objects at a stamp's key that are none");
    expect((await about({ days: 'x' })).code).toBe(2);
  });
});

// Do the list and the report of findings call a loss accepted or resolved as the page does, and only then?
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ChecksReport } from '../../../src/evidence/report/checks.ts';
import { GOVERNANCE_CHAIN, governanceOrigin } from '../../../src/format/chain.ts';
import { encodeVkey } from '../../../src/format/vkey.ts';
import { DAY_MS, dateOf } from '../../../src/verifier/days/day-keys.ts';
import { type Finding, findingOf } from '../../../src/verify/finding.ts';
import { archiveKey, entries, ORIGIN, signer, writeCopy } from '../../support/archive-builder.ts';
import { type FindingsWorld, findingAt, findingsWorld, recordDays } from '../../support/findings-world.ts';
import { APPROVER, GOVERNANCE_KEY, type Governed, governedArchive } from '../../support/governed-archive.ts';
import { ledgerstone } from './captured-io.ts';

const gap = (offset: number, last: number) => ({
  ...{ offset, last, reason: 'expired' as const, by: 'J. Doe', why: 'outage' },
});
const LOG_KEY = encodeVkey(archiveKey(signer()));
const BOTH_KEYS = [LOG_KEY, encodeVkey(archiveKey(GOVERNANCE_KEY(), governanceOrigin(ORIGIN)))];

let world: FindingsWorld;
let governed: Governed;
/** About offsets 6 to 9 of orders/0. */
let loss: Finding;
let id: string;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Math.floor(Date.now() / DAY_MS) * DAY_MS + DAY_MS / 2 });
  world = await findingsWorld();
  governed = await governedArchive();
  const { sealKey } = await governed.events.seal({ lines: [gap(6, 9), ...entries(10, 2)] });
  const sequence = Number(/(\d{12})/.exec(sealKey)?.[1]);
  loss = findingOf('records-lost', {
    sequence,
    expected: 'a record for each offset',
    found: '4 records lost',
  });
  const [entry] = await world.report([loss]);
  id = entry?.id as string;
  trust(BOTH_KEYS);
  store();
});
afterEach(() => {
  world.remove();
  vi.useRealTimers();
});

function trust(keys: readonly string[]): void {
  const file = world.at('verifier.yaml');
  const trusted = `trusted: [ ${keys.map((key) => `"${key}"`).join(', ')} ]`;
  writeFileSync(file, readFileSync(file, 'utf8').replace(/trusted: \[[^\]]*\]/, trusted));
}
function store(): void {
  rmSync(world.at('archive'), { recursive: true, force: true });
  writeCopy(governed.builder.archive, world.at('archive'));
}
async function accept(isApproved = true): Promise<void> {
  const detail = { chain: 'orders', partition: 0, from: 6, to: 9 };
  const of = await governed.decide({ kind: 'gap.accept', detail });
  if (isApproved) await governed.decide({ kind: 'approve', of, by: APPROVER, detail: {} });
  store();
}
const resolve = (who: string) =>
  world.run(
    ...['finding', 'resolve', id, '--by', who, '--text', 'replayed'],
    ...['--sign-key', world.at(`${who}-key.pem`)],
  );
const list = (...more: string[]) => world.run('finding', 'list', ...more);
async function checks(...more: string[]) {
  const [from, to] = [dateOf(Date.now() - 2 * DAY_MS), dateOf(Date.now() + DAY_MS)];
  const files = ['--out', world.at('c.html'), '--json', world.at('c.json')];
  for (const name of ['c.html', 'c.json']) rmSync(world.at(name), { force: true });
  const { code } = await world.run('report', 'checks', '--from', from, '--to', to, ...files, ...more);
  const report = JSON.parse(readFileSync(world.at('c.json'), 'utf8')) as ChecksReport;
  return { code, ...report, html: readFileSync(world.at('c.html'), 'utf8') };
}

describe('a loss that two people accepted', () => {
  it('is listed as an accepted loss, and is not counted as open', async () => {
    await accept();
    const { code, out, err } = await list();
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain('notice: records-lost, topic=orders/partition=0');
    expect(out).toMatch(/ {2}accepted loss: Ada Byron and Grace Hopper, 2026-\S+Z: A test\n/);
    expect(out).toContain(
      '0 open of 1 that the verifier ever found, and 1 that somebody accepted or resolved',
    );
    const json = JSON.parse((await list('--json')).out);
    expect(json).toMatchObject({ open: 0, settled: 1, decisionsUnknown: null });
    expect(json.findings).toMatchObject([{ closed: null, settled: { how: 'accepted', by: [{}, APPROVER] } }]);
  });

  it('beside another finding hides nothing', async () => {
    await accept();
    await world.report([loss, findingAt('data-altered', 'k1')]);
    const { code, out } = await list();
    expect(code).toBe(1);
    expect(out).toContain(
      '1 open of 2 that the verifier ever found, and 1 that somebody accepted or resolved',
    );
    const { code: ofReport, verdict } = await checks();
    expect([ofReport, verdict.standing]).toEqual([1, 'found']);
    expect(verdict.sentence).toContain(
      '2 findings were open in that time, and 1 still is, but for one that somebody accepted or resolved.',
    );
  });

  it('makes a report of checks accepted where every day is shown, and stays in it', async () => {
    await accept();
    expect((await checks()).verdict.standing).toBe('open');
    await recordDays(world, 4);
    const { code, verdict, html, data } = await checks();
    expect([code, verdict.standing]).toEqual([0, 'accepted']);
    expect(verdict.sentence).toContain(
      '1 finding was open in that time, and stays listed, since it says what is lost for ever: somebody accepted',
    );
    expect(data.findings[0]).toMatchObject({ closed: null, settled: { how: 'accepted' } });
    expect(html).toMatch(/accepted loss, by Ada Byron and Grace Hopper, 2026[^<]*It stays listed/);
  });
});

describe('a loss that nobody accepted', () => {
  const isOpen = async (...more: string[]) => {
    const { code, out, err } = await list(...more);
    expect([code, out]).toEqual([1, expect.stringContaining('1 open of 1 that the verifier ever found\n')]);
    expect(out).not.toContain('accepted loss');
    return err;
  };

  it('is open: one of two is not enough, and says nothing is unknown', async () => {
    await accept(false);
    expect(await isOpen()).toBe('');
    expect((await checks()).verdict.standing).toBe('found');
  });

  it('is open where the decisions could not be read, and that is said', async () => {
    await accept();
    const said = 'which losses were accepted by decisions is not known: ';
    trust([LOG_KEY]);
    expect(await isOpen()).toContain(`${said}no key of archive.trusted covers the governance chain`);
    const { code, verdict } = await checks();
    expect([code, verdict.standing]).toEqual([1, 'found']);
    expect(verdict.bounds.join()).toContain('Which losses were accepted is not known: no key');
    trust(BOTH_KEYS);
    rmSync(world.at(`archive/seals/topic=${GOVERNANCE_CHAIN}/partition=0/000000000001.tlog-proof`));
    expect(await isOpen()).toContain(`${said}the governance chain was read in part`);
    rmSync(world.at('archive'), { recursive: true });
    expect(await isOpen()).toContain(`${said}the archive could not be opened: there is no directory`);
  });

  it('is open for who names no archive, and that is said', async () => {
    await accept();
    const { code, err } = await ledgerstone([
      ...['finding', 'list', '--attestations', world.at('attestations')],
      ...['--cosigner', world.at('verifier.vkey'), '--key', LOG_KEY],
    ]);
    expect([code, err]).toEqual([1, expect.stringContaining('the archive was not named (--config)')]);
  });

  it('is resolved by somebody whose key is named, and by nobody else', async () => {
    await resolve('mallory');
    expect(await isOpen('--person', world.at('ada.pem'))).toBe('');
    expect((await resolve('ada')).out).toContain(
      'stays listed, and counts as resolved where your key is known',
    );
    await isOpen();
    const { code, out } = await list('--person', world.at('ada.pem'));
    expect(code).toBe(0);
    expect(out).toMatch(/ {2}resolved loss: ada, \S+Z: replayed\n/);
    await recordDays(world, 4);
    expect((await checks('--person', world.at('ada.pem'))).verdict.standing).toBe('accepted');
    expect((await checks()).verdict.standing).toBe('found');
  });

  it('is resolved by an act of an officer, whose key needs no name', async () => {
    await governed.decide({ kind: 'finding.resolve', detail: { finding: id } });
    store();
    const { code, out } = await list();
    expect(code).toBe(0);
    expect(out).toMatch(/ {2}resolved loss: Ada Byron, \S+Z: A test\n/);
    expect(out).toMatch(/ {2}resolve \S+Z by Ada Byron, by an act: A test\n/);
  });
});

it('a finding that says more than a loss is settled by no word', async () => {
  await world.report([findingAt('data-altered', 'k1')]);
  id = JSON.parse((await list('--json')).out).findings[0].id;
  await resolve('ada');
  const { code, out } = await list('--person', world.at('ada.pem'));
  expect([code, out]).toEqual([1, expect.stringContaining('1 open of 2')]);
});

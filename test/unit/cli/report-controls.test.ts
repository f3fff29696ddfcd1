// Does a report of controls say of a real archive what was shown, what failed, and what was not looked at?
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import type { ControlsReport } from '../../../src/evidence/report/controls.ts';
import { parseVkey } from '../../../src/format/vkey.ts';
import { ChainReader } from '../../../src/read/chain-reader.ts';
import { directoryStore } from '../../../src/store/directory.ts';
import { Attester } from '../../../src/verifier/attest/attester.ts';
import { DAY_MS, dateOf } from '../../../src/verifier/days/day-keys.ts';
import { type FindingsWorld, findingAt, findingsWorld, recordDays } from '../../support/findings-world.ts';
import { type ReportWorld, reportWorld } from '../../support/report-world.ts';
import { ledgerstone } from './captured-io.ts';

let world: ReportWorld;
let number = 0;
beforeAll(async () => {
  world = await reportWorld();
});
afterAll(() => world.remove());

async function controls(archive: string, ...args: string[]) {
  const name = world.at(`c${number++}`);
  const files = ['--out', `${name}.html`, '--json', `${name}.json`, '--csv', `${name}.csv`];
  const { code, out, err } = await world.report('controls', world.at(archive), ...files, ...args);
  const read = (ending: string) => readFileSync(`${name}.${ending}`, 'utf8');
  const report = () => JSON.parse(read('json')) as ControlsReport;
  return { code, out, err, html: () => read('html'), csv: () => read('csv'), report };
}
const KEYED = () => ['--key', world.at('archive.vkey'), '--framework', 'pci-dss-4'];
const stateOf = ({ data }: ControlsReport, id: string) => data.controls.find((one) => one.id === id)?.state;

describe('report controls', () => {
  it('shows what was looked at in a good copy, and no lock, no second party and no period', async () => {
    const { code, out, report, html, csv } = await controls('whole', ...KEYED());
    expect(code).toBe(0);
    expect(out).toMatch(/^Of 10 rows that name controls of PCI DSS 4\.0\.1: evidence is shown for /);
    expect(report().verdict.standing).toBe('open');
    expect(stateOf(report(), 'all-there')).toBe('shown');
    for (const id of ['unchangeable', 'change-detection', 'kept-long-enough', 'own-time'])
      expect([id, stateOf(report(), id)]).toEqual([id, 'not-shown']);
    expect(stateOf(report(), 'review')).toBe('customer');
    expect(html()).toContain('No row says that a control is met');
    expect(csv().split('\r\n')).toHaveLength(12);
  });

  it('is exit code 1 where a check failed, and shows nothing by a broken archive', async () => {
    const data = world.at('archive/data');
    const file = readdirSync(data, { recursive: true, encoding: 'utf8' }).find((one) => one.endsWith('.zst'));
    const path = join(data, file as string);
    const before = readFileSync(path);
    writeFileSync(path, 'x');
    const { code, report } = await controls('archive', ...KEYED());
    writeFileSync(path, before);
    expect(code).toBe(1);
    expect(report().verdict.standing).toBe('found');
    expect(report().data.controls.map(({ state }) => state)).not.toContain('shown');
  });

  it('names the frameworks where one is not known, and asks for a key', async () => {
    const unknown = await controls('whole', '--key', world.at('archive.vkey'), '--framework', 'sox');
    expect([unknown.code, unknown.err]).toEqual([2, expect.stringContaining('soc2, pci-dss-4, iso-27001')]);
    const keyless = await controls('whole', '--framework', 'soc2');
    expect([keyless.code, keyless.err]).toEqual([2, expect.stringContaining('no trusted key')]);
  });
});

describe('with a second party', () => {
  let second: FindingsWorld;
  beforeAll(async () => {
    second = await findingsWorld();
    const archive = directoryStore({ path: second.at('archive') });
    const trusted = [parseVkey(readFileSync(second.at('archive.vkey'), 'utf8').trim(), nodeSha256)];
    const place = { chain: 'orders', partition: 0 };
    const { signal } = new AbortController();
    const seal = await new ChainReader({ store: archive, ...place, trusted, signal }).seal(0);
    const { store, signing, clock } = second;
    const retention = { mode: 'COMPLIANCE', period: { months: 12, ms: 0 } } as const;
    const { signer, sha256, key } = signing;
    const attester = new Attester({ store, signer, retention, name: key.name, sha256, clock });
    expect(await attester.attest(place, seal)).toMatchObject({ kind: 'attested' });
  });
  afterAll(() => second.remove());

  async function ofDays(...more: string[]): Promise<{ code: number; states: Record<string, string> }> {
    const json = second.at(`d${number++}.json`);
    const { code, err } = await ledgerstone([
      ...['report', 'controls', second.at('archive'), '--key', second.at('archive.vkey')],
      ...['--attestations', second.at('attestations'), '--cosigner', second.at('verifier.vkey')],
      ...['--out', `${json}.html`, '--json', json, '--framework', 'soc2', ...more],
    ]);
    expect(err).not.toContain('error');
    const { data } = JSON.parse(readFileSync(json, 'utf8')) as ControlsReport;
    const evidence = data.controls.flatMap((control) => control.evidence);
    return { code, states: Object.fromEntries(evidence.map(({ check, state }) => [check, state])) };
  }

  it('shows its attestations, and of no day that nobody asked for', async () => {
    const { code, states } = await ofDays();
    expect(code).toBe(0);
    expect(states).toMatchObject({ verified: 'shown', attested: 'shown', 'daily-records': 'not-shown' });
    expect(states).toMatchObject({ 'findings-answered': 'not-shown', drills: 'not-shown' });
  });

  it('shows days with a record, no day without one, and a finding that nobody answered', async () => {
    const dates = await recordDays(second, 4);
    const [from, last] = [dates[2] as string, dateOf(Date.now())];
    expect((await ofDays('--from', from, '--to', last)).states).toMatchObject({
      ...{ 'daily-records': 'shown', 'findings-answered': 'shown', 'configuration-comparisons': 'not-shown' },
    });
    // On the second day no sweep looked at everything.
    const part = await ofDays('--from', dates[1] as string, '--to', last);
    expect(part.states).toMatchObject({ 'daily-records': 'not-shown', 'findings-answered': 'not-shown' });
    await second.report([findingAt('fork', 'seals/x')]);
    const open = await ofDays('--from', from, '--to', dateOf(Date.now() + DAY_MS));
    expect([open.code, open.states['findings-answered']]).toEqual([1, 'failed']);
  });

  it('asks whose days are meant', async () => {
    const alone = await controls('whole', ...KEYED(), '--from', '2026-11-01', '--to', '2026-11-02');
    expect([alone.code, alone.err]).toEqual([
      2,
      expect.stringContaining('Give --attestations and --cosigner'),
    ]);
  });
});

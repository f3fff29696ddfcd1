// Does a report of controls say of a real archive what was shown, what failed, and what was not looked at?
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ControlsReport } from '../../../src/evidence/report/controls.ts';
import { type ReportWorld, reportWorld } from '../../support/report-world.ts';

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

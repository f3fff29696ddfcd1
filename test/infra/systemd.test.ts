// Would systemd start the services, wait for their last seal, and keep them from what they do not need?
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stopSecondsOf } from '../../infra/config-service.ts';
import { EXIT } from '../../src/apps/cli/exit-code.ts';
import { DRAIN_DEFAULT } from '../../src/config/archiver-schema.ts';
import { problemsOf } from '../support/docs/commands.ts';

const UNITS = [
  ['archiver', 'archive', 'ledgerstone.yaml'],
  ['verifier', 'watch', 'verifier.yaml'],
] as const;
const textOf = (party: string) =>
  readFileSync(join(import.meta.dirname, `../../infra/systemd/ledgerstone-${party}.service`), 'utf8');
/** The one value of a setting. */
function settingOf(text: string, name: string): string {
  const found = text.split('\n').filter((line) => line.startsWith(`${name}=`));
  if (found.length !== 1) throw new Error(`${found.length} of ${name}`);
  return (found[0] ?? '').slice(name.length + 1);
}

describe.each(UNITS)('the unit of the %s', (party, command, file) => {
  const text = textOf(party);
  const start = `/usr/local/bin/ledgerstone ${command} --config /etc/ledgerstone/${file}`;

  it('starts a command that there is, and again however it ends, but for a mistake in the configuration', async () => {
    expect(settingOf(text, 'ExecStart')).toBe(start);
    expect(await problemsOf(start.replace('/usr/local/bin/', ''))).toEqual([]);
    expect([settingOf(text, 'Restart'), settingOf(text, 'RestartPreventExitStatus')]).toEqual([
      'always',
      `${EXIT.usage}`,
    ]);
    expect(settingOf(text, 'StartLimitIntervalSec')).toBe('0');
  });

  it('asks it once to stop, and waits', () => {
    // One signal to the start script, which passes it on: a second one could end the service at once.
    expect(settingOf(text, 'KillMode')).toBe('mixed');
    expect(Number(settingOf(text, 'TimeoutStopSec'))).toBeGreaterThanOrEqual(
      party === 'archiver' ? stopSecondsOf(DRAIN_DEFAULT) : 60,
    );
  });
});

const ANALYZE = spawnSync('systemd-analyze', ['--version']).status === 0;
const isLeftOut = !ANALYZE && process.env['LEDGERSTONE_NO_SYSTEMD'] === '1';
if (isLeftOut)
  it('the units are judged by nobody here: CI said that systemd-analyze can not be had', () => {
    expect(ANALYZE).toBe(false);
  });

describe.skipIf(!ANALYZE)('systemd itself', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'ledgerstone-systemd-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** The service is not installed here, so a program that is stands in its place. */
  function analyze(party: string, args: readonly string[], change = (text: string) => text) {
    const unit = join(folder, `ledgerstone-${party}.service`);
    writeFileSync(unit, change(textOf(party).replace('/usr/local/bin/ledgerstone', process.execPath)));
    const env = { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8' };
    const { status, stdout, stderr } = spawnSync('systemd-analyze', [...args, unit], {
      encoding: 'utf8',
      env,
    });
    return { status, said: `${stdout}${stderr}` };
  }
  const verify = ['verify', '--man=no'];
  /** Of 0 (nothing is allowed) to 10, times ten. */
  const security = ['security', '--offline=true', '--no-pager', '--threshold=25'];

  it.each(['archiver', 'verifier'])('has nothing against the unit of the %s', (party) => {
    const { status, said } = analyze(party, verify);
    expect([status, said.split('\n').filter((line) => line.includes('ledgerstone'))]).toEqual([0, []]);
    expect(analyze(party, security)).toMatchObject({ status: 0 });
  });

  it('notices a setting that it does not know, and a service that may do too much', () => {
    expect(analyze('archiver', verify, (text) => text.replace('UMask=', 'Umasks=')).said).toContain('Umasks');
    const open = (text: string) =>
      text.replace(/^(Protect|Restrict(Address|Name)|Capability|SystemCall).*\n/gm, '');
    expect(analyze('archiver', security, open).status).toBe(1);
  });
});

// Do the rules for Prometheus fire when they should, and only then? By Prometheus's own promtool.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const PROMTOOL = [process.env['LEDGERSTONE_PROMTOOL'] ?? '', 'promtool'].find(
  (name) => name !== '' && spawnSync(name, ['--version']).status === 0,
);
const ROOT = join(import.meta.dirname, '../..');
const run = (...args: string[]): string => {
  const { status, stdout, stderr } = spawnSync(PROMTOOL as string, args, { cwd: ROOT, encoding: 'utf8' });
  return status === 0 ? 'passed' : `${stdout}${stderr}`;
};

const isLeftOut = PROMTOOL === undefined && process.env['LEDGERSTONE_NO_PROMTOOL'] === '1';

if (isLeftOut) {
  it('the alarms are judged by nobody here: CI said that promtool can not be had', () => {
    expect(PROMTOOL).toBeUndefined();
  });
} else {
  describe.skipIf(PROMTOOL === undefined)('the alarms of', () => {
    it.each(['archiver', 'verifier'])('%s', (room) => {
      expect(run('check', 'rules', `src/${room}/alerts.yaml`)).toBe('passed');
      expect(run('test', 'rules', `test/contract/alerts-${room}.yaml`)).toBe('passed');
    });
  });
}

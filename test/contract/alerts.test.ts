// Do the rules for Prometheus fire when they should, and only then? By Prometheus's own promtool.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { ARCHIVER_YAML, VERIFIER_YAML } from '../unit/apps/alert-configs.ts';
import { ledgerstone } from '../unit/cli/captured-io.ts';

const PROMTOOL = [process.env['LEDGERSTONE_PROMTOOL'] ?? '', 'promtool'].find(
  (name) => name !== '' && spawnSync(name, ['--version']).status === 0,
);
const ROOT = join(import.meta.dirname, '../..');
const run = (...args: string[]): string => {
  const { status, stdout, stderr } = spawnSync(PROMTOOL as string, args, { cwd: ROOT, encoding: 'utf8' });
  return status === 0 ? 'passed' : `${stdout}${stderr}`;
};

type Block = {
  readonly name: string;
  readonly input_series: readonly { readonly series: string; readonly values: string }[];
  readonly alert_rule_test: readonly { readonly exp_alerts: { exp_labels: Record<string, string> }[] }[];
};
type TestFile = { rule_files: string[]; evaluation_interval: string; tests: Block[] };

/** Where the settings of one instance of two become others, after 100 minutes, and stay so. */
const outdated = (room: string, metric: string, value: number, name: string, entry: string): Block => {
  const alarm = {
    exp_labels: { severity: 'ticket' },
    exp_annotations: {
      summary: 'the thresholds of these alarms are those of another configuration than the running one',
      runbook_url: `src/${room}/RUNBOOK.md#${entry}`,
    },
  };
  const at = (minutes: number, ...exp_alerts: (typeof alarm)[]) => ({
    ...{ eval_time: `${minutes}m`, alertname: name, exp_alerts },
  });
  return {
    name: 'settings of another configuration',
    ...{ interval: '1m' },
    input_series: [
      { series: `${metric}{instance="a"}`, values: `${value}x100 ${value + 1}x200` },
      { series: `${metric}{instance="b"}`, values: `${value}x300` },
    ],
    alert_rule_test: [at(90), at(150), at(170, alarm)],
  };
};
const OUTDATED = {
  archiver: outdated(
    ...(['archiver', 'ledgerstone_segment_max_age_seconds', 30] as const),
    ...(['LedgerstoneRulesOutdated', 'ledgerstonerulesoutdated'] as const),
  ),
  verifier: outdated(
    ...(['verifier', 'ledgerstone_verifier_full_pass_days', 10] as const),
    ...(['LedgerstoneVerifierRulesOutdated', 'rulesoutdated'] as const),
  ),
};

/** The configuration whose settings the series of a test have. */
function configOf(room: 'archiver' | 'verifier', { input_series }: Block): string {
  if (room === 'verifier') return VERIFIER_YAML.replace('6h', '4h').replace('20m', '2s');
  const setting = (name: string, otherwise: string) => {
    const series = input_series.find((one) => one.series.startsWith(`ledgerstone_segment_${name}_seconds`));
    const seconds = series?.values.split('x')[0];
    return seconds === undefined ? otherwise : seconds === '0' ? '0' : `${seconds}s`;
  };
  return ARCHIVER_YAML.replace('30s', setting('max_age', '30s')).replace('10m', setting('heartbeat', '10m'));
}

// `.ci/run install` brings it.
describe.skipIf(PROMTOOL === undefined)('the alarms of', () => {
  const dir = mkdtempSync(join(tmpdir(), 'alerts-'));
  afterAll(() => rmSync(dir, { recursive: true }));

  it.each(['archiver', 'verifier'] as const)('%s', (room) => {
    expect(run('check', 'rules', `src/${room}/alerts.yaml`)).toBe('passed');
    expect(run('test', 'rules', `test/contract/alerts-${room}.yaml`)).toBe('passed');
  });

  // The same tests, each over the rules that are written for its settings.
  it.each(['archiver', 'verifier'] as const)('%s, as written for a configuration', async (room) => {
    const file = parse(readFileSync(join(ROOT, `test/contract/alerts-${room}.yaml`), 'utf8')) as TestFile;
    const byConfig = Map.groupBy([...file.tests, OUTDATED[room]], (block) => configOf(room, block));
    let index = 0;
    for (const [yaml, tests] of byConfig) {
      const name = `${room}-${index++}`;
      writeFileSync(join(dir, 'config.yaml'), yaml);
      const { code, out } = await ledgerstone(['alerts', '--config', join(dir, 'config.yaml')]);
      expect(code).toBe(0);
      writeFileSync(join(dir, `${name}.yaml`), out);
      for (const alarm of tests.flatMap((test) => test.alert_rule_test.flatMap((one) => one.exp_alerts)))
        alarm.exp_labels['archive'] = 'audit.example.com/prod';
      writeFileSync(
        join(dir, `${name}-test.yaml`),
        stringify({ ...file, rule_files: [`${name}.yaml`], tests }),
      );
      expect(run('check', 'rules', join(dir, `${name}.yaml`))).toBe('passed');
      expect(run('test', 'rules', join(dir, `${name}-test.yaml`))).toBe('passed');
    }
    expect(index).toBe(room === 'archiver' ? 3 : 1);
  });
});

// Do the alarms for a configuration have its thresholds, and ask for what the services show?
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { archiverRules, type RulesFor, rulesText } from '../../../src/apps/alert-rules.ts';
import { problemsOf, seriesOf } from '../../support/promql.ts';
import { ledgerstone } from '../cli/captured-io.ts';
import { ARCHIVER_YAML, VERIFIER_YAML } from './alert-configs.ts';

type Rule = { alert: string; expr: string; for?: string; labels: Record<string, string> };
type Groups = { groups: [{ rules: Rule[] }] };

const dir = mkdtempSync(join(tmpdir(), 'alerts-'));
afterAll(() => rmSync(dir, { recursive: true }));
let files = 0;

/** What the command writes for a configuration. */
async function written(yaml: string, ...args: string[]) {
  const file = join(dir, `${files++}.yaml`);
  writeFileSync(file, yaml);
  const { code, out, err } = await ledgerstone(['alerts', '--config', file, ...args]);
  expect([code, err]).toEqual([0, '']);
  return out;
}
const rulesIn = (text: string): Rule[] => (parse(text) as Groups).groups[0].rules;
const exprOf = (text: string, alert: string): string | undefined =>
  rulesIn(text).find((rule) => rule.alert === alert)?.expr;
const template = (service: string) =>
  readFileSync(join(import.meta.dirname, `../../../src/${service}/alerts.yaml`), 'utf8');

describe('the alarms of an archiver', () => {
  it('have the numbers of its configuration, and say at the top where each is from', async () => {
    const text = await written(ARCHIVER_YAML, '--lag', '5000');
    expect(exprOf(text, 'LedgerstoneUnsealedTooLong')).toMatch(
      /\(ledgerstone_oldest_unsealed_seconds\) > 90$/,
    );
    expect(exprOf(text, 'LedgerstoneNotSealing')).toContain(' > 1200 unless ');
    expect(exprOf(text, 'LedgerstoneLagGrows')).toMatch(/ > 5000$/);
    for (const line of ['# 90: 3 x segment.maxAge', '# 1200: 2 x segment.heartbeat', '# 5000: --lag'])
      expect(text).toContain(line);
    expect(rulesIn(text).map(({ labels }) => labels['archive'])).toEqual(
      rulesIn(text).map(() => 'audit.example.com/prod'),
    );
  });

  it('notice that the archiver runs with other settings than they were written for', async () => {
    expect(exprOf(await written(ARCHIVER_YAML), 'LedgerstoneRulesOutdated')).toBe(
      ['ledgerstone_segment_max_age_seconds', 'ledgerstone_segment_heartbeat_seconds']
        .map((name, index) => `max(${name}) != ${[30, 600][index]} or min(${name}) != ${[30, 600][index]}`)
        .join(' or '),
    );
  });

  it('without a heartbeat: nobody can notice silence, and the text says so', async () => {
    const text = await written(ARCHIVER_YAML.replace('heartbeat: 10m', 'heartbeat: 0'));
    expect(text).toContain('# segment.heartbeat is 0, so LedgerstoneNotSealing says nothing\n');
    expect(exprOf(text, 'LedgerstoneNotSealing')).toContain(
      '(2 * max(ledgerstone_segment_heartbeat_seconds) > 0)',
    );
  });
});

describe('the alarms of a verifier', () => {
  it('have the numbers of its configuration', async () => {
    const text = await written(VERIFIER_YAML);
    expect(exprOf(text, 'LedgerstoneVerifierNothingConfirmed')).toContain(' > 3780 or absent(');
    expect(exprOf(text, 'LedgerstoneVerifierFullPassLate')).toMatch(/ > 12\.5$/);
    expect(exprOf(text, 'LedgerstoneVerifierSweepLate')).toMatch(/ > 18$/);
    expect(exprOf(text, 'LedgerstoneVerifierRulesOutdated')).toContain(
      'max(ledgerstone_verifier_full_pass_days) != 10',
    );
    expect(text).toContain(
      '# chains.freshness is not set, so LedgerstoneVerifierStaleChains says nothing of old seals\n',
    );
  });

  it('give a short period its least time', async () => {
    const text = await written(
      VERIFIER_YAML.replace('every: 20m', 'every: 2s').replace('every: 6h', 'every: 5m'),
    );
    expect(exprOf(text, 'LedgerstoneVerifierNothingConfirmed')).toContain(' > 900 or absent(');
    expect(exprOf(text, 'LedgerstoneVerifierSweepLate')).toMatch(/ > 1$/);
  });
});

describe('a matcher', () => {
  it('is asked of each series, beside what the rule asks itself', async () => {
    const text = await written(VERIFIER_YAML, '--match', 'job="a: b"', '--match', 'team!~"it\'s|x"');
    expect(exprOf(text, 'LedgerstoneVerifierBroken')).toBe(
      `ledgerstone_verifier_findings_open{job="a: b",team!~"it's|x",severity="broken"} > 0`,
    );
    for (const { expr } of rulesIn(text))
      for (const [, after] of expr.matchAll(/ledgerstone_\w+(.)/g)) expect(after, expr).toBe('{');
  });

  it.each(['job=audit', 'job="a"} or vector(1', 'job="\\"', 'a b="c"', 'job="{{ x }}"', 'job="\u001b[2K"'])(
    '%j is none',
    async (match) => {
      const { code, out, err } = await ledgerstone([
        'alerts',
        '--config',
        join(dir, '0.yaml'),
        '--match',
        match,
      ]);
      expect([code, out]).toEqual([2, '']);
      expect(err).toContain('no matcher such as job="audit"');
      expect(err).not.toContain('\u001b');
    },
  );
});

it('for the Prometheus Operator they are an object of its own, with the same rules', async () => {
  const object = parse(await written(ARCHIVER_YAML, '--operator', 'ledgerstone')) as {
    apiVersion: string;
    kind: string;
    metadata: { name: string };
    spec: Groups;
  };
  expect([object.apiVersion, object.kind, object.metadata]).toEqual([
    'monitoring.coreos.com/v1',
    'PrometheusRule',
    { name: 'ledgerstone' },
  ]);
  expect(object.spec.groups[0].rules).toEqual(rulesIn(await written(ARCHIVER_YAML)));
});

it('--json has the same text, and the thresholds as numbers', async () => {
  const json = JSON.parse(await written(VERIFIER_YAML, '--json')) as {
    archive: string;
    thresholds: { value: number }[];
    silent: string[];
    rules: string;
  };
  expect(json.archive).toBe('audit.example.com/prod');
  expect(json.thresholds.map(({ value }) => value)).toEqual([3780, 12.5, 18]);
  expect(json.silent).toHaveLength(1);
  expect(json.rules).toBe(await written(VERIFIER_YAML));
});

describe.each(['archiver', 'verifier'] as const)('each rule of the %s', (service) => {
  const yaml = { archiver: ARCHIVER_YAML, verifier: VERIFIER_YAML }[service];
  it('parses and asks for what it shows, as it stands and as written', async () => {
    const rules = [
      ...rulesIn(template(service)),
      ...rulesIn(await written(yaml)),
      ...rulesIn(await written(yaml, '--match', 'job="a"')),
    ];
    expect(rules.length).toBeGreaterThan(30);
    const series = seriesOf(service);
    for (const { alert, expr } of rules) expect(problemsOf(expr, series), alert).toEqual([]);
  });
});

it.each([
  ['max(ledgerstone_segment_max_age_second) > 1', 'there is no ledgerstone_segment_max_age_second'],
  ['ledgerstone_halted{core="x"} > 0', 'ledgerstone_halted has no label core'],
  ['sum by (topics) (ledgerstone_halted)', 'no series of it has the label topics'],
  ['sum by (topic (ledgerstone_halted)', 'does not parse at 14'],
])('a rule that is wrong is seen: %s', (expr, problem) => {
  expect(problemsOf(expr, seriesOf('archiver'))).toContain(problem);
});

it('a threshold that has no place in alerts.yaml is an error, and no rule without it', () => {
  const archive = { origin: 'x' };
  const rules: RulesFor = archiverRules({ archive, segment: { maxAgeMs: 1, heartbeatMs: 1 } } as never, 1);
  const text = template('archiver').replace('3 * max(', '4 * max(');
  expect(() => rulesText(text, rules, { match: [], operator: null })).toThrow('not once');
});

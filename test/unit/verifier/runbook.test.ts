// Does every alarm and every finding have its entry in the runbook, and do the rules speak of what there is?
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { metricsOf } from '../../../infra/grafana/metrics.ts';
import { SEVERITY } from '../../../src/verify/finding.ts';

const ROOM = join(import.meta.dirname, '../../../src/verifier');
const runbook = readFileSync(join(ROOM, 'RUNBOOK.md'), 'utf8');
const infra = readFileSync(join(import.meta.dirname, '../../../infra/alarms.ts'), 'utf8');
type Rule = { alert: string; expr: string; annotations: { runbook_url: string } };
const { groups } = parse(readFileSync(join(ROOM, 'alerts.yaml'), 'utf8')) as { groups: [{ rules: Rule[] }] };
const { rules } = groups[0];
const headings = [...runbook.matchAll(/^## (.+)$/gm)].map(([, text]) => text as string);
const ofCloudWatch = [...infra.matchAll(/^\s+id: '([A-Za-z]+)'/gm)].map(([, id]) => id as string);

it('has an entry for every alarm, and for none that there is not', () => {
  expect(ofCloudWatch.length).toBeGreaterThan(9);
  // The last one is only in rules that are written for a configuration.
  const ofPrometheus = [
    ...rules.map(({ alert }) => alert.replace('LedgerstoneVerifier', '')),
    'RulesOutdated',
  ];
  expect([...headings].sort()).toEqual([...new Set([...ofCloudWatch, ...ofPrometheus])].sort());
});

it('has a line for every finding', () => {
  const codes = [...runbook.matchAll(/^\| `([a-z-]+)`/gm)].map(([, code]) => code as string);
  expect(codes).toEqual(Object.keys(SEVERITY));
});

it.each(rules)('$alert leads to its entry, by metrics that there are', ({ alert, expr, annotations }) => {
  const entry = alert.replace('LedgerstoneVerifier', '').toLowerCase();
  expect(annotations.runbook_url).toBe(
    `{{ with $externalLabels.ledgerstone_docs }}{{ . }}/{{ end }}src/verifier/RUNBOOK.md#${entry}`,
  );
  const there = metricsOf('verifier').map(({ name }) => name);
  const spoken = [...expr.matchAll(/ledgerstone_[a-z0-9_]+/g)].map(([name]) => name);
  expect(spoken.length).toBeGreaterThan(0);
  expect(there).toEqual(expect.arrayContaining(spoken));
});

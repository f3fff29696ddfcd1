// Does the page of metrics say what the services show, and does it bound the values of each label?
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { metricsOf, type ShownMetric } from '../../../infra/grafana/metrics.ts';
import { metricsPage, seriesFor } from '../../../infra/grafana/metrics-page.ts';
import { METRICS_PAGE } from '../../../infra/grafana/write.ts';

const page = readFileSync(METRICS_PAGE, 'utf8');

describe('docs/metrics.md', () => {
  it('is current: npm run metrics', () => {
    expect(metricsPage(page)).toBe(page);
    for (const name of ['ledgerstone_halted', 'ledgerstone_verifier_chains', 'ledgerstone_build_info'])
      expect(page).toContain(`| \`${name}\` `);
    // Without its marks nothing would be compared.
    const altered = page.replace('`ledgerstone_halted`', '`ledgerstone_halt`');
    expect(metricsPage(altered)).toBe(page);
  });

  it('says which values each label may have, and of no label that there is not', () => {
    const [, section = ''] = page.split('## How many series');
    const rows = [...(section.split('\n## ')[0] as string).matchAll(/^\| (`[^|]+`) +\|/gm)];
    const stated = rows.flatMap(([, cell = '']) => [...cell.matchAll(/`([a-z]+)`/g)].map(([, name]) => name));
    const labels = (['archiver', 'verifier'] as const).flatMap((service) =>
      metricsOf(service).flatMap(({ labelNames }) => labelNames),
    );
    expect(stated.toSorted()).toEqual([...new Set(labels)].toSorted());
  });
});

it.each(['archiver', 'verifier'] as const)('a histogram of the %s is by no partition', (service) => {
  const histograms = metricsOf(service).filter(({ type }) => type === 'histogram');
  expect(histograms.length).toBeGreaterThan(3);
  for (const { name, labelNames } of histograms) expect(labelNames, name).not.toContain('partition');
});

it('series are counted with each bucket, the last one, the sum and the count', () => {
  const metric = (type: ShownMetric['type'], ...labelNames: string[]): ShownMetric => ({
    ...{ name: 'x', help: '', type, labelNames, buckets: type === 'histogram' ? [1, 2] : [] },
  });
  const all = [metric('histogram', 'topic'), metric('gauge', 'topic', 'partition'), metric('counter')];
  expect(seriesFor(all)).toEqual({ topic: 5, partition: 1 });
});

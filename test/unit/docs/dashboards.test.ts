// Do the dashboards of Grafana ask for what the services show, and does each panel have its place?
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DASHBOARDS } from '../../../infra/grafana/write.ts';
import type { Service } from '../../../src/apps/alert-rules.ts';
import { problemsOf, seriesOf } from '../../support/promql.ts';

type Place = { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
type Shown = {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: Place;
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
};
type Model = {
  readonly templating: { readonly list: readonly { readonly type: string; readonly definition?: string }[] };
  readonly panels: readonly Shown[];
};

const modelOf = (service: Service): Model =>
  JSON.parse(readFileSync(DASHBOARDS[service].file, 'utf8')) as Model;
/** As Grafana asks it, where all jobs and topics are chosen. */
const asked = (expr: string): string =>
  expr.replaceAll('$__rate_interval', '1m').replaceAll('$job', '.*').replaceAll('$topic', '.*');

describe.each(['archiver', 'verifier'] as const)('the dashboard of the %s', (service) => {
  const { panels, templating } = modelOf(service);
  const queries = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));

  it('is current: npm run metrics', () => {
    expect(readFileSync(DASHBOARDS[service].file, 'utf8')).toBe(DASHBOARDS[service].text());
  });

  it('asks for metrics and labels that there are, each by its job', () => {
    expect(queries.length).toBeGreaterThan(25);
    const series = seriesOf(service);
    for (const expr of queries) {
      expect(asked(expr)).not.toContain('$');
      expect(problemsOf(asked(expr), series), expr).toEqual([]);
      for (const [, after] of expr.matchAll(/\b(?:ledgerstone|process|nodejs)_\w+(.{12}|$)/g))
        expect(after, expr).toBe('{job=~"$job"');
    }
  });

  it('names series by labels that they have', () => {
    for (const { title, targets = [] } of panels)
      for (const { expr, legendFormat } of targets)
        for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g))
          expect(expr.includes(label) || label === 'instance', `${title}: ${label}`).toBe(true);
  });

  it('offers jobs and topics of series that there are', () => {
    const series = seriesOf(service);
    const choices = templating.list.flatMap(({ definition }) => definition ?? []);
    expect(choices).toHaveLength(2);
    for (const choice of choices) {
      const [, selector = '', label = ''] = /^label_values\((.+), (\w+)\)$/.exec(choice) ?? [];
      expect(problemsOf(asked(selector), series), choice).toEqual([]);
      const name = selector.replace(/\{.*/, '');
      expect([...(series.get(name) ?? []), 'job']).toContain(label);
    }
  });

  it('has a place for each panel, within 24 columns and over no other', () => {
    const cells = new Map<string, string>();
    for (const {
      title,
      gridPos: { x, y, w, h },
    } of panels) {
      expect(x + w, title).toBeLessThanOrEqual(24);
      for (let at = 0; at < w * h; at++) {
        const cell = `${x + (at % w)},${y + Math.floor(at / w)}`;
        expect(cells.get(cell), `${title} lies over it`).toBeUndefined();
        cells.set(cell, title);
      }
    }
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  });

  it('says of each panel what it means', () => {
    for (const { type, title, description = '' } of panels)
      if (type !== 'row') expect(description, title).toMatch(/^[A-Za-z0-9/].+\.$/);
  });
});

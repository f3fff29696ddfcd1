// Does a query of PromQL parse, and does it ask for metrics and labels that the services have?
import { parser } from '@prometheus-io/lezer-promql';
import { metricsOf, processMetrics } from '../../infra/grafana/metrics.ts';
import type { Service } from '../../src/apps/alert-rules.ts';

/** Labels of each series that a scraper can get, by its name. Prometheus adds `job` and `instance`. */
type Series = ReadonlyMap<string, readonly string[]>;

export function seriesOf(service: Service): Series {
  // Prometheus makes `up` for each target.
  const series = new Map<string, readonly string[]>([['up', []]]);
  for (const { name, type, labelNames } of [...metricsOf(service), ...processMetrics()]) {
    if (type !== 'histogram') series.set(name, labelNames);
    else {
      series.set(`${name}_bucket`, [...labelNames, 'le']);
      for (const part of ['sum', 'count']) series.set(`${name}_${part}`, labelNames);
    }
  }
  return series;
}

/** What is wrong with it, in words; empty: nothing. */
export function problemsOf(query: string, series: Series): string[] {
  const problems: string[] = [];
  const asked = new Set(['job', 'instance']);
  const named: string[] = [];
  parser.parse(query).iterate({
    enter: ({ type, from, to, node }) => {
      const text = query.slice(from, to);
      if (type.isError) problems.push(`does not parse at ${from}`);
      if (type.name === 'VectorSelector') {
        const name = query.slice(from, to).split('{')[0] as string;
        const labels = series.get(name);
        if (labels === undefined) problems.push(`there is no ${name}`);
        for (const label of labels ?? []) asked.add(label);
        for (const matcher of node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? []) {
          const label = matcher.getChild('LabelName');
          const of = label === null ? '' : query.slice(label.from, label.to);
          if (labels?.includes(of) === false && !['job', 'instance'].includes(of))
            problems.push(`${name} has no label ${of}`);
        }
      } else if (type.name === 'LabelName' && node.parent?.name === 'GroupingLabels') named.push(text);
    },
  });
  for (const label of named) if (!asked.has(label)) problems.push(`no series of it has the label ${label}`);
  return problems;
}

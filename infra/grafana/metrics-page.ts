// What does docs/metrics.md say of each metric, and of how many series there are?
import type { Service } from '../../src/apps/alert-rules.ts';
import { metricsOf, type ShownMetric } from './metrics.ts';

/** The page with its generated parts replaced: from `<!-- metrics of S -->` to `<!-- end of S -->`. */
export const metricsPage = (page: string): string =>
  page.replace(
    /(<!-- metrics of (archiver|verifier) -->\n)[\s\S]*?(<!-- end of \2 -->)/g,
    (_all, begin: string, service: Service, end: string) => `${begin}\n${partOf(service)}\n${end}`,
  );

const partOf = (service: Service): string => {
  const metrics = metricsOf(service);
  const { topic, partition } = seriesFor(metrics);
  return `Each topic has up to ${topic} series, and each partition ${partition} more.\n\n${tableOf(metrics)}`;
};

/** Of one that has each label value once, besides its topic and its partition. */
export function seriesFor(metrics: readonly ShownMetric[]): {
  readonly topic: number;
  readonly partition: number;
} {
  const of = (isWanted: (labels: readonly string[]) => boolean) =>
    metrics
      .filter(({ labelNames }) => isWanted(labelNames))
      // Of a histogram: a series for each bucket and for the last one, the sum and the count.
      .reduce((sum, { type, buckets }) => sum + (type === 'histogram' ? buckets.length + 3 : 1), 0);
  return {
    topic: of((labels) => labels.includes('topic') && !labels.includes('partition')),
    partition: of((labels) => labels.includes('partition')),
  };
}

function tableOf(metrics: readonly ShownMetric[]): string {
  const rows = metrics
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, type, labelNames, help }) => [
      `\`${name}\``,
      type,
      labelNames.map((label) => `\`${label}\``).join(', '),
      help.replaceAll('|', '\\|'),
    ]);
  const all = [['metric', 'type', 'labels', 'meaning'], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const lineOf = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |\n`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |\n`;
  return lineOf(all[0] as string[]) + rule + all.slice(1).map(lineOf).join('');
}

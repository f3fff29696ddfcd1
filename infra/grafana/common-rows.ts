// Which panels have both dashboards: requests to S3 and KMS, and the process?
import type { Panel, PanelRow } from './panels.ts';

/** What no request should come to often. `absent` and `present` are answers that the protocol asks for. */
const FAILED = 'outcome=~"refused|throttled|failed|no-answer"';

/** `by`: labels of a request to S3. */
export function requestsRow(prefix: string, by: string): PanelRow {
  const legend = by
    .split(', ')
    .map((label) => `{{${label}}}`)
    .join(' ');
  const panelsOf = (service: 'S3' | 'KMS', labels: string, named: string): Panel[] => {
    const name = `${prefix}_${service.toLowerCase()}`;
    const rate = (match: string) => `rate(${name}_requests_total{job=~"$job"${match}}[$__rate_interval])`;
    const seconds = `rate(${name}_request_seconds_bucket{job=~"$job"}[$__rate_interval])`;
    return [
      {
        ...{ title: `${service}: requests`, kind: 'timeseries', unit: 'ops' },
        about: 'Each try counts. This is what the bill of requests is made from.',
        queries: [{ expr: `sum by (${labels}) (${rate('')})`, legend: named }],
      },
      {
        ...{ title: `${service}: requests that fail`, kind: 'timeseries', unit: 'ops' },
        about:
          'Refused, throttled, failed or without an answer. A few that went through at a later try are no harm.',
        queries: [
          { expr: `sum by (${labels}, outcome) (${rate(`, ${FAILED}`)})`, legend: `${named} {{outcome}}` },
        ],
      },
      {
        ...{ title: `${service}: time to the head of the answer`, kind: 'timeseries', unit: 's' },
        about: 'Of each try by itself, without the waiting between tries.',
        queries: [0.5, 0.99].map((q) => ({
          expr: `histogram_quantile(${q}, sum by (le, ${labels}) (${seconds}))`,
          legend: `p${q * 100} ${named}`,
        })),
      },
    ];
  };
  const spent = `rate(${prefix}_estimated_cost_usd_total{job=~"$job"}[$__rate_interval])`;
  return {
    title: 'Requests to AWS',
    panels: [
      ...panelsOf('S3', by, legend),
      ...panelsOf('KMS', 'operation', '{{operation}}'),
      {
        ...{
          title: 'Requests: estimated US$ in 30 days',
          kind: 'timeseries',
          unit: 'short',
        },
        about:
          'At this rate, by list prices of us-east-1. No storage, CloudTrail, network or machine, and no discount.',
        queries: [
          {
            expr: `sum by (service) (${spent}) * 2592000`,
            legend: '{{service}}',
          },
        ],
      },
    ],
  };
}

export function processRow(program: 'archiver' | 'verifier', others: readonly Panel[] = []): PanelRow {
  const each = (title: string, about: string, unit: Panel['unit'], expr: string): Panel => ({
    ...{ title, about, unit, kind: 'timeseries', queries: [{ expr, legend: '{{instance}}' }] },
  });
  return {
    title: 'Processes',
    panels: [
      each(
        'CPU',
        'Cores. An archiver has a thread for encoding beside.',
        'short',
        'rate(process_cpu_seconds_total{job=~"$job"}[$__rate_interval])',
      ),
      each('Memory', 'Resident.', 'bytes', 'process_resident_memory_bytes{job=~"$job"}'),
      each(
        'Event loop lag, p99',
        '0.01 s is none, as it is looked at so often. Long: the process is starved of CPU, and probes may time out.',
        's',
        'nodejs_eventloop_lag_p99_seconds{job=~"$job"}',
      ),
      ...others,
      {
        ...{ title: 'Versions', kind: 'table', unit: 'short' },
        about: 'More than one version: a deployment is under way, or got stuck.',
        queries: [
          {
            expr: `count by (version, node, instance) (ledgerstone_build_info{job=~"$job", program="${program}"})`,
            legend: '',
          },
        ],
      },
    ],
  };
}

export const worst = (expr: string): string => `topk(10, ${expr})`;

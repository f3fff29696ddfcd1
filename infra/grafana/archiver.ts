// What does the dashboard of the archiver show? First whether everything is archived, then how soon, then why not.

import { processRow, requestsRow, worst } from './common-rows.ts';
import { dashboardText, type Panel, type PanelRow } from './panels.ts';

const JOB = 'job=~"$job"';
const TOPIC = `${JOB}, topic=~"$topic"`;
const PARTITION = '{{topic}}/{{partition}}';

const stat = (title: string, about: string, expr: string, more: Partial<Panel> = {}): Panel => ({
  ...{ title, about, kind: 'stat', unit: 'short', queries: [{ expr, legend: '' }], ...more },
});
const lines = (title: string, about: string, unit: Panel['unit'], expr: string, legend: string): Panel => ({
  ...{ title, about, kind: 'timeseries', unit, queries: [{ expr, legend }] },
});
const quantiles = (title: string, about: string, unit: Panel['unit'], name: string): Panel => ({
  ...{ title, about, kind: 'timeseries', unit },
  queries: [0.5, 0.95].map((q) => ({
    expr: `histogram_quantile(${q}, sum by (le, topic) (rate(${name}_bucket{${TOPIC}}[$__rate_interval])))`,
    legend: `p${q * 100} {{topic}}`,
  })),
});
const rateBy = (by: string, name: string, match = TOPIC) =>
  `sum by (${by}) (rate(${name}{${match}}[$__rate_interval]))`;

const ARCHIVED: PanelRow = {
  title: 'Is everything archived?',
  panels: [
    stat(
      'Halted partitions',
      'Each waits for a person. The runbook has an entry for each code.',
      `count(max by (topic, partition) (ledgerstone_halted{${TOPIC}}) > 0) or vector(0)`,
      { redFrom: 1 },
    ),
    stat(
      'Partitions without an owner',
      'Over all instances. Nothing of them is archived.',
      `sum(max by (topic) (ledgerstone_topic_partitions{${TOPIC}})) - sum(ledgerstone_owned_partitions{${TOPIC}})`,
      { redFrom: 1 },
    ),
    stat(
      'Topics that are missing',
      'Named in the configuration, and not there or not shown to the archiver.',
      `count(max by (topic) (ledgerstone_topic_missing{${TOPIC}}) > 0) or vector(0)`,
      { redFrom: 1 },
    ),
    stat(
      'Instances not ready',
      'Their /readyz says why.',
      `count(ledgerstone_ready{${JOB}} == 0) or vector(0)`,
      { redFrom: 1 },
    ),
    stat(
      'Oldest record without a seal',
      'It lies in Kafka alone. An alarm rings at three times segment.maxAge.',
      `max(ledgerstone_oldest_unsealed_seconds{${TOPIC}})`,
      { unit: 's' },
    ),
    stat(
      "Clock, off the store's",
      'Beyond 60 s nothing is sealed.',
      `max(abs(ledgerstone_clock_offset_seconds{${JOB}}))`,
      { unit: 's', redFrom: 10 },
    ),
    {
      ...{ title: 'Which partitions are halted, and why', kind: 'table', unit: 'short' },
      about: 'By code. Empty: none.',
      queries: [{ expr: `max by (topic, partition, code) (ledgerstone_halted{${TOPIC}}) > 0`, legend: '' }],
    },
    lines(
      'Steps that fail and are tried again',
      'By error code. No partition halts because of them, and they pass by themselves.',
      'ops',
      rateBy('code', 'ledgerstone_failed_steps_total', JOB),
      '{{code}}',
    ),
  ],
};

const FLOW: PanelRow = {
  title: 'How much',
  panels: [
    lines(
      'Records sealed',
      'By topic.',
      'ops',
      rateBy('topic', 'ledgerstone_records_sealed_total'),
      '{{topic}}',
    ),
    lines(
      'Bytes stored',
      'Of data objects, compressed.',
      'Bps',
      rateBy('topic', 'ledgerstone_stored_bytes_total'),
      '{{topic}}',
    ),
    lines(
      'Lag: the ten worst partitions',
      "Records between the sealed head and Kafka's end. Those that wait for their seal count.",
      'short',
      worst(`max by (topic, partition) (ledgerstone_lag_records{${TOPIC}})`),
      PARTITION,
    ),
    lines(
      'Segments sealed',
      'Silence that is sealed counts too.',
      'ops',
      rateBy('topic', 'ledgerstone_segments_sealed_total'),
      '{{topic}}',
    ),
    quantiles(
      'Size of a data object',
      'Small ones cost as many requests as large ones.',
      'bytes',
      'ledgerstone_segment_bytes',
    ),
    quantiles('Records of a segment', 'Of those with records.', 'short', 'ledgerstone_segment_records'),
  ],
};

const SOON: PanelRow = {
  title: 'How soon',
  panels: [
    quantiles(
      'From a record to its seal',
      'By the time in Kafka of the oldest record of each segment. Long where old records are caught up with.',
      's',
      'ledgerstone_record_to_seal_seconds',
    ),
    quantiles('From a full batch to its seal', 'Signing and storing.', 's', 'ledgerstone_seal_seconds'),
    {
      ...{ title: 'From a full batch to its seal, all topics', kind: 'heatmap', unit: 's' },
      about: 'How many segments took how long.',
      queries: [
        {
          expr: `sum by (le) (increase(ledgerstone_seal_seconds_bucket{${TOPIC}}[$__rate_interval]))`,
          legend: '{{le}}',
        },
      ],
    },
    lines(
      'Since the last seal: the ten worst partitions',
      'An idle partition seals its silence every segment.heartbeat.',
      's',
      worst(`time() - max by (topic, partition) (ledgerstone_last_seal_timestamp_seconds{${TOPIC}})`),
      PARTITION,
    ),
    lines(
      'Fenced segments',
      'Another writer had sealed the sequence: a few at each rebalance are what the fence is for.',
      'ops',
      rateBy('topic', 'ledgerstone_fenced_total'),
      '{{topic}}',
    ),
    lines(
      'Held in memory',
      'Accepted and not sealed. At limits.memoryBytes fetching waits.',
      'bytes',
      `ledgerstone_buffered_bytes{${JOB}}`,
      '{{instance}}',
    ),
  ],
};

export const archiverDashboard = (): string =>
  dashboardText({
    ...{ uid: 'ledgerstone-archiver', title: 'Ledgerstone: archiver' },
    about:
      'From Kafka to sealed segments. Each red number has an alarm, and each alarm an entry in the runbook.',
    ...{ jobsOf: 'ledgerstone_ready', topicsOf: 'ledgerstone_topic_missing' },
    rows: [ARCHIVED, FLOW, SOON, requestsRow('ledgerstone', 'operation'), processRow('archiver')],
  });

// What does the dashboard of the verifier show? What was found, whether it looks, and how soon it attests.

import { processRow, requestsRow, worst } from './common-rows.ts';
import { dashboardText, type Panel, type PanelRow } from './panels.ts';

const JOB = 'job=~"$job"';
const TOPIC = `${JOB}, topic=~"$topic"`;
const NAME = 'ledgerstone_verifier';

const stat = (title: string, about: string, expr: string, more: Partial<Panel> = {}): Panel => ({
  ...{ title, about, kind: 'stat', unit: 'short', queries: [{ expr, legend: '' }], ...more },
});
const lines = (title: string, about: string, unit: Panel['unit'], expr: string, legend: string): Panel => ({
  ...{ title, about, kind: 'timeseries', unit, queries: [{ expr, legend }] },
});
const findings = (title: string, about: string, severity: string): Panel =>
  stat(title, about, `max(${NAME}_findings_open{${JOB}, severity="${severity}"})`, { redFrom: 1 });
const quantiles = (title: string, about: string, name: string): Panel => ({
  ...{ title, about, kind: 'timeseries', unit: 's' },
  queries: [0.5, 0.95].map((q) => ({
    expr: `histogram_quantile(${q}, sum by (le, topic) (rate(${NAME}_${name}_bucket{${TOPIC}}[$__rate_interval])))`,
    legend: `p${q * 100} {{topic}}`,
  })),
});

const FOUND: PanelRow = {
  title: 'What was found',
  panels: [
    findings('Broken', 'The archive is not what was signed, or not kept as was promised.', 'broken'),
    findings('Unverifiable', 'Something could not be shown either way.', 'unverifiable'),
    findings('Attempts', 'Somebody tried to change the archive, or let go of its protection.', 'attempt'),
    stat(
      'Stale chains',
      'Not sealed, or with offsets unsealed, for longer than was promised.',
      `max(${NAME}_stale_chains{${JOB}})`,
      { redFrom: 1 },
    ),
    stat('Chains', 'That the archive has. None: nothing is verified.', `max(${NAME}_chains{${JOB}})`),
    stat(
      'Messages that nobody got',
      'In the last hour: a channel did not take them.',
      `sum(increase(${NAME}_notifications_failed_total{${JOB}}[1h]))`,
      { redFrom: 1 },
    ),
    lines(
      'Open findings',
      'By severity, over all chains and tasks. Without a line: they could not be read yet.',
      'short',
      `max by (severity) (${NAME}_findings_open{${JOB}})`,
      '{{severity}}',
    ),
    {
      ...{ title: 'Chains that were not sound when they were last looked at', kind: 'table', unit: 'short' },
      about: 'By the last walk along their newest seals. Empty: none.',
      queries: [{ expr: `max by (topic, partition) (${NAME}_chain_verified{${TOPIC}}) == 0`, legend: '' }],
    },
  ],
};

const LOOKS: PanelRow = {
  title: 'Does it look?',
  panels: [
    stat(
      'Since a round went through',
      'An alarm rings at 15 minutes, or later if watch.every is long.',
      `time() - max(${NAME}_last_round_timestamp_seconds{${JOB}})`,
      { unit: 's', redFrom: 900 },
    ),
    stat(
      'The byte read longest ago',
      'Of the whole archive. fullPass.every is what was promised.',
      `max(${NAME}_oldest_reread_days{${JOB}})`,
      { unit: 'd' },
    ),
    stat('Promised: a full pass within', 'fullPass.every.', `max(${NAME}_full_pass_days{${JOB}})`, {
      unit: 'd',
    }),
    stat(
      'The round of the sweep began',
      'One look at every key of both buckets.',
      `max(${NAME}_sweep_round_hours{${JOB}})`,
      { unit: 'h' },
    ),
    stat('Promised: a sweep within', 'sweep.every.', `max(${NAME}_sweep_every_hours{${JOB}})`, { unit: 'h' }),
    stat(
      'Tasks that fail',
      'And have not succeeded since. What they would find, nobody finds.',
      `count(${NAME}_task_failing_since_timestamp_seconds{${JOB}}) or vector(0)`,
      { redFrom: 1 },
    ),
    {
      ...{ title: 'Which tasks fail, and for how long', kind: 'table', unit: 's' },
      about: 'In seconds. /status names the error and the remedy.',
      queries: [
        { expr: `max by (task) (time() - ${NAME}_task_failing_since_timestamp_seconds{${JOB}})`, legend: '' },
      ],
    },
    lines(
      'Lines checked and attested',
      'Every byte of them was hashed again.',
      'ops',
      `sum(rate(${NAME}_events_confirmed_total{${JOB}}[$__rate_interval]))`,
      'lines',
    ),
  ],
};

const SOON: PanelRow = {
  title: 'How soon is it attested?',
  panels: [
    quantiles(
      'From a record to its attestation',
      'The oldest record of the newest segment, by its time in Kafka: both parties have it by then.',
      'record_to_attestation_seconds',
    ),
    quantiles('From a seal to its attestation', 'To the end of the round.', 'seal_to_attestation_seconds'),
    lines(
      'Since the newest attested seal: the ten worst chains',
      'Grows where nothing is sealed, or where nothing is attested.',
      's',
      worst(`time() - max by (topic, partition) (${NAME}_last_seal_timestamp_seconds{${TOPIC}})`),
      '{{topic}}/{{partition}}',
    ),
    lines(
      'Segments attested',
      'Over all chains.',
      'ops',
      `sum(rate(${NAME}_segments_confirmed_total{${JOB}}[$__rate_interval]))`,
      'segments',
    ),
  ],
};

export const verifierDashboard = (): string =>
  dashboardText({
    ...{ uid: 'ledgerstone-verifier', title: 'Ledgerstone: verifier' },
    about: 'The second party: what it found, whether it looks at everything, and how soon it attests.',
    ...{ jobsOf: 'ledgerstone_verifier_full_pass_days', topicsOf: `${NAME}_confirmed_segments` },
    rows: [FOUND, LOOKS, SOON, requestsRow(NAME, 'store, operation'), processRow('verifier')],
  });

// What does a report of retention say, and how far does it reach?
import { counted, countText } from '../../base/counted.ts';
import type { DecisionsCompared } from '../../verify/acts/held-to.ts';
import { csvRows } from '../csv.ts';
import type { ReportFace, TableBlock, TableCell } from './blocks.ts';
import { shortTime, windowText } from './frame.ts';
import type { PrintedReport, ReportedChain, ReportVerdict, ReportWindow } from './printed-report.ts';
import type { LockFault, MonthOfEnds, RetentionRow } from './retention-tally.ts';

/** What the configuration says now, against what the seals of one chain promise. */
export type PolicyComparison = {
  readonly chain: string;
  readonly partition: number;
  /** Null: the configuration names no such chain, so nothing was compared. */
  readonly policy: { readonly name: string; readonly mode: string; readonly period: string } | null;
  readonly segments: number;
  /** Segments that promise less than the policy, or in a weaker mode. */
  readonly short: number;
  /** The first of them, in words. */
  readonly example: string | null;
};

export type RetentionData = {
  readonly rows: readonly RetentionRow[];
  readonly ends: readonly MonthOfEnds[];
  readonly faults: readonly LockFault[];
  readonly faultsOmitted: number;
  readonly unknown: readonly { readonly why: string; readonly objects: number }[];
  /** Null: no configuration was given. */
  readonly policies: readonly PolicyComparison[] | null;
  readonly unlisted: readonly { readonly folder: string; readonly problem: string }[];
  /** Null: the archive has no chain of decisions. */
  readonly decisions: DecisionsCompared | null;
};

export type RetentionReport = PrintedReport<'retention', RetentionData>;

const sum = (rows: readonly RetentionRow[], of: (row: RetentionRow) => number): number =>
  rows.reduce((all, row) => all + of(row), 0);

export function retentionVerdict(
  window: ReportWindow,
  chains: readonly ReportedChain[],
  data: RetentionData,
): ReportVerdict {
  const { rows, unknown, policies, unlisted, decisions } = data;
  const isAll = window.from === null && window.to === null;
  const objects = sum(rows, (row) => row.objects);
  const [kept, over] = [sum(rows, (row) => row.kept), sum(rows, (row) => row.over)];
  const [broken, hidden] = [sum(rows, (row) => row.broken), sum(rows, (row) => row.unknown)];
  const segments = counted(
    sum(rows, (row) => row.segments),
    'segment',
  );
  const when = isAll ? '' : `, sealed ${windowText(window)}`;
  const of = `${counted(objects, 'object')} of ${segments} of ${counted(chains.length, 'chain')}${when}`;
  const short = (policies ?? []).reduce((all, one) => all + one.short, 0);
  const unread = chains.filter(({ problem }) => problem !== null);
  const isDecided = decisions === null || decisions.why === null;
  const isWhole = unread.length === 0 && unlisted.length === 0 && hidden === 0 && isDecided;
  const bounds = [
    ...unread.map(({ chain, partition, problem }) => `${chain}/${partition}: not all was read: ${problem}`),
    ...unlisted.map(({ folder, problem }) => `which chains lie below ${folder} is not known: ${problem}`),
    ...unknown.map(({ why, objects: some }) => `of ${counted(some, 'object')} the lock is not known: ${why}`),
    ...(over === 0 ? [] : [`Of ${counted(over, 'object')} the promise is over, and no lock is left.`]),
    ...decisionBounds(decisions),
    ...policyBounds(policies),
    'Locks are as the store said them when it was asked; what is over, is so by the clock of that machine.',
    'Objects that no seal names were not looked at.',
  ];
  if (broken > 0 || short > 0) {
    const said = [
      ...(broken > 0
        ? [`${counted(broken, 'object')} ${broken === 1 ? 'is' : 'are'} not locked as promised`]
        : []),
      ...(short > 0
        ? [`the promise of ${counted(short, 'segment')} is less than the configuration asks for now`]
        : []),
    ].join(', and ');
    const rest = isWhole ? '' : ' Not everything could be looked at: whether there is more is not known.';
    return {
      standing: 'found',
      sentence: `${said[0]?.toUpperCase()}${said.slice(1)} (looked at: ${of}).${rest}`,
      bounds,
    };
  }
  if (objects === 0) {
    const which = isAll ? '' : ` that was sealed ${windowText(window)}`;
    const sentence = `No segment was found${which}: no lock was looked at.`;
    return { standing: 'open', sentence, bounds };
  }
  if (kept === 0) {
    const sentence =
      over > 0 && isWhole
        ? `Nothing of it is locked any more: the promise of all of it is over (${of}).`
        : `Of no object could it be shown that it is locked (${of}).`;
    return { standing: 'open', sentence, bounds };
  }
  if (!isWhole) {
    const shown = `${countText(kept)} of ${of} are locked as promised`;
    return { standing: 'open', sentence: `${shown}; of the rest it is not known.`, bounds };
  }
  const all =
    over === 0 ? `All ${of} are` : `Of ${of} all whose promise is not over (${countText(kept)}) are`;
  const sentence = `${all} locked in COMPLIANCE mode until the promised date or later.${endsText(rows)}`;
  return { standing: 'whole', sentence, bounds };
}

function endsText(rows: readonly RetentionRow[]): string {
  const first = rows.flatMap(({ lockFirst }) => lockFirst ?? []).sort()[0];
  const last = rows
    .flatMap(({ lockLast }) => lockLast ?? [])
    .sort()
    .at(-1);
  return first === undefined || last === undefined ? '' : ` The first lock ends ${first}, the last ${last}.`;
}

function decisionBounds(decisions: RetentionData['decisions']): string[] {
  if (decisions === null) return [];
  const { acts, why } = decisions;
  if (acts === null)
    return [
      `Whether people decided on longer locks was not looked at, so each is held to its seal alone: ${why}`,
    ];
  if (why !== null)
    return [`Of what people decided about locks, only what could be read was compared: ${why}`];
  return [
    `Promised is what the seals say, and what ${counted(acts, 'act')} made longer, ` +
      'but for what may still be under way (FORMAT.md 13.6).',
  ];
}

function policyBounds(policies: RetentionData['policies']): string[] {
  if (policies === null)
    return ['Compared with what the seals promise. With --config it is compared with the configuration too.'];
  const unnamed = policies
    .filter(({ policy }) => policy === null)
    .map(({ chain, partition }) => `${chain}/${partition}`);
  return unnamed.length === 0
    ? []
    : [`The configuration names no retention of ${unnamed.join(', ')}: not compared with it.`];
}

const ROWS: TableBlock['columns'] = [
  ...[{ title: 'chain' }, { title: 'sealed in (UTC)', form: 'time' as const }],
  ...['segments', 'objects', 'as promised', 'promise over', 'not as promised', 'not known'].map((title) => ({
    ...{ title, align: 'right' as const },
  })),
  ...['promised until', 'locks end'].map((title) => ({ title, form: 'time' as const })),
];

const span = (first: string | null, last: string | null): string => {
  if (first === null || last === null || first === '') return '-';
  return first === last ? shortTime(first) : `${shortTime(first)}\nto ${shortTime(last)}`;
};
const marked = (value: number, tone: 'bad' | 'open'): TableCell =>
  value === 0 ? '0' : { text: countText(value), tone };

export function retentionFace({ data }: RetentionReport): ReportFace {
  const { rows, ends, faults, faultsOmitted, policies } = data;
  return {
    title: 'Retention',
    question: 'How long is each object locked, is that as long as was promised, and what ends when?',
    blocks: [
      {
        ...{
          kind: 'table',
          title: 'Locks by chain and month',
          columns: ROWS,
          empty: 'No segment was found.',
        },
        intro:
          'A segment has a seal, and a data object if it has lines. As promised: locked in COMPLIANCE mode, in which ' +
          'nobody can shorten it, until the date in the segment’s manifest or later.',
        rows: rows.map((row) => [
          ...[`${row.chain}/${row.partition}`, row.month, countText(row.segments), countText(row.objects)],
          ...[
            countText(row.kept),
            countText(row.over),
            marked(row.broken, 'bad'),
            marked(row.unknown, 'open'),
          ],
          ...[span(row.promisedFirst, row.promisedLast), span(row.lockFirst, row.lockLast)],
        ]),
      },
      ...(faults.length === 0 ? [] : [faultsBlock(faults, faultsOmitted)]),
      ...(policies === null ? [] : [policiesBlock(policies)]),
      {
        ...{ kind: 'table', title: 'What ends when' },
        intro:
          'By the month (UTC) in which a lock ends. From then on an object can be deleted; ' +
          'nothing deletes it by itself.',
        columns: [
          { title: 'month', form: 'time' },
          { title: 'objects', align: 'right' },
        ],
        rows: ends.map(({ month, objects }) => [month, countText(objects)]),
        empty: 'No lock was read.',
      },
    ],
  };
}

const faultsBlock = (faults: readonly LockFault[], omitted: number): TableBlock => ({
  ...{ kind: 'table', title: 'Not as promised', empty: '' },
  intro:
    omitted === 0
      ? ''
      : `The first ${faults.length}; ${countText(omitted)} more are counted above and not listed.`,
  columns: [{ title: 'object', form: 'code' }, { title: 'code' }, { title: 'promised' }, { title: 'found' }],
  rows: faults.map(({ key, code, expected, found }) => [key, { text: code, tone: 'bad' }, expected, found]),
});

const policiesBlock = (policies: readonly PolicyComparison[]): TableBlock => ({
  ...{ kind: 'table', title: 'Promised, and configured now', empty: 'No chain.' },
  intro:
    'A change of the configuration shortens no lock and lengthens none: it counts for what is sealed afterwards.',
  columns: [
    ...[{ title: 'chain' }, { title: 'configured' }, { title: 'segments', align: 'right' as const }],
    ...[{ title: 'promise less', align: 'right' as const }, { title: 'the first of them' }],
  ],
  rows: policies.map(({ chain, partition, policy, segments, short, example }) => [
    `${chain}/${partition}`,
    policy === null
      ? { text: 'not named: not compared', tone: 'open' as const }
      : `${policy.name}: ${policy.period}, ${policy.mode}`,
    ...[countText(segments), policy === null ? '-' : marked(short, 'bad'), example ?? '-'],
  ]),
});

/** RFC 4180. */
export const retentionCsv = ({ data: { rows } }: RetentionReport): Uint8Array =>
  csvRows([
    [
      ...['chain', 'partition', 'sealed_in_month', 'segments', 'objects', 'as_promised', 'promise_over'],
      ...[
        'not_as_promised',
        'not_known',
        'promised_first_utc',
        'promised_last_utc',
        'lock_first_utc',
        'lock_last_utc',
      ],
    ],
    ...rows.map((row) => [
      ...[row.chain, String(row.partition), row.month],
      ...[row.segments, row.objects, row.kept, row.over, row.broken, row.unknown].map(String),
      ...[row.promisedFirst, row.promisedLast, row.lockFirst ?? '', row.lockLast ?? ''],
    ]),
  ]);

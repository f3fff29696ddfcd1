// What does a report of checks say: which days are shown, which are not, and what became of the findings?
import { counted, countText } from '../../base/counted.ts';
import { csvRows } from '../csv.ts';
import type { ReportFace, TableBlock, TableCell } from './blocks.ts';
import { calendarOf } from './calendar.ts';
import { checksBounds } from './checks-bounds.ts';
import {
  CHECK_KINDS,
  CHECK_WORDS,
  type CheckCounts,
  type ChecksData,
  type DayState,
  expectedKinds,
  isEachShown,
  isEachStampVouched,
  isUnsettled,
  lacking,
  type ReportedDay,
  type ReportedFinding,
} from './checks-days.ts';
import { answerText, findingsOf } from './checks-findings.ts';
import { shortTime, windowText } from './frame.ts';
import type { PrintedReport, ReportVerdict, ReportWindow, Standing } from './printed-report.ts';

export type ChecksReport = PrintedReport<'checks', ChecksData>;

export function checksVerdict(window: ReportWindow, data: ChecksData): ReportVerdict {
  const { days, foreign } = data;
  const real = data.findings.filter(({ isDrill }) => !isDrill);
  const count = (state: DayState) => days.filter((day) => day.state === state).length;
  const expected = expectedKinds(days);
  const part = days.filter((day) => day.state === 'shown' && lacking(day, expected).length > 0).length;
  const [shown, none] = [count('shown'), count('not-shown') + count('before')];
  const due = shown + none;
  const isWhole = isEachShown(days);
  const standing = standingOf(real, isWhole && foreign === 0 && isEachStampVouched(data));
  const bounds = checksBounds(data, expected);
  const when = window.from === null ? '' : ` ${windowText(window)}`;
  if (due === 0)
    return {
      standing,
      sentence: `No day${when} is over: nothing is shown of any, and ${openText(data.findings, isWhole)}.`,
      bounds,
    };
  const kinds = `a whole run of each kind of check (${expected.map((kind) => CHECK_WORDS[kind]).join(', ')})`;
  const full = shown - part;
  const each =
    due === 1 ? `The one day${when} that is over` : `Each of the ${counted(due, 'day')}${when} that are over`;
  const of = due === 1 ? `one day${when} that is over` : `${counted(due, 'day')}${when} that are over`;
  const sentence = isWhole
    ? `${each} is shown with ${kinds}, and ${openText(data.findings, isWhole)}.`
    : `Of ${of}, ${full} ${full === 1 ? 'is' : 'are'} shown with ${kinds}, ` +
      `${part} in part, and ${none} not at all; ${openText(data.findings, isWhole)}.`;
  return { standing, sentence, bounds };
}

/** What people dealt with is no news, and never makes a report look better than it was looked at. */
function standingOf(real: readonly ReportedFinding[], isWhole: boolean): Standing {
  if (real.some(({ settled }) => settled === null)) return 'found';
  if (!isWhole) return 'open';
  return real.length === 0 ? 'whole' : 'accepted';
}

/** Of days on which not everything was looked at, that none is known says little. */
function openText(all: readonly ReportedFinding[], isWhole: boolean): string {
  const drills = all.filter(({ isDrill }) => isDrill);
  const findings = all.filter(({ isDrill }) => !isDrill);
  const open = drills.filter(({ closed }) => closed === null).length;
  const ofDrills = drills.length === 0 ? '' : `; ${drills.length} of drills, ${open} still open`;
  return `${realText(findings, isWhole, drills.length > 0)}${ofDrills}`;
}

function realText(findings: readonly ReportedFinding[], isWhole: boolean, hasDrills: boolean): string {
  const outside = hasDrills ? ' outside of drills' : '';
  if (findings.length === 0)
    return isWhole
      ? `no finding${outside} was open in that time`
      : `no finding of that time${outside} is known`;
  const settled = findings.filter((one) => one.settled !== null).length;
  const open = findings.filter(isUnsettled).length;
  if (findings.length === 1) {
    const state = open > 0 ? 'still is' : settled > 0 ? DEALT_WITH_ONE : 'is closed';
    return `1 finding was open in that time, and ${state}`;
  }
  const left = `${open} still ${open === 1 ? 'is' : 'are'}`;
  const now =
    settled > 0 ? dealtWith(open, settled, left) : open === 0 ? 'and all are closed' : `and ${left}`;
  return `${counted(findings.length, 'finding')} were open in that time, ${now}`;
}

const DEALT_WITH_ONE = 'stays listed, since it says what is lost for ever: somebody accepted or resolved it';

const dealtWith = (open: number, settled: number, left: string): string =>
  `and ${open === 0 ? 'none still is' : left}, but for ${settled === 1 ? 'one' : countText(settled)} ` +
  'that somebody accepted or resolved';

/** `5 min`, `1 h 4 min`: rounded up, for it is the most that was. */
function pauseText(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.ceil(seconds / 60);
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  return [hours === 0 ? '' : `${hours} h`, rest === 0 ? '' : `${rest} min`]
    .filter((part) => part !== '')
    .join(' ');
}

function kindCell(counts: CheckCounts | undefined, isShown: boolean): TableCell {
  if (!isShown) return '-';
  if (counts === undefined || counts.whole === 0)
    return { text: counts === undefined ? 'none' : `none whole of ${countText(counts.runs)}`, tone: 'open' };
  const failed = counts.failed === 0 ? '' : `\n${countText(counts.failed)} failed`;
  return `${countText(counts.whole)}, pause ${pauseText(counts.pause)}${failed}`;
}

const STATES: Readonly<Record<DayState, string>> = {
  shown: 'shown',
  'not-shown': 'not shown',
  before: 'before the first record',
  'not-due': 'not over',
};

function stampCell({ stamp }: ReportedDay): TableCell {
  if (stamp === undefined) return '-';
  if (stamp.kind === 'none') return 'none';
  return stamp.kind === 'shown'
    ? `${shortTime(stamp.at ?? '-')}${stamp.hasEnded ? ', ended since' : ''}`
    : { text: 'nobody vouches for it', tone: 'open' };
}

function daysBlock({ days, stampRoots = 0 }: ChecksData): TableBlock {
  const isStamped = stampRoots > 0 || days.some(({ stamp }) => (stamp?.kind ?? 'none') !== 'none');
  const expected = expectedKinds(days);
  return {
    ...{ kind: 'table', title: 'Day by day', empty: 'No day.' },
    intro:
      'How many runs of a day looked at everything that the check is about; and the longest time within the day ' +
      'without the end of such a run. A drill is a harmless tampering: found, and of how many people were notified.',
    columns: [
      ...[{ title: 'day (UTC)', form: 'time' as const }, { title: 'record' }],
      ...expected.map((kind) => ({ title: CHECK_WORDS[kind] })),
      ...[{ title: 'drills' }, { title: 'attested', align: 'right' as const }],
      ...(isStamped ? [{ title: 'time-stamp (UTC)' }] : []),
    ],
    rows: days
      .filter(({ state }) => state !== 'not-due')
      .map((day) => [
        day.date,
        day.state === 'shown'
          ? `stored ${shortTime(day.storedAt ?? '-')}`
          : { text: STATES[day.state], tone: 'open' as const },
        ...expected.map((kind) => kindCell(day.kinds[kind], day.state === 'shown')),
        day.drills.opened === 0 ? '-' : `${day.drills.opened} found, ${day.drills.notified} notified`,
        day.state === 'shown' ? countText(day.attested) : '-',
        ...(isStamped ? [stampCell(day)] : []),
      ]),
  };
}

export const checksFace = ({ data }: ChecksReport): ReportFace => ({
  title: 'Checks',
  question: 'On which days did the second party look, what did it find, and what did people do about it?',
  blocks: [
    { kind: 'drawn', title: 'Calendar', content: calendarOf(data.days) },
    {
      kind: 'drawn',
      title: 'Findings outside of drills',
      content: findingsOf(data.findings.filter(({ isDrill }) => !isDrill)),
    },
    daysBlock(data),
    ...failuresBlock(data),
    {
      ...{ kind: 'table', title: 'Drills', empty: 'No drill was found in that time.' },
      intro: 'Findings in the place that is reserved for drills.',
      columns: [
        { title: 'opened (UTC)', form: 'time' },
        { title: 'finding' },
        { title: 'notified' },
        ...[{ title: 'acknowledged' }, { title: 'resolved' }],
        { title: 'closed (UTC)', form: 'time' },
      ],
      rows: data.findings
        .filter(({ isDrill }) => isDrill)
        .map(({ opened, code, notified, closed, answers, otherAnswers }) => [
          ...[shortTime(opened), code],
          notified.map(({ channel, at }) => `${channel} ${shortTime(at)}`).join('\n') || {
            text: 'nobody',
            tone: 'open' as const,
          },
          answersCell(answers, 'ack', otherAnswers),
          answersCell(answers, 'resolve', otherAnswers),
          closed === null ? { text: 'open', tone: 'open' as const } : shortTime(closed.at),
        ]),
    },
  ],
});

/** Each by whom a named key says that it is. What nobody named has signed is counted, and not shown. */
function answersCell(
  answers: ReportedFinding['answers'],
  kind: 'ack' | 'resolve',
  otherAnswers: number,
): TableCell {
  const some = answers.filter((answer) => answer.kind === kind);
  if (some.length > 0) return some.map(answerText).join('\n');
  const others = otherAnswers === 0 ? '' : `\nnotes that no named person has signed: ${otherAnswers}`;
  return { text: `by nobody who was named${others}`, tone: 'open' };
}

function failuresBlock({ days }: ChecksData): TableBlock[] {
  const rows = days.flatMap(({ date, kinds }) =>
    CHECK_KINDS.flatMap((kind) =>
      (kinds[kind]?.failures ?? []).map((text) => [date, CHECK_WORDS[kind], text]),
    ),
  );
  if (rows.length === 0) return [];
  const columns = [
    { title: 'day (UTC)', form: 'time' as const },
    { title: 'check' },
    { title: 'what failed' },
  ];
  const intro = 'Up to five different ones of each check and day.';
  return [{ kind: 'table', title: 'Runs that failed', intro, columns, rows: rows.slice(0, 500), empty: '' }];
}

/** RFC 4180: one row a day. */
export const checksCsv = ({ data: { days } }: ChecksReport): Uint8Array =>
  csvRows([
    [
      ...['day_utc', 'state', 'record_stored_utc', 'attested', 'drills_found', 'drills_notified'],
      ...CHECK_KINDS.flatMap((kind) => [`${kind}_whole`, `${kind}_failed`, `${kind}_pause_s`]),
      ...['stamp', 'stamp_utc'],
    ],
    ...days.map((day) => [
      ...[day.date, STATES[day.state], day.storedAt ?? ''],
      ...[day.attested, day.drills.opened, day.drills.notified].map((count) =>
        day.state === 'shown' ? String(count) : '',
      ),
      ...CHECK_KINDS.flatMap((kind) => {
        const one = day.kinds[kind];
        return one === undefined ? ['', '', ''] : [one.whole, one.failed, one.pause].map(String);
      }),
      ...[day.stamp?.kind ?? '', day.stamp?.at ?? ''],
    ]),
  ]);

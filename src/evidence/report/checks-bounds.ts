// What has to be known to read a report of checks: which days are missing, and what is not shown at all?
import { counted } from '../../base/counted.ts';
import {
  CHECK_KINDS,
  CHECK_WORDS,
  type CheckKind,
  type ChecksData,
  type DayState,
  lacking,
  type ReportedDay,
  type ReportedStamp,
} from './checks-days.ts';

const NAMED_MAX = 40;
const DAY_MS = 86_400_000;
const LATE_MS = 2 * DAY_MS;

const named = (days: readonly ReportedDay[]): string => {
  const dates = days.slice(0, NAMED_MAX).map(({ date }) => date);
  return `${dates.join(', ')}${days.length > NAMED_MAX ? ` and ${days.length - NAMED_MAX} more` : ''}`;
};

const isLate = ({ date, storedAt }: ReportedDay): boolean =>
  Date.parse(storedAt ?? date) > Date.parse(date) + DAY_MS + LATE_MS;

/** By whose clock each day is known. Of days that are not over there is none yet. */
function stampBounds({ days, stampRoots }: ChecksData): string[] {
  if (stampRoots === undefined) return [];
  const due = days.filter(({ state, stamp }) => state !== 'not-due' && stamp !== undefined);
  const of = (kind: ReportedStamp['kind']) => due.filter(({ stamp }) => stamp?.kind === kind);
  const [shown, unvouched, none] = [of('shown'), of('unvouched'), of('none')];
  const ended = shown.filter(({ stamp }) => stamp?.hasEnded === true);
  const foreign = due.reduce((sum, { stamp }) => sum + (stamp?.foreign ?? 0), 0);
  const texts: string[] = [];
  if (shown.length > 0)
    texts.push(
      `A time-stamp under the roots that were given: ${shown.length} of ${counted(due.length, 'day')}.`,
    );
  if (unvouched.length > 0)
    texts.push(
      stampRoots === 0
        ? `A time-stamp lies there of ${counted(unvouched.length, 'day')}, and no root of its authority was ` +
            'given: it shows no time.'
        : `A time-stamp that leads to none of the roots that were given: ${named(unvouched)}.`,
    );
  if (none.length === due.length && due.length > 0)
    texts.push("No time-stamp of these days: each time is by the verifier's clock or the store's.");
  else if (none.length > 0) texts.push(`No time-stamp: ${named(none)}.`);
  if (ended.length > 0)
    texts.push(
      `The certificate of the time-stamp has ended since: ${named(ended)}. ` +
        'Whether a later one renews it was not looked at.',
    );
  if (foreign > 0) texts.push(`At keys of time-stamps lie ${counted(foreign, 'object')} that are none.`);
  return texts;
}

/** Missed days come first, each by its date. */
export function checksBounds(data: ChecksData, expected: readonly CheckKind[]): string[] {
  const { days, foreign, firstRecord, isStoreTime, acceptanceUnknown } = data;
  const of = (state: DayState) => days.filter((day) => day.state === state);
  const [shown, missed, before, notDue] = [of('shown'), of('not-shown'), of('before'), of('not-due')];
  const some = (list: readonly unknown[], text: () => string): string[] =>
    list.length === 0 ? [] : [text()];
  const part = shown.filter((day) => lacking(day, expected).length > 0);
  const late = shown.filter(isLate);
  const omitted = shown.filter((day) => day.omitted > 0);
  const never = CHECK_KINDS.filter((kind) => !expected.includes(kind)).map((kind) => CHECK_WORDS[kind]);
  const lackText = (day: ReportedDay) =>
    lacking(day, expected)
      .map((kind) => CHECK_WORDS[kind])
      .join(', ');
  return [
    ...some(
      missed,
      () => `Not shown: ${named(missed)}. No record lies there, so nothing is known of these days.`,
    ),
    ...part.slice(0, NAMED_MAX).map((day) => `${day.date}: no whole run of ${lackText(day)}.`),
    ...some(
      part.slice(NAMED_MAX),
      () => `${part.length - NAMED_MAX} more days are shown in part: see the table.`,
    ),
    ...some(before, () => {
      const first = `the first record that lies there (of ${firstRecord})`;
      return `${counted(before.length, 'day')} before ${first}: nothing is known of them.`;
    }),
    ...some(notDue, () => `Not over, or the record is not due yet: ${named(notDue)}.`),
    ...some(
      never,
      () => `In no record of this time: ${never.join(', ')}. Whether they are set up is not shown.`,
    ),
    ...some(late, () => `Recorded more than two days later: ${named(late)}.`),
    ...some(
      omitted,
      () => `Beside what was counted lay notes that the verifier had not signed: ${named(omitted)}.`,
    ),
    ...stampBounds(data),
    ...(isStoreTime
      ? []
      : ['The bucket is a directory: its times are those of files, which anybody can set.']),
    ...(foreign === 0
      ? []
      : [
          `At keys of findings lie ${counted(foreign, 'object')} that this verifier has not signed: not shown.`,
        ]),
    ...(acceptanceUnknown === null ? [] : [`Which losses were accepted is not known: ${acceptanceUnknown}.`]),
    'Counts are least counts: what a process ran before it died without notice is in none.',
  ];
}

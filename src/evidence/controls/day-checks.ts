// What do the second party's daily records show of a control?
import { counted, countText } from '../../base/counted.ts';
import {
  type ChecksData,
  expectedKinds,
  isEachShown,
  isUnsettled,
  lacking,
  type ReportedDay,
} from '../report/checks-days.ts';
import { failed, type Judged, notShown, shown } from './judged.ts';

/** What the place of attestations says of some days; null: no place was named, or no days. */
export type DayFacts = ChecksData | null;

const NO_DAYS = 'No days were asked for: --from and --to, with --attestations and --cosigner.';
const dueOf = ({ days }: ChecksData): readonly ReportedDay[] =>
  days.filter(({ state }) => state !== 'not-due');
const isWhole = (data: ChecksData): boolean => isEachShown(data.days) && data.foreign === 0;

/** `10 days that are over, by the word of NAME about itself`. */
const rangeText = (data: ChecksData): string => {
  const due = dueOf(data).length;
  const days = due === 1 ? 'one day that is over' : `${counted(due, 'day')} that are over`;
  return `${days}, by the word of ${data.verifier} about itself`;
};
const inThese = ({ days }: ChecksData): string => (days.length === 1 ? 'on that day' : 'in these days');

export function dailyRecords(data: DayFacts): Judged {
  if (data === null) return notShown(NO_DAYS);
  const due = dueOf(data);
  if (due.length === 0) return notShown('None of the days is over.');
  const expected = expectedKinds(data.days);
  const whole = due.filter((day) => day.state === 'shown' && lacking(day, expected).length === 0);
  if (isWhole(data)) return shown(`A whole run of each kind of check on each of ${rangeText(data)}.`);
  return notShown(
    `A whole run of each kind of check on ${countText(whole.length)} of ${rangeText(data)}; ` +
      `${counted(data.foreign, 'object')} of others among its notes of findings.`,
  );
}

export function configurationComparisons(data: DayFacts): Judged {
  if (data === null) return notShown(NO_DAYS);
  const due = dueOf(data);
  if (due.length === 0) return notShown('None of the days is over.');
  const compared = due.filter(({ kinds }) => (kinds.configuration?.whole ?? 0) > 0);
  const text = `Every setting was compared on ${countText(compared.length)} of ${rangeText(data)}.`;
  return compared.length === due.length ? shown(text) : notShown(text);
}

export function drills(data: DayFacts): Judged {
  if (data === null) return notShown(NO_DAYS);
  const found = data.findings.filter(({ isDrill }) => isDrill);
  const notified = found.filter((one) => one.notified.length > 0).length;
  if (found.length === 0)
    return notShown(`No drill is known ${inThese(data)}, by the word of ${data.verifier}.`);
  const text =
    `${counted(found.length, 'drill')} found ${inThese(data)}, and of ${countText(notified)} somebody was notified, ` +
    `by the word of ${data.verifier}.`;
  if (found.length > notified) return failed(text);
  return shown(text);
}

export function findingsAnswered(data: DayFacts): Judged {
  if (data === null) return notShown(NO_DAYS);
  const real = data.findings.filter(({ isDrill }) => !isDrill);
  const silent = real.filter((one) => isUnsettled(one) && one.answers.length === 0);
  const open = real.filter(isUnsettled).length;
  const settled = real.filter((one) => one.settled !== null).length;
  const dealtWith = settled === 0 ? '' : `, ${settled} accepted or resolved`;
  const states = `${real.length - open - settled} closed${dealtWith}, ${open} open`;
  const known = `${counted(real.length, 'finding')} known ${inThese(data)}: ${states}`;
  if (silent.length > 0)
    return failed(`${known}, and ${silent.length} of these that nobody whose key was given answered.`);
  // None in days on which nobody looked would say nothing.
  if (!isWhole(data)) {
    const some = real.length === 0 ? '' : ` ${known}.`;
    return notShown(`Not on each day was everything looked at, so findings may be missing.${some}`);
  }
  return shown(
    real.length === 0
      ? `No finding was open on ${rangeText(data)}.`
      : `${counted(real.length, 'finding')} open on some of ${rangeText(data)}: ${states} and answered.`,
  );
}

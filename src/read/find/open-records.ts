// Of which records can't be said whether they were asked for, and why?
import { counted } from '../../base/counted.ts';
import { parseDecimal } from '../../base/decimal-order.ts';
import { conditionText } from './condition.ts';
import type { Looked } from './statement.ts';

type Counted = Pick<Looked, 'counts' | 'query' | 'chains'>;

/** Records that may have been asked for. A sentence for each reason why it can't be said. */
export const openTexts = (looked: Counted): string[] => [
  ...timelessTexts(looked),
  ...eventZoneTexts(looked),
  ...uncomparedTexts(looked),
];

/** Whether all of them lack a time of the kind that bounds the search. */
export const areTimeless = (looked: Counted): boolean =>
  eventZoneTexts(looked).length === 0 && uncomparedTexts(looked).length === 0;

/** The same before the answer itself, which they limit. */
export function openText(looked: Counted): string {
  const untimed = untimedOf(looked);
  const { undated, eventTime } = looked.counts;
  const said = [
    ...(untimed === 0 ? [] : [`${counted(untimed, 'record')} without such a time not searched`]),
    ...(undated === 0
      ? []
      : [`${counted(undated, 'record')} without such a time may be meant, and can't be placed`]),
    ...(eventTime.unzoned === 0
      ? []
      : [`${counted(eventTime.unzoned, 'record')} with a time without an offset from UTC may be meant`]),
    ...uncompared(looked),
  ];
  return said.map((one) => `${one}: `).join('');
}

const untimedOf = ({ chains, counts }: Counted): number =>
  chains.reduce((total, { segments }) => total + segments.untimedRecords, counts.untimed);

const wouldBe = (count: number): string => counted(count, 'record would be a hit', 'records would be hits');

function timelessTexts(looked: Counted): string[] {
  const untimed = untimedOf(looked);
  const { undated } = looked.counts;
  return [
    ...(untimed === 0
      ? []
      : [
          [
            `${counted(untimed, 'record')} without a time, such as lines of a file: whether they were`,
            "meant can't be said",
            '(--time event asks for the time inside of events, --time sealed for that of their seals)',
          ].join(' '),
        ]),
    ...(undated === 0
      ? []
      : [
          [
            `${wouldBe(undated)}, but for a time of the event that is missing or can't be read`,
            '(--time sealed asks for the time of their seals)',
          ].join(' '),
        ]),
  ];
}

function eventZoneTexts({ counts }: Counted): string[] {
  const { unzoned } = counts.eventTime;
  if (unzoned === 0) return [];
  return [
    [
      `${wouldBe(unzoned)} at another offset from UTC: the time of the event names none, and as UTC it lies`,
      'less than a day outside of the range (with a wider --from and --to it is shown)',
    ].join(' '),
  ];
}

const uncomparedTexts = (looked: Counted): string[] =>
  uncompared(looked).map((one) => `${one}, so a hit may be missing`);

/** `1 record whose /amount is no number was not compared (/amount>5)`, of each condition that has some. */
function uncompared({ counts, query }: Counted): string[] {
  return query.conditions.flatMap((condition, index) => {
    const { unreadable = 0, unzoned = 0 } = counts.fields[index] ?? {};
    const { field, value } = condition;
    const what = parseDecimal(value) === null ? 'no time that can be read' : 'no number';
    const asked = conditionText(condition);
    const one = `record whose ${field} is ${what} was`;
    const more = `records whose ${field} is ${what} were`;
    const zone = `with a time without an offset from UTC in ${field} may be meant`;
    return [
      ...(unreadable === 0 ? [] : [`${counted(unreadable, one, more)} not compared (${asked})`]),
      ...(unzoned === 0 ? [] : [`${counted(unzoned, 'record')} ${zone} (${asked})`]),
    ];
  });
}

// Which moment does a time inside of an event mean?
import { compareDecimals, parseDecimal, scaledFloor } from './decimal-order.ts';

/** `ms`: milliseconds since 1970, rounded down. */
export type EventTime = {
  readonly ms: number;
  /** False: no offset from UTC is written, and it was taken as UTC. */
  readonly hasZone: boolean;
};

const HOUR_MS = 3_600_000;

/** How far from UTC a time without an offset may be meant: clocks on Earth show UTC−12:00 to UTC+14:00. */
export const MAY_BE_MS = { least: -14 * HOUR_MS, most: 12 * HOUR_MS } as const;

const TEXT =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,30}))?)? ?(?:([Zz]|UTC|GMT)|([+-])(\d\d):?(\d\d)?)?)?$/;
const MINUTE_MS = 60_000;

/** By RFC 3339 and a little looser: a space for `T`, no seconds, a date alone, `+0100`. Null: no time. */
function momentOf(text: string): EventTime | null {
  const match = TEXT.exec(text);
  if (match === null) return null;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((one) => Number(one ?? 0)) as [
    ...[number, number, number, number, number, number],
  ];
  const [, , , , , , , fraction = '', zone, sign, offHour = '0', offMinute = '0'] = match;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null;
  // A leap second is the first one of the next minute.
  if (hour > 23 || minute > 59 || second > 60 || Number(offHour) > 23 || Number(offMinute) > 59) return null;
  date.setUTCHours(hour, minute, second, Number(fraction.slice(0, 3).padEnd(3, '0')));
  const offset = (Number(offHour) * 60 + Number(offMinute)) * MINUTE_MS;
  const ms = date.getTime() - (sign === undefined ? 0 : sign === '+' ? offset : -offset);
  return { ms, hasZone: zone !== undefined || sign !== undefined };
}

/**
 * Numbers up to 10^11 are seconds since 1970, up to 10^14 milliseconds, up to 10^17 microseconds and up to
 * 10^20 nanoseconds: so each unit covers the years 1973 to 5138.
 */
const UNITS = (
  [
    ['1e11', 3],
    ['1e14', 0],
    ['1e17', -3],
    ['1e20', -6],
  ] as const
).map(([bound, shift]) => ({ bound: parseDecimal(bound)!, shift }));

function momentOfNumber(text: string): EventTime | null {
  const number = parseDecimal(text);
  if (number === null) return null;
  const size = number.sign < 0 ? { ...number, sign: 1 as const } : number;
  const unit = UNITS.find(({ bound }) => compareDecimals(size, bound) < 0);
  const ms = unit === undefined ? null : scaledFloor(number, unit.shift);
  return ms === null ? null : { ms: Number(ms), hasZone: true };
}

/** Of a string or a number as it is written. Null: it is no time that can be read. */
export const eventTimeOf = (text: string): EventTime | null => momentOf(text) ?? momentOfNumber(text);

/** A date or a time, and no number: what `FIELD>TIME` compares with. */
export const isTimeText = (text: string): boolean => momentOf(text) !== null;

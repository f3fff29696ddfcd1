// Which moment does a user's date or time mean?
import { UsageError } from './exit-code.ts';

const TIME =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3}))?)?)?(?:(Z)|([+-])(\d\d):(\d\d))?$/;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/**
 * Milliseconds since 1970 of a date (its first moment) or a time, by RFC 3339 and looser: `T` may be a
 * space, seconds may be left out. Without an offset it is meant in `zone`, an IANA name such as
 * Europe/Berlin. Throws UsageError, also for a time (no date) that the zone's clocks skip or show twice.
 */
export function momentFromText(text: string, zone: string): number {
  const match = TIME.exec(text);
  if (match === null) {
    throw new UsageError(
      `${JSON.stringify(text)} is not a time such as 2026-11-22T10:00:00Z`,
      'Give a time such as 2026-11-22T10:00:00Z, or a date such as 2026-11-22.',
    );
  }
  const [
    ,
    year,
    month,
    day,
    hour = '0',
    minute = '0',
    second = '0',
    fraction = '',
    z,
    sign,
    offHour,
    offMinute,
  ] = match;
  const fields = [year, month, day, hour, minute, second].map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const wallMs = utcMs(fields) + Number(fraction.padEnd(3, '0'));
  const isReal =
    fields[0] > 0 &&
    utcFields(wallMs).every((value, index) => value === fields[index]) &&
    Number(offHour ?? 0) < 24 &&
    Number(offMinute ?? 0) < 60;
  if (!isReal) throw new UsageError(`${text} is no day or time that exists`);
  if (z !== undefined) return wallMs;
  if (sign !== undefined) {
    const offsetMs = (Number(offHour) * 60 + Number(offMinute)) * MINUTE_MS;
    return sign === '+' ? wallMs - offsetMs : wallMs + offsetMs;
  }
  return inZone(text, wallMs, zone, match[4] === undefined);
}

/** Throws UsageError. */
export const requireZone = (zone: string): void => void zoneOffset(zone);

/** `wallMs`: what the zone's clocks show, as if it were UTC. A date is its first moment. */
function inZone(text: string, wallMs: number, zone: string, isDate: boolean): number {
  const offsetAt = zoneOffset(zone);
  const moments = [wallMs - DAY_MS, wallMs + DAY_MS]
    .map((near) => wallMs - offsetAt(near))
    .filter((ms) => ms + offsetAt(ms) === wallMs);
  const [first = isDate ? firstAfterGap(wallMs, offsetAt) : undefined, second = first] = moments;
  if (first === undefined) {
    throw new UsageError(
      `${text} does not exist in ${zone}: its clocks go forward over it`,
      'Add an offset, such as +01:00.',
    );
  }
  if (second !== first && !isDate) {
    throw new UsageError(`the clocks of ${zone} show ${text} twice`, 'Add an offset, such as +01:00.');
  }
  return first;
}

/** The first moment of a day whose midnight the clocks skip. Undefined: they skip the day. */
function firstAfterGap(wallMs: number, offsetAt: (ms: number) => number): number | undefined {
  let [before, from] = [wallMs - 2 * DAY_MS, wallMs + 2 * DAY_MS];
  while (from - before > 1) {
    const middle = Math.floor((before + from) / 2);
    if (middle + offsetAt(middle) < wallMs) before = middle;
    else from = middle;
  }
  return from + offsetAt(from) < wallMs + DAY_MS ? from : undefined;
}

/** How far the zone's clocks are ahead of UTC at a moment, in milliseconds. */
function zoneOffset(zone: string): (ms: number) => number {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch {
    throw new UsageError(
      `${JSON.stringify(zone)} is not a time zone`,
      'Give one such as UTC or Europe/Berlin.',
    );
  }
  return (ms) => {
    const parts = Object.fromEntries(
      format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]),
    );
    const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = parts;
    return utcMs([year, month, day, hour, minute, second]) - Math.floor(ms / 1000) * 1000;
  };
}

type Fields = readonly [
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
];

function utcMs([year, month, day, hour, minute, second]: Fields): number {
  // Date.UTC takes years below 100 for those of the 20th century.
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  return date.getTime();
}

function utcFields(ms: number): Fields {
  const date = new Date(ms);
  return [
    date.getUTCFullYear(),
    date.getUTCMonth() + 1,
    date.getUTCDate(),
    date.getUTCHours(),
    date.getUTCMinutes(),
    date.getUTCSeconds(),
  ];
}

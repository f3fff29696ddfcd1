// When does a line of syslog say that it was written? RFC 5424, RFC 3164, and a time at its beginning.
import type { WallClock } from './zone.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** The beginning of a line is enough, and a hostile line may be long. */
const HEAD_BYTES = 200;
const RFC_5424 = /^<\d{1,3}>[1-9]\d{0,2} (\S{1,64}) /;
const RFC_3164 = /^(?:<\d{1,3}>)?([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d\d):(\d\d):(\d\d)(?:[ .]|$)/;
/** As rsyslog writes files, and others within brackets. */
const LEADING = /^(?:<\d{1,3}>)?\[?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S{0,40}?)(?:\]|\s|$)/;
/** auditd: seconds since 1970. */
const AUDIT = /(?:^|\s)msg=audit\((\d{1,12}\.\d{3}):\d+\)/;

type Tools = {
  readonly moment: (text: string) => number | null;
  readonly clock: WallClock;
  readonly year: number | null;
};

/** Null: none of these forms, or a day that does not exist. */
export function syslogTime(line: Uint8Array, { moment, clock, year }: Tools): number | null {
  const head = Buffer.from(line.subarray(0, HEAD_BYTES)).toString('latin1');
  const written = RFC_5424.exec(head)?.[1] ?? LEADING.exec(head)?.[1] ?? AUDIT.exec(head)?.[1];
  if (written !== undefined) return moment(written);
  const old = RFC_3164.exec(head);
  if (old === null || year === null) return null;
  const [, name = '', ...numbers] = old;
  const [day, hour, minute, second] = numbers.map(Number) as [number, number, number, number];
  const month = MONTHS.indexOf(name);
  const wall = new Date(Date.UTC(year, month, day, hour, minute, second));
  const isReal =
    month >= 0 && wall.getUTCMonth() === month && wall.getUTCDate() === day && hour < 24 && minute < 60;
  return isReal ? clock.momentOf(wall.getTime()) : null;
}

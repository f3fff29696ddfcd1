// How do events stand in a table that a spreadsheet opens? (RFC 4180)
import { utf8 } from '../base/bytes.ts';
import { printableLines } from '../base/printable.ts';
import { timeText } from '../format/time.ts';
import type { ShownEvent } from './event.ts';
import type { OwnTime, OwnTimes } from './own-time.ts';

export type TableRow = {
  readonly chain: string;
  readonly partition: number;
  readonly event: ShownEvent;
  /** RFC 3339: when its segment was sealed, by the archiver's clock. */
  readonly archivedAt: string;
};

const BEFORE = ['topic', 'partition', 'offset', 'time_utc', 'time_by', 'archived_utc'];
/** Where a topic's events have a time of their own: the moment, where it is known, and the text itself. */
const OWN_TIME = ['event_time_utc', 'event_time'];
const AFTER = ['key', 'headers', 'value', 'note'];
/** Excel takes a file without it for one of its country's old character sets. */
const BYTE_ORDER_MARK = '\ufeff';

/**
 * What a spreadsheet takes for a formula begins with one of these. An apostrophe before it makes it text;
 * the archived bytes are in the file of lines.
 */
const FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;

const cell = (text: string): string => {
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n;]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

const rowText = (cells: readonly string[]): string => `${cells.map(cell).join(',')}\r\n`;

/** Rows of any table, the names of the columns first. */
export const csvRows = (rows: readonly (readonly string[])[]): Uint8Array =>
  utf8(`${BYTE_ORDER_MARK}${rows.map((row) => rowText(row.map(printableLines))).join('')}`);

export const tableHead = (ownTimes: OwnTimes): Uint8Array =>
  utf8(`${BYTE_ORDER_MARK}${rowText([...BEFORE, ...(ownTimes.isEmpty ? [] : OWN_TIME), ...AFTER])}`);

export function tableRow({ chain, partition, event, archivedAt }: TableRow, ownTimes: OwnTimes): Uint8Array {
  const { offset, timeMs, clock, key, headers, value } = event;
  const own = ownTimes.of(chain, event);
  return utf8(
    rowText([
      chain,
      String(partition),
      String(offset),
      timeMs === null ? '' : timeText(timeMs),
      // No clock vouches for a time that is none.
      timeMs === null ? '' : (clock ?? ''),
      archivedAt,
      ...(ownTimes.isEmpty ? [] : ownTimeCells(own)),
      key ?? '',
      headers.map((header) => `${header.name}: ${header.value ?? '(no value)'}`).join('\n'),
      value ?? '',
      [noteOf(event), own?.hasMore === true ? 'more than one event_time: the first is shown' : '']
        .filter((note) => note !== '')
        .join('; '),
    ]),
  );
}

/** Which moment a time without an offset from UTC means is not known. */
const ownTimeCells = (own: OwnTime | null): string[] =>
  own === null ? ['', ''] : [own.ms === null ? '' : timeText(own.ms), own.text];

/** What an empty value means. */
function noteOf({ gap, value, offset }: ShownEvent): string {
  if (gap === null) return value === null ? 'no value (tombstone)' : '';
  const offsets = gap.last === offset ? `offset ${offset} has` : `offsets ${offset} to ${gap.last} have`;
  const by = gap.by === undefined ? '' : `, by ${gap.by}: ${gap.why}`;
  return `${offsets} no event: ${gap.reason}${by}`;
}

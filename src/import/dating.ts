// What becomes the value of a record of history, and when did it happen by its own word?
import { utf8 } from '../base/bytes.ts';
import { eventTimeOf } from '../base/event-time.ts';
import { encodeEntry } from '../format/record.ts';
import { parseTarget } from '../format/target.ts';
import { FieldValues } from '../read/find/field-values.ts';
import { cellsOf } from './csv-row.ts';
import { inputError } from './input-error.ts';
import type { Piece } from './pieces.ts';
import { syslogTime } from './syslog-time.ts';
import type { WallClock } from './zone.ts';

export type ImportFormat = 'cloudtrail' | 'qldb' | 'syslog' | 'jsonl' | 'csv';

export type DatingOptions = {
  readonly format: ImportFormat;
  /** A JSON pointer; of CSV the name of a column. Not for syslog. */
  readonly timeField: string;
  readonly clock: WallClock;
  /** Of RFC 3164, whose times have no year. Null: such times are none. */
  readonly year: number | null;
};

export type Dated = {
  readonly value: Uint8Array;
  /** Null: it can't be dated. */
  readonly timeMs: number | null;
};

/** Of one file, whose pieces come in order. Null: the piece is no record, such as the header of CSV. */
export type Dating = (piece: Piece) => Dated | null;

/** A time of an event is one from 1970 on: another one would not be found by time. */
const EARLIEST_MS = 0;
const LATEST_MS = 253_402_300_799_999;

export function datingOf(path: string, options: DatingOptions): Dating {
  const { format, timeField, clock, year } = options;
  const moment = (text: string): number | null => {
    const time = eventTimeOf(text.trim());
    if (time === null) return null;
    return inRange(time.hasZone ? time.ms : clock.momentOf(time.ms));
  };
  if (format === 'syslog')
    return ({ bytes }) => ({ value: bytes, timeMs: inRange(syslogTime(bytes, { moment, clock, year })) });
  if (format === 'csv') return csvDating(path, timeField, moment);
  const target = parseTarget(timeField);
  if (target === null) throw inputError(path, `${timeField} is no JSON pointer such as /time`);
  const fields = new FieldValues([[target]]);
  return ({ bytes }) => ({ value: bytes, timeMs: firstTime(fields.of(lineOf(bytes))[0] ?? [], moment) });
}

const inRange = (ms: number | null): number | null =>
  ms !== null && ms >= EARLIEST_MS && ms <= LATEST_MS ? ms : null;

const firstTime = (texts: readonly string[], moment: (text: string) => number | null): number | null => {
  for (const text of texts) {
    const ms = moment(text);
    if (ms !== null) return ms;
  }
  return null;
};

/** As it will stand in the archive, where a search reads the same field. */
const lineOf = (value: Uint8Array): Uint8Array =>
  encodeEntry({ offset: 0, timestamp: -1n, timestampType: 'create', key: null, headers: [], value });

/** Each row as a JSON object by the header's names; a row of another length as it is written. */
function csvDating(path: string, timeField: string, moment: (text: string) => number | null): Dating {
  let names: readonly string[] | null = null;
  let column = -1;
  return ({ bytes, number }) => {
    const cells = cellsOf(bytes);
    if (names === null) {
      if (cells === null) throw inputError(path, `line ${number}, the header, is no CSV in UTF-8`);
      names = cells;
      column = names.indexOf(timeField.replace(/^\//, ''));
      if (column < 0) throw inputError(path, `it has no column ${timeField}`, `It has: ${names.join(', ')}`);
      if (new Set(names).size !== names.length) throw inputError(path, 'two columns have the same name');
      return null;
    }
    if (cells === null || cells.length !== names.length) return { value: bytes, timeMs: null };
    const value = utf8(JSON.stringify(Object.fromEntries(names.map((name, index) => [name, cells[index]]))));
    return { value, timeMs: moment(cells[column] as string) };
  };
}

// How is a hit printed: for people, for programs, or for spreadsheets?
import { utf8, utf8Text } from '../../base/bytes.ts';
import { counted } from '../../base/counted.ts';
import { printable } from '../../base/printable.ts';
import { type FieldNames, parseTarget, type Target } from '../../format/target.ts';
import { FieldValues } from '../../read/find/field-values.ts';
import type { Hit } from '../../read/find/find.ts';
import type { Query } from '../../read/find/query.ts';
import { csvCell, isFormula } from './csv.ts';
import type { FindFormat } from './find-options.ts';

/** What is printed for each hit. One object serves all of a search. */
export type HitWriter = {
  /** Before the first hit. Empty: nothing. */
  readonly head: string;
  /** Whether it stands there without a hit too. */
  readonly isHeadAlways: boolean;
  /** Bytes with a LF. */
  write(hit: Hit): Uint8Array;
  /** What a reader has to know of what was written. */
  notes(): string[];
};

export function hitWriter(format: FindFormat, query: Query, names: readonly string[]): HitWriter {
  if (format === 'jsonl') return { head: '', isHeadAlways: false, write: jsonLine, notes: () => [] };
  return format === 'csv' ? csvWriter(query, names) : tableWriter(query);
}

/** RFC 3339, or null for a record without a time. */
const timeOf = ({ found }: Hit): string | null =>
  found.timestampMs < 0 ? null : new Date(found.timestampMs).toISOString();

/** The line stands in it byte for byte: it is JSON itself. */
function jsonLine(hit: Hit): Uint8Array {
  const { chain, partition, topic, seal, found } = hit;
  const place = JSON.stringify({ chain, partition, topic, segment: seal.sequence, time: timeOf(hit) });
  return Buffer.concat([utf8(`${place.slice(0, -1)},"line":`), found.line, utf8('}\n')]);
}

type Column = { readonly name: string; readonly targets: readonly Target[] };

/** The fields that were asked for, and those with short names. */
function columnsOf(query: Query, names: FieldNames): Column[] {
  const columns = Object.entries(names).map(([name, targets]) => ({ name, targets }));
  for (const { field } of query.conditions) {
    const target = parseTarget(field);
    if (target !== null && !columns.some(({ name }) => name === field))
      columns.push({ name: field, targets: [target] });
  }
  return columns;
}

/** The columns of a chain, read once for each. */
function columnReader(query: Query) {
  const readers = new Map<string, { readonly columns: Column[]; readonly values: FieldValues }>();
  return ({ chain, topic }: Hit) => {
    const known = readers.get(chain);
    if (known !== undefined) return known;
    const columns = columnsOf(query, query.fieldsOf({ chain, topic }) ?? {});
    const reader = { columns, values: new FieldValues(columns.map(({ targets }) => targets)) };
    readers.set(chain, reader);
    return reader;
  };
}

const VALUE_SHOWN_MAX = 160;
const CELL_SHOWN_MAX = 80;

const cut = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most)}…` : text);

const tableRow = (time: string, chain: string, offset: string, rest: readonly string[]): Uint8Array =>
  utf8(`${printable([time.padEnd(24), chain.padEnd(16), offset.padStart(10), ...rest].join('  '))}\n`);

const TABLE_HEAD = tableRow('time of the record', 'chain', 'offset', ['fields, or the event']);

function tableWriter(query: Query): HitWriter {
  const readerOf = columnReader(query);
  return {
    head: utf8Text(TABLE_HEAD),
    isHeadAlways: false,
    write: (hit) => {
      const { columns, values } = readerOf(hit);
      const { chain, partition, found } = hit;
      const shown = values.of(found.line).flatMap((all, index) => {
        const { name } = columns[index] as Column;
        return all.length === 0 ? [] : [`${name}=${cut(all.join('; '), CELL_SHOWN_MAX)}`];
      });
      const rest =
        shown.length > 0 ? shown : [cut(FieldValues.valueText(found.line) ?? '-', VALUE_SHOWN_MAX)];
      return tableRow(timeOf(hit) ?? '-', `${chain}/${partition}`, String(found.offset), rest);
    },
    notes: () => [],
  };
}

/** `time` is a short name of people: the event's own. */
const FIXED = ['chain', 'partition', 'offset', 'record_time', 'segment'];
/** Spreadsheets take a file for UTF-8 only with it. */
const BOM = '\ufeff';

/** `names`: short names that any chain may have. Each has a column, and each field that was asked for. */
function csvWriter(query: Query, names: readonly string[]): HitWriter {
  const readerOf = columnReader(query);
  const pointers = columnsOf(query, {}).map(({ name }) => name);
  const headings = [...names, ...pointers.filter((name) => !names.includes(name))];
  let formulas = 0;
  const cell = (text: string): string => {
    if (isFormula(text)) formulas++;
    return csvCell(text);
  };
  return {
    head: `${BOM}${[...FIXED, ...headings, 'line'].map(csvCell).join(',')}\n`,
    isHeadAlways: true,
    write: (hit) => {
      const { columns, values } = readerOf(hit);
      const { chain, partition, found, seal } = hit;
      const all = values.of(found.line);
      const shown = headings.map((heading) => {
        const index = columns.findIndex(({ name }) => name === heading);
        return cell((all[index] ?? []).join('; '));
      });
      const cells = [cell(chain), partition, found.offset, cell(timeOf(hit) ?? ''), seal.sequence];
      return utf8(`${[...cells, ...shown, cell(textOf(found.line))].join(',')}\n`);
    },
    notes: () =>
      formulas === 0
        ? []
        : [
            `${counted(formulas, 'cell')} that a spreadsheet would take for a formula: each begins with ' here`,
          ],
  };
}

/** A line is UTF-8. */
const textOf = (line: Uint8Array): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(line);

// What does an archive say of an import before its records? (FORMAT.md 3.16 to 3.18)
import { utf8, utf8Text } from '../base/bytes.ts';
import { FormatError } from '../base/error.ts';
import type { KafkaRecord } from '../format/record.ts';
import { timeText } from '../format/time.ts';
import type { ImportPlan, ImportSurvey } from './survey.ts';
import type { TrailVerdict } from './trail-digests.ts';

const FORMAT = 'ledgerstone/import/1';
/** No imported record has a header: this one can't be feigned by a file. */
const HEADER = { name: utf8('ledgerstone'), value: utf8('import') };

export type ImportedBy = { readonly by: string; readonly reason: string; readonly reference: string | null };

export type ImportStatement = {
  readonly id: string;
  readonly by: string;
  readonly time: string;
  readonly files: readonly { readonly name: string; readonly sha256: string }[];
  readonly records: number;
};

const textOf = (ms: number | null): string | null => (ms === null ? null : timeText(ms));

export function statementBytes(
  { format, timeField, tz, year, provenance }: ImportPlan,
  { id, files, records, undated, firstMs, lastMs }: ImportSurvey,
  who: ImportedBy,
  trail: TrailVerdict | null,
  nowMs: number,
): Uint8Array {
  const listed = files.map(({ firstMs: first, lastMs: last, ...file }) => ({
    ...file,
    ...{ first: textOf(first), last: textOf(last) },
  }));
  const times = { first: textOf(firstMs), last: textOf(lastMs) };
  const read = { format, timeField: format === 'syslog' ? null : timeField, tz, year };
  return utf8(
    JSON.stringify({
      format: FORMAT,
      id,
      ...who,
      time: timeText(nowMs),
      read,
      files: listed,
      records,
      undated,
      ...times,
      provenance,
      trail,
    }),
  );
}

export const statementRecord = (offset: number, value: Uint8Array, nowMs: number): KafkaRecord => ({
  ...{ offset, timestamp: BigInt(nowMs), timestampType: 'create', key: null, headers: [HEADER], value },
});

/** Throws FormatError for what is none. */
export function parseStatement({ headers, value }: KafkaRecord): ImportStatement {
  const [header] = headers;
  const isMarked = header !== undefined && utf8Text(header.name) === 'ledgerstone' && value !== null;
  if (!isMarked) throw new FormatError('no statement of an import');
  const said = JSON.parse(utf8Text(value)) as ImportStatement & { readonly format: string };
  const isOne =
    said.format === FORMAT &&
    /^[0-9a-f]{64}$/.test(said.id) &&
    Number.isSafeInteger(said.records) &&
    Array.isArray(said.files);
  if (!isOne) throw new FormatError('a statement of an import in another form');
  return said;
}

// What is known of a record, or of a run of offsets without one, on its way from a fetch to its line?
import { assert } from '../base/assert.ts';
import { LIMITS } from '../base/limits.ts';
import { encodeEntry, type GapLine, type KafkaRecord } from '../format/record.ts';

/** What becomes one line: a record, or a run of offsets that were seen and carry no record for us. */
export type Item = RecordItem | { readonly kind: 'gap'; readonly gap: GapLine };

/** What is decided by, and where the rest of the record is. */
export type RecordItem = {
  readonly kind: 'record';
  readonly offset: number;
  /** Of key, headers and value: what a record counts against limits and budgets. */
  readonly bytes: number;
  /** How many headers. */
  readonly headers: number;
  /** The record itself, or the records that a decoder keeps elsewhere, of which it is number `index`. */
  readonly content: KafkaRecord | HeldRecords;
  readonly index: number;
};

/** Records that a decoder keeps on a thread of its own, in offset order. Here is what is decided by. */
export interface HeldRecords {
  readonly length: number;
  offset(index: number): number;
  /** Of key, headers and value. */
  bytes(index: number): number;
  /** How many headers. */
  headers(index: number): number;
  /** Whether the format has a line for it. */
  hasLine(index: number): boolean;
  /** The leaf hash of its line. To be asked for before the fetch is done with; rejects if the thread died. */
  leaf(index: number): Promise<Uint8Array>;
}

export type Records = readonly KafkaRecord[] | HeldRecords;

export const isHeld = (content: KafkaRecord | Records): content is HeldRecords => 'leaf' in content;

/** The handle of a record that is here. */
export const recordItem = (record: KafkaRecord): RecordItem => ({
  kind: 'record',
  offset: record.offset,
  bytes: recordBytes(record),
  headers: record.headers.length,
  content: record,
  index: 0,
});

/** The handle of one of these records; null: there are fewer. */
export function itemAt(records: Records, index: number): RecordItem | null {
  if (index >= records.length) return null;
  if (!isHeld(records)) return recordItem(records[index] as KafkaRecord);
  return {
    kind: 'record',
    offset: records.offset(index),
    bytes: records.bytes(index),
    headers: records.headers(index),
    content: records,
    index,
  };
}

export const offsetAt = (records: Records, index: number): number =>
  isHeld(records) ? records.offset(index) : (records[index] as KafkaRecord).offset;

/** The record itself, which must be here. */
export function recordOf({ content }: RecordItem): KafkaRecord {
  assert(!isHeld(content), 'a record that is kept on another thread can be written there only');
  return content;
}

/** Bytes of key, headers and value. */
function recordBytes(record: KafkaRecord): number {
  let bytes = (record.key?.length ?? 0) + (record.value?.length ?? 0);
  for (const { name, value } of record.headers) bytes += name.length + (value?.length ?? 0);
  return bytes;
}

/** Names, quotes and commas of a header in its line, at most. */
export const HEADER_OVERHEAD_BYTES = 32;

/** Whether the format has a line for the record. */
export function hasLine(item: RecordItem): boolean {
  // Headers may be empty, and a million of them is a line that no reader takes.
  if (2 * item.bytes + item.headers * HEADER_OVERHEAD_BYTES < LIMITS.lineBytesMax) return true;
  if (isHeld(item.content)) return item.content.hasLine(item.index);
  try {
    encodeEntry(item.content);
    return true;
  } catch {
    return false;
  }
}

// What does an index say of one segment, as bytes? (FORMAT.md 9.9.3)
import { utf8, utf8Text } from '../../../base/bytes.ts';
import { parseDecimal } from '../../../base/decimal-order.ts';
import { FormatError } from '../../../base/error.ts';
import { parseTarget } from '../../../format/target.ts';
import type { NumberBounds, TimeBounds } from './value-bounds.ts';
import { isSegmentId } from './value-hash.ts';
import { requireSet, type ValueSet } from './value-set.ts';

const INDEX_FORMAT = 'ledgerstone/index/1';
/** Fields of one topic. */
const INDEX_FIELDS_MAX = 8;
/** Of the content. Fields with as many values as there may be fit in. */
export const INDEX_BYTES_MAX = 12 * 1024 * 1024;

/** One place in the records of a segment. */
export type IndexedField = {
  /** As parseTarget reads it: never a short name, which may mean another place tomorrow. */
  readonly field: string;
  /** Records in which it has no value. */
  readonly without: number;
  /** Records in which none of its values reads as a time. */
  readonly undated: number;
  readonly numbers: NumberBounds | null;
  readonly times: TimeBounds | null;
  /** Null: they are too many. */
  readonly values: ValueSet | null;
};

export type SegmentIndex = {
  /** Of which bytes it is: segmentId of the segment. */
  readonly segment: string;
  readonly records: number;
  readonly tombstones: number;
  readonly notJson: number;
  readonly fields: readonly IndexedField[];
};

/** The same index is the same bytes. */
export function encodeIndex({ segment, records, tombstones, notJson, fields }: SegmentIndex): Uint8Array {
  const members = {
    ...{ format: INDEX_FORMAT, segment, records, tombstones, notJson },
    fields: fields.map(({ field, without, undated, numbers, times, values }) => ({
      ...{ field, without, undated },
      numbers: numbers && { min: numbers.min, max: numbers.max },
      times: times && { min: times.min, max: times.max },
      values: values && { [values.kind]: values.base64 },
    })),
  };
  return utf8(`${JSON.stringify(members)}\n`);
}

/** Null: of another format, which a newer program wrote. Throws FormatError. */
export function parseIndex(bytes: Uint8Array): SegmentIndex | null {
  const all = objectOf(jsonOf(bytes), 'an index');
  const { format, segment } = all;
  if (typeof format === 'string' && format !== INDEX_FORMAT && /^ledgerstone\/index\/\d+$/.test(format)) {
    return null;
  }
  if (format !== INDEX_FORMAT) throw new FormatError('no index: its `format` says something else');
  if (typeof segment !== 'string' || !isSegmentId(segment)) throw new FormatError('an index of no segment');
  const { fields } = all;
  if (!Array.isArray(fields) || fields.length > INDEX_FIELDS_MAX) {
    throw new FormatError(`an index without its fields, or with more than ${INDEX_FIELDS_MAX}`);
  }
  const counts = { records: count(all, 'records'), tombstones: count(all, 'tombstones') };
  return { segment, ...counts, notJson: count(all, 'notJson'), fields: fields.map(fieldOf) };
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8Text(bytes));
  } catch (cause) {
    throw new FormatError('an index that is no JSON', 'malformed', cause);
  }
}

type Members = Readonly<Record<string, unknown>>;

function objectOf(value: unknown, what: string): Members {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Members;
  throw new FormatError(`${what} that is no JSON object`);
}

function integer(members: Members, name: string, least: number): number {
  const value = members[name];
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least) return value;
  throw new FormatError(`an index whose \`${name}\` is no number that could be`);
}

const count = (members: Members, name: string): number => integer(members, name, 0);

function fieldOf(value: unknown): IndexedField {
  const members = objectOf(value, 'a field of an index');
  const { field } = members;
  if (typeof field !== 'string' || parseTarget(field) === null) {
    throw new FormatError('an index of a field that is none');
  }
  return {
    ...{ field, without: count(members, 'without'), undated: count(members, 'undated') },
    numbers: numbersOf(members['numbers']),
    times: timesOf(members['times']),
    values: valuesOf(members['values']),
  };
}

function numbersOf(value: unknown): NumberBounds | null {
  if (value === null) return null;
  const { min, max } = objectOf(value, 'the bounds of numbers');
  return { min: bound(min), max: bound(max) };
}

function bound(value: unknown): string | null {
  if (value === null || (typeof value === 'string' && parseDecimal(value) !== null)) return value;
  throw new FormatError('a bound that is no number');
}

const EVER = Number.MIN_SAFE_INTEGER;

function timesOf(value: unknown): TimeBounds | null {
  if (value === null) return null;
  const members = objectOf(value, 'the bounds of times');
  return { min: integer(members, 'min', EVER), max: integer(members, 'max', EVER) };
}

function valuesOf(value: unknown): ValueSet | null {
  if (value === null) return null;
  const [one, ...others] = Object.entries(objectOf(value, 'a set of values'));
  const [kind, base64] = one ?? [];
  if (others.length > 0 || (kind !== 'hashes' && kind !== 'bloom') || typeof base64 !== 'string') {
    throw new FormatError('a set of values of no known kind');
  }
  const set = { kind, base64 } as const;
  requireSet(set);
  return set;
}

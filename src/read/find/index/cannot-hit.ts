// By what indexes say of a segment: can none of its records be a hit?
import { compareDecimals, parseDecimal } from '../../../base/decimal-order.ts';
import { eventTimeOf, MAY_BE_MS } from '../../../base/event-time.ts';
import { type Target, targetText } from '../../../format/target.ts';
import type { SearchSpec } from '../search-spec.ts';
import type { IndexedField, SegmentIndex } from './segment-index.ts';
import { ValueHasher, wantedTexts } from './value-hash.ts';
import { mayHold, setBytes } from './value-set.ts';

type Condition = SearchSpec['conditions'][number];
type TimeSpec = Extract<SearchSpec['time'], { readonly kind: 'event' }>;

/**
 * Of each target of a condition what every index says that has it. Null: of some target none says anything.
 */
type Said = readonly (readonly IndexedField[])[] | null;

/**
 * True only if the indexes are right and no record can match. All of those that have a field must say so.
 * `key`:
 * indexKey of the segment.
 */
export function cannotHit(
  indexes: readonly SegmentIndex[],
  { conditions, time }: SearchSpec,
  key: Uint8Array,
): boolean {
  if (indexes.length > 0 && indexes.every(({ records }) => records === 0)) return true;
  const said = (targets: readonly Target[]): Said => {
    const all = targets.map((target) => {
      const name = targetText(target);
      return indexes.flatMap(({ fields }) => fields.filter(({ field }) => field === name));
    });
    return all.some((one) => one.length === 0) ? null : all;
  };
  const records = Math.max(0, ...indexes.map((one) => one.records));
  const isRuledOut = (condition: Condition) => cannotHold(condition, said(condition.targets), key, records);
  if (conditions.some(isRuledOut)) return true;
  return time?.kind === 'event' && isOutOfTime(time, said(time.targets));
}

const ANSWERED: ReadonlySet<Condition['operator']> = new Set(['=', '>', '>=', '<', '<=']);
/** What contains or begins with a text can't be answered by hashes. */
const isAnswered = ({ operator }: Pick<Condition, 'operator'>): boolean => ANSWERED.has(operator);

/** Nor can what stands anywhere. */
export const isAnswerable = ({
  conditions,
  time,
}: {
  readonly conditions: readonly Pick<Condition, 'operator'>[];
  readonly time: { readonly kind: string } | null;
}): boolean => time?.kind === 'event' || conditions.some(isAnswered);

/** Whether each place that such a question asks about is in some index. */
export function isIndexed(indexes: readonly SegmentIndex[], { conditions, time }: SearchSpec): boolean {
  const names = new Set(indexes.flatMap(({ fields }) => fields.map(({ field }) => field)));
  const asked = [...conditions.filter(isAnswered), ...(time?.kind === 'event' ? [time] : [])];
  return asked.some(({ targets }) => targets.every((target) => names.has(targetText(target))));
}

function cannotHold({ operator, value }: Condition, said: Said, key: Uint8Array, records: number): boolean {
  if (said === null) return false;
  const fields = said.flat();
  switch (operator) {
    case '=':
      return fields.every((field) => isNotIn(field, value, key));
    case '>':
    case '>=':
    case '<':
    case '<=':
      return fields.every((field) => isBeyond(field, operator, value, records));
    case '~':
    case '^':
      return false;
  }
}

function isNotIn({ field, values }: IndexedField, value: string, key: Uint8Array): boolean {
  if (values === null) return false;
  const hasher = new ValueHasher(key, field);
  const bytes = setBytes(values);
  if (bytes === null) return false;
  return wantedTexts(value).every((text) => !mayHold(values, bytes, hasher.of(text)));
}

type Order = '>' | '>=' | '<' | '<=';

/**
 * Whether even the greatest value, or the least one, is not greater, or less, than was asked for. A segment
 * of which the index shows that it has values that can't be compared is read: a search counts those.
 */
function isBeyond(
  { numbers, times, without, undated }: IndexedField,
  operator: Order,
  value: string,
  records: number,
): boolean {
  const isGreater = operator.startsWith('>');
  const holds = (order: number): boolean => {
    if (order === 0) return operator.endsWith('=');
    return isGreater ? order > 0 : order < 0;
  };
  const wanted = parseDecimal(value);
  if (wanted !== null) {
    if (numbers === null) return without === records;
    const bound = parseDecimal((isGreater ? numbers.max : numbers.min) ?? '');
    return bound !== null && !holds(compareDecimals(bound, wanted));
  }
  const wantedTime = eventTimeOf(value);
  if (wantedTime === null || undated > without) return false;
  if (times === null) return true;
  const order = (isGreater ? times.max : times.min) - wantedTime.ms;
  // A time without an offset may be later or earlier than it reads.
  return !holds(order) && !holds(order + (isGreater ? MAY_BE_MS.most : MAY_BE_MS.least));
}

/**
 * A record without a time that can be read is in no range of times, and a search says how many of those would
 * be hits otherwise. So a segment that has one is read.
 */
function isOutOfTime({ fromMs, toMs }: TimeSpec, said: Said): boolean {
  if (said === null || !said.some((fields) => fields.every(({ undated }) => undated === 0))) return false;
  return said.flat().every(({ times }) => isAway(times, fromMs, toMs));
}

/** Also where their times name no offset from UTC. */
const isAway = (times: IndexedField['times'], fromMs: number, toMs: number): boolean =>
  times === null || times.max + MAY_BE_MS.most < fromMs || times.min + MAY_BE_MS.least >= toMs;

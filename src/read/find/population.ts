// On which days do the records of a population lie, and by whose clock?
import { counted } from '../../base/counted.ts';
import { eventTimeOf } from '../../base/event-time.ts';
import { TIME_FIELD } from '../../format/target.ts';
import { FieldValues } from './field-values.ts';
import type { Hit } from './find.ts';
import type { Query } from './query.ts';

/** Of the record; of the event inside of it (the field with the short name `time`); of its seal. */
type DayClock = 'record' | 'event' | 'sealed';

export type DayCount = {
  readonly chain: string;
  readonly partition: number;
  /** `2026-11-22` in UTC; `none` without a time, `other` beyond too many days. */
  readonly day: string;
  readonly records: number;
  /** Null: none. */
  readonly clock: DayClock | null;
};

/** When a record was, for people. */
export type RecordTime = { readonly ms: number; readonly clock: DayClock };

/** Days are the archive's word: hostile times may name millions. */
const DAYS_MAX = 20_000;

/**
 * By the clock that was asked for. Where none was, by the record's own, and by the event's where a record has
 * no time and its topic a field for it, as lines of a file may.
 */
export class PopulationDays {
  readonly #query: Query;
  readonly #days = new Map<string, { of: Omit<DayCount, 'records'>; records: number }>();
  /** By chain. Null: no field is known for the time of an event. */
  readonly #fields = new Map<string, FieldValues | null>();

  constructor(query: Query) {
    this.#query = query;
  }

  add(hit: Hit, time: RecordTime | null): void {
    const { chain, partition } = hit;
    const dated = time === null ? 'none' : new Date(time.ms).toISOString().slice(0, 10);
    const clock = time?.clock ?? null;
    const keyOf = (day: string) => `${chain}/${partition}/${day}/${clock}`;
    const day = this.#days.has(keyOf(dated)) || this.#days.size < DAYS_MAX ? dated : 'other';
    const counted = this.#days.get(keyOf(day)) ?? { of: { chain, partition, day, clock }, records: 0 };
    counted.records++;
    this.#days.set(keyOf(day), counted);
  }

  /** Null: the record has none that can be read. */
  timeOf(hit: Hit): RecordTime | null {
    const kind = this.#query.time?.kind ?? null;
    if (kind === 'sealed') return { ms: Date.parse(hit.seal.manifest.time.sealed), clock: 'sealed' };
    if (kind !== 'event' && hit.found.timestampMs >= 0) return { ms: hit.found.timestampMs, clock: 'record' };
    const ms = this.#eventMs(hit);
    return ms === null ? null : { ms, clock: 'event' };
  }

  counts(): DayCount[] {
    return [...this.#days.values()].map(({ of, records }) => ({ ...of, records })).sort(dayOrder);
  }

  /** Why records are counted under no day. Sentences. */
  notes(): string[] {
    return this.counts().flatMap(({ chain, partition, day, records }) => {
      if (day !== 'none') return [];
      const why =
        this.#fields.get(chain) == null
          ? [
              'none of the record, and which field holds that of their events is not known (name it `time` in',
              '`fields` or --fields)',
            ].join(' ')
          : 'none of the record, and the field `time` of their events is missing or is no time that can be read';
      return [`${chain}/${partition}: ${counted(records, 'record')} on no day, for want of a time: ${why}`];
    });
  }

  #eventMs(hit: Hit): number | null {
    const { time } = this.#query;
    const values = this.#fieldsOf(hit)?.of(hit.found.line)[0] ?? [];
    const all = values.flatMap((text) => eventTimeOf(text)?.ms ?? []).filter(isDate);
    // It may have several. One of them lies in the range, or it would not be here.
    const inRange = all.find((ms) => time?.kind === 'event' && ms >= time.fromMs && ms < time.toMs);
    return inRange ?? all[0] ?? null;
  }

  #fieldsOf({ chain, topic }: Hit): FieldValues | null {
    const known = this.#fields.get(chain);
    if (known !== undefined) return known;
    const targets = this.#query.fieldsOf({ chain, topic })?.[TIME_FIELD];
    const fields = targets === undefined ? null : new FieldValues([targets]);
    this.#fields.set(chain, fields);
    return fields;
  }
}

/** What `Date` can show in four digits of a year. */
const isDate = (ms: number): boolean => ms >= 0 && ms < Date.parse('9999-12-31T23:59:59.999Z');

const dayOrder = (a: DayCount, b: DayCount): number => {
  if (a.chain !== b.chain) return a.chain < b.chain ? -1 : 1;
  if (a.partition !== b.partition) return a.partition - b.partition;
  if (a.day !== b.day) return a.day < b.day ? -1 : 1;
  return (a.clock ?? '') < (b.clock ?? '') ? -1 : 1;
};

// What is looked for in the lines of one chain, and what was counted on the way? Plain data: threads get it.

import type { Target } from '../../format/target.ts';
import type { Operator } from './condition.ts';

export type SearchSpec = {
  /** All of them must hold. */
  readonly conditions: readonly {
    readonly targets: readonly Target[];
    readonly operator: Operator;
    readonly value: string;
  }[];
  /** Each must stand somewhere in the record: key, headers, names, values, bytes. */
  readonly texts: readonly string[];
  /** Milliseconds since 1970 [fromMs, toMs), perhaps infinite. Null: lines are not chosen by their time. */
  readonly time:
    | null
    | { readonly kind: 'record'; readonly fromMs: number; readonly toMs: number }
    | {
        readonly kind: 'event';
        readonly fromMs: number;
        readonly toMs: number;
        readonly targets: readonly Target[];
      };
};

/** Of one condition. */
export type FieldCounts = {
  /** In how many records its field has a value, none, or only an object. */
  present: number;
  missing: number;
  objects: number;
  /** Records that may be hits: its value is no number, or no time that can be read, and was not compared. */
  unreadable: number;
  /** Records that may be hits: its time names no offset from UTC, and as UTC it is not what was asked for. */
  unzoned: number;
};

/** Sums over lines. Counts only grow. */
export type SearchCounts = {
  lines: number;
  records: number;
  /** Records whose own time lies outside of the range: nothing else of them was looked at. */
  outOfTime: number;
  /** Records without a time, where a range of the records' times was asked for: nothing is known of them. */
  untimed: number;
  /** Records that have no JSON value, so that no field of it: by what they have instead. */
  tombstones: number;
  notJson: number;
  /** In the order of the conditions. */
  fields: FieldCounts[];
  /** Of the events' own time, over all records that were looked at. */
  eventTime: FieldCounts;
  /** Records that match, but for a time of their own: it is missing, or can't be read. */
  undated: number;
  /** Hits by a time that has no offset from UTC. */
  withoutZone: number;
  hits: number;
};

const noField = (): FieldCounts => ({ present: 0, missing: 0, objects: 0, unreadable: 0, unzoned: 0 });

export const noCounts = (conditions: number): SearchCounts => ({
  ...{ lines: 0, records: 0, outOfTime: 0, untimed: 0, tombstones: 0, notJson: 0 },
  fields: Array.from({ length: conditions }, noField),
  eventTime: noField(),
  ...{ undated: 0, withoutZone: 0, hits: 0 },
});

/** Adds the second to the first. */
export function addCounts(sum: SearchCounts, more: SearchCounts): void {
  for (const name of Object.keys(sum) as (keyof SearchCounts)[]) {
    if (name === 'fields') continue;
    if (name === 'eventTime') addField(sum.eventTime, more.eventTime);
    else sum[name] += more[name];
  }
  for (const [index, field] of sum.fields.entries()) {
    const other = more.fields[index];
    if (other !== undefined) addField(field, other);
  }
}

function addField(sum: FieldCounts, more: FieldCounts): void {
  sum.present += more.present;
  sum.missing += more.missing;
  sum.objects += more.objects;
  sum.unreadable += more.unreadable;
  sum.unzoned += more.unzoned;
}

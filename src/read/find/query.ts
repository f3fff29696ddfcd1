// What was asked for, over all chains?

import type { FieldNames } from '../../format/target.ts';
import type { Condition } from './condition.ts';

/** [fromMs, toMs) in milliseconds since 1970, perhaps infinite. By which clock, `kind` says. */
export type TimeRange = {
  /** Of the record (its producer's or broker's clock), of the event inside of it, or of its seal. */
  readonly kind: 'record' | 'event' | 'sealed';
  readonly fromMs: number;
  readonly toMs: number;
};

export type Query = {
  /** All must hold. */
  readonly conditions: readonly Condition[];
  /** Words that each stand somewhere in the record. */
  readonly texts: readonly string[];
  readonly time: TimeRange | null;
  /** Topics, or names of chains. */
  readonly topics: readonly string[] | 'all';
  /** Each topic that was asked for, by all names that it may have. None may be absent. Left out: `topics`. */
  readonly named?: readonly (readonly string[])[];
  /** Of those topics. Left out: all. */
  readonly partitions?: readonly number[];
  /** Short names of a chain's fields. Null: none are known. */
  readonly fieldsOf: (place: { readonly chain: string; readonly topic: string | null }) => FieldNames | null;
  /** The search ends after so many hits. Null: it does not. */
  readonly limit: number | null;
  /** Nothing is skipped by what a seal states of its times. */
  readonly readsAll: boolean;
};

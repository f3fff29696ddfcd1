// What does a package say of how its events were drawn?
import { SAMPLE_RULE, type SampleSeed } from '../format/sample-rank.ts';
import { isCount, isHash } from '../format/scalar.ts';

/** What one draw may have at most. */
export const SAMPLE_MAX = 10_000;

/** How a sample was drawn, and from what. */
export type SampleWords = {
  readonly rule: string;
  /** `from`: the checkpoint that the root is of; null without a root. */
  readonly seed: SampleSeed & { readonly from: { readonly origin: string; readonly size: number } | null };
  /** How many were asked for, and from how many they were drawn. */
  readonly count: number;
  readonly population: number;
  /** The population by chain and day (UTC). `none`: without a time that can be read. */
  readonly days: readonly {
    readonly chain: string;
    readonly partition: number;
    readonly day: string;
    readonly records: number;
    /** Whose time it is: of the record, of the event inside of it, of its seal. */
    readonly clock: string | null;
  }[];
};

/** A record of the sample. `rank`: hex SHA-256. */
export type Drawn = {
  readonly rank: string;
  readonly chain: string;
  readonly partition: number;
  readonly offset: number;
};

/** Of all parts. */
export type Draw = SampleWords & { readonly records: readonly Drawn[] };

/** Without which records they are: as it stands in the protocol. */
export const wordsOf = ({ rule, seed, count, population, days }: Draw): SampleWords => ({
  ...{ rule, seed, count, population, days },
});

const isText = (value: unknown): value is string => typeof value === 'string';

/** Whether it has the members of a draw. Of other bytes than ours anything may be here. */
export function isDraw(value: unknown): value is Draw {
  const { rule, seed, count, population, days, records } = (value ?? {}) as Partial<Draw>;
  const from = seed?.from ?? null;
  return (
    rule === SAMPLE_RULE &&
    [seed?.text, seed?.root].every(isText) &&
    (from === null ? seed?.root === '' : isText(from.origin) && isCount(from.size)) &&
    isCount(count) &&
    isCount(population) &&
    Array.isArray(days) &&
    days.every(isDay) &&
    Array.isArray(records) &&
    records.length <= SAMPLE_MAX &&
    records.every(isDrawn)
  );
}

const isDay = (value: unknown): boolean => {
  const { chain, partition, day, records, clock } = (value ?? {}) as Partial<SampleWords['days'][number]>;
  return (
    isText(chain) &&
    isCount(partition) &&
    isText(day) &&
    isCount(records) &&
    (clock === null || isText(clock))
  );
};

const isDrawn = (value: unknown): boolean => {
  const { rank, chain, partition, offset } = (value ?? {}) as Partial<Drawn>;
  return isHash(rank) && isText(chain) && isCount(partition) && isCount(offset);
};

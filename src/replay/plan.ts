// Which records of an archive are replayed into which topic, and by which name is that known again?
import { createHash } from 'node:crypto';
import type { OffsetRange } from '../read/line-range.ts';

/** Records by the time that they carry, whenever they were sealed. Milliseconds; `until` is not included. */
export type TimeWindow = { readonly sinceMs: number; readonly untilMs: number };

export type ReplayPlan = {
  /** Of each chain, such as `acme.example/prod/orders/0`, by partition. */
  readonly origins: ReadonlyMap<number, string>;
  /** The partition that was named; null: all that the archive has, also later ones. */
  readonly partition: number | null;
  readonly range: OffsetRange;
  /** Null: whatever their time. */
  readonly times: TimeWindow | null;
  readonly toTopic: string;
};

/**
 * Hex. The same command has the same id, so it goes on where it was broken off. The archive's head is no part
 * of it: a later run brings what was sealed since. Nor is which partitions there are by now.
 */
export function planId({ origins, partition, range, times, toTopic }: ReplayPlan): string {
  const chains = new Set([...origins.values()].map((origin) => origin.slice(0, origin.lastIndexOf('/'))));
  const { from, to } = range;
  const parts = [
    [...chains].sort(),
    partition,
    from,
    to,
    times?.sinceMs ?? null,
    times?.untilMs ?? null,
    toTopic,
  ];
  // JSON has no Infinity: it becomes null, which no other end does.
  return createHash('sha256')
    .update(`ledgerstone-replay/1 ${JSON.stringify(parts)}`)
    .digest('hex');
}

/** Of the transactions and of the group. ACLs may be given by its beginning. */
export const replayId = (plan: string): string => `ledgerstone-replay-${plan.slice(0, 24)}`;

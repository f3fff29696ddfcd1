// What does the consumer group's note say of how far a partition was replayed?

import { LIMITS } from '../base/limits.ts';
import { isCount } from '../format/scalar.ts';

/** How far one partition was written, over all runs of the same replay. */
export type ReplayPosition = {
  /** Hex: which replay it was. */
  readonly plan: string;
  /** Id of the topic that was written: one that was made anew has another. Null: the brokers name none. */
  readonly topicId: string | null;
  /** Of the archive: everything before is written. */
  readonly nextOffset: number;
  readonly records: number;
  /** Of keys, headers and values. */
  readonly bytes: number;
};

const FORM =
  /^ledgerstone-replay\/1 plan=([0-9a-f]{64}) topic=([A-Za-z0-9_-]{22}|-) records=(\d{1,16}) bytes=(\d{1,16})$/;

export const positionMetadata = ({ plan, topicId, records, bytes }: ReplayPosition): string =>
  `ledgerstone-replay/1 plan=${plan} topic=${topicId ?? '-'} records=${records} bytes=${bytes}`;

/** Null: no replay wrote it. */
export function parsePosition(nextOffset: number, metadata: string): ReplayPosition | null {
  const [, plan, topicId, ...counts] = FORM.exec(metadata) ?? [];
  const [records = -1, bytes = -1] = counts.map(Number);
  if (plan === undefined || !isCount(nextOffset) || nextOffset > LIMITS.offsetMax) return null;
  if (!isCount(records) || !isCount(bytes)) return null;
  return { plan, topicId: topicId === '-' ? null : (topicId as string), nextOffset, records, bytes };
}

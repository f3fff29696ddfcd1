// What must a line be, and the act that it says is done? (FORMAT.md 13.5)
import { FormatError } from '../../base/error.ts';
import { WITH_EFFECT } from '../../format/act-detail.ts';
import type { KafkaRecord } from '../../format/record.ts';
import type { RecordedAct } from './recorded-act.ts';

/** Why an act that is about to say `done` of that one can't. Null: it can. */
export function doneProblem({ act, inForce, doneBy }: RecordedAct): string | null {
  if (!WITH_EFFECT.has(act.kind)) return `an act of the kind ${act.kind} demands nothing of the store`;
  if (inForce === null) return 'the act is not in force';
  return doneBy === null ? null : 'the act is done already';
}

/** Throws FormatError where a record has more than an act, or none. */
export function actBytes(record: KafkaRecord): Uint8Array {
  const { key, headers, timestampType, value } = record;
  if (key !== null || headers.length > 0 || timestampType !== 'create')
    throw new FormatError('a record with more than an act');
  if (value === null) throw new FormatError('a record without a value');
  return value;
}

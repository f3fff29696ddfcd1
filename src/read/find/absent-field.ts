// Was a field asked for that no record has?
import { countText } from '../../base/counted.ts';
import type { StoreReader } from '../../store/store.ts';
import type { Query } from './query.ts';
import { QueryError } from './query-error.ts';
import { sampleFields } from './sample-fields.ts';
import type { Statement } from './statement.ts';

/**
 * Throws QueryError if a field that was asked for has a value in no record, and all were looked at. A
 * mistyped name must not look like "none". `suggestion`: of a name that is near, or nothing.
 */
export async function refuseAbsentField(
  store: StoreReader,
  statement: Statement,
  query: Query,
  suggestion: (field: string, known: readonly string[]) => string,
  signal: AbortSignal,
): Promise<void> {
  const { counts, isLookedAt, hits, onWord } = statement;
  const passedBy = onWord.reduce((sum, { records }) => sum + records, 0);
  const inTime = counts.records + passedBy - counts.outOfTime - counts.untimed;
  if (!isLookedAt || hits > 0 || inTime === 0) return;
  // Whether records that were passed by have a time is not always said.
  const asksTime = query.time?.kind === 'event' && onWord.length === 0;
  const all = [...counts.fields, ...(asksTime ? [counts.eventTime] : [])];
  const isSaid = (at: number) => onWord.some(({ isPresent }) => isPresent[at] === true);
  const index = all.findIndex(({ present }, at) => present === 0 && !isSaid(at));
  const absent = all[index];
  if (absent === undefined) return;
  const field = query.conditions[index]?.field ?? 'time';
  const sample = await sampleFields(store, statement.chains, signal);
  const same = sameName(field, sample);
  const hint = same === undefined ? suggestion(field, sample) : `; did you mean "${same}"?`;
  const known = sample.length === 0 ? '' : ` Events have, among others, ${sample.slice(0, 8).join(', ')}.`;
  const records = `the ${countText(absent.missing + passedBy)} records that were looked at`;
  const what =
    absent.objects > 0
      ? `${field} is an object in ${absent.objects} records and has a value in none: name a field inside of it`
      : `${field} is a field of none of ${records}${hint}`;
  const example = same ?? sample[0] ?? '/userIdentity/arn';
  throw new QueryError(what, `Name a field that events have, such as --where '${example}~alice'.${known}`);
}

/** The same in other capitals, or else a field of that name elsewhere in the event. */
function sameName(field: string, known: readonly string[]): string | undefined {
  const low = field.toLowerCase();
  const last = `/${low.split('/').at(-1)}`;
  return (
    known.find((one) => one.toLowerCase() === low) ?? known.find((one) => one.toLowerCase().endsWith(last))
  );
}

// Was a field asked for that no record has?
import type { StoreReader } from '../../store/store.ts';
import type { Query } from './query.ts';
import { sampleFields } from './sample-fields.ts';
import type { Statement } from './statement.ts';
import { QueryError } from './target.ts';

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
  const { counts, isComplete, hits } = statement;
  if (!isComplete || hits > 0 || counts.records - counts.outOfTime - counts.untimed === 0) return;
  const all = [...counts.fields, ...(query.time?.kind === 'event' ? [counts.eventTime] : [])];
  const index = all.findIndex(({ present }) => present === 0);
  const absent = all[index];
  if (absent === undefined) return;
  const field = query.conditions[index]?.field ?? 'time';
  const sample = await sampleFields(store, statement.chains, signal);
  const [example] = sample;
  const known = example === undefined ? '' : ` One record has ${sample.slice(0, 8).join(', ')}.`;
  const what =
    absent.objects > 0
      ? `${field} is an object in ${absent.objects} records and has a value in none: name a field inside of it`
      : `${field} is a field of none of the ${absent.missing} records that were looked at${suggestion(field, sample)}`;
  throw new QueryError(
    what,
    `Name a field that events have, such as --where '${example ?? '/userIdentity/arn'}~alice'.${known}`,
  );
}

// Which members differ between two readings of one configuration file?
import { isDeepStrictEqual } from 'node:util';

/** A file as it was read: what it means, and its members by their names in the file, with defaults. */
export type ReadConfig<C> = { readonly config: C; readonly members: object };

/** Their names alone, such as `log.level`: values may be secrets. Of a list that differs, the list's name. */
export function changedMembers(before: unknown, after: unknown, path = ''): string[] {
  if (!isMapping(before) || !isMapping(after)) return isDeepStrictEqual(before, after) ? [] : [path];
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) =>
    changedMembers(before[name], after[name], path === '' ? name : `${path}.${name}`),
  );
}

const isMapping = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

// Which fields did short names mean in a search, and how is that said?
import { counted } from '../../base/counted.ts';
import { parseTarget, TIME_FIELD, targetText } from '../../format/target.ts';
import type { Query } from './query.ts';

/** Of each short name that was used in the chain, the fields. Without a member: none is known there. */
export type ShortNames = Readonly<Record<string, readonly string[]>>;

type Named = { readonly chain: string; readonly topic: string | null; readonly shortNames: ShortNames };

/** Short names that the query uses. The event's own time is named only if it bounds the search. */
const usedNames = ({ conditions, time }: Query): string[] => [
  ...new Set([
    ...conditions.map(({ field }) => field).filter((field) => parseTarget(field) === null),
    ...(time?.kind === 'event' ? [TIME_FIELD] : []),
  ]),
];

export function shortNamesOf(query: Query, place: Omit<Named, 'shortNames'>): ShortNames {
  const known = query.fieldsOf(place) ?? {};
  return Object.fromEntries(
    usedNames(query).flatMap((name) =>
      Object.hasOwn(known, name) ? [[name, (known[name] ?? []).map(targetText)]] : [],
    ),
  );
}

const SHOWN_MAX = 5;

/** `subject is /about in hr and /user/name in orders`, a sentence for each name. */
export function nameTexts(chains: readonly Named[]): string[] {
  const names = [...new Set(chains.flatMap(({ shortNames }) => Object.keys(shortNames)))];
  return names.map((name) => {
    const topicsOf = new Map<string, Set<string>>();
    for (const { chain, topic, shortNames } of chains) {
      if (!Object.hasOwn(shortNames, name)) continue;
      const fields = shownOf(shortNames[name] ?? [], ' or ', 'field');
      topicsOf.set(fields, (topicsOf.get(fields) ?? new Set()).add(topic ?? chain));
    }
    const each = [...topicsOf].map(
      ([fields, topics]) => `${fields} in ${shownOf([...topics], ', ', 'topic')}`,
    );
    return `${name} is ${shownOf(each, '; ', 'set of fields', 'sets of fields')}`;
  });
}

function shownOf(all: readonly string[], between: string, one: string, many?: string): string {
  const more = all.length - SHOWN_MAX;
  const shown = all.slice(0, SHOWN_MAX).join(between);
  return more > 0 ? `${shown} and ${counted(more, `more ${one}`, `more ${many ?? `${one}s`}`)}` : shown;
}

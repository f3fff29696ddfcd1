// Which chains are searched, and what do field names mean in each?
import { readAhead } from '../../base/concurrency.ts';
import { messageOf } from '../../base/error.ts';
import { suggestion } from '../../base/nearest.ts';
import { type FieldNames, parseTarget, type Target, TIME_FIELD } from '../../format/target.ts';
import type { StoreReader } from '../../store/store.ts';
import { chainEnd } from '../chain-end.ts';
import { ChainReader } from '../chain-reader.ts';
import { NoChainError } from '../errors.ts';
import { listChains } from '../list-chains.ts';
import type { Query } from './query.ts';
import { QueryError } from './query-error.ts';
import type { SearchSpec } from './search-spec.ts';

export type TopicChain = {
  readonly chain: string;
  readonly partition: number;
  /** That its newest seal names; of a file, which has none, the chain's name. Null: no seal could be read. */
  readonly topic: string | null;
};

/** False: no seal could be read, so what it is from is not known. */
type KnownPlace = TopicChain & { readonly isKnown: boolean };

export type SearchScope = {
  readonly searched: readonly (TopicChain & { readonly spec: SearchSpec })[];
  /** Of other topics than those that were asked for. */
  readonly notAsked: readonly TopicChain[];
  /** They were asked for, and names that were used mean nothing there. */
  readonly withoutField: readonly (TopicChain & { readonly fields: readonly string[] })[];
  /** Folders that could not be listed: which chains lie there is not known. */
  readonly unlisted: readonly { readonly folder: string; readonly problem: string }[];
};

const SEALS_AT_ONCE = 8;

/**
 * A topic means every chain of that name, and every chain whose newest seal names it as its source: a chain
 * that goes on under another name is found too. Throws QueryError if one that was asked for is not there.
 */
export async function searchScope(
  store: StoreReader,
  query: Query,
  signal: AbortSignal,
): Promise<SearchScope> {
  const unlisted: { folder: string; problem: string }[] = [];
  const places: KnownPlace[] = [];
  const listed = listChains(store, signal, (folder, error) =>
    unlisted.push({ folder, problem: messageOf(error) }),
  );
  for await (const place of readAhead(listed, SEALS_AT_ONCE, (one) => withTopic(store, one, signal)))
    if (place !== null) places.push(place);
  places.sort((a, b) => (a.chain === b.chain ? a.partition - b.partition : a.chain < b.chain ? -1 : 1));
  const { topics, partitions = null } = query;
  const named = query.named ?? (topics === 'all' ? [] : topics.map((one) => [one]));
  // Of a chain that can't be read it is not known that it was not asked for.
  const isOfTopic = (place: KnownPlace): boolean =>
    topics === 'all' || !place.isKnown || isOfAny(place, topics);
  const isAsked = (place: KnownPlace): boolean =>
    isOfTopic(place) && partitions?.includes(place.partition) !== false;
  requireTopics(store, named, places, unlisted);
  requirePartitions(query, named, places.filter(isOfTopic));
  const asked = places.filter(isAsked);
  const specs = asked.map((place) => ({ place, ...specFor(place, query) }));
  const searched = specs.flatMap(({ place, spec }) => (spec === null ? [] : [{ ...place, spec }]));
  const withoutField = specs.flatMap(({ place, unknown }) =>
    unknown.length === 0 ? [] : [{ ...place, fields: unknown }],
  );
  if (searched.length === 0) throw unknownField(withoutField, query);
  return { searched, notAsked: places.filter((place) => !isAsked(place)), withoutField, unlisted };
}

/** Null: the folder is of no chain. */
async function withTopic(
  store: StoreReader,
  place: { readonly chain: string; readonly partition: number },
  signal: AbortSignal,
): Promise<KnownPlace | null> {
  const reader = new ChainReader({ store, ...place, trusted: [], signal });
  try {
    const { sequence } = await chainEnd(reader);
    const { source } = (await reader.seal(sequence)).manifest;
    return { ...place, topic: source.kind === 'kafka' ? source.topic : place.chain, isKnown: true };
  } catch (error) {
    signal.throwIfAborted();
    return error instanceof NoChainError ? null : { ...place, topic: null, isKnown: false };
  }
}

/** `spec` is null if a name means nothing in this chain; `unknown` has those. */
function specFor(
  place: TopicChain,
  { conditions, texts, time, fieldsOf }: Query,
): { readonly spec: SearchSpec | null; readonly unknown: readonly string[] } {
  const names = fieldsOf(place) ?? {};
  const unknown: string[] = [];
  const targetsOf = (field: string): readonly Target[] => {
    const targets = resolveField(field, names);
    if (targets === null && !unknown.includes(field)) unknown.push(field);
    return targets ?? [];
  };
  const resolved = conditions.map(({ field, operator, value }) => ({
    ...{ targets: targetsOf(field), operator, value },
  }));
  const spec: SearchSpec = {
    conditions: resolved,
    texts,
    time:
      time === null || time.kind === 'sealed'
        ? null
        : time.kind === 'record'
          ? { kind: 'record', fromMs: time.fromMs, toMs: time.toMs }
          : { kind: 'event', fromMs: time.fromMs, toMs: time.toMs, targets: targetsOf(TIME_FIELD) },
  };
  return { spec: unknown.length === 0 ? spec : null, unknown };
}

/** Null: a short name that means nothing here. */
function resolveField(field: string, names: FieldNames): readonly Target[] | null {
  const target = parseTarget(field);
  if (target !== null) return [target];
  return Object.hasOwn(names, field) ? (names[field] ?? null) : null;
}

const isOfAny = ({ chain, topic }: TopicChain, names: readonly string[]): boolean =>
  names.includes(chain) || (topic !== null && names.includes(topic));

/** One that no chain has is a mistake, and must not look like "none". Throws QueryError. */
function requireTopics(
  { description }: StoreReader,
  named: readonly (readonly string[])[],
  places: readonly KnownPlace[],
  unlisted: SearchScope['unlisted'],
): void {
  if (places.length === 0) {
    throw new QueryError(
      `${description} has no chain: nothing was looked at`,
      'Is it the address of an archive? Nothing may be sealed there yet.',
    );
  }
  const missing = named
    .filter((names) => !places.some((place) => isOfAny(place, names)))
    .map(([name = '']) => name);
  if (missing.length === 0) return;
  const known = [...new Set(places.map(({ chain, topic }) => topic ?? chain))];
  const all = [...new Set([...known, ...places.map(({ chain }) => chain)])];
  const hint = missing.map((one) => suggestion(one, all)).find((text) => text !== '') ?? '';
  const unknown = [
    ...places.flatMap(({ chain, partition, isKnown }) =>
      isKnown ? [] : [`of ${chain}/${partition} no seal could be read, so its topic is not known`],
    ),
    ...unlisted.map(({ folder }) => `which chains lie below ${folder} is not known`),
  ];
  const but = unknown.length === 0 ? '' : ` But ${unknown.slice(0, 3).join('; ')}.`;
  throw new QueryError(
    `${description} has no topic ${missing.join(', ')}${hint}`,
    `It has ${known.slice(0, 8).join(', ')}. Name one with --topic, or all of them with --topic all.${but}`,
  );
}

/** The same of a partition: each must be of some topic, and each topic must have one. Throws QueryError. */
function requirePartitions(
  { topics, partitions = [] }: Query,
  named: readonly (readonly string[])[],
  places: readonly TopicChain[],
): void {
  if (partitions.length === 0) return;
  const of = (some: readonly TopicChain[]) =>
    [...new Set(some.map(({ partition }) => partition))].sort((a, b) => a - b);
  const refuse = (missing: readonly number[], what: string, known: readonly number[]): never => {
    throw new QueryError(
      `there is no partition ${missing.join(', ')} of ${what}`,
      `There are ${known.slice(0, 20).join(', ')}. Without --partition all are searched.`,
    );
  };
  const known = of(places);
  const missing = partitions.filter((one) => !known.includes(one));
  if (missing.length > 0) refuse(missing, topics === 'all' ? 'any topic' : topics.join(', '), known);
  for (const names of named) {
    const its = of(places.filter((place) => isOfAny(place, names)));
    if (!partitions.some((one) => its.includes(one))) refuse(partitions, names[0] ?? '', its);
  }
}

function unknownField(
  without: readonly (TopicChain & { readonly fields: readonly string[] })[],
  { fieldsOf }: Query,
): QueryError {
  const fields = [...new Set(without.flatMap((one) => one.fields))];
  const known = [...new Set(without.flatMap((place) => Object.keys(fieldsOf(place) ?? {})))];
  const names =
    known.length === 0 ? 'There are no short names here.' : `Short names here: ${known.join(', ')}.`;
  return new QueryError(
    `the field ${fields.join(', ')} is not known in any chain that was asked for`,
    [
      `${names} Name it by a JSON pointer such as /userIdentity/arn, or give names with \`fields\` of`,
      'the configuration, or --fields FILE.',
    ].join(' '),
  );
}

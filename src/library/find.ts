// Which events of an archive are these, for a program that asks?
import { utf8 } from '../base/bytes.ts';
import { LedgerstoneError } from '../base/error.ts';
import { type FieldNames, parseTarget, SHORT_NAME, TARGET_FORMS } from '../format/target.ts';
import type { VerifierKey } from '../format/vkey.ts';
import { refuseAbsentField } from '../read/find/absent-field.ts';
import { parseCondition } from '../read/find/condition.ts';
import { findLines } from '../read/find/find.ts';
import type { Query } from '../read/find/query.ts';
import { QueryError } from '../read/find/query-error.ts';
import type { Statement } from '../read/find/statement.ts';
import { type ReadOnlyArchive, storeBehind } from './archive.ts';

/** Short names of fields, for each topic or `*`: a JSON pointer, `key` or `header:NAME`, or several. */
export type FieldTargets = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

export type FindEventsOptions = {
  /** Trusted keys, as texts. Without one nothing is verified, and the statement says so. */
  readonly keys: readonly string[];
  /** `FIELD=VALUE`, `FIELD~TEXT`, `FIELD^PREFIX`, `FIELD>N` and the like. All must hold. */
  readonly where?: readonly string[];
  /** Words that each stand somewhere in the record. */
  readonly text?: readonly string[];
  readonly from?: Date;
  /** Not included. */
  readonly to?: Date;
  /** Whose clock `from` and `to` mean. `event`: the field with the short name `time`. Default: `record`. */
  readonly time?: 'record' | 'event' | 'sealed';
  /** Topics, or names of chains. One that is not there is an error, also beside others. Default: all. */
  readonly topics?: readonly string[];
  readonly fields?: FieldTargets;
  /** The search ends after so many. */
  readonly limit?: number;
  /** Passes no segment by, whatever its seal states of its times. */
  readonly readAll?: boolean;
  /** Signed checkpoints of earlier runs. */
  readonly since?: readonly string[];
  readonly signal?: AbortSignal;
  /** Threads that search. 0: the caller's own. Default: one for each core. */
  readonly threads?: number;
};

export type FoundEvent = {
  readonly chain: string;
  readonly partition: number;
  readonly topic: string | null;
  readonly offset: number;
  /** Of the record, in milliseconds since 1970; null if it has none. */
  readonly timestampMs: number | null;
  /** Byte for byte as archived, without its LF. Its segment was compared with its seal. */
  readonly line: Uint8Array;
  /** Number of its segment. */
  readonly segment: number;
};

export type FoundEvents = {
  /**
   * As they are found. Throws LedgerstoneError `usage` if nothing can be searched, if a topic that was asked
   * for is not there, or if a field that was asked for has a value in no record.
   */
  readonly hits: AsyncGenerator<FoundEvent>;
  /** What was looked at and what was not. Ask when `hits` has ended, in whatever way. */
  statement(): Statement;
};

export function findOpened(
  archive: ReadOnlyArchive,
  trusted: readonly VerifierKey[],
  options: FindEventsOptions,
): FoundEvents {
  const query = queryOf(options);
  const store = storeBehind(archive);
  const signal = options.signal ?? new AbortController().signal;
  const found = findLines({
    ...{ store, trusted, query, signal, nowMs: Date.now(), since: (options.since ?? []).map(utf8) },
    ...(options.threads === undefined ? {} : { threads: options.threads }),
  });
  const hits = async function* (): AsyncGenerator<FoundEvent> {
    for await (const { chain, partition, topic, found: line, seal } of found.hits) {
      const { offset, timestampMs } = line;
      yield {
        ...{ chain, partition, topic, offset, line: line.line, segment: seal.sequence },
        timestampMs: timestampMs < 0 ? null : timestampMs,
      };
    }
    await refuseAbsentField(store, found.statement(), query, () => '', signal);
  };
  return { hits: hits(), statement: () => found.statement() };
}

function queryOf(options: FindEventsOptions): Query {
  const { from, to, where = [], text = [], fields = {} } = options;
  if (text.includes('')) throw new QueryError('a text to look for is empty', 'Give a word.');
  if (options.limit !== undefined && !(Number.isSafeInteger(options.limit) && options.limit > 0))
    throw new QueryError(`a limit of ${options.limit}`, 'Give a whole number, 1 or more.');
  const fromMs = from?.getTime() ?? Number.NEGATIVE_INFINITY;
  const toMs = to?.getTime() ?? Number.POSITIVE_INFINITY;
  if (!(fromMs < toMs)) throw new QueryError('`from` is not before `to`', 'The end is not included.');
  const hasTime = from !== undefined || to !== undefined;
  if (!hasTime && where.length === 0 && text.length === 0)
    throw new QueryError('nothing was asked for', 'Give `where`, `text`, `from` or `to`.');
  if (options.topics?.length === 0)
    throw new QueryError('no topic was asked for', 'Leave `topics` out: all.');
  const byTopic = new Map(Object.entries(fields).map(([topic, names]) => [topic, shortNamesOf(names)]));
  const known = (topic: string | null) => (topic === null ? undefined : byTopic.get(topic));
  return {
    conditions: where.map(parseCondition),
    texts: text,
    time: hasTime ? { kind: options.time ?? 'record', fromMs, toMs } : null,
    topics: options.topics ?? 'all',
    limit: options.limit ?? null,
    readsAll: options.readAll === true,
    fieldsOf: ({ chain, topic }) => known(chain) ?? known(topic) ?? known('*') ?? null,
  };
}

const shortNamesOf = (fields: Readonly<Record<string, string | readonly string[]>>): FieldNames =>
  Object.fromEntries(
    Object.entries(fields).map(([name, places]) => {
      if (!SHORT_NAME.test(name))
        throw new QueryError(`${JSON.stringify(name)} is no short name`, 'Use letters.');
      return [name, (typeof places === 'string' ? [places] : places).map(targetOf)];
    }),
  );

function targetOf(text: string) {
  const target = parseTarget(text);
  if (target !== null) return target;
  throw new LedgerstoneError('usage', `${JSON.stringify(text)} is no field`, {
    disposition: 'input',
    remedy: `Give ${TARGET_FORMS}.`,
  });
}

// How does a test search an archive of its own?
import { utf8, utf8Text } from '../../src/base/bytes.ts';
import type { KafkaRecord } from '../../src/format/record.ts';
import { type FieldNames, parseTarget, type Target } from '../../src/format/target.ts';
import type { VerifierKey } from '../../src/format/vkey.ts';
import { parseCondition } from '../../src/read/find/condition.ts';
import { type FindOptions, findLines, type Hit } from '../../src/read/find/find.ts';
import type { Query } from '../../src/read/find/query.ts';
import type { Statement } from '../../src/read/find/statement.ts';
import { ArchiveBuilder, NOW_MS, START_MS } from './archive-builder.ts';
import type { LawlessArchive } from './lawless-archive.ts';
import { lawlessStore } from './lawless-store.ts';

export type Asked = Partial<Omit<Query, 'conditions'>> & {
  readonly where?: readonly string[];
  readonly fields?: Readonly<Record<string, string>>;
};

export const queryOf = ({ where = [], fields = {}, ...asked }: Asked): Query => {
  const names: FieldNames = Object.fromEntries(
    Object.entries(fields).map(([name, target]) => [name, [parseTarget(target) as Target]]),
  );
  return {
    ...{ texts: [], time: null, topics: 'all', limit: null, readsAll: false, fieldsOf: () => names },
    ...asked,
    conditions: where.map(parseCondition),
  };
};

export type Found = {
  readonly hits: readonly Hit[];
  /** `chain/partition:offset` of each. */
  readonly at: readonly string[];
  readonly statement: Statement;
};

/** In the caller's thread, with the builder's key unless told otherwise. */
export async function find(
  archive: LawlessArchive,
  trusted: readonly VerifierKey[],
  asked: Asked,
  options: Partial<FindOptions> = {},
): Promise<Found> {
  const search = findLines({
    ...{ store: lawlessStore(archive), trusted, query: queryOf(asked), nowMs: NOW_MS },
    ...{ signal: new AbortController().signal, threads: 0 },
    ...options,
  });
  const hits: Hit[] = [];
  for await (const hit of search.hits) hits.push(hit);
  const at = hits.map(({ chain, partition, found }) => `${chain}/${partition}:${found.offset}`);
  return { hits, at, statement: search.statement() };
}

export const lineText = ({ found }: Hit): string => utf8Text(found.line);

/** Records at offsets from 0 on, a second apart, each with one of the values. */
export const recordsOf = (
  values: readonly (string | Uint8Array | null)[],
  more: Partial<KafkaRecord> = {},
  from = 0,
): KafkaRecord[] =>
  values.map((value, index) => ({
    ...{ offset: from + index, timestamp: BigInt(START_MS + (from + index) * 1000), timestampType: 'create' },
    ...{ key: null, headers: [] },
    ...more,
    value: typeof value === 'string' ? utf8(value) : value,
  }));

/** One chain of one segment without lines and one with these. */
export async function archiveOf(records: readonly KafkaRecord[], name = 'orders'): Promise<ArchiveBuilder> {
  const builder = new ArchiveBuilder();
  const chain = builder.chain(name);
  await chain.seal();
  await chain.seal({ lines: records, linesPerBlock: 3 });
  return builder;
}

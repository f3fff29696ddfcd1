// Which objects of the store do the segments have that a decision names?
import { readAhead } from '../base/concurrency.ts';
import { LedgerstoneError, messageOf } from '../base/error.ts';
import type { SegmentRange } from '../format/act-detail.ts';
import { oldestVersion, oldestVersions } from '../format/oldest-version.ts';
import { dataPrefix, parseKey, sealKey, sealPrefix } from '../format/paths.ts';
import { parseUntil } from '../format/time.ts';
import type { VerifierKey } from '../format/vkey.ts';
import { ChainReader } from '../read/chain-reader.ts';
import { UntrustedSealError } from '../read/errors.ts';
import { listChains } from '../read/list-chains.ts';
import type { ObjectVersion, StoreReader } from '../store/store.ts';
import type { SegmentName } from '../verify/acts/in-force.ts';
import { VerifyError } from '../verify/finding.ts';

export type ScopeTools = {
  readonly store: StoreReader;
  /** The log's keys. */
  readonly trusted: readonly VerifierKey[];
  readonly signal: AbortSignal;
};

/** What counts at a key: its oldest version. */
export type StoredObject = Pick<ObjectVersion, 'key' | 'versionId' | 'size'>;

export type SegmentObjects = {
  readonly segment: SegmentName;
  /** Its seal and its data object. Of a seal that can't be trusted: each data object of its sequence. */
  readonly objects: readonly StoredObject[];
  /** What lacks, or could not be read. */
  readonly problems: readonly string[];
  /** Its data object is not there, which its seal promises until then, in milliseconds. */
  readonly goneMs: number | null;
  /** Its seal is not as it should be, so its objects are taken by their names. */
  readonly doubt: string | null;
};

export const segmentText = ({ chain, partition, sequence }: SegmentName): string =>
  `segment ${sequence} of ${chain}/${partition}`;

type Chain = { readonly chain: string; readonly partition: number };

/** Segments that are looked at ahead. */
const AHEAD = 8;
/** Of so many, each is asked for by its key; of more all are listed. */
const FEW_SEALS = 50;

/**
 * The segments of these ranges by chain and sequence, each once. One that a range names by number and that
 * is not there has a problem. Throws what listing throws.
 */
export async function* segmentsIn(
  tools: ScopeTools,
  ranges: readonly SegmentRange[],
): AsyncGenerator<SegmentObjects> {
  for (const chain of await chainsOf(tools, ranges)) yield* segmentsOfChain(tools, chain, ranges);
}

/** `keys/…` and FORMAT: without them nobody reads the segments later. */
export async function* documents({ store, signal }: ScopeTools): AsyncGenerator<StoredObject> {
  for (const prefix of ['FORMAT-', 'keys/'])
    for await (const version of oldestVersions(store.listVersions(prefix, { signal })))
      if (parseKey(version.key) !== null) yield version;
}

/** Each chain that a range names or, with `partition: null`, that is there. */
export async function chainsOf(
  { store, signal }: ScopeTools,
  ranges: readonly SegmentRange[],
): Promise<Chain[]> {
  const chains = new Map<string, Chain>();
  const add = (chain: string, partition: number) => chains.set(`${chain}/${partition}`, { chain, partition });
  for (const { chain, partition } of ranges) if (partition !== null) add(chain, partition);
  const whole = new Set(ranges.filter(({ partition }) => partition === null).map(({ chain }) => chain));
  if (whole.size > 0)
    for await (const { chain, partition } of listChains(store, signal))
      if (whole.has(chain)) add(chain, partition);
  return [...chains.values()];
}

async function* segmentsOfChain(
  tools: ScopeTools,
  place: Chain,
  ranges: readonly SegmentRange[],
): AsyncGenerator<SegmentObjects> {
  const { chain, partition } = place;
  const reader = new ChainReader({ ...tools, chain, partition });
  const merged = mergedRanges(
    ranges.filter((one) => one.chain === chain && (one.partition ?? partition) === partition),
  );
  const listing = new DataListing(tools, place);
  const isLong = merged.some(({ from, to }) => to === null || to - from > FEW_SEALS);
  if (isLong) await reader.listSeals();
  yield* readAhead(sealsIn(tools, place, merged), AHEAD, ({ from, to, seal }) => {
    if (seal !== null) return objectsOf(tools, reader, listing, { chain, partition, sequence: from }, seal);
    const which = from === to ? `segment ${from}` : `segments ${from} to ${to}`;
    const problems = [`${which} of ${chain}/${partition}: no seal is there`];
    return Promise.resolve({
      segment: { chain, partition, sequence: from },
      ...{ objects: [], problems, goneMs: null, doubt: null },
    });
  });
}

type Run = { readonly from: number; readonly to: number | null };

/** Ascending, without overlaps. */
export function mergedRanges(ranges: readonly Run[]): Run[] {
  const merged: Run[] = [];
  for (const { from, to } of ranges.toSorted((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last === undefined || (last.to !== null && from > last.to + 1)) merged.push({ from, to });
    else if (last.to !== null)
      merged[merged.length - 1] = { from: last.from, to: to === null ? null : Math.max(last.to, to) };
  }
  return merged;
}

/** A run of sequences without seals, or one sequence with its seal. */
type Listed =
  | { readonly from: number; readonly to: number; readonly seal: null }
  | { readonly from: number; readonly to: number; readonly seal: StoredObject };

/** Each sequence of the ranges. */
async function* sealsIn(
  { store, signal }: ScopeTools,
  { chain, partition }: Chain,
  runs: readonly Run[],
): AsyncGenerator<Listed> {
  const prefix = sealPrefix(chain, partition);
  for (const { from, to } of runs) {
    let next = from;
    const startAfter = from === 0 ? undefined : sealKey(chain, partition, from - 1);
    const list = store.listVersions(prefix, { ...(startAfter && { startAfter }), signal });
    for await (const seal of oldestVersions(list)) {
      const parsed = parseKey(seal.key);
      if (parsed?.kind !== 'seal') continue;
      if (to !== null && parsed.sequence > to) break;
      const { sequence } = parsed;
      if (next < sequence) yield { from: next, to: sequence - 1, seal: null };
      yield { from: sequence, to: sequence, seal };
      next = sequence + 1;
    }
    if (to !== null && next <= to) yield { from: next, to, seal: null };
  }
}

async function objectsOf(
  { store, signal }: ScopeTools,
  reader: ChainReader,
  listing: DataListing,
  segment: SegmentName,
  seal: StoredObject,
): Promise<SegmentObjects> {
  const { sequence } = segment;
  const name = segmentText(segment);
  const missing = { segment, objects: [seal], goneMs: null, doubt: null };
  try {
    const { data, retention } = (await reader.seal(sequence)).manifest;
    if (data === null) return { ...missing, problems: [] };
    const version = await oldestVersion(store, data.key, signal);
    if (version === null) return { ...missing, problems: [], goneMs: parseUntil(retention.until) };
    return { ...missing, objects: [seal, version], problems: [] };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof VerifyError || error instanceof UntrustedSealError) {
      const all = [seal, ...(await listing.of(sequence))];
      return { ...missing, objects: all, problems: [], doubt: `${name}: ${messageOf(error)}` };
    }
    if (!(error instanceof LedgerstoneError)) throw error;
    return { ...missing, problems: [`${name}: ${error.message}`] };
  }
}

/** The data objects of a chain by sequence: listed once, if some seal can't say which one is its own. */
class DataListing {
  readonly #tools: ScopeTools;
  readonly #chain: Chain;
  #listed: Promise<ReadonlyMap<number, StoredObject[]>> | null = null;

  constructor(tools: ScopeTools, chain: Chain) {
    this.#tools = tools;
    this.#chain = chain;
  }

  async of(sequence: number): Promise<readonly StoredObject[]> {
    this.#listed ??= this.#list();
    return (await this.#listed).get(sequence) ?? [];
  }

  async #list(): Promise<ReadonlyMap<number, StoredObject[]>> {
    const { store, signal } = this.#tools;
    const bySequence = new Map<number, StoredObject[]>();
    const prefix = dataPrefix(this.#chain.chain, this.#chain.partition);
    for await (const version of oldestVersions(store.listVersions(prefix, { signal }))) {
      const parsed = parseKey(version.key);
      if (parsed?.kind !== 'data') continue;
      const before = bySequence.get(parsed.sequence) ?? [];
      bySequence.set(parsed.sequence, [...before, version]);
    }
    return bySequence;
  }
}

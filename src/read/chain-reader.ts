// How are the seals and the data of one chain read, with few requests?

import { LIMITS } from '../base/limits.ts';
import { nodeSha256 } from '../base/node/hash.ts';
import { makeOldestFilter, oldestVersion } from '../format/oldest-version.ts';
import { dataPrefix, type Encoding, parseKey, sealKey, sealPrefix } from '../format/paths.ts';
import { parseUntil } from '../format/time.ts';
import type { VerifierKey } from '../format/vkey.ts';
import type { ObjectVersion, StoreReader } from '../store/store.ts';
import { linkProblems } from '../verify/chain-state.ts';
import { listedProblem } from '../verify/data-check.ts';
import { VerifyError } from '../verify/finding.ts';
import { untrustedLater } from '../verify/later-version.ts';
import {
  inspectSeal,
  type OpenedSeal,
  refuseLater,
  type SealInspection,
  trustProblem,
} from '../verify/open-seal.ts';
import { ExpiredDataError, NoChainError, UntrustedSealError } from './errors.ts';
import { hasData, listChains } from './list-chains.ts';
import type { Range } from './segment-lines.ts';

export type SealLocation = {
  readonly sequence: number;
  readonly key: string;
  readonly versionId: string;
  /** When the store took it, by its own word. A file's time says nothing. */
  readonly takenMs: number | null;
};
export type LocatedSeal = OpenedSeal & SealLocation;

/** Keys listed at most: one page of S3. In a longer chain the head is searched by sequence. */
const LISTED_MAX = 1000;
/** Opened seals that are kept: a search reads a few of them again. */
const OPENED_MAX = 64;

export type ChainReaderOptions = {
  readonly store: StoreReader;
  readonly chain: string;
  readonly partition: number;
  /** If empty, a seal is checked in itself and against no trusted key. */
  readonly trusted: readonly VerifierKey[];
  readonly signal: AbortSignal;
};

/**
 * Reads one chain: its head, its seals by sequence, and its data. What counts at a key is its oldest version
 * (FORMAT.md 2.5). Each seal is checked when it is read, and with trusted keys against those. `reads` counts
 * the GETs and their bytes, since GETs are what costs.
 */
export class ChainReader {
  readonly chain: string;
  readonly partition: number;
  /** True if there are trusted keys to check seals against. */
  readonly verified: boolean;
  readonly options: ChainReaderOptions;
  readonly reads = { count: 0, bytes: 0 };
  readonly #seals = new Map<number, SealLocation>();
  readonly #opened = new Map<number, LocatedSeal>();
  /** The oldest version of each listed data object. */
  readonly #data = new Map<string, ObjectVersion>();

  constructor(options: ChainReaderOptions) {
    this.options = options;
    this.chain = options.chain;
    this.partition = options.partition;
    this.verified = options.trusted.length > 0;
  }

  /**
   * The greatest sequence of the chain. Throws NoChainError if the archive has no such chain, and VerifyError
   * if only data objects are left of it.
   */
  async headSequence(): Promise<number> {
    const { store, chain, partition, signal } = this.options;
    let greatest = -1;
    let keys = 0;
    let before = '';
    const counts = makeOldestFilter();
    for await (const version of store.listVersions(sealPrefix(chain, partition), {
      limit: LISTED_MAX,
      signal,
    })) {
      if (version.key !== before) keys++;
      before = version.key;
      if (counts(version)) greatest = Math.max(greatest, this.#remember(version) ?? -1);
    }
    if (keys >= LISTED_MAX) {
      const { findHead } = await import('../store/head.ts');
      const search = await findHead(store, chain, partition, greatest, signal);
      if (search.kind === 'head') return search.sequence;
      // Seals behind a hole belong to the chain: who reads on to them finds the hole.
      await this.listSeals();
      for (const sequence of this.#seals.keys()) greatest = Math.max(greatest, sequence);
    }
    if (greatest < 0) throw await this.#noChain();
    return greatest;
  }

  /** Lists all seals of the chain: each then costs one read, and no listing of its own. */
  async listSeals(): Promise<void> {
    const { store, chain, partition, signal } = this.options;
    const counts = makeOldestFilter();
    for await (const version of store.listVersions(sealPrefix(chain, partition), { signal })) {
      if (counts(version)) this.#remember(version);
    }
  }

  /** Sequences below one, of the seals that were listed so far: the newest first. */
  listedBelow(sequence: number): number[] {
    return [...this.#seals.keys()].filter((listed) => listed < sequence).sort((a, b) => b - a);
  }

  /** The opened and checked seal of a sequence. Read once. Throws VerifyError if it is missing or bad. */
  async seal(sequence: number): Promise<LocatedSeal> {
    const known = this.#opened.get(sequence);
    if (known !== undefined) return known;
    const { object, inspection } = await this.inspect(sequence);
    await refuseLater(inspection, { trusted: this.options.trusted, sha256: nodeSha256 });
    const { opened, problems, later } = inspection;
    // A key that the chain has made trusted since may have signed it, and only `verify` follows that.
    if (later !== undefined) throw new UntrustedSealError(untrustedLater(later.version));
    if (problems[0] !== undefined) throw new VerifyError(problems[0]);
    if (opened === null) throw new VerifyError({ code: 'malformed', expected: 'a seal', found: object.key });
    this.#checkTrust(opened);
    const tail = `/${this.chain}/${this.partition}`;
    if (!opened.manifest.origin.endsWith(tail)) {
      const { origin } = opened.manifest;
      throw new VerifyError({ code: 'malformed', expected: `a seal of …${tail}`, found: `one of ${origin}` });
    }
    this.#checkNeighbours(sequence, opened);
    const seal = { ...opened, ...object };
    this.#opened.set(sequence, seal);
    if (this.#opened.size > OPENED_MAX) this.#opened.delete(this.#opened.keys().next().value as number);
    return seal;
  }

  /** What lies at a seal's key, with all its faults. Read each time. */
  async inspect(
    sequence: number,
  ): Promise<{ readonly object: SealLocation; readonly inspection: SealInspection }> {
    const { store, trusted, signal } = this.options;
    const object = this.#seals.get(sequence) ?? (await this.#find(sequence));
    const bytes = await store.read(object.key, object.versionId, { maxBytes: LIMITS.sealBytesMax, signal });
    this.#count(bytes);
    return { object, inspection: await inspectSeal(bytes, { trusted, sha256: nodeSha256, sequence }) };
  }

  /** A range of segments must come from one history. The same key can have signed two. */
  #checkNeighbours(sequence: number, opened: OpenedSeal): void {
    const before = this.#opened.get(sequence - 1);
    const next = this.#opened.get(sequence + 1);
    const [problem] = [
      ...(before === undefined ? [] : linkProblems(before, opened, nodeSha256)),
      ...(next === undefined ? [] : linkProblems(opened, next, nodeSha256)),
    ];
    if (problem !== undefined) throw new VerifyError(problem);
  }

  /** A seal can be sound and signed by a key that nobody trusts. */
  #checkTrust(opened: OpenedSeal): void {
    const { trusted } = this.options;
    const problem = this.verified ? trustProblem(opened, { trusted, sha256: nodeSha256 }) : null;
    if (problem === null) return;
    throw new UntrustedSealError(problem);
  }

  /** Stored bytes of each data object by sequence, or null if the chain is too long to list. */
  async dataSizes(): Promise<ReadonlyMap<number, number> | null> {
    const { store, chain, partition, signal } = this.options;
    const sizes = new Map<number, number>();
    let listed = 0;
    const counts = makeOldestFilter();
    const versions = store.listVersions(dataPrefix(chain, partition), { limit: LISTED_MAX + 1, signal });
    for await (const version of versions) {
      if (++listed > LISTED_MAX) return null;
      const parsed = parseKey(version.key);
      if (!counts(version) || parsed?.kind !== 'data') continue;
      this.#data.set(version.key, version);
      sizes.set(parsed.sequence, Math.max(version.size, sizes.get(parsed.sequence) ?? 0));
    }
    return sizes;
  }

  /**
   * Bytes of the data object that a seal names, or of a range of it. Throws ExpiredDataError, or VerifyError
   * `data-missing`, `data-altered`, or `malformed` if it is no file or too long.
   */
  async data(seal: LocatedSeal, range?: Range): Promise<Uint8Array> {
    const { data } = seal.manifest;
    if (data === null) return new Uint8Array(0);
    const version =
      this.#data.get(data.key) ?? (await oldestVersion(this.options.store, data.key, this.options.signal));
    if (version === null) {
      const { until } = seal.manifest.retention;
      if (Date.now() > parseUntil(until)) throw new ExpiredDataError(seal.sequence, until);
      throw new VerifyError({ code: 'data-missing', expected: data.key, found: 'no version of it' });
    }
    const problem = listedProblem(seal, version);
    if (problem !== null) {
      throw new VerifyError({ ...problem, found: `${problem.found ?? 'no file'} at ${data.key}` });
    }
    return this.#read(version, range ?? { start: 0, end: data.bytes });
  }

  /**
   * The first bytes of a sequence's data object, without its seal. Null if the listing shows none, or more
   * than one.
   */
  async firstBytes(
    sequence: number,
    bytesMax: number,
  ): Promise<{ bytes: Uint8Array; encoding: Encoding } | null> {
    const found = [...this.#data.values()].flatMap((version) => {
      const parsed = parseKey(version.key);
      return parsed?.kind === 'data' && parsed.sequence === sequence ? [{ version, parsed }] : [];
    });
    const [only] = found;
    if (only === undefined || found.length > 1 || only.version.size === 0) return null;
    const range = { start: 0, end: Math.min(only.version.size, bytesMax) };
    return { bytes: await this.#read(only.version, range), encoding: only.parsed.encoding };
  }

  async #read(
    { key, versionId }: Pick<ObjectVersion, 'key' | 'versionId'>,
    range: Range,
  ): Promise<Uint8Array> {
    const { store, signal } = this.options;
    const bytes = await store.read(key, versionId, { maxBytes: range.end - range.start, range, signal });
    this.#count(bytes);
    return bytes;
  }

  #count(bytes: Uint8Array): void {
    this.reads.count++;
    this.reads.bytes += bytes.length;
  }

  /** Of the version that counts at its key. */
  #remember(version: ObjectVersion): number | undefined {
    const parsed = parseKey(version.key);
    if (parsed?.kind !== 'seal') return undefined;
    const { sequence } = parsed;
    this.#seals.set(sequence, this.#locationOf(sequence, version));
    return sequence;
  }

  async #find(sequence: number): Promise<SealLocation> {
    const { store, chain, partition, signal } = this.options;
    const key = sealKey(chain, partition, sequence);
    const version = await oldestVersion(store, key, signal);
    if (version === null) {
      throw new VerifyError({ code: 'sequence-gap', expected: key, found: 'no version of it' });
    }
    return this.#locationOf(sequence, version);
  }

  #locationOf(sequence: number, { key, versionId, lastModifiedMs }: ObjectVersion): SealLocation {
    const isStores = this.options.store.kind === 's3';
    return { sequence, key, versionId, takenMs: isStores ? lastModifiedMs : null };
  }

  async #noChain(): Promise<Error> {
    const { store, signal } = this.options;
    if (await hasData(store, this, signal))
      return new VerifyError({
        code: 'sequence-gap',
        expected: 'seal 0',
        found: 'data objects, and no seal',
      });
    const chains: string[] = [];
    for await (const { chain, partition } of listChains(store, signal)) {
      chains.push(`${chain}/${partition}`);
      if (chains.length > 8) break;
    }
    return new NoChainError(store.description, `${this.chain}/${this.partition}`, chains);
  }
}

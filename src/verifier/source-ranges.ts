// Does another chain go on from a place before this one's end, or hold the same offsets of the same topic?
// Asked before a chain is attested (FORMAT.md 9.5.4, 9.5.6).
import { equalBytes } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import { TaskGroup } from '../base/concurrency.ts';
import { LIMITS } from '../base/limits.ts';
import { parseChainOrigin } from '../format/chain.ts';
import type { Continues } from '../format/manifest.ts';
import { oldestVersion } from '../format/oldest-version.ts';
import { sealKey } from '../format/paths.ts';
import { findHead } from '../store/head.ts';
import type { ReadableStore, Store } from '../store/store.ts';
import { type Finding, findingOf } from '../verify/finding.ts';
import { chainText } from '../verify/handover.ts';
import { inspectSeal, type OpenedSeal, trustProblem } from '../verify/open-seal.ts';
import type { ChainReport } from '../verify/report.ts';
import type { ChainInArchive } from '../verify/survey.ts';
import type { Attested } from './attest/attestation-reader.ts';
import { knownChains } from './known-chains.ts';
import type { ChainComparison, StepTools } from './verifier.ts';

/** How old the list of chains may be. A chain that is not in it is always listed first. */
const LISTED_MS = 300_000;
const READS_AT_ONCE = 16;
/** Of which the version is remembered. */
const UNSOUND_MAX = 100_000;

export type SourceRangesTools = Pick<StepTools, 'trusted' | 'sha256' | 'attester'> & {
  readonly archive: ReadableStore;
  readonly own: Store;
  readonly clock: Clock;
};

/** What a chain's first seal says. It never changes. */
type Beginning = {
  readonly place: ChainInArchive;
  readonly origin: string;
  /** Null: nothing tells the source from a new one under its name. */
  readonly source: string | null;
  readonly firstOffset: number;
  readonly nextOffset: number;
  readonly continues: Continues | null;
  readonly isTrusted: boolean;
};

/** Offsets from `first` to before `next`. */
type Range = { readonly first: number; readonly next: number };

export class SourceRanges implements ChainComparison {
  readonly #tools: SourceRangesTools;
  #beginnings = new Map<string, Beginning>();
  /** First seals that are none, by version: they stay so. */
  readonly #unsound = new Set<string>();
  #listed: ReadonlySet<string> = new Set();
  #listedMs = Number.NEGATIVE_INFINITY;
  #listing: Promise<void> | null = null;

  constructor(tools: SourceRangesTools) {
    this.#tools = tools;
  }

  /**
   * A finding if this verifier must not attest the chain up to `report.size`. `fork`: another chain
   * continues it from an earlier place. `source-overlap`: of two chains with the same offsets, the one that
   * was attested first stays, and where none was, neither is attested. `attested`: where this verifier
   * stands. Rejects if a bucket can't be read.
   */
  async overlaps(report: ChainReport, attested: Attested | null, signal?: AbortSignal): Promise<Finding[]> {
    const { source, chain, partition, origin, nextOffset } = report;
    const place = { chain, partition };
    await this.#list(place, signal);
    const newer = [...this.#beginnings.values()].find(
      ({ continues, isTrusted }) => isTrusted && continues?.origin === origin && continues.size < report.size,
    );
    if (newer !== undefined) return [forkFinding(report, newer)];
    if (source?.kind !== 'kafka' || source.topicId === null || nextOffset === null) return [];
    const firstOffset = this.#beginnings.get(chainText(place))?.firstOffset ?? report.firstOffset;
    if (firstOffset === null) return [];
    const own: Range = { first: firstOffset, next: nextOffset };
    const text = JSON.stringify(source);
    for (const other of this.#beginnings.values()) {
      if (other.source !== text || other.origin === origin) continue;
      const common = this.#mayOverlap(own, other) ? await this.#common(own, other, signal) : null;
      if (common === null) continue;
      // What was attested before somebody made another chain of it stands.
      const isFirst = (await this.#attestedNext(place, attested, signal)) > common.first;
      const theirs = await this.#attestedNextOf(other.place, signal);
      if (isFirst && theirs <= common.first) continue;
      return [overlapFinding(common, other.origin, theirs > common.first)];
    }
    return [];
  }

  /** By what is known without a call. */
  #mayOverlap(own: Range, other: Beginning): boolean {
    return other.firstOffset < own.next && this.#ceded(other) > own.first;
  }

  /** A chain ends where another one goes on from it. */
  #ceded({ origin }: Beginning): number {
    const ends = [...this.#beginnings.values()].flatMap(({ continues, isTrusted }) =>
      isTrusted && continues?.origin === origin ? [continues.nextOffset] : [],
    );
    return Math.min(Number.POSITIVE_INFINITY, ...ends);
  }

  async #common(own: Range, other: Beginning, signal?: AbortSignal): Promise<Range | null> {
    const { place, isTrusted, nextOffset } = other;
    const attestedNext = await this.#attestedNextOf(place, signal);
    // Anybody who may write could seal with a key that nobody knows.
    if (!isTrusted && attestedNext < 0) return null;
    const headNext = await this.#headNext(other, signal);
    const end = Math.min(this.#ceded(other), Math.max(nextOffset, attestedNext, headNext));
    const common = { first: Math.max(own.first, other.firstOffset), next: Math.min(own.next, end) };
    return common.first < common.next ? common : null;
  }

  /** −1: its newest seal is not known to be the log's. */
  async #headNext({ place, origin }: Beginning, signal?: AbortSignal): Promise<number> {
    const head = await findHead(this.#tools.archive, place.chain, place.partition, 0, signal);
    const opened = head.kind === 'head' ? await this.#seal(place, head.sequence, signal) : null;
    if (opened === null || opened.manifest.origin !== origin) return -1;
    return trustProblem(opened, this.#tools) === null ? opened.manifest.records.nextOffset : -1;
  }

  async #attestedNextOf(place: ChainInArchive, signal?: AbortSignal): Promise<number> {
    const { attested } = await this.#tools.attester.reader.newest(place, 0, signal);
    return this.#attestedNext(place, attested, signal);
  }

  /** The offset after those that are attested; −1 if none is known to be. */
  async #attestedNext(
    place: ChainInArchive,
    attested: Attested | null,
    signal?: AbortSignal,
  ): Promise<number> {
    const opened = attested === null ? null : await this.#seal(place, attested.size - 1, signal);
    if (opened === null || attested === null || !equalBytes(opened.root, attested.root)) return -1;
    return opened.manifest.records.nextOffset;
  }

  /** Lists the chains if this one is not known yet, so of two new chains at least one meets the other. */
  async #list(place: ChainInArchive, signal?: AbortSignal): Promise<void> {
    const isDue = () =>
      !this.#listed.has(chainText(place)) || this.#tools.clock.monotonic() - this.#listedMs > LISTED_MS;
    // What is under way may have begun before this chain was there.
    if (isDue() && this.#listing !== null) await this.#listing.catch(() => {});
    if (!isDue()) return;
    this.#listing ??= this.#readBeginnings(signal).finally(() => {
      this.#listing = null;
    });
    await this.#listing;
  }

  async #readBeginnings(signal?: AbortSignal): Promise<void> {
    const nowMs = this.#tools.clock.monotonic();
    const places = await knownChains(this.#tools, signal);
    const found = new Map<string, Beginning>();
    const group = new TaskGroup(READS_AT_ONCE);
    try {
      for (const place of places) {
        const name = chainText(place);
        await group.start(async () => {
          const beginning = this.#beginnings.get(name) ?? (await this.#beginning(place, signal));
          if (beginning !== null) found.set(name, beginning);
        });
      }
    } finally {
      await group.finish();
    }
    this.#beginnings = found;
    this.#listed = new Set(places.map(chainText));
    this.#listedMs = nowMs;
  }

  async #beginning(place: ChainInArchive, signal?: AbortSignal): Promise<Beginning | null> {
    // A first seal that can't be read is reported by its own chain, which is not attested. It stops no other.
    const opened = await this.#seal(place, 0, signal).catch((error: unknown) => {
      signal?.throwIfAborted();
      if (error instanceof Error) return null;
      throw error;
    });
    if (opened === null) return null;
    const { origin, source, records, continues } = opened.manifest;
    if (chainText(parseChainOrigin(origin)) !== chainText(place)) return null;
    const isSure = source.kind === 'kafka' && source.topicId !== null;
    const { firstOffset, nextOffset } = records;
    const isTrusted = trustProblem(opened, this.#tools) === null;
    return {
      ...{ place, origin, source: isSure ? JSON.stringify(source) : null },
      ...{ firstOffset, nextOffset, continues, isTrusted },
    };
  }

  /** Null: there is none that is sound in itself. */
  async #seal(place: ChainInArchive, sequence: number, signal?: AbortSignal): Promise<OpenedSeal | null> {
    const { archive, trusted, sha256 } = this.#tools;
    const key = sealKey(place.chain, place.partition, sequence);
    const version = await oldestVersion(archive, key, signal);
    const id = `${version?.versionId}\n${key}`;
    if (version === null || this.#unsound.has(id)) return null;
    const options = { maxBytes: LIMITS.sealBytesMax, ...(signal && { signal }) };
    const bytes = await archive.read(key, version.versionId, options);
    const { opened, problems } = await inspectSeal(bytes, { trusted, sha256, sequence });
    if (opened !== null && problems.length === 0) return opened;
    // In a directory the same name may get other bytes.
    if (archive.kind === 's3' && this.#unsound.size < UNSOUND_MAX) this.#unsound.add(id);
    return null;
  }
}

const forkFinding = ({ size }: ChainReport, { origin, continues }: Beginning): Finding =>
  findingOf('fork', {
    expected: `no seal behind size ${continues?.size}, where ${origin} continues this chain`,
    found: `size ${size}`,
  });

function overlapFinding({ first, next }: Range, origin: string, isAttested: boolean): Finding {
  const where = isAttested ? `in ${origin}, which is attested, too` : `in ${origin} too`;
  return findingOf('source-overlap', {
    expected: 'offsets of its source that no other chain has',
    found: `offsets ${first} to ${next - 1} are ${where}: which is the record can't be told`,
  });
}

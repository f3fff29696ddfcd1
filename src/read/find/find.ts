// Which lines of an archive were asked for, and what was looked at to say so?
//
// For other programs: `findLines(options)` gives `{ hits, statement }`. `hits` is an AsyncGenerator of
// `{ chain, partition, topic, found, seal }`: `found` is a FoundLine (its bytes without LF, its offset, its
// time), `seal` the LocatedSeal of its segment. Chains come by name and partition, hits of a chain by offset,
// so the same archive and query give the same order. A hit comes after its whole segment was compared with
// its seal. Call `statement()` when `hits` has ended, in whatever way: it says what was looked at and what
// was not.
import { nodeSha256 } from '../../base/node/hash.ts';
import { parseChainOrigin } from '../../format/chain.ts';
import type { VerifierKey } from '../../format/vkey.ts';
import type { StoreReader } from '../../store/store.ts';
import type { ConfirmedChain } from '../../verify/anchor.ts';
import { anchorOfCheckpoint } from '../../verify/anchor.ts';
import type { ArchiveReader } from '../../verify/archive-reader.ts';
import { chainText } from '../../verify/handover.ts';
import type { Report } from '../../verify/report.ts';
import type { ShownArchive } from '../../verify/shown.ts';
import type { ChainInArchive } from '../../verify/survey.ts';
import { verifyArchive } from '../../verify/verify.ts';
import type { LocatedSeal } from '../chain-reader.ts';
import type { FoundLine } from '../line-range.ts';
import type { SegmentIndexes } from './index/index-skips.ts';
import { laterHits } from './later-hits.ts';
import { statementOf } from './make-statement.ts';
import type { Query } from './query.ts';
import { searchChecker } from './search-checker.ts';
import { type SearchScope, searchScope } from './search-scope.ts';
import { type ReadSegment, SegmentWalk } from './segment-walk.ts';
import type { BeyondLimit, SearchEnd, Statement } from './statement.ts';
import { ChainQueues } from './turn-queue.ts';

/** One line that was asked for. */
export type Hit = {
  readonly chain: string;
  readonly partition: number;
  readonly topic: string | null;
  readonly found: FoundLine;
  readonly seal: LocatedSeal;
};

export type FindOptions = {
  readonly store: StoreReader;
  /** Without one nothing is verified, and the statement says so. */
  readonly trusted: readonly VerifierKey[];
  readonly query: Query;
  /** From a trusted clock: it decides which promises of retention are over. */
  readonly nowMs: number;
  readonly signal: AbortSignal;
  /** Signed checkpoints of earlier runs. Those of chains that are not searched are left out. */
  readonly since?: readonly Uint8Array[];
  /** What a second party has attested. */
  readonly confirmed?: readonly ConfirmedChain[];
  /** Archives that chains of this one continue: what these say of them is compared there. */
  readonly shown?: readonly ShownArchive[];
  /** What a trusted second party says of segments: those that can have no hit are not read. */
  readonly indexes?: SegmentIndexes | null;
  /** Threads that search. 0: the caller's own. Default: one for each core. */
  readonly threads?: number;
  /** Stored bytes of data objects that were read or passed by, and hits that were given. */
  readonly onProgress?: (bytes: number, hits: number) => void;
};

export type FoundLines = {
  readonly hits: AsyncGenerator<Hit>;
  readonly statement: () => Statement;
};

/** Segments of the chain whose hits are taken that are read and not at their turn yet. */
const SEGMENTS_WAITING_MAX = 24;

/** The same of each chain that is read beside it, and whose hits come later. */
const SEGMENTS_AHEAD_MAX = 2;

/** Looked at behind a limit, to say whether there is another hit. They are mostly read by then. */
const SEGMENTS_BEYOND_MAX = SEGMENTS_WAITING_MAX;

/**
 * The hits, and what they rest on. `hits` throws QueryError if nothing of what was asked for can be searched,
 * and an error of the store if nothing can be listed. Whatever else is wrong is in the statement. If `signal`
 * aborts, `hits` ends.
 */
export function findLines(options: FindOptions): FoundLines {
  const search = new Search(options);
  return { hits: search.hits(), statement: () => search.statement() };
}

/** As long as not even the chains are known. */
const NOTHING: SearchScope = { searched: [], notAsked: [], withoutField: [], unlisted: [] };

class Search {
  readonly #options: FindOptions;
  #scope: SearchScope | null = null;
  #walk: SegmentWalk | null = null;
  #report: Report | null = null;
  #end: SearchEnd = 'interrupted';
  #hits = 0;
  #beyondLimit: BeyondLimit | null = null;
  #bytes = 0;

  constructor(options: FindOptions) {
    this.#options = options;
  }

  async *hits(): AsyncGenerator<Hit> {
    const { store, query, signal, trusted, indexes = null, threads, onProgress } = this.#options;
    try {
      this.#scope = await searchScope(store, query, signal);
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    const stop = new AbortController();
    const either = AbortSignal.any([signal, stop.signal]);
    const names = this.#scope.searched.map(chainText);
    const queue = new ChainQueues<ReadSegment>(names, SEGMENTS_WAITING_MAX, SEGMENTS_AHEAD_MAX);
    const checker = searchChecker(threads);
    this.#walk = new SegmentWalk(this.#scope.searched, checker, queue, {
      ...{ time: query.time, readsAll: query.readsAll, hasKey: trusted.length > 0 },
      ...{ indexes, storeKind: store.kind, signal: either },
      onBytes: (bytes) => {
        this.#bytes += bytes;
        onProgress?.(this.#bytes, this.#hits);
      },
    });
    const verified = this.#verify(this.#walk, checker, either).then(
      (report) => {
        this.#report = report;
        queue.end();
      },
      (error: unknown) => queue.end(either.aborted ? null : error),
    );
    try {
      for await (const segment of queue.turns()) {
        if (this.#beyondLimit !== null) {
          if (this.#isDecided(segment, this.#beyondLimit)) return;
          continue;
        }
        let ofSegment = 0;
        for await (const hit of hitsOf(segment, store, signal)) {
          if (signal.aborted) return;
          this.#hits++;
          ofSegment++;
          yield hit;
          if (query.limit === null || this.#hits < query.limit) continue;
          this.#end = 'limit';
          this.#beyondLimit = { hasHit: segment.found.counts.hits > ofSegment, segments: 0 };
          if (this.#beyondLimit.hasHit) return;
          break;
        }
      }
      if (this.#report !== null) [this.#end, this.#beyondLimit] = ['complete', null];
    } finally {
      stop.abort(new Error('the search has ended'));
      await verified;
      await checker.close();
    }
  }

  /** Whether more hits than were asked for are known, or were looked for long enough. */
  #isDecided({ found }: ReadSegment, { segments }: BeyondLimit): boolean {
    this.#beyondLimit = { hasHit: found.counts.hits > 0, segments: segments + 1 };
    return this.#beyondLimit.hasHit || this.#beyondLimit.segments >= SEGMENTS_BEYOND_MAX;
  }

  statement(): Statement {
    const { query, trusted, store, indexes = null } = this.#options;
    return statementOf({
      usesIndexes: indexes !== null && !query.readsAll,
      ...{ archive: store.description, query, hasKey: trusted.length > 0, scope: this.#scope ?? NOTHING },
      ...{ walks: this.#walk?.walks ?? [], report: this.#report, end: this.#end, hits: this.#hits },
      beyondLimit: this.#beyondLimit,
    });
  }

  /** All that `verify` checks of these chains, but for locks. */
  #verify(
    visitor: SegmentWalk,
    checker: ReturnType<typeof searchChecker>,
    signal: AbortSignal,
  ): Promise<Report> {
    const { store, trusted, nowMs, since = [], confirmed = [], shown = [] } = this.#options;
    const placeOf = (origin: string): ChainInArchive => parseChainOrigin(origin);
    const others = new Set(
      [...(this.#scope?.notAsked ?? []), ...(this.#scope?.withoutField ?? [])].map(chainText),
    );
    const isOf = (origin: string): boolean => !others.has(chainText(placeOf(origin)));
    // A chain that somebody knew and that is gone may have held what is looked for, whatever its name.
    const known = [
      ...since.map((note) => anchorOfCheckpoint(note).origin),
      ...confirmed.map(({ origin }) => origin),
    ];
    const places = [...visitor.walks, ...known.filter(isOf).map(placeOf)];
    const only = [
      ...new Map(
        places.map(({ chain, partition }) => [`${chain}/${partition}`, { chain, partition }]),
      ).values(),
    ];
    return verifyArchive(withoutLocks(store), {
      ...{ trusted, depth: 'content', nowMs, sha256: nodeSha256, checker, visitor, signal, only, shown },
      since: since.filter((note) => isOf(anchorOfCheckpoint(note).origin)),
      confirmed: confirmed.filter(({ origin }) => isOf(origin)),
    });
  }
}

/** For how long something is kept is another question. */
const withoutLocks = (store: StoreReader): ArchiveReader => ({
  kind: store.kind,
  listVersions: (prefix, options) => store.listVersions(prefix, options),
  read: (key, versionId, options) => store.read(key, versionId, options),
  lock: async () => ({ kind: 'not-applicable' }),
});

async function* hitsOf(segment: ReadSegment, store: StoreReader, signal: AbortSignal): AsyncGenerator<Hit> {
  const { walk, seal, found } = segment;
  const { chain, partition, topic } = walk;
  const place = { chain, partition, topic, seal };
  for (const line of found.lines) yield { ...place, found: line };
  if (found.counts.hits > found.lines.length) {
    for await (const line of laterHits(segment, store, signal)) yield { ...place, found: line };
  }
}

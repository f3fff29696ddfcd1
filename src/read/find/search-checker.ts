// What searches data objects while it checks them, on every core or in the caller's thread?
import { availableParallelism } from 'node:os';
import type { BlockChecker } from '../../verify/block-checker.ts';
import type { DataOutcome } from '../../verify/content.ts';
import type { DataClaim } from '../../verify/data-claim.ts';
import { nodeContentTools } from '../../verify/node/tools.ts';
import { WorkerPool } from '../../verify/node/worker-pool.ts';
import type { SearchSpec } from './search-spec.ts';
import type { SearchRequest } from './search-worker.ts';
import { type SegmentFind, searchSegment } from './segment-search.ts';

/** Checks as every checker does. What it found is asked for by the outcome that it gave. */
export type SearchChecker = BlockChecker & {
  /** Says what to look for in a data object, before it is checked. */
  expect(data: DataClaim['data'], spec: SearchSpec): void;
  /** Undefined: that outcome is not of this checker. */
  foundIn(outcome: DataOutcome): SegmentFind | undefined;
  close(): Promise<void>;
};

/** `threads` 0: in the caller's thread. Default: one for each core. */
export function searchChecker(threads = availableParallelism()): SearchChecker {
  const specs = new WeakMap<DataClaim['data'], SearchSpec>();
  const found = new WeakMap<DataOutcome, SegmentFind>();
  const pool = threads === 0 ? null : new WorkerPool<SearchRequest, SegmentFind>(threads, besideThis());
  return {
    parallelism: pool?.parallelism ?? 1,
    expect: (data, spec) => void specs.set(data, spec),
    check: async (bytes, claim) => {
      const spec = specs.get(claim.data);
      if (spec === undefined) throw new Error('nothing was asked of this data object');
      const search =
        pool === null
          ? await searchSegment(bytes, claim, spec, nodeContentTools)
          : await pool.run({ bytes, claim, spec }, bytes);
      found.set(search.outcome, search);
      return search.outcome;
    },
    foundIn: (outcome) => found.get(outcome),
    close: async () => pool?.close(),
  };
}

/** The worker's file has the same ending as this one: .ts from a checkout, .js in a package. */
function besideThis(): URL {
  const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new URL(`./search-worker.${ending}`, import.meta.url);
}

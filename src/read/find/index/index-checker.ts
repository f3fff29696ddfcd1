// What indexes data objects while it checks them, on every core or in the caller's thread?
import { messageOf } from '../../../base/error.ts';
import { checkData, type DataOutcome } from '../../../verify/content.ts';
import { nodeContentTools } from '../../../verify/node/tools.ts';
import { type AskedRequest, type AskingChecker, askingChecker, workerBeside } from '../asking-checker.ts';
import type { SegmentIndex } from './segment-index.ts';
import { SegmentIndexer } from './segment-indexer.ts';

export type IndexSpec = {
  /** As parseTarget reads them. */
  readonly fields: readonly string[];
  /** indexKey of the segment. */
  readonly key: Uint8Array;
};

export type IndexedData = {
  readonly outcome: DataOutcome;
  /**
   * **Of nothing that was sealed if the outcome has problems.** Null: nothing was asked for, or it failed.
   */
  readonly index: SegmentIndex | null;
  /** Why there is no index, though one was asked for. The check is not touched by it. */
  readonly failure: string | null;
};

export type IndexChecker = AskingChecker<IndexSpec, IndexedData>;

/**
 * `threads` 0: in the caller's thread. Default: one for each core. Where nothing is expected it only
 * checks.
 */
export const indexChecker = (threads?: number): IndexChecker =>
  askingChecker(workerBeside(import.meta.url, 'index-worker'), indexAsked, threads);

export async function indexAsked({ bytes, claim, asked }: AskedRequest<IndexSpec>): Promise<IndexedData> {
  if (asked === null) {
    return { outcome: await checkData(bytes, claim, nodeContentTools), index: null, failure: null };
  }
  let failure: string | null = null;
  const trying = <T>(work: () => T): T | null => {
    if (failure !== null) return null;
    try {
      return work();
    } catch (error) {
      failure = messageOf(error);
      return null;
    }
  };
  const indexer = trying(() => new SegmentIndexer(asked.fields, asked.key));
  const outcome = await checkData(bytes, claim, nodeContentTools, (line) => trying(() => indexer?.add(line)));
  const index = trying(() => indexer?.finish() ?? null);
  return { outcome, index, failure };
}

// What searches data objects while it checks them, on every core or in the caller's thread?
import { nodeContentTools } from '../../verify/node/tools.ts';
import { type AskedRequest, type AskingChecker, askingChecker, workerBeside } from './asking-checker.ts';
import type { SearchSpec } from './search-spec.ts';
import { type SegmentFind, searchSegment } from './segment-search.ts';

export type SearchChecker = AskingChecker<SearchSpec, SegmentFind>;

/** `threads` 0: in the caller's thread. Default: one for each core. */
export const searchChecker = (threads?: number): SearchChecker =>
  askingChecker(workerBeside(import.meta.url, 'search-worker'), searchAsked, threads);

export async function searchAsked({ bytes, claim, asked }: AskedRequest<SearchSpec>): Promise<SegmentFind> {
  if (asked === null) throw new Error('nothing was asked of this data object');
  return searchSegment(bytes, claim, asked, nodeContentTools);
}

// One thread that checks data objects and searches them, one after the other.
import { parentPort } from 'node:worker_threads';
import { messageOf } from '../../base/error.ts';
import { freeNow } from '../../base/free.ts';
import type { DataClaim } from '../../verify/data-claim.ts';
import { nodeContentTools } from '../../verify/node/tools.ts';
import type { WorkerAnswer } from '../../verify/node/worker-pool.ts';
import type { SearchSpec } from './search-spec.ts';
import { type SegmentFind, searchSegment } from './segment-search.ts';

export type SearchRequest = {
  readonly bytes: Uint8Array;
  readonly claim: DataClaim;
  readonly spec: SearchSpec;
};

parentPort?.on('message', async ({ bytes, claim, spec }: SearchRequest) => {
  let answer: WorkerAnswer<SegmentFind>;
  try {
    answer = { outcome: await searchSegment(bytes, claim, spec, nodeContentTools) };
  } catch (error) {
    answer = { failure: messageOf(error) };
  }
  freeNow(bytes);
  parentPort?.postMessage(answer);
});

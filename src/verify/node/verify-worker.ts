// One thread that checks data objects, one after the other.
import { parentPort } from 'node:worker_threads';
import { messageOf } from '../../base/error.ts';
import { checkData, type DataOutcome, free } from '../content.ts';
import type { DataClaim } from '../data-claim.ts';
import { nodeContentTools } from './tools.ts';
import type { WorkerAnswer } from './worker-pool.ts';

export type CheckRequest = { readonly bytes: Uint8Array; readonly claim: DataClaim };

parentPort?.on('message', async ({ bytes, claim }: CheckRequest) => {
  let answer: WorkerAnswer<DataOutcome>;
  try {
    answer = { outcome: await checkData(bytes, claim, nodeContentTools) };
  } catch (error) {
    answer = { failure: messageOf(error) };
  }
  free(bytes);
  parentPort?.postMessage(answer);
});

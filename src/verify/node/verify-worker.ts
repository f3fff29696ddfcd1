// One thread that checks data objects, one after the other.
import { parentPort } from 'node:worker_threads';
import { messageOf } from '../../base/error.ts';
import { freeNow } from '../../base/free.ts';
import { checkData, type DataOutcome } from '../content.ts';
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
  freeNow(bytes);
  parentPort?.postMessage(answer);
});

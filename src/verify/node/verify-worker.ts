// One thread that checks data objects, one after the other.
import { parentPort } from 'node:worker_threads';
import { messageOf } from '../../base/error.ts';
import { checkData, type DataOutcome, free } from '../content.ts';
import type { DataClaim } from '../data-claim.ts';
import { nodeContentTools } from './tools.ts';

export type CheckRequest = { readonly bytes: Uint8Array; readonly claim: DataClaim };

export type CheckAnswer = { readonly outcome: DataOutcome } | { readonly failure: string };

parentPort?.on('message', async ({ bytes, claim }: CheckRequest) => {
  let answer: CheckAnswer;
  try {
    answer = { outcome: await checkData(bytes, claim, nodeContentTools) };
  } catch (error) {
    answer = { failure: messageOf(error) };
  }
  free(bytes);
  parentPort?.postMessage(answer);
});

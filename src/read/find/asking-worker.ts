// How does a thread answer for the data objects that it is sent, one after the other?
import { parentPort } from 'node:worker_threads';
import { messageOf } from '../../base/error.ts';
import { freeNow } from '../../base/free.ts';
import type { WorkerAnswer } from '../../verify/node/worker-pool.ts';
import type { AskedRequest } from './asking-checker.ts';

export function answerRequests<Asked, Answer>(
  answerOf: (request: AskedRequest<Asked>) => Promise<Answer>,
): void {
  parentPort?.on('message', async (request: AskedRequest<Asked>) => {
    let answer: WorkerAnswer<Answer>;
    try {
      answer = { outcome: await answerOf(request) };
    } catch (error) {
      answer = { failure: messageOf(error) };
    }
    freeNow(request.bytes);
    parentPort?.postMessage(answer);
  });
}

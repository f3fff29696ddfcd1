// Does a thread that commands of the unit tests borrow answer for each of them alone?
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, it } from 'vitest';

const CHECKS = new URL('../../../src/verify/node/verify-worker.ts', import.meta.url);
const ECHO =
  "import { parentPort } from 'node:worker_threads'; parentPort.on('message', (m) => parentPort.postMessage(m));";
const OTHER = new URL(`data:text/javascript,${encodeURIComponent(ECHO)}`);

let started = 0;
const count = () => {
  started += 1;
};
beforeEach(() => {
  started = 0;
  process.on('worker', count);
});
afterEach(() => {
  process.off('worker', count);
});

/** What the thread says of a claim that it can't read. */
async function answer(worker: Worker, claim: null | undefined): Promise<unknown> {
  worker.postMessage({ bytes: new Uint8Array(1), claim });
  const [{ failure }] = await once(worker, 'message');
  return failure;
}

it('is lent on once it is free', async () => {
  for (const most of [1, 0, 0]) {
    started = 0;
    const worker = new Worker(CHECKS);
    expect(await answer(worker, null)).toContain('is null');
    const exit = once(worker, 'exit');
    await worker.terminate();
    expect(await exit).toEqual([1]);
    expect(started).toBeLessThanOrEqual(most);
  }
});

it('is ended while it works on something, and never says it to the next', async () => {
  const first = new Worker(CHECKS);
  first.postMessage({ bytes: new Uint8Array(1), claim: null });
  await first.terminate();
  const second = new Worker(CHECKS);
  expect(await answer(second, undefined)).toContain('is undefined');
  await second.terminate();
});

it('has two borrowers at no time', async () => {
  const workers = [new Worker(CHECKS), new Worker(CHECKS)] as const;
  const answers = await Promise.all([answer(workers[0], null), answer(workers[1], undefined)]);
  expect(answers).toEqual([expect.stringContaining('is null'), expect.stringContaining('is undefined')]);
  for (const worker of workers) await worker.terminate();
});

it('is none of another file', async () => {
  for (const round of [1, 2]) {
    const worker = new Worker(OTHER);
    worker.postMessage('a');
    expect(await once(worker, 'message')).toEqual(['a']);
    await worker.terminate();
    expect(started).toBe(round);
  }
});

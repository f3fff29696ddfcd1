// What does the pool of checking threads do with answers, failures, deaths and a shortage of threads?
import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DataClaim } from '../../../src/verify/data-claim.ts';
import { type WorkerChecker, workerChecker } from '../../../src/verify/node/worker-checker.ts';
import { until } from '../../support/patience.ts';

const MANIFEST_WORDS = {
  records: { firstOffset: 0, nextOffset: 0, count: 0, before: 0, missing: {} },
  entries: { size: 0, root: '' },
  time: { first: null, last: null, sealed: '' },
};
/** The threads of these tests do what the claim's key says. */
const claimOf = (key: string): DataClaim =>
  ({ ...MANIFEST_WORDS, data: { key, bytes: 0, blocks: [] } }) as unknown as DataClaim;

const code = `import { parentPort, threadId } from 'node:worker_threads';
  parentPort.on('message', ({ claim }) => {
    const { key } = claim.data;
    if (key === 'exit') process.exit(7);
    if (key === 'throw') throw new Error('out of order');
    if (key === 'throw text') throw 'only a text';
    if (key === 'fail') parentPort.postMessage({ failure: 'no such codec' });
    else parentPort.postMessage({ outcome: { lines: threadId, contentBytes: 0, problems: [] } });
    if (key === 'then exit') setImmediate(() => process.exit(7));
  });`;
const workerUrl = new URL(`data:text/javascript,${encodeURIComponent(code)}`);

const checkers: WorkerChecker[] = [];
const started: { readonly worker: Worker; ended: boolean }[] = [];
const note = (worker: Worker) => {
  const one = { worker, ended: false };
  started.push(one);
  worker.once('exit', () => {
    one.ended = true;
  });
};
beforeEach(() => {
  process.on('worker', note);
});
afterEach(async () => {
  process.off('worker', note);
  started.length = 0;
  for (const checker of checkers.splice(0)) await checker.close();
});
const ended = () => started.filter((one) => one.ended).length;

function pool(threads: number): (key: string) => Promise<unknown> {
  const checker = workerChecker({ threads, workerUrl });
  checkers.push(checker);
  return (key) => checker.check(new Uint8Array(1), claimOf(key));
}

describe('a pool of checking threads', () => {
  it('rejects a check that failed with what the thread says, and gives the thread the next one', async () => {
    const check = pool(1);
    await expect(check('fail')).rejects.toMatchObject({ code: 'check-failed', message: 'no such codec' });
    await expect(check('')).resolves.toMatchObject({ problems: [] });
    expect(started).toHaveLength(1);
  });

  it.each([
    { key: 'exit', says: 'exit code 7' },
    { key: 'throw', says: 'out of order' },
    { key: 'throw text', says: 'only a text' },
  ])('says what a thread died of: $says', async ({ key, says }) => {
    await expect(pool(1)(key)).rejects.toMatchObject({
      code: 'worker-died',
      message: `a checking thread ended: ${says}`,
      remedy: 'Verify again; if it repeats with the same object, report that object.',
    });
  });

  it.each([1, 2, 3])('of %d replaces twice as many, and then refuses all that wait', async (threads) => {
    const check = pool(threads);
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => check('exit')));
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(20);
    expect(started).toHaveLength(3 * threads);
    await expect(check('')).rejects.toMatchObject({
      code: 'worker-died',
      message: 'a checking thread ended: exit code 7',
    });
    expect(started).toHaveLength(3 * threads);
  });

  it('starts no more threads than it may, and none while one is idle', async () => {
    const check = pool(2);
    await check('');
    await check('');
    await new Promise((resolve) => setImmediate(resolve));
    expect(started).toHaveLength(1);
    await Promise.all(Array.from({ length: 9 }, () => check('')));
    expect(started).toHaveLength(2);
  });

  it('forgets a thread that died while it was idle, and no other one', async () => {
    const check = pool(2);
    await Promise.all([check('then exit'), check('')]);
    await until('a thread has ended', () => ended() === 1);
    // Both run at once on the one that is left and a new one; a dead one would never answer.
    await Promise.all([check(''), check('')]);
    expect(started).toHaveLength(3);
  });

  it('keeps its idle threads when a busy one dies', async () => {
    const check = pool(2);
    await Promise.all([check(''), check('')]);
    await expect(check('exit')).rejects.toMatchObject({ code: 'worker-died' });
    await check('');
    await new Promise((resolve) => setImmediate(resolve));
    expect(started).toHaveLength(2);
  });

  it('ends its threads with close', async () => {
    const checker = workerChecker({ threads: 2, workerUrl });
    await Promise.all([1, 2].map(() => checker.check(new Uint8Array(1), claimOf(''))));
    expect([started.length, ended()]).toEqual([2, 0]);
    await checker.close();
    expect(ended()).toBe(2);
  });

  it('says after close that it is closed', async () => {
    const checker = workerChecker({ threads: 1, workerUrl });
    await checker.close();
    await expect(checker.check(new Uint8Array(1), claimOf(''))).rejects.toMatchObject({
      code: 'worker-died',
      message: 'a checking thread ended: the checker is closed',
    });
    expect(started).toHaveLength(0);
  });

  it('moves bytes that fill their buffer, and copies a part of one', async () => {
    const checker = workerChecker({ threads: 1, workerUrl });
    checkers.push(checker);
    const whole = new Uint8Array(8);
    await checker.check(whole, claimOf(''));
    expect(whole.buffer.byteLength).toBe(0);
    for (const part of [new Uint8Array(8).subarray(1), new Uint8Array(8).subarray(0, 7)]) {
      await checker.check(part, claimOf(''));
      expect(part.buffer.byteLength).toBe(8);
    }
  });
});

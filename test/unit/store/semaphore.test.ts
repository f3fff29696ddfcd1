// Are there never more at once than allowed, in order, and does who gives up leave no trace?
import { describe, expect, it } from 'vitest';
import { Semaphore } from '../../../src/base/concurrency.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('Semaphore', () => {
  it('runs so many at once, the others in the order in which they came', async () => {
    const semaphore = new Semaphore(3);
    const begun: number[] = [];
    let running = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        semaphore.run(async () => {
          begun.push(n);
          running += 1;
          most = Math.max(most, running);
          await turn();
          running -= 1;
        }),
      ),
    );
    expect(most).toBe(3);
    expect(begun).toEqual(Array.from({ length: 20 }, (_, n) => n));
  });

  it('gives the place on when a task fails', async () => {
    const semaphore = new Semaphore(1);
    const boom = new Error('boom');
    const failing = semaphore.run(() => Promise.reject(boom));
    const next = semaphore.run(async () => 'ran');
    await expect(failing).rejects.toBe(boom);
    expect(await next).toBe('ran');
  });

  it('lets a waiting one give up, and nobody waits for it', async () => {
    const semaphore = new Semaphore(1);
    const stop = new AbortController();
    let finish = () => {};
    const first = semaphore.run(
      () =>
        new Promise<void>((resolve) => {
          finish = resolve;
        }),
    );
    let ran = false;
    const given = semaphore.run(async () => {
      ran = true;
    }, stop.signal);
    const third = semaphore.run(async () => 'third');
    stop.abort(new Error('enough'));
    await expect(given).rejects.toThrow('enough');
    finish();
    await first;
    expect(await third).toBe('third');
    expect(ran).toBe(false);
    expect(await semaphore.run(async () => 'free again')).toBe('free again');
  });

  it('does not let a newcomer overtake who waits, nor run beside who was handed the place', async () => {
    const semaphore = new Semaphore(1);
    const order: string[] = [];
    const first = semaphore.run(turn);
    const waiting = semaphore.run(async () => {
      order.push('waiting begins');
      await turn();
      await turn();
      order.push('waiting ends');
    });
    await first;
    const newcomer = semaphore.run(async () => void order.push('newcomer'));
    await Promise.all([waiting, newcomer]);
    expect(order).toEqual(['waiting begins', 'waiting ends', 'newcomer']);
  });
});

// Are there never more at once than allowed, in order, and does a waiter that gives up leave no trace?
import { describe, expect, it } from 'vitest';
import { KeyedMutex, readAhead, Semaphore, TaskGroup } from '../../../src/base/concurrency.ts';

const tick = () => new Promise<void>((resolve) => setImmediate(resolve));

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
          await tick();
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
    }, stop);
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
    const first = semaphore.run(tick);
    const waiting = semaphore.run(async () => {
      order.push('waiting begins');
      await tick();
      await tick();
      order.push('waiting ends');
    });
    await first;
    const newcomer = semaphore.run(async () => void order.push('newcomer'));
    await Promise.all([waiting, newcomer]);
    expect(order).toEqual(['waiting begins', 'waiting ends', 'newcomer']);
  });

  it('hands out units in the order of asking, and a small one does not overtake a large one', async () => {
    const semaphore = new Semaphore(10);
    const order: string[] = [];
    const take = async (name: string, amount: number) => {
      const giveBack = await semaphore.take(amount);
      order.push(name);
      return giveBack;
    };
    const first = await take('six', 6);
    const second = take('five', 5);
    const third = take('one', 1);
    await tick();
    expect(order).toEqual(['six']);
    first();
    (await second)();
    (await third)();
    expect(order).toEqual(['six', 'five', 'one']);
  });

  it('lets one that is greater than all units run alone', async () => {
    const semaphore = new Semaphore(10);
    const giveBack = await semaphore.take(1e9);
    let started = false;
    const next = semaphore.run(async () => {
      started = true;
    });
    await tick();
    expect(started).toBe(false);
    giveBack();
    await next;
    expect(started).toBe(true);
  });

  it('is given back by work that fails', async () => {
    const semaphore = new Semaphore(1);
    await expect(semaphore.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(semaphore.run(() => Promise.resolve('yes'))).resolves.toBe('yes');
  });

  it('starts the small ones behind a large one that gave up', async () => {
    const semaphore = new Semaphore(10);
    const giveBack = await semaphore.take(6);
    const stop = new AbortController();
    const large = semaphore.take(5, stop.signal);
    const small = semaphore.take(1);
    stop.abort(new Error('enough'));
    await expect(large).rejects.toThrow('enough');
    (await small)();
    giveBack();
    expect(await semaphore.run(async () => 'all free', { units: 10 })).toBe('all free');
  });
});

describe('KeyedMutex', () => {
  it('runs one task at a time for each key, in order, also after one that failed', async () => {
    const mutex = new KeyedMutex();
    const order: string[] = [];
    const step = (key: string, name: string, fails = false) =>
      mutex.run(key, async () => {
        order.push(`${name} begins`);
        await tick();
        order.push(`${name} ends`);
        if (fails) throw new Error(name);
        return name;
      });
    const tasks = [step('a', 'a1', true), step('a', 'a2'), step('b', 'b1')];
    expect(await Promise.allSettled(tasks)).toMatchObject([
      { status: 'rejected' },
      { status: 'fulfilled', value: 'a2' },
      { status: 'fulfilled', value: 'b1' },
    ]);
    expect(order.slice(0, 2)).toEqual(['a1 begins', 'b1 begins']);
    const ofA = order.filter((line) => line.startsWith('a'));
    expect(ofA).toEqual(['a1 begins', 'a1 ends', 'a2 begins', 'a2 ends']);
  });
});

describe('readAhead', () => {
  async function* numbers(count: number) {
    for (let i = 0; i < count; i++) yield i;
  }

  it('keeps the order, whatever finishes first, and never runs further ahead than told', async () => {
    let running = 0;
    let most = 0;
    const results: number[] = [];
    const work = async (n: number) => {
      most = Math.max(most, ++running);
      for (let i = 0; i <= (n % 3) * 2; i++) await tick();
      running--;
      return n;
    };
    for await (const n of readAhead(numbers(20), 4, work)) results.push(n);
    expect(results).toEqual(Array.from({ length: 20 }, (_, i) => i));
    expect(most).toBe(4);
  });

  it('fails where its turn comes, and leaves nothing unhandled', async () => {
    const results: number[] = [];
    const work = async (n: number) => {
      if (n >= 2) throw new Error(`no ${n}`);
      return n;
    };
    const read = async () => {
      for await (const n of readAhead(numbers(10), 5, work)) results.push(n);
    };
    await expect(read()).rejects.toThrow('no 2');
    expect(results).toEqual([0, 1]);
  });
});

describe('TaskGroup', () => {
  it('runs at most so many, and waits for all', async () => {
    const group = new TaskGroup(3);
    let running = 0;
    let most = 0;
    let done = 0;
    for (let i = 0; i < 10; i++) {
      await group.start(async () => {
        most = Math.max(most, ++running);
        await tick();
        running--;
        done++;
      });
    }
    await group.finish();
    expect({ most, done }).toEqual({ most: 3, done: 10 });
  });

  it('rejects with the first failure', async () => {
    const group = new TaskGroup(2);
    await group.start(() => Promise.reject(new Error('first')));
    await expect(group.finish()).rejects.toThrow('first');
  });

  it('keeps rejecting once a task failed, however many are started after it', async () => {
    const group = new TaskGroup(1);
    await group.start(() => Promise.reject(new Error('first')));
    await tick();
    await expect(group.start(async () => {})).rejects.toThrow('first');
    await expect(group.start(async () => {})).rejects.toThrow('first');
  });
});

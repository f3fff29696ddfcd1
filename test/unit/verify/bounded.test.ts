// Is as much done at once as is allowed, and never more?
import { describe, expect, it } from 'vitest';
import { Budget, readAhead, TaskGroup } from '../../../src/verify/bounded.ts';

const tick = () => new Promise((resolve) => setImmediate(resolve));

describe('Budget', () => {
  it('hands out what there is, in order', async () => {
    const budget = new Budget(10);
    const order: string[] = [];
    const take = async (name: string, amount: number) => {
      const giveBack = await budget.take(amount);
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

  it('lets one that is greater than the budget run alone', async () => {
    const budget = new Budget(10);
    const giveBack = await budget.take(1e9);
    let started = false;
    const next = budget.while(1, async () => {
      started = true;
    });
    await tick();
    expect(started).toBe(false);
    giveBack();
    await next;
    expect(started).toBe(true);
  });

  it('is given back by work that fails', async () => {
    const budget = new Budget(1);
    await expect(budget.while(1, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(budget.while(1, () => Promise.resolve('yes'))).resolves.toBe('yes');
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
});

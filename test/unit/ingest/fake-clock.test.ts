// Does virtual time keep the promises of a clock, so that tests on it mean something?
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../support/fake-clock.ts';

describe('fake clock', () => {
  it('wakes sleepers in the order of their time, each done before the next', async () => {
    const clock = new FakeClock();
    const events: string[] = [];
    const sleeper = async (name: string, ...naps: number[]) => {
      for (const nap of naps) {
        await clock.sleep(nap);
        await Promise.resolve();
        events.push(`${name}@${clock.monotonic()}`);
      }
    };
    void sleeper('a', 30, 10);
    void sleeper('b', 10, 10, 10, 10);
    void sleeper('c', 30);
    await clock.advance(35);
    expect(events).toEqual(['b@10', 'b@20', 'a@30', 'c@30', 'b@30']);
    expect(clock.monotonic()).toBe(35);
    await clock.advance(5);
    expect(events.slice(5)).toEqual(['a@40', 'b@40']);
    expect(clock.sleeping).toBe(0);
  });

  it('moves both clocks, and a jump moves only the wall', async () => {
    const clock = new FakeClock({ startMs: 1_000 });
    await clock.advance(50);
    expect([clock.now(), clock.monotonic()]).toEqual([1_050, 50]);
    clock.jump(-600);
    await clock.advance(1);
    expect([clock.now(), clock.monotonic()]).toEqual([451, 51]);
  });

  it('an aborted sleep rejects with the reason at once, before and during', async () => {
    const clock = new FakeClock();
    const abort = new AbortController();
    const nap = clock.sleep(10, abort.signal);
    abort.abort(new Error('enough'));
    await expect(nap).rejects.toThrow('enough');
    await expect(clock.sleep(10, abort.signal)).rejects.toThrow('enough');
    expect(clock.sleeping).toBe(0);
  });

  it('until says what did not happen, in time or ever', async () => {
    const clock = new FakeClock();
    await expect(clock.until('rain', () => false)).rejects.toThrow('rain: nobody sleeps');
    void clock.sleep(100);
    await expect(clock.until('rain', () => false, 99)).rejects.toThrow('rain: not within 99 ms');
    await clock.until('rain', () => clock.monotonic() === 100);
  });

  it('run gives the result of what needs time, or its failure', async () => {
    const clock = new FakeClock();
    const later = async (result: string) => {
      await clock.sleep(5_000);
      if (result === 'bad') throw new Error('bad');
      return result;
    };
    expect(await clock.run(later('good'))).toBe('good');
    await expect(clock.run(later('bad'))).rejects.toThrow('bad');
    expect(clock.monotonic()).toBe(10_000);
  });

  it('automatic time passes while everybody sleeps, until it is stopped', async () => {
    const clock = new FakeClock({ auto: true });
    await clock.sleep(3_600_000);
    expect(clock.monotonic()).toBe(3_600_000);
    clock.stop();
    let woken = false;
    void clock.sleep(1).then(() => {
      woken = true;
    });
    for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
    expect(woken).toBe(false);
  });
});

// Does one failure while the function starts cost an event?
import { expect, it } from 'vitest';
import { openedEarly } from '../../../src/apps/verifier/opening.ts';

/** Fails so many times, and then opens. */
function opener(failures: number) {
  let calls = 0;
  const open = async () => {
    calls++;
    if (calls <= failures) throw new Error(`failure ${calls}`);
    return calls;
  };
  return { open, calls: () => calls };
}

it('begins before it is asked, and opens once', async () => {
  const { open, calls } = opener(0);
  const opened = openedEarly(open);
  expect(calls()).toBe(1);
  expect(await Promise.all([opened(), opened()])).toEqual([1, 1]);
});

it('tries what failed at the start again in the first call', async () => {
  const opened = openedEarly(opener(1).open);
  expect(await opened()).toBe(2);
  expect(await opened()).toBe(2);
});

it('gives up the call after a second failure, and the next call tries anew, once', async () => {
  const { open, calls } = opener(3);
  const opened = openedEarly(open);
  await expect(opened()).rejects.toThrow('failure 2');
  await expect(opened()).rejects.toThrow('failure 3');
  expect(await opened()).toBe(4);
  expect(calls()).toBe(4);
});

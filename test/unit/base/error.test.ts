// Is what another program threw bounded, and our own messages whole?
import { expect, it } from 'vitest';
import { LedgerstoneError, messageOf } from '../../../src/base/error.ts';

it('the message of a foreign error is cut', () => {
  const long = messageOf(new Error('x'.repeat(3_000_000)));
  expect([long.length < 2_000, long.endsWith('… (3000000 characters)')]).toEqual([true, true]);
  expect(messageOf('y'.repeat(5_000)).length).toBeLessThan(2_000);
  expect(messageOf(new Error('short'))).toBe('short');
  // Such as a list of all that is wrong with a configuration.
  expect(messageOf(new LedgerstoneError('x', 'z'.repeat(5_000))).length).toBe(5_000);
});

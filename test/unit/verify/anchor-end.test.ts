// What is said of an anchor that a chain did not reach?
import { expect, it } from 'vitest';
import { type Anchor, AnchorCheck } from '../../../src/verify/anchor.ts';

const ORIGIN = 'audit.example.com/prod/orders/0';
const anchor = (size: number): Anchor => ({
  kind: 'confirmed',
  origin: ORIGIN,
  size,
  root: new Uint8Array(32),
  nextOffset: null,
  signed: null,
  from: 'the other verifier',
});
const check = (size: number) =>
  new AnchorCheck(
    [anchor(size)],
    () => [],
    async () => false,
  );

it.each([1, 2, 3])('of size %d: the chain is not there', async (size) => {
  const expected = `${ORIGIN} of size ${size} or more: the other verifier`;
  expect(await check(size).finish(null, 0, false)).toEqual([
    { code: 'truncation', expected, found: 'no chain' },
  ]);
  expect(await check(size).finish(ORIGIN, size - 1, true)).toEqual([
    { code: 'truncation', expected, found: `${ORIGIN} of size ${size - 1}` },
  ]);
});

it('a size that was passed lies in a gap, which is reported as such', async () => {
  expect(await check(2).finish(ORIGIN, 2, false)).toEqual([]);
  expect(await check(2).finish(ORIGIN, 3, false)).toEqual([]);
});

it('nothing is missing of an empty chain', async () => {
  expect(await check(0).finish(null, 0, false)).toEqual([]);
  expect(await check(0).finish('audit.example.com/prod/orders/1', 5, false)).toEqual([]);
});

// What is said of an anchor that a chain did not reach?
import { expect, it } from 'vitest';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { encodeVkey, type VerifierKey, verifierKey } from '../../../src/format/vkey.ts';
import { type Anchor, AnchorCheck, anchorOfCheckpoint } from '../../../src/verify/anchor.ts';
import type { OpenedSeal } from '../../../src/verify/open-seal.ts';
import { ArchiveBuilder, signer } from '../../support/archive-builder.ts';

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

const OTHER = 'audit.example.com/prod/orders/1';
const sealOf = (
  sequence: number,
  keys: readonly VerifierKey[] = [],
  root = new Uint8Array(32),
  origin = ORIGIN,
) =>
  ({
    manifest: { origin, sequence, records: { nextOffset: 9 }, keys: keys.map(encodeVkey) },
    signedKeys: keys,
    root,
  }) as unknown as OpenedSeal;
const of = (change: Partial<Anchor>): Anchor => ({ ...anchor(3), ...change });
const over = (...anchors: readonly Anchor[]) =>
  new AnchorCheck(
    anchors,
    () => [],
    async () => false,
  );

it('what was attested is the greatest size that somebody confirmed of that chain', () => {
  const check = over(of({ size: 4 }), of({ size: 7 }), of({ size: 5 }), of({ size: 9, origin: OTHER }));
  expect(check.attestedSize(ORIGIN)).toBe(7);
  expect(check.attestedSize(OTHER)).toBe(9);
  expect(check.attestedSize('audit.example.com/prod/orders/2')).toBe(0);
  expect(over(of({ kind: 'checkpoint' }), of({ kind: 'handover' })).attestedSize(ORIGIN)).toBe(0);
});

it('what is known is the greatest size that the chain bears out', async () => {
  const wrong = new Uint8Array(32).fill(1);
  const check = over(
    ...[of({ size: 2 }), of({ size: 4, kind: 'checkpoint' }), of({ size: 5, root: wrong })],
    ...[of({ size: 6, kind: 'handover' }), of({ size: 3, origin: OTHER }), of({ size: 9 })],
  );
  expect(check.knownSize(ORIGIN)).toBeNull();
  for (let sequence = 0; sequence < 6; sequence++) await check.reach(sealOf(sequence));
  expect(check.knownSize(ORIGIN)).toBe(4);
  expect(check.knownSize(OTHER)).toBeNull();
});

it('a chain is left at the least size at which another goes on', () => {
  const check = over(
    ...[
      of({ kind: 'handover', size: 5 }),
      of({ kind: 'handover', size: 3 }),
      of({ kind: 'handover', size: 4 }),
    ],
    ...[of({ kind: 'checkpoint', size: 1 }), of({ kind: 'handover', size: 1, origin: OTHER })],
  );
  expect([1, 2, 3, 4, 5].map((sequence) => check.isHandedOverBefore(ORIGIN, sequence))).toEqual([
    ...[false, false, true, true, true],
  ]);
  expect(check.isHandedOverBefore(OTHER, 0)).toBe(false);
  expect(check.isHandedOverBefore(OTHER, 1)).toBe(true);
});

it('at its size the root decides, and then the offset', async () => {
  const check = over(of({ nextOffset: 9 }), of({ nextOffset: 8 }), of({ origin: OTHER, nextOffset: 7 }));
  expect(await check.reach(sealOf(1))).toEqual([]);
  expect(await check.reach(sealOf(2))).toEqual([
    { code: 'offset-gap', expected: 'nextOffset 8 at size 3: the other verifier', found: '9' },
  ]);
  const found = 'ff'.repeat(32);
  const expected = `root ${'00'.repeat(32)} at size 3: the other verifier`;
  expect(await over(anchor(3)).reach(sealOf(2, [], new Uint8Array(32).fill(255)))).toEqual([
    { code: 'fork', expected, found },
  ]);
});

async function keptNote() {
  const builder = new ArchiveBuilder();
  const built = await builder.chain().fill(3, 1);
  const kept = anchorOfCheckpoint(built[2]?.note as Uint8Array);
  return { kept, key: verifierKey(ORIGIN, signer().publicKey, nodeSha256) };
}

it('a kept checkpoint convicts by the signature check that was given', async () => {
  const { kept, key } = await keptNote();
  expect(kept).toMatchObject({ size: 3, origin: ORIGIN, from: 'an earlier checkpoint' });
  for (const isValid of [true, false]) {
    const check = new AnchorCheck(
      [kept],
      () => [key],
      async () => isValid,
    );
    const [problem] = await check.finish(ORIGIN, 2, false);
    expect(problem?.code).toBe(isValid ? 'rollback' : 'unknown-key');
  }
});

it('keys that the chain met before that size count, and later ones do not', async () => {
  const { kept, key } = await keptNote();
  for (const [met, code] of [
    [0, 'fork'],
    [1, 'fork'],
    [2, 'fork'],
    [3, undefined],
  ] as const) {
    let believed: readonly VerifierKey[] = [key];
    const check = new AnchorCheck(
      [kept],
      () => believed,
      async () => true,
    );
    if (met < 3) await check.reach(sealOf(met === 2 ? 0 : met, [key]));
    believed = [];
    const problems = await check.reach(sealOf(2, met === 3 ? [key] : []));
    expect(problems.map((problem) => problem.code)).toEqual([code ?? 'unknown-key']);
  }
});

it('asks for the trusted keys once for each key, however many checkpoints there are', async () => {
  const { kept, key } = await keptNote();
  const many = Array.from({ length: 500 }, (_, i) => ({ ...kept, size: 200 + i }));
  let asked = 0;
  const check = new AnchorCheck(
    many,
    () => {
      asked++;
      return [key];
    },
    async () => true,
  );
  for (let sequence = 0; sequence < 100; sequence++) await check.reach(sealOf(sequence, [key]));
  expect(asked).toBe(1);
});

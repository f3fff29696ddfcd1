// Where exactly do the rules between two neighbours, and those of a seal's time, begin to be broken?
import { describe, expect, it } from 'vitest';
import { toHex, utf8 } from '../../../src/base/bytes.ts';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import type { Manifest } from '../../../src/format/manifest.ts';
import { append, EMPTY_FRONTIER, leafHash, rootOf } from '../../../src/merkle/tree.ts';
import { aheadProblem, chainProblem, linkProblems, staleProblem } from '../../../src/verify/chain-state.ts';
import type { OpenedSeal } from '../../../src/verify/open-seal.ts';

const SEALED = '2026-01-01T00:00:00.000Z';
const SEALED_MS = Date.parse(SEALED);
const sealedAt = (ms: number): Manifest => ({ time: { sealed: new Date(ms).toISOString() } }) as Manifest;
const version = (lastModifiedMs?: number) => ({
  ...{ key: 'k', versionId: 'v', marker: false, size: 1 },
  ...(lastModifiedMs !== undefined && { lastModifiedMs }),
});

describe('a time that is still to come', () => {
  const ahead = (ms: number, tookMs: number | undefined, nowMs: number, kind?: 's3' | 'directory') =>
    aheadProblem(sealedAt(ms), version(tookMs), { reader: { kind } as never, nowMs });

  it('is one of more than two minutes after now', () => {
    expect(ahead(SEALED_MS + 120_000, undefined, SEALED_MS)).toBeNull();
    expect(ahead(SEALED_MS + 120_001, undefined, SEALED_MS)).toEqual({
      code: 'clock-ahead',
      expected: `time.sealed within 120 s after ${SEALED}, by this verifier's clock`,
      found: '2026-01-01T00:02:00.001Z',
    });
  });

  it('is one of more than two minutes after the store took it, if the store says so', () => {
    const nowMs = SEALED_MS + 9e9;
    expect(ahead(SEALED_MS + 120_000, SEALED_MS, nowMs, 's3')).toBeNull();
    expect(ahead(SEALED_MS + 120_001, SEALED_MS, nowMs, 's3')).toMatchObject({
      expected: `time.sealed within 120 s after ${SEALED}, when the store took it`,
    });
    for (const kind of ['directory', undefined] as const)
      expect(ahead(SEALED_MS + 120_001, SEALED_MS, nowMs, kind)).toBeNull();
    expect(ahead(SEALED_MS + 120_001, undefined, nowMs, 's3')).toBeNull();
    expect(ahead(SEALED_MS + 120_001, nowMs, SEALED_MS, 's3')?.expected).toContain('by this verifier');
  });
});

describe('a chain', () => {
  it('is stale after the time that the user allows, and not at it', () => {
    expect(staleProblem(sealedAt(SEALED_MS), SEALED_MS + 1500, 1500)).toBeNull();
    expect(staleProblem(sealedAt(SEALED_MS), SEALED_MS + 1501, 1500)).toEqual({
      code: 'stale-chain',
      expected: 'a seal within 2 s',
      found: `last sealed ${SEALED}`,
    });
    expect(staleProblem(sealedAt(SEALED_MS), SEALED_MS - 9e9, 0)).toBeNull();
  });

  it('lies in the folder that its origin ends with', () => {
    expect(chainProblem('a.example/orders/0', 'orders/0')).toBeNull();
    for (const origin of [
      'a.example/orders/10',
      'orders/0',
      'a.example/myorders/0',
      'a.example/orders/0/x/1',
    ])
      expect(chainProblem(origin, 'orders/0')).toEqual({
        code: 'malformed',
        expected: 'origin …/orders/0',
        found: origin,
      });
  });
});

describe('two neighbours', () => {
  const source = { kind: 'file', name: 'f', partition: 0 };
  const make = (change: object, before = EMPTY_FRONTIER): OpenedSeal => {
    const manifest = {
      ...{ origin: 'o', source, previous: null, time: { sealed: SEALED, anchored: SEALED } },
      records: { before: 0, count: 3, firstOffset: 0, nextOffset: 5 },
      ...change,
    };
    const manifestBytes = utf8(JSON.stringify(manifest));
    const frontier = append(nodeSha256, before, leafHash(nodeSha256, manifestBytes));
    const manifestHash = toHex(nodeSha256(manifestBytes));
    const root = rootOf(nodeSha256, frontier);
    return {
      manifest,
      seal: { manifestBytes },
      frontier,
      root,
      manifestHash,
      signedKeys: [],
    } as unknown as OpenedSeal;
  };
  const first = make({});
  const good = {
    previous: first.manifestHash,
    records: { before: 3, count: 0, firstOffset: 5, nextOffset: 5 },
  };
  const codes = (change: object) =>
    linkProblems(first, make({ ...good, ...change }, first.frontier), nodeSha256).map(
      ({ code, expected }) => `${code}: ${expected}`,
    );

  it('may be of the same moment', () => expect(codes({})).toEqual([]));

  it.each([
    ['another hash', { previous: 'x' }, `previous-mismatch: previous ${first.manifestHash}`],
    ['another origin', { origin: 'p' }, 'malformed: origin o'],
    [
      'another source',
      { source: { ...source, partition: 1 } },
      `malformed: source ${JSON.stringify(source)}`,
    ],
    ['a hole', { records: { ...good.records, firstOffset: 6 } }, 'offset-gap: firstOffset 5'],
    ['an overlap', { records: { ...good.records, firstOffset: 4 } }, 'offset-gap: firstOffset 5'],
    ['another count', { records: { ...good.records, before: 2 } }, 'count-mismatch: records.before 3'],
    [
      'a time a millisecond before',
      { time: { sealed: '2025-12-31T23:59:59.999Z', anchored: SEALED } },
      `clock-backwards: time.sealed not before ${SEALED}`,
    ],
    [
      'a source confirmed a millisecond before',
      { time: { sealed: SEALED, anchored: '2025-12-31T23:59:59.999Z' } },
      `clock-backwards: time.anchored not before ${SEALED}`,
    ],
  ])('differ by %s', (_, change, expected) => expect(codes(change)).toEqual([expected]));

  it('differ by the root of another tree', () => {
    const apart = make(good);
    const [problem, ...more] = linkProblems(first, apart, nodeSha256);
    const root = make(good, first.frontier).root;
    expect(problem).toEqual({
      code: 'root-mismatch',
      expected: `root ${toHex(root)}`,
      found: toHex(apart.root),
    });
    expect(more).toEqual([]);
  });
});

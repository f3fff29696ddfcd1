// Do several who shard an archive out come to the verdict of one, for every frozen archive?
import { describe, expect, it } from 'vitest';
import type { FindingCode } from '../../src/verify/finding.ts';
import { readArchiveVectors, thawArchive } from './archive-vector.ts';
import { chainsOf, codesOf, runShards } from './run-vector.ts';

const archives = readArchiveVectors();
const good = archives.filter(({ expect: { verdict } }) => verdict === 'verified');
const bad = archives.filter(({ expect: { verdict } }) => verdict !== 'verified');

/** Of a broken chain the ranges behind the fault say more, for each begins with the seal before it. */
const ALSO: readonly FindingCode[] = ['unreadable', 'unreferenced-object', 'truncation', 'unknown-key'];

describe.each([
  { of: 1, segments: 1 },
  { of: 3, segments: 2 },
])('$of with ranges of $segments', (shard) => {
  it.each(good)('the same: $name', async (vector) => {
    const report = await runShards(vector, thawArchive(vector), shard);
    const codes = codesOf(report).filter((code) => !vector.mayAlso.includes(code));
    expect({ verdict: report.verdict, codes, chains: chainsOf(report) }).toEqual(vector.expect);
  });

  it.each(bad)('the same, or more: $name', async (vector) => {
    const report = await runShards(vector, thawArchive(vector), shard);
    expect({ verdict: report.verdict, chains: chainsOf(report) }).toMatchObject({
      verdict: vector.expect.verdict,
      chains: vector.expect.chains,
    });
    const allowed = new Set([...vector.expect.codes, ...vector.mayAlso, ...ALSO]);
    expect(codesOf(report).filter((code) => !allowed.has(code))).toEqual([]);
  });
});

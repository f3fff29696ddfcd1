// Is a chain called stale when it is, and only then?
import { describe, expect, it } from 'vitest';
import { timeText } from '../../../src/format/time.ts';
import { runWork } from '../../../src/verifier/run.ts';
import { freshnessTask } from '../../../src/verifier/tasks/confirm.ts';
import { type ChainEnd, chainFreshness } from '../../../src/verifier/tasks/freshness.ts';
import { type Finding, SEVERITY } from '../../../src/verify/finding.ts';
import { NOW_MS } from '../../support/archive-builder.ts';
import { verifierOf } from '../../support/verifier-store.ts';
import { PLACE, VerifierWorld } from '../../support/verifier-world.ts';

const HOUR_MS = 3_600_000;
const end = (ageMs: number | null, words: Partial<ChainEnd> = {}): ChainEnd => ({
  ...{ place: PLACE, isAtEnd: true, findings: [] },
  report: { lastSealed: ageMs === null ? null : timeText(NOW_MS - ageMs) },
  ...words,
});
const found = (given: ChainEnd, promisedMs: number | null = HOUR_MS) =>
  chainFreshness(given, promisedMs, NOW_MS).findings.map((finding) => [finding.code, finding.found]);
const UNREADABLE = { code: 'unreadable', severity: SEVERITY.unreadable } as Finding;

describe('a chain', () => {
  it.each([0, HOUR_MS, -120_000])('whose last seal is %d ms old is fresh', (age) => {
    expect(found(end(age))).toEqual([]);
  });
  it('is stale a moment later', () => {
    expect(found(end(HOUR_MS + 1))).toEqual([
      ['stale-chain', `last sealed ${timeText(NOW_MS - HOUR_MS - 1)}`],
    ]);
  });
  it('from the future is no fresh one', () => {
    expect(found(end(-120_001))[0]?.[1]).toContain("120 s ahead of this verifier's clock");
  });
  it('without a seal is stale', () => {
    expect(found(end(null))).toEqual([['stale-chain', 'no seal at all']]);
    expect(found(end(0, { report: null }))).toEqual([['stale-chain', 'no seal at all']]);
  });
  it('of which nothing was promised is never stale, and what was open is closed', () => {
    const { findings, complete } = chainFreshness(end(9e9), null, NOW_MS);
    expect([findings, typeof complete]).toEqual([[], 'function']);
  });
  it.each([
    ['whose end was not reached', end(9e9, { isAtEnd: false })],
    ['that could not be read', end(9e9, { findings: [UNREADABLE] })],
  ])('%s is not judged, and nothing is closed', (_, given) => {
    expect(chainFreshness(given, HOUR_MS, NOW_MS)).toEqual({ findings: [], complete: false, ageMs: null });
  });

  it('is one finding, however old it gets', () => {
    const [a, b] = [2, 3].map((hours) => chainFreshness(end(hours * HOUR_MS), HOUR_MS, NOW_MS).findings[0]);
    expect({ ...a, found: '' }).toEqual({ ...b, found: '' });
  });
});

describe('a step and its freshness', () => {
  it('junk at the next key keeps no chain fresh, and a chain that vanished is stale and cut', async () => {
    const world = new VerifierWorld();
    await world.grow(2);
    const sound = await world.step();
    const age = chainFreshness(sound, HOUR_MS, NOW_MS).ageMs as number;
    expect(found(sound, age)).toEqual([]);
    const { archive } = world.builder;
    archive.put('seals/topic=orders/partition=0/000000000002.tlog-proof', new Uint8Array([1]));
    expect(chainFreshness(await world.step(), HOUR_MS, NOW_MS).ageMs).toBe(age);
    for (const key of archive.keys()) archive.remove(key);
    const gone = await world.step();
    expect(gone.findings.map(({ code }) => code)).toContain('truncation');
    expect(found(gone)).toEqual([['stale-chain', 'no seal at all']]);
  });
});

it.each([
  ['promised', HOUR_MS * 9_999, 0],
  ['promised, and stale', 1, 1],
  ['not promised', null, null],
])('the number of stale chains where freshness is %s', async (_, freshnessMs, stale) => {
  const world = new VerifierWorld();
  await world.grow(1);
  const verifier = verifierOf(world, { freshnessMs, tasks: new Map([['freshness', freshnessTask]]) });
  const tasks = [{ task: 'freshness', chains: null, message: null }] as const;
  const work = { isQueue: false, chains: [], objects: [], tasks, calls: [], ignored: [] };
  const { metrics } = await runWork(verifier, work, { remainingMs: () => 600_000 });
  expect(metrics.staleChains).toBe(stale);
});

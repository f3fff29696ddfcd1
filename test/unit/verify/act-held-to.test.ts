// What is asked of segments and seals by the decisions in force, from which moment on? (FORMAT.md 13.5.5, 13.6)
import { describe, expect, it } from 'vitest';
import { nodeSha256 as sha256 } from '../../../src/base/node/hash.ts';
import { GOVERNANCE_CHAIN } from '../../../src/format/chain.ts';
import { type Manifest, timeText } from '../../../src/format/manifest.ts';
import { encodeVkey } from '../../../src/format/vkey.ts';
import { datesAlone, heldTo, sealsAlone } from '../../../src/verify/acts/held-to.ts';
import { demandsOf, holdsInForce } from '../../../src/verify/acts/in-force.ts';
import { archiveKey, START_MS, signer } from '../../support/archive-builder.ts';
import { type Asked, CHARTER, OFFICER } from '../../support/governed-archive.ts';
import { type ActChain, begunChain, extend, HOUR_MS, place, range, reaffirm, release } from './act-chain.ts';

const DAY_MS = 24 * HOUR_MS;
const segment = (sequence: number, partition = 0, chain = 'orders') => ({ chain, partition, sequence });
const held = ({ history }: ActChain, nowMs = 30 * DAY_MS, isVerified = true) =>
  heldTo({ history, isVerified }, { nowMs: START_MS + nowMs, sha256 });
const cases = (chain: ActChain, nowMs?: number, isVerified?: boolean) =>
  held(chain, nowMs, isVerified).casesOf(segment(0), START_MS);
const [UNTIL, LATER] = ['2036-01-01T00:00:00Z', '2037-01-01T00:00:00Z'];
const codes = (chain: ActChain, nowMs?: number) =>
  held(chain, nowMs)
    .actProblems()
    .map(({ problem }) => problem.code);

describe('data is kept without a break', () => {
  const DAYS = 24 * HOUR_MS;
  const at = (days: number) => timeText(START_MS + days * DAYS).replace('.000Z', 'Z');
  const forDays = (days: number, ...ranges: ReturnType<typeof range>[]) => extend(at(days), ...ranges);
  /** What its seal promises for 10 days, at day 30 unless another one is said. In days. */
  const kept = (chain: ActChain, nowDays = 30, isVerified = true) => {
    const {
      untilMs,
      cases: by,
      lateMs,
    } = held(chain, nowDays * DAYS, isVerified).kept(segment(0), START_MS + 10 * DAYS);
    return [(untilMs - START_MS) / DAYS, by, lateMs === null ? null : (lateMs - START_MS) / DAYS];
  };
  const decided = async (chain: ActChain, asked: Asked, days: number) =>
    chain.done(await chain.decide(asked, days * DAYS), days * DAYS);

  it('by its seal, and by each decision that came no later than the end before it', async () => {
    const chain = await begunChain();
    expect(kept(chain)).toEqual([10, [], null]);
    await decided(chain, forDays(20), 10);
    expect(kept(chain)).toEqual([20, [], null]);
    await decided(chain, forDays(40), 20);
    expect(kept(chain)).toEqual([40, [], null]);
    await decided(chain, forDays(15), 21);
    expect(kept(chain)).toEqual([40, [], null]);
  });

  it('and not by one that came later, or names other segments', async () => {
    const chain = await begunChain();
    await decided(chain, forDays(40, range(1, 9)), 1);
    await chain.done(await chain.decide(forDays(40), 10 * DAYS + 1), 10 * DAYS + 1);
    expect(kept(chain)).toEqual([10, [], 10 + 1 / DAYS]);
    // It demands locks of what is there all the same.
    expect(held(chain).lockedUntilMs(segment(0))).toBe(START_MS + 40 * DAYS);
    // Once its own date has passed nobody asks.
    expect(kept(chain, 41)).toEqual([10, [], null]);
  });

  it('by a hold until its release, and by what was decided meanwhile', async () => {
    const chain = await begunChain();
    await decided(chain, place('C-1'), 5);
    await decided(chain, forDays(25), 15);
    expect(kept(chain)).toEqual([Number.POSITIVE_INFINITY, ['C-1'], null]);
    const open = await chain.approved(release('C-1'), 18 * DAYS);
    await chain.done(open, 18 * DAYS);
    expect(kept(chain)).toEqual([25, [], null]);
    expect(kept(chain, 30, false)).toEqual([Number.POSITIVE_INFINITY, ['C-1'], null]);
    await decided(chain, place('C-2'), 26);
    expect(kept(chain)).toEqual([25, [], 26]);
  });

  it('not by a hold that was released before anybody placed it, nor by a lock that was over before', async () => {
    const chain = await begunChain();
    await chain.decide(place('C-1'), 5 * DAYS);
    await chain.decide(forDays(12), 6 * DAYS);
    await chain.done(await chain.approved(release('C-1'), 15 * DAYS), 15 * DAYS);
    await decided(chain, forDays(40), 11);
    expect(kept(chain)).toEqual([10, [], 11]);
  });

  it('and by one that is not carried out only once a day is over', async () => {
    const chain = await begunChain();
    await chain.decide(forDays(40), 9 * DAYS);
    expect(kept(chain, 10)).toEqual([10, [], null]);
    expect(kept(chain, 11)).toEqual([40, [], null]);
  });
});

describe('holds in force', () => {
  it('that came when data was still locked are told from those that came later, and released ones', async () => {
    const chain = await begunChain();
    await chain.done(await chain.decide(place('C-1', range(0, 1)), HOUR_MS), HOUR_MS);
    const since = (sequence: number, ms: number) => held(chain).kept(segment(sequence), START_MS + ms).cases;
    expect([since(0, HOUR_MS - 1), since(0, HOUR_MS), since(2, HOUR_MS)]).toEqual([[], ['C-1'], []]);
    expect(sealsAlone(held(chain)).kept(segment(0), START_MS + HOUR_MS).cases).toEqual([]);
    expect(datesAlone(held(chain)).kept(segment(0), START_MS + HOUR_MS).cases).toEqual(['C-1']);
    expect(datesAlone(held(chain)).casesOf(segment(0), START_MS)).toEqual([]);
    await chain.approved(release('C-1'), 2 * HOUR_MS);
    expect(since(0, HOUR_MS)).toEqual([]);
  });

  it.each([
    ['another chain', range(), segment(0, 0, 'payments'), false],
    ['each partition', range(), segment(7, 9), true],
    ['its partition', range(0, null, 3), segment(0, 3), true],
    ['another partition', range(0, null, 3), segment(0, 2), false],
    ['before the first', range(2, 4), segment(1), false],
    ['the first', range(2, 4), segment(2), true],
    ['the last', range(2, 4), segment(4), true],
    ['behind the last', range(2, 4), segment(5), false],
    ['a later one', range(2), segment(99), true],
  ])('a range names %s', async (_, of, named, isNamed) => {
    const chain = await begunChain();
    await chain.done(await chain.decide(place('C-1', range(500, 500), of)));
    const demands = demandsOf(chain.history);
    expect(demands.casesOf(named)).toEqual(isNamed ? ['C-1'] : []);
    expect(held(chain).casesOf(named, START_MS)).toEqual(isNamed ? ['C-1'] : []);
    expect(held(chain).mayBeHeld(named)).toBe(isNamed);
  });

  it('are put together by case, and say when they were placed and affirmed', async () => {
    const chain = await begunChain();
    await chain.decide(reaffirm('C-1'), 1);
    const first = await chain.decide(place('C-1', range(0, 1)), 2);
    await chain.decide(place('C-2', range(5, 6)), 3);
    const second = await chain.decide(place('C-1', range(3, 4)), 4);
    await chain.decide(reaffirm('C-2'), 5);
    const [one, two] = holdsInForce(chain.history);
    expect(one).toEqual({
      ...{ case: 'C-1', segments: [range(0, 1), range(3, 4)], acts: [first.act.id, second.act.id] },
      ...{ placedMs: START_MS + 2, affirmedMs: START_MS + 4 },
    });
    expect(two).toMatchObject({ case: 'C-2', placedMs: START_MS + 3, affirmedMs: START_MS + 5 });
  });

  it('end with a release that is approved, and only those that were placed before it', async () => {
    const chain = await begunChain();
    await chain.done(await chain.decide(place('C-1', range(0, 1))));
    await chain.done(await chain.decide(place('C-2')));
    const proposed = await chain.decide(release('C-1'));
    const names = () => holdsInForce(chain.history).map((hold) => hold.case);
    const asked = () => demandsOf(chain.history).casesOf(segment(0));
    expect([names(), asked()]).toEqual([
      ['C-1', 'C-2'],
      ['C-1', 'C-2'],
    ]);
    // Placed behind the proposal and before its approval: it stays.
    const again = await chain.decide(place('C-1', range(0, 9)));
    await chain.approve(proposed);
    expect(holdsInForce(chain.history)).toMatchObject([
      { case: 'C-2' },
      { case: 'C-1', acts: [again.act.id] },
    ]);
    expect(asked()).toEqual(['C-2', 'C-1']);
    await chain.approved(release('C-1'));
    expect([names(), asked()]).toEqual([['C-2'], ['C-2']]);
    await chain.decide(reaffirm('C-1'));
    expect(names()).toEqual(['C-2']);
  });
});

describe('what is asked of a segment', () => {
  it('holds, a day after they were decided or when they are done, and an hour after it came', async () => {
    const chain = await begunChain();
    const hold = await chain.decide(place('C-1'), HOUR_MS);
    const end = HOUR_MS + DAY_MS;
    expect([cases(chain, end), cases(chain, end + 1)]).toEqual([[], ['C-1']]);
    expect([codes(chain, end), codes(chain, end + 1)]).toEqual([[], ['act-open']]);
    expect(held(chain, end).mayBeHeld(segment(0))).toBe(true);
    await chain.done(hold, HOUR_MS);
    expect([cases(chain, HOUR_MS), cases(chain, HOUR_MS + 1)]).toEqual([[], ['C-1']]);
    expect(codes(chain)).toEqual([]);
  });

  it('each case once', async () => {
    const chain = await begunChain();
    for (const name of ['C-1', 'C-2', 'C-1']) await chain.done(await chain.decide(place(name)));
    expect(cases(chain)).toEqual(['C-1', 'C-2']);
  });

  it('a hold may be there while its release is done, and for a day', async () => {
    const chain = await begunChain();
    await chain.done(await chain.decide(place('C-1', range(0, 1))));
    await chain.decide(release('C-1'));
    const may = (sequence: number, nowMs: number) => held(chain, nowMs).mayBeHeld(segment(sequence));
    expect([may(0, 9 * DAY_MS), may(2, 9 * DAY_MS)]).toEqual([true, false]);
    const released = await chain.approved(release('C-1'), HOUR_MS);
    const end = HOUR_MS + DAY_MS;
    expect([may(0, end), may(2, end), may(0, end + 1)]).toEqual([true, false, false]);
    expect(cases(chain, end)).toEqual([]);
    // The release of another case lets nothing of this one go on.
    await chain.done(released);
    expect(may(0, end)).toBe(false);
    await chain.approved(release('C-2'), HOUR_MS);
    expect(may(0, end)).toBe(false);
    expect(held(chain, end, false).mayBeHeld(segment(0))).toBe(true);
  });

  it('what was placed behind a release is not let go by it', async () => {
    const chain = await begunChain();
    const early = await chain.approved(release('C-1'));
    await chain.done(await chain.decide(place('C-1', range(7, 7))));
    await chain.approved(release('C-1'), -2 * DAY_MS);
    expect(early.doneBy).toBeNull();
    expect(held(chain, HOUR_MS).mayBeHeld(segment(7))).toBe(false);
  });

  it('the longest lock that is decided, when it is done or a day old', async () => {
    const chain = await begunChain();
    const until = (nowMs: number, sequence = 0) => held(chain, nowMs).lockedUntilMs(segment(sequence));
    const longer = await chain.decide(extend(LATER, range(0, 1)));
    await chain.done(await chain.decide(extend(UNTIL, range(0, 2))));
    expect([until(DAY_MS), until(DAY_MS + 1)]).toEqual([Date.parse(UNTIL), Date.parse(LATER)]);
    expect([0, 2, 3].map((sequence) => until(2 * DAY_MS, sequence))).toEqual([
      Date.parse(LATER),
      Date.parse(UNTIL),
      0,
    ]);
    await chain.done(longer);
    expect([until(0), demandsOf(chain.history).lockedUntilMs(segment(0))]).toEqual([
      Date.parse(LATER),
      Date.parse(LATER),
    ]);
  });

  it('of a chain that is not verified no release, key or policy', async () => {
    const chain = await begunChain();
    await chain.done(await chain.decide(place('C-1')));
    await chain.done(await chain.approved(release('C-1')));
    expect([cases(chain), cases(chain, undefined, false)]).toEqual([[], ['C-1']]);
    const doubted = held(chain, undefined, false);
    expect([doubted.mayBeHeld(segment(0)), held(chain).mayBeHeld(segment(0))]).toEqual([true, false]);
    for (const change of ['hold-on', 'hold-off', 'longer'] as const)
      expect([doubted.isDecided(segment(0), change), doubted.isAnyDecided(change)]).toEqual([false, false]);
  });

  it('nothing where seals are asked alone', async () => {
    const chain = await begunChain();
    for (const asked of [place('C-1'), extend(UNTIL)]) await chain.done(await chain.decide(asked));
    const alone = sealsAlone(held(chain));
    expect([alone.lockedUntilMs(segment(0)), alone.casesOf(segment(0), START_MS)]).toEqual([0, []]);
    expect(alone.mayBeHeld(segment(0, 0, 'payments'))).toBe(true);
    expect(alone.actProblems()).toEqual([]);
  });

  it('says what is decided of it, and of any', async () => {
    const chain = await begunChain();
    const said = (at = segment(0)) => {
      const of = held(chain);
      const each = (['hold-on', 'hold-off', 'longer'] as const).map((change) => [
        of.isDecided(at, change),
        of.isAnyDecided(change),
      ]);
      return each.flat().map(Number).join('');
    };
    expect(said()).toBe('000000');
    await chain.decide(place('C-1', range(0, 1)));
    expect([said(), said(segment(2))]).toEqual(['110000', '010000']);
    await chain.decide(extend(UNTIL, range(1, 2)));
    expect([said(), said(segment(1)), said(segment(2))]).toEqual(['110001', '110011', '010011']);
    await chain.decide(place('C-2', range(1, 1)));
    await chain.approved(release('C-1'));
    expect([said(), said(segment(1))]).toEqual(['011001', '110011']);
    await chain.approved(release('C-2'));
    expect([said(), said(segment(2))]).toEqual(['001101', '000111']);
  });
});

it('what is wrong with the acts is said with their place', async () => {
  const chain = await begunChain();
  await chain.add({ ...CHARTER, by: 'Nobody' });
  const hold = await chain.decide(place('C-1'), 5);
  const [refused, open] = held(chain).actProblems();
  expect(refused).toMatchObject({
    ...{ key: 'line:1', sequence: 101, partition: 0 },
    problem: { code: 'act-refused', expected: 'an act that counts' },
  });
  expect(refused?.problem.found).toMatch(/^line 1: the key [0-9a-f]{16} is of nobody/);
  expect(open).toEqual({
    ...{ key: `act:${hold.act.id}`, sequence: 102, partition: 0 },
    problem: {
      ...{ code: 'act-open', expected: 'a done within 24 hours' },
      found: `hold.place by ${OFFICER}, in force since 2026-11-22T10:00:00.005Z`,
    },
  });
});

describe('a seal', () => {
  const [FIRST, SECOND] = [encodeVkey(archiveKey(signer())), encodeVkey(archiveKey(signer('other')))];
  type Words = {
    readonly keys?: string[];
    readonly mode?: string;
    readonly policy?: string;
    readonly until?: string;
  };
  /** Sealed so long after the archive's start. */
  const seal = (sealedMs: number, words: Words = {}): Manifest => {
    const { keys = [FIRST], mode = 'COMPLIANCE', policy = 'pci', until = '2028-01-01T00:00:00Z' } = words;
    return {
      ...{ keys, retention: { mode, policy, until }, time: { sealed: timeText(START_MS + sealedMs) } },
    } as unknown as Manifest;
  };
  const said = (chain: ActChain, manifest: Manifest, name = 'orders') =>
    held(chain).sealProblems(manifest, segment(0, 0, name));
  const codesOf = (chain: ActChain, manifest: Manifest, name?: string) =>
    said(chain, manifest, name).map(({ code }) => code);

  describe('by keys that are retired', () => {
    const retire = (key: string): Asked => ({ kind: 'key.retire', detail: { use: 'log', key } });

    it('more than an hour before, all of them', async () => {
      const chain = await begunChain();
      const proposed = await chain.decide(retire(FIRST));
      expect(codesOf(chain, seal(9 * HOUR_MS))).toEqual([]);
      await chain.approve(proposed, HOUR_MS);
      await chain.approved(retire('a word that is no key'));
      expect(codesOf(chain, seal(2 * HOUR_MS))).toEqual([]);
      const late = seal(2 * HOUR_MS + 1, { keys: [FIRST, FIRST] });
      expect(said(chain, late)).toEqual([
        {
          ...{ code: 'key-retired', expected: 'a key that was not retired more than an hour before' },
          found: `sealed 2026-11-22T12:00:00.001Z by ${FIRST} ${FIRST}`,
        },
      ]);
      expect(codesOf(chain, seal(9 * HOUR_MS, { keys: [FIRST, SECOND] }))).toEqual([]);
      expect(codesOf(chain, seal(9 * HOUR_MS, { keys: [SECOND] }))).toEqual([]);
      expect(
        heldTo({ history: chain.history, isVerified: false }, { nowMs: START_MS, sha256 }).sealProblems(
          late,
          segment(0),
        ),
      ).toEqual([]);
    });
  });

  describe('under a policy', () => {
    const pci = (period: string, mode: 'COMPLIANCE' | 'GOVERNANCE' = 'COMPLIANCE', name = 'pci') => ({
      name,
      mode,
      period,
    });
    const policy = (policies: ReturnType<typeof pci>[], chains: Record<string, string> = {}): Asked => ({
      kind: 'policy',
      detail: { policies, chains: Object.entries(chains).map(([chain, name]) => ({ chain, policy: name })) },
    });
    /** To the second, a day after what is sealed at 2 hours. */
    const day = (more = 0) => timeText(START_MS + 2 * HOUR_MS + DAY_MS + more).replace('.000Z', 'Z');
    const at = (words: Words = {}, sealedMs = 2 * HOUR_MS) => seal(sealedMs, words);

    it('has its mode and its period, to the second', async () => {
      const chain = await begunChain();
      expect(codesOf(chain, at({ mode: 'GOVERNANCE' }))).toEqual([]);
      await chain.decide(policy([pci('9d', 'COMPLIANCE', 'other'), pci('1d')]));
      expect(codesOf(chain, at({ until: day() }))).toEqual([]);
      expect(codesOf(chain, at({ until: day(1000) }))).toEqual([]);
      expect(said(chain, at({ until: day(-1000) }))).toEqual([
        {
          ...{ code: 'policy-without-act', expected: 'pci: COMPLIANCE for 1d' },
          found: `pci: COMPLIANCE until ${day(-1000)}, sealed 2026-11-22T12:00:00.000Z`,
        },
      ]);
      expect(codesOf(chain, at({ mode: 'GOVERNANCE' }))).toEqual(['policy-without-act']);
      expect(said(chain, at({ policy: 'mine' }))).toMatchObject([{ expected: 'a policy in force' }]);
      expect(codesOf(chain, at({ policy: 'mine' }), GOVERNANCE_CHAIN)).toEqual([]);
    });

    it('more than an hour after it was decided', async () => {
      const chain = await begunChain();
      await chain.decide(policy([pci('9y')]), HOUR_MS);
      expect([at(), at({}, 2 * HOUR_MS + 1)].map((one) => codesOf(chain, one))).toEqual([
        [],
        ['policy-without-act'],
      ]);
    });

    it('of its chain, where that has one', async () => {
      const chain = await begunChain();
      await chain.decide(policy([pci('1d'), pci('1d', 'COMPLIANCE', 'own')], { orders: 'own' }));
      expect(said(chain, at())).toMatchObject([{ expected: 'own: COMPLIANCE for 1d' }]);
      expect(codesOf(chain, at({ policy: 'own' }))).toEqual([]);
      for (const name of ['pci', 'own']) expect(codesOf(chain, at({ policy: name }), 'payments')).toEqual([]);
    });

    it('or of the one before or behind, within an hour of the change', async () => {
      const chain = await begunChain();
      await chain.decide(policy([pci('1d')]));
      await chain.decide(policy([pci('9y')]), 3 * HOUR_MS);
      await chain.approved(policy([pci('2d')]), 6 * HOUR_MS);
      const short = (sealedMs: number) => {
        const until = timeText(START_MS + sealedMs + DAY_MS).replace(/\.\d{3}Z$/, 'Z');
        return said(chain, at({ until }, sealedMs)).map(({ expected }) => expected);
      };
      const nine = ['pci: COMPLIANCE for 9y'];
      expect([2, 3, 4].map((hours) => short(hours * HOUR_MS))).toEqual([[], [], []]);
      expect(short(4 * HOUR_MS + 1000)).toEqual(nine);
      // From an hour before it on, the third one is what is asked for.
      const two = (sealedMs: number) => {
        const until = timeText(START_MS + sealedMs + 2 * DAY_MS).replace(/\.\d{3}Z$/, 'Z');
        return said(chain, at({ until }, sealedMs)).map(({ expected }) => expected);
      };
      expect([two(5 * HOUR_MS - 1000), two(5 * HOUR_MS), two(6 * HOUR_MS), two(9 * HOUR_MS)]).toEqual([
        nine,
        [],
        [],
        [],
      ]);
      expect(short(5 * HOUR_MS)).toEqual(['pci: COMPLIANCE for 2d']);
    });

    it('in the order in which they came into force', async () => {
      const chain = await begunChain();
      const base = await chain.decide(policy([pci('9y')]), -9 * HOUR_MS);
      const [one, two] = [await chain.decide(policy([pci('1d')])), await chain.decide(policy([pci('3y')]))];
      expect([base, one, two].map(({ isForTwo }) => isForTwo)).toEqual([false, true, true]);
      await chain.approve(two, 0);
      await chain.approve(one, 3 * HOUR_MS);
      const until = timeText(START_MS + 9 * HOUR_MS + DAY_MS).replace('.000Z', 'Z');
      expect(codesOf(chain, at({ until }, 9 * HOUR_MS))).toEqual([]);
    });
  });
});

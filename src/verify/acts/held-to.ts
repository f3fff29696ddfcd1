// What are segments held to beyond their own seals, by the decisions of their archive? (FORMAT.md 13.6)

import type { Sha256 } from '../../base/hash.ts';
import { afterPeriod, periodOf } from '../../base/period.ts';
import type { ActDetail, ActPolicy } from '../../format/act-detail.ts';
import { isReservedName } from '../../format/chain.ts';
import type { Manifest } from '../../format/manifest.ts';
import { parseTime, parseUntil, timeText } from '../../format/time.ts';
import type { Problem } from '../finding.ts';
import type { ObjectLocation } from '../finding-list.ts';
import { isPast, isUndone } from './ended.ts';
import type { ActHistory } from './history.ts';
import { demandsOfActs, extensions, holdsStanding, isInRange, type SegmentName } from './in-force.ts';
import { type KeptData, keepersOf, keptBySeal, keptUntil } from './kept.ts';
import { printOfVkey } from './keys.ts';
import { actsOf, type RecordedAct } from './recorded-act.ts';

/** What was read of the decisions of an archive. */
export type ActsRead = {
  readonly history: ActHistory;
  /** False: the governance chain was read in part, or something is wrong with it. */
  readonly isVerified: boolean;
  /** Of the governance chain, those whose acts were read. Absent: 0. */
  readonly partitions?: readonly number[];
};

/**
 * How far an archive was held to its decisions. `acts`: those that count; null: none was looked at. `why`:
 * what of them was not compared, or null.
 */
export type DecisionsCompared = { readonly acts: number | null; readonly why: string | null };

/** Pure: of one moment. */
export type HeldTo = {
  /** Until when its seal and its data are locked, in milliseconds; 0: its own seal's word stands alone. */
  lockedUntilMs(segment: SegmentName): number;
  /** Cases for which an object of it must be under a legal hold. `storedMs`: when it was sealed or stored. */
  casesOf(segment: SegmentName, storedMs: number): readonly string[];
  /** Until when its data is there, whose seal promises it until `sealMs` (13.6.9). */
  kept(segment: SegmentName, sealMs: number): KeptData;
  /** A case demands a hold of it, and it was stored less than an hour ago: so no hold is demanded yet. */
  isHoldToCome(segment: SegmentName, storedMs: number): boolean;
  /** False: nobody decided that it is under a legal hold. */
  mayBeHeld(segment: SegmentName): boolean;
  /** What a seal does that somebody decided otherwise. */
  sealProblems(manifest: Manifest, segment: SegmentName): readonly Problem[];
  /** Whether somebody decided to put a hold on it (true), to take one off (false), or to lock it longer. */
  isDecided(segment: SegmentName, change: 'hold-on' | 'hold-off' | 'longer'): boolean;
  /** The same of keys and FORMAT, which belong to every segment. */
  isAnyDecided(change: 'hold-on' | 'hold-off' | 'longer'): boolean;
  /** What is wrong with the acts themselves. */
  actProblems(): readonly ActProblem[];
};

/** `partition`: of the governance chain, in which the line lies. */
type ActProblem = ObjectLocation & { readonly partition: number; readonly problem: Problem };

/**
 * What a seal does that somebody decided otherwise, and nothing else: a decision about locks that nobody
 * carries out must not keep new segments from being attested.
 */
export const sealsAlone = (held: HeldTo): HeldTo => ({
  ...held,
  lockedUntilMs: () => 0,
  casesOf: () => [],
  kept: (_, sealMs) => keptBySeal(sealMs),
  isHoldToCome: () => false,
  mayBeHeld: () => true,
});

/** What decisions say of how long data is there, for who reads it again: a sweep looks at each hold. */
export const datesAlone = (held: HeldTo): HeldTo => ({
  ...sealsAlone(held),
  ...{ lockedUntilMs: held.lockedUntilMs, kept: held.kept, sealProblems: () => [] },
});

/** How long what an act demands may take (13.6.7). */
const OPEN_MS_MAX = 24 * 3_600_000;
/** How long archivers may take to do as was decided, and holds to be put on a new segment. */
const HOUR_MS = 3_600_000;

export function heldTo(
  { history, isVerified: isWhole }: ActsRead,
  options: { readonly nowMs: number; readonly sha256: Sha256 },
): HeldTo {
  const { nowMs, sha256 } = options;
  const isVerified = isWhole && history.lost === null;
  const [retired, policies] = isVerified ? [retiredKeys(history, sha256), policySets(history)] : [[], []];
  // Of a chain that is not verified no release is believed: none has ended a hold.
  const isOpen = (act: RecordedAct): boolean =>
    isVerified ? history.isOpen(act, nowMs) : isUndone(act) && !isPast(act, nowMs);
  const isDue = (act: RecordedAct): boolean =>
    act.inForce !== null && (!isOpen(act) || nowMs - act.inForce.sealedMs > OPEN_MS_MAX);
  const placed = actsOf(history.acts, 'hold.place');
  const holding = isVerified ? holdsStanding(history) : placed;
  const extended = extensions(history);
  const demanded = demandsOfActs(
    // What was over before it was done demands nothing.
    [...holding, ...extended.filter((one) => !isUndone(one) || !isPast(one, nowMs))].filter(isDue),
  );
  const keepers = keepersOf(history, nowMs, isVerified).filter(({ recorded }) => isDue(recorded));
  const letGo = [...holding, ...releasing(history, placed, isDue)].map(holdOf);
  const names = ({ segments }: Pick<Hold, 'segments'>, segment: SegmentName) =>
    segments.some((range) => isInRange(range, segment));
  return {
    lockedUntilMs: demanded.lockedUntilMs,
    kept: (segment, sealMs) => keptUntil(keepers, segment, sealMs, nowMs),
    casesOf: (segment, storedMs) => (nowMs - storedMs <= HOUR_MS ? [] : demanded.casesOf(segment)),
    isHoldToCome: (segment, storedMs) => nowMs - storedMs <= HOUR_MS && demanded.casesOf(segment).length > 0,
    mayBeHeld: (segment) => !isVerified || letGo.some((one) => names(one, segment)),
    sealProblems: (manifest, { chain }) =>
      [retiredProblem(manifest, retired, sha256), policyProblem(manifest, chain, policies)].filter(
        (problem) => problem !== null,
      ),
    isDecided: (segment, change) => {
      if (!isVerified) return false;
      const stands = holding.map(holdOf).some((one) => names(one, segment));
      if (change === 'hold-on') return stands;
      if (change === 'hold-off') return !stands && placed.map(holdOf).some((one) => names(one, segment));
      return extended.some(({ act }) => names(act.detail, segment));
    },
    isAnyDecided: (change) =>
      isVerified &&
      (change === 'longer'
        ? extended.length > 0
        : change === 'hold-on'
          ? holding.length > 0
          : holding.length === 0 && placed.length > 0),
    actProblems: () => actProblems(history, nowMs, isOpen),
  };
}

type Hold = ActDetail['hold.place'];
const holdOf = ({ act }: RecordedAct): Hold => act.detail as Hold;

/** Holds whose release is being done: they may still be there. */
function releasing(
  history: ActHistory,
  placed: readonly RecordedAct[],
  isDue: (act: RecordedAct) => boolean,
): RecordedAct[] {
  const underWay = history.acts.filter(
    (recorded) => recorded.act.kind === 'hold.release' && recorded.inForce !== null && !isDue(recorded),
  );
  return placed.filter(({ act, place }) =>
    underWay.some(
      (release) =>
        (release.act.detail as { readonly case: string }).case === (act.detail as Hold).case &&
        place.offset < release.place.offset,
    ),
  );
}

type Retired = { readonly print: string; readonly atMs: number };

/** By the fingerprint of the key, and from when on it signs for nobody. */
const retiredKeys = ({ acts }: ActHistory, sha256: Sha256): Retired[] =>
  acts.flatMap(({ act, inForce }) => {
    if (act.kind !== 'key.retire' || inForce === null) return [];
    const print = printOfVkey(act.detail.key, sha256);
    return print === null ? [] : [{ print, atMs: inForce.sealedMs }];
  });

/** Each key that signs the seal was retired more than an hour before. */
function retiredProblem(
  { keys, time }: Manifest,
  retired: readonly Retired[],
  sha256: Sha256,
): Problem | null {
  if (retired.length === 0) return null;
  const sealedMs = parseTime(time.sealed);
  const isRetired = (key: string) => {
    const print = printOfVkey(key, sha256);
    return retired.some((one) => one.print === print && one.atMs + HOUR_MS < sealedMs);
  };
  if (!keys.every(isRetired)) return null;
  const found = `sealed ${time.sealed} by ${keys.join(' ')}`;
  return { code: 'key-retired', expected: 'a key that was not retired more than an hour before', found };
}

type PolicySet = {
  readonly fromMs: number;
  readonly policies: readonly ActPolicy[];
  /** By chain: the name of its own. */
  readonly chains: ReadonlyMap<string, string>;
};

/** In the order in which they came into force. */
const policySets = ({ acts }: ActHistory): PolicySet[] =>
  acts
    .flatMap(({ act, inForce }) =>
      act.kind === 'policy' && inForce !== null
        ? [
            {
              fromMs: inForce.sealedMs,
              policies: act.detail.policies,
              chains: new Map(act.detail.chains.map(({ chain, policy }) => [chain, policy])),
            },
          ]
        : [],
    )
    .toSorted((a, b) => a.fromMs - b.fromMs);

function policyProblem(
  { retention: { mode, until, policy }, time }: Manifest,
  chain: string,
  sets: readonly PolicySet[],
): Problem | null {
  const sealedMs = parseTime(time.sealed);
  const settled = isReservedName(chain)
    ? -1
    : sets.findLastIndex(({ fromMs }) => fromMs + HOUR_MS < sealedMs);
  if (settled < 0) return null;
  // Within an hour of a change both sides of it are right.
  const right = sets.slice(settled).filter(({ fromMs }) => fromMs <= sealedMs + HOUR_MS);
  const isOf = (one: ActPolicy, { chains }: PolicySet) =>
    one.name === policy && policy === (chains.get(chain) ?? policy);
  const isKept = (one: ActPolicy) =>
    one.mode === mode && parseUntil(until) >= afterPeriod(sealedMs, periodOf(one.period));
  if (right.some((set) => set.policies.some((one) => isOf(one, set) && isKept(one)))) return null;
  const last = right.at(-1)!;
  const name = last.chains.get(chain) ?? policy;
  const own = last.policies.find((one) => one.name === name);
  return {
    code: 'policy-without-act',
    expected: own === undefined ? 'a policy in force' : `${own.name}: ${own.mode} for ${own.period}`,
    found: `${policy}: ${mode} until ${until}, sealed ${time.sealed}`,
  };
}

function actProblems(
  history: ActHistory,
  nowMs: number,
  isOpen: (act: RecordedAct) => boolean,
): ActProblem[] {
  const refused = history.refused.map(({ place: { offset, sequence, partition = 0 }, why }) => ({
    ...{ key: `line:${offset}`, sequence, partition },
    problem: {
      code: 'act-refused',
      expected: 'an act that counts',
      found: `line ${offset}: ${why}`,
    } as const,
  }));
  const open = history.acts.flatMap((recorded) => {
    const { act, inForce } = recorded;
    if (inForce === null || !isOpen(recorded) || nowMs - inForce.sealedMs <= OPEN_MS_MAX) return [];
    const found = `${act.kind} by ${act.by.name}, in force since ${timeText(inForce.sealedMs)}`;
    return [
      {
        ...{ key: `act:${act.id}`, sequence: recorded.place.sequence },
        partition: recorded.place.partition ?? 0,
        problem: { code: 'act-open', expected: 'a done within 24 hours', found } as const,
      },
    ];
  });
  return [...refused, ...open];
}

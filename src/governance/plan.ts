// What would new retention policies change, what would it cost, and what could nobody take back?
import { afterPeriod, periodOf } from '../base/period.ts';
import type { ActDetail } from '../format/act-detail.ts';
import { type ClassCost, storageCosts } from './prices.ts';

/** What an archive shows of one chain. Bytes are those of stored data objects. */
export type ChainFacts = {
  readonly chain: string;
  readonly partition: number;
  readonly storedBytes: number;
  /** Of segments that were sealed in the last 30 days. */
  readonly recentBytes: number;
  /** Null: the chain has no seal yet. */
  readonly newest: {
    readonly sequence: number;
    readonly sealedMs: number;
    readonly untilMs: number;
    readonly mode: 'COMPLIANCE' | 'GOVERNANCE';
  } | null;
};

export type WantedPolicy = {
  readonly name: string;
  readonly mode: 'COMPLIANCE' | 'GOVERNANCE';
  readonly text: string;
  readonly requires?: { readonly months: number; readonly duty: string };
};

/** What must be asked for by name: `shorter:orders`. */
export type Consent = 'shorter' | 'weaker' | 'above-10y' | 'above-duty';

export type TopicPlan = {
  readonly topic: string;
  readonly policy: string;
  readonly after: string;
  /** Its locks can be taken back by nobody. */
  readonly isCompliance: boolean;
  /** Null: nothing is known. */
  readonly before: { readonly text: string; readonly from: 'act' | 'newest-seal' } | null;
  readonly consents: readonly Consent[];
  readonly firstSegments: readonly {
    readonly chain: string;
    readonly partition: number;
    readonly sequence: number;
  }[];
  /** The end of the lock of what is sealed at the time of the plan. */
  readonly untilMs: number;
  /** The latest end that the newest seals promise for what is stored. Null: nothing is. */
  readonly storedUntilMs: number | null;
  readonly storedBytes: number;
  readonly recentBytes: number;
  /** Of 30 days of data as they came lately, over their whole lock. */
  readonly costs: readonly ClassCost[];
};

/** What a decision of policies would do: of each chain that it names. */
export const planAct = (
  { policies, chains }: ActDetail['policy'],
  facts: ReadonlyMap<string, readonly ChainFacts[]>,
  inForce: ActDetail['policy'] | null,
  nowMs: number,
): TopicPlan[] =>
  chains.flatMap(({ chain, policy }) =>
    policies.flatMap(({ name, mode, period }) =>
      name === policy
        ? [planTopic(chain, { name, mode, text: period }, facts.get(chain) ?? [], inForce, nowMs)]
        : [],
    ),
  );

const MONTH_MS = 30.44 * 86_400_000;
const DECADE = periodOf('10y');

export function planTopic(
  topic: string,
  policy: WantedPolicy,
  chains: readonly ChainFacts[],
  inForce: ActDetail['policy'] | null,
  nowMs: number,
): TopicPlan {
  const untilMs = afterPeriod(nowMs, periodOf(policy.text));
  const before = policyBefore(chains, inForce, nowMs);
  const stored = chains.flatMap(({ newest }) => (newest === null ? [] : [newest.untilMs]));
  const recentBytes = sum(chains.map((chain) => chain.recentBytes));
  return {
    ...{ topic, policy: policy.name, after: `${policy.text}, ${policy.mode}` },
    isCompliance: policy.mode === 'COMPLIANCE',
    before: before === null ? null : { text: before.text, from: before.from },
    consents: consentsOf(policy, before, untilMs, nowMs),
    firstSegments: chains.map(({ chain, partition, newest }) => ({
      ...{ chain, partition, sequence: newest === null ? 0 : newest.sequence + 1 },
    })),
    ...{ untilMs, storedUntilMs: stored.length === 0 ? null : Math.max(...stored) },
    ...{ storedBytes: sum(chains.map((chain) => chain.storedBytes)), recentBytes },
    costs: storageCosts(recentBytes, (untilMs - nowMs) / MONTH_MS),
  };
}

type Before = {
  readonly text: string;
  readonly from: 'act' | 'newest-seal';
  /** Of what would be sealed now. */
  readonly endMs: number;
  readonly mode: 'COMPLIANCE' | 'GOVERNANCE';
};

/** What people decided, and without that what the newest seal of the topic's chains promises. */
function policyBefore(
  chains: readonly ChainFacts[],
  inForce: ActDetail['policy'] | null,
  nowMs: number,
): Before | null {
  const names = new Set(chains.map(({ chain }) => chain));
  const decided = (inForce?.chains ?? []).filter(({ chain }) => names.has(chain));
  const policies = decided.flatMap(({ policy }) => inForce!.policies.filter(({ name }) => name === policy));
  const acts = policies.map(
    ({ period, mode }): Before => ({
      ...{ text: `${period}, ${mode}`, from: 'act', endMs: afterPeriod(nowMs, periodOf(period)), mode },
    }),
  );
  const seals = chains.flatMap(({ newest }): Before[] => {
    if (newest === null) return [];
    const { sealedMs, untilMs, mode } = newest;
    const days = Math.round((untilMs - sealedMs) / 86_400_000);
    const text = `${days} ${days === 1 ? 'day' : 'days'}, ${mode}`;
    return [{ text, from: 'newest-seal', endMs: nowMs + untilMs - sealedMs, mode }];
  });
  // The longest of several: against it shorter is shorter.
  const [longest] = (acts.length > 0 ? acts : seals).toSorted((a, b) => b.endMs - a.endMs);
  return longest ?? null;
}

/** Leap days: a year from one day may be 366 days, and one from the next 365. */
const LEAP_MS = 86_400_000;

function consentsOf(
  { mode, requires }: WantedPolicy,
  before: Before | null,
  untilMs: number,
  nowMs: number,
): Consent[] {
  const slackMs = before?.from === 'newest-seal' ? LEAP_MS : 0;
  const isShorter = before !== null && untilMs < before.endMs - slackMs;
  const isWeaker = before?.mode === 'COMPLIANCE' && mode === 'GOVERNANCE';
  const isAboveDuty =
    requires !== undefined && untilMs > afterPeriod(nowMs, { months: requires.months, ms: 0 }) + LEAP_MS;
  return [
    ...(isShorter ? (['shorter'] as const) : []),
    ...(isWeaker ? (['weaker'] as const) : []),
    ...(untilMs > afterPeriod(nowMs, DECADE) ? (['above-10y'] as const) : []),
    ...(isAboveDuty ? (['above-duty'] as const) : []),
  ];
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

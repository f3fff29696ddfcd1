// What would a proposal of retention policies do, for who is asked to approve it?
import { planAct } from '../../governance/plan.ts';
import { chainsAsStored } from '../../governance/plan-facts.ts';
import { STORAGE_PRICES } from '../../governance/prices.ts';
import type { RecordedAct } from '../../verify/acts/recorded-act.ts';
import type { OpenedActs } from './governance-open.ts';
import { openArchiveStore } from './open-archive.ts';
import { PRICE_NOTE, planJson, topicPlanText } from './plan-text.ts';

export type ProposalPlan = {
  readonly json: Readonly<Record<string, unknown>>;
  readonly lines: readonly string[];
};

/** Null: it is no proposal of policies that waits. As the archive and the policies in force stand now. */
export async function planOfProposal(
  { history, place, trusted }: OpenedActs,
  recorded: RecordedAct,
  nowMs: number,
  signal: AbortSignal,
): Promise<ProposalPlan | null> {
  const { act } = recorded;
  if (act.kind !== 'policy' || !history.isWaiting(recorded, nowMs)) return null;
  const inForce = history.newest('policy')?.detail ?? null;
  const store = await openArchiveStore(place);
  try {
    const { chains, problems } = await chainsAsStored(store, trusted, nowMs, signal);
    const plans = planAct(act.detail, chains, inForce, nowMs);
    const dropped = (inForce?.chains ?? []).flatMap(({ chain }) =>
      act.detail.chains.some((one) => one.chain === chain) ? [] : [chain],
    );
    const isLocking = store.kind === 's3';
    return {
      json: {
        plan: { prices: STORAGE_PRICES, plans: plans.map(planJson), droppedChains: dropped, problems },
      },
      lines: [
        'approved now, it would do this:',
        ...plans.flatMap((plan) => topicPlanText(plan, isLocking, true).trimEnd().split('\n')),
        ...dropped.map((chain) => `${chain}: any of the policies may be used then; one is named for it now`),
        PRICE_NOTE,
        ...problems,
      ],
    };
  } finally {
    await store.close();
  }
}

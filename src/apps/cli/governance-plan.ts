// What would a proposal do if it were approved, and what does a change of keys wait for, as things are?

import { nodeSha256 } from '../../base/node/hash.ts';
import type { ActDetail } from '../../format/act-detail.ts';
import { parseVkey, type VerifierKey } from '../../format/vkey.ts';
import { decidedKeys } from '../../governance/decided-keys.ts';
import { headKeys, headName, signedBy, waitingFor } from '../../governance/key-chains.ts';
import { planAct } from '../../governance/plan.ts';
import { chainsAsStored } from '../../governance/plan-facts.ts';
import { STORAGE_PRICES } from '../../governance/prices.ts';
import type { RecordedAct } from '../../verify/acts/recorded-act.ts';
import type { OpenedActs } from './governance-open.ts';
import { waitText } from './key-to-retire.ts';
import { lossesNamed, lostText } from './losses-named.ts';
import { openArchiveStore } from './open-archive.ts';
import { PRICE_NOTE, planJson, topicPlanText } from './plan-text.ts';

export type Outlook = {
  readonly json: Readonly<Record<string, unknown>>;
  readonly lines: readonly string[];
};

/** Null: it is neither such a proposal that waits, nor a change of keys that is open. */
export async function outlookOf(
  opened: OpenedActs,
  recorded: RecordedAct,
  nowMs: number,
  signal: AbortSignal,
): Promise<Outlook | null> {
  const { act } = recorded;
  const { history } = opened;
  if (act.kind === 'policy' && history.isWaiting(recorded, nowMs))
    return planOf(opened, act.detail, nowMs, signal);
  if (act.kind === 'gap.accept' && history.isWaiting(recorded, nowMs))
    return lossesOf(opened, act.detail, signal);
  if (act.kind === 'key.retire' && act.detail.use === 'log' && history.isWaiting(recorded, nowMs))
    return signedOf(opened, act.detail, signal);
  if (act.kind === 'key.rotate' && act.detail.use === 'log' && history.isOpen(recorded, nowMs))
    return waitingOf(opened, act.detail, signal);
  return null;
}

/** What an approval would accept. */
async function lossesOf(
  { place, trusted, history, isVerified }: OpenedActs,
  detail: ActDetail['gap.accept'],
  signal: AbortSignal,
): Promise<Outlook> {
  const store = await openArchiveStore(place);
  try {
    const keys = [...trusted, ...(isVerified ? decidedKeys(history) : [])];
    const found = await lossesNamed(store, keys, detail, signal);
    return { json: { losses: found }, lines: [`approved now: ${lostText(detail, found)}`] };
  } finally {
    await store.close();
  }
}

/** Which chains still have the key: while one has, it is not approved. */
async function signedOf(
  { history, place, trusted, isVerified }: OpenedActs,
  { key }: ActDetail['key.retire'],
  signal: AbortSignal,
): Promise<Outlook | null> {
  let meant: VerifierKey;
  try {
    meant = parseVkey(key, nodeSha256);
  } catch {
    return null;
  }
  const store = await openArchiveStore(place);
  try {
    const heads = await headKeys(store, [...trusted, ...(isVerified ? decidedKeys(history) : [])], signal);
    const signed = signedBy(heads, meant.key);
    return {
      json: { signs: signed.map(headName) },
      lines:
        signed.length === 0
          ? ['it signs the newest seal of no chain that goes on']
          : ['these chains still have it, so it is approved only with --ended for each:'].concat(
              signed.map((one) => `  ${waitText(one)}`),
            ),
    };
  } finally {
    await store.close();
  }
}

/** Which chains wait for the key. */
async function waitingOf(
  { history, place, trusted, isVerified }: OpenedActs,
  { key }: ActDetail['key.rotate'],
  signal: AbortSignal,
): Promise<Outlook> {
  const to = parseVkey(key, nodeSha256);
  const store = await openArchiveStore(place);
  try {
    const heads = await headKeys(store, [...trusted, ...(isVerified ? decidedKeys(history) : [])], signal);
    const waiting = waitingFor(heads, to.key);
    return {
      json: { waiting: waiting.map(headName) },
      lines:
        waiting.length === 0
          ? ['no chain waits: give the command of keys rotate again']
          : ['these chains wait for their next segments:', ...waiting.map((one) => `  ${waitText(one)}`)],
    };
  } finally {
    await store.close();
  }
}

async function planOf(
  { history, place, trusted }: OpenedActs,
  detail: ActDetail['policy'],
  nowMs: number,
  signal: AbortSignal,
): Promise<Outlook> {
  const inForce = history.newest('policy')?.detail ?? null;
  const store = await openArchiveStore(place);
  try {
    const { chains, problems } = await chainsAsStored(store, trusted, nowMs, signal);
    const plans = planAct(detail, chains, inForce, nowMs);
    const dropped = (inForce?.chains ?? []).flatMap(({ chain }) =>
      detail.chains.some((one) => one.chain === chain) ? [] : [chain],
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

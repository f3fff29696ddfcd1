// How does a decision in force take effect in the store, whatever breaks it off?
import { LedgerstoneError } from '../base/error.ts';
import type { ActDetail } from '../format/act-detail.ts';
import { GOVERNANCE_CHAIN } from '../format/chain.ts';
import { oldestVersion } from '../format/oldest-version.ts';
import { sealKey } from '../format/paths.ts';
import { parseUntil } from '../format/time.ts';
import type { VerifierKey } from '../format/vkey.ts';
import type { HoldWriter, Store } from '../store/store.ts';
import type { ActHistory } from '../verify/acts/history.ts';
import type { RecordedAct, SealedAt } from '../verify/acts/recorded-act.ts';
import { trustingDecided } from './decided-keys.ts';
import type { Effect, EffectTools } from './effect.ts';
import { enforceLocks, type LocksEnforced } from './enforce-locks.ts';
import { extendLocks } from './extend-locks.ts';
import { goneJudge } from './gone-data.ts';
import { type Decider, type GovernanceTools, readGovernance, recordAct } from './record-act.ts';
import { segmentsOfAct, settleHolds } from './settle-holds.ts';

export type CarryTools = GovernanceTools & {
  readonly store: Store & HoldWriter;
  /** The log's keys: each seal is checked before its data is taken for the segment's. */
  readonly logKeys: readonly VerifierKey[];
  readonly onObject?: () => void;
};

export type CarriedOut = {
  readonly effect: Effect;
  /** False: something failed, and the act stays open. The same command goes on. */
  readonly isDone: boolean;
};

export async function historyNow(tools: GovernanceTools): Promise<ActHistory> {
  const reading = await readGovernance(tools);
  if (reading !== null) return reading.history;
  throw new LedgerstoneError('no-governance', 'this archive has no governance chain', {
    disposition: 'input',
    remedy: 'Begin it: ledgerstone governance charter.',
  });
}

/**
 * Until when the seal of that decision is locked, by the store's word: the decision ends with it. Null: the
 * store has no locks, or shows none.
 */
export async function decisionLock(
  { store, signal }: CarryTools,
  { partition = 0, sequence }: SealedAt,
): Promise<number | null> {
  const key = sealKey(GOVERNANCE_CHAIN, partition, sequence);
  const version = await oldestVersion(store, key, signal);
  const state = version === null ? null : await store.lock(key, version.versionId, signal);
  return state?.kind === 'locked' ? state.lock.untilMs : null;
}

const effectTools = ({ store, clock, logKeys, signal, onObject }: CarryTools): EffectTools => ({
  ...{ store, clock, trusted: logKeys, signal, ...(onObject && { onObject }) },
});

/**
 * Brings the objects of an act in force to what all acts in force demand, and says so by a `done` when
 * nothing failed. An act that is done already is looked at again all the same.
 */
export async function carryOut(
  tools: CarryTools,
  decider: Decider,
  recorded: RecordedAct,
  history: ActHistory,
): Promise<CarriedOut> {
  const effect = await effectOf(tools, recorded, history);
  if (effect.failed.length > 0) return { effect, isDone: false };
  await effectDone(tools, decider, recorded.act.id, effect);
  return { effect, isDone: true };
}

function effectOf(tools: CarryTools, recorded: RecordedAct, history: ActHistory): Promise<Effect> {
  const { act } = recorded;
  if (act.kind === 'retention.extend') {
    const lock = { mode: tools.retention.mode, untilMs: parseUntil(act.detail.until) };
    const goneOf = goneJudge(history, tools.clock.now());
    const trusting = trustingDecided(effectTools(tools), history);
    return extendLocks({ ...trusting, goneOf }, act.detail.segments, lock);
  }
  return settleHolds(effectTools(tools), history, segmentsOfAct(recorded, history), () => historyNow(tools));
}

/** Of what was looked at in the store. */
function effectDone(tools: CarryTools, decider: Decider, id: string, effect: Effect): Promise<void> {
  const { objects, changed } = effect;
  return effect.isLockless
    ? recordDone(tools, decider, id, 'The store has no locks: nothing was demanded of it', {
        ...{ objects: 0, changed: 0 },
      })
    : recordDone(tools, decider, id, 'Looked at each object', { objects, changed });
}

/** Says that an act is done, unless somebody else has said it meanwhile. */
export async function recordDone(
  tools: GovernanceTools,
  decider: Decider,
  id: string,
  reason: string,
  detail: ActDetail['done'],
): Promise<void> {
  const isOpen = async () => {
    const history = await historyNow(tools);
    const recorded = history.find(id);
    return recorded !== null && history.isOpen(recorded, tools.clock.now());
  };
  if (!(await isOpen())) return;
  try {
    await recordAct(tools, decider, { kind: 'done', of: id, reason, reference: null, detail });
  } catch (error) {
    const isRefused = error instanceof LedgerstoneError && error.code === 'act-refused';
    if (!isRefused || (await isOpen())) throw error;
  }
}

/** Every longer lock and the policies in force, as `enforceLocks` has it. Acts that were open are done. */
export async function enforceRetention(
  tools: CarryTools,
  decider: Decider,
): Promise<LocksEnforced & { readonly closed: readonly RecordedAct[] }> {
  const history = await historyNow(tools);
  const nowMs = tools.clock.now();
  const enforced = await enforceLocks(effectTools(tools), history, nowMs, tools.retention.mode);
  const open = enforced.fulfilled.filter(({ recorded }) => history.isOpen(recorded, nowMs));
  for (const { recorded, effect } of open) await effectDone(tools, decider, recorded.act.id, effect);
  return { ...enforced, closed: open.map(({ recorded }) => recorded) };
}

/**
 * Every hold as the acts in force demand it: of the cases in force and of those that were released. Acts that
 * are open are done afterwards, if nothing failed.
 */
export async function enforceHolds(
  tools: CarryTools,
  decider: Decider,
): Promise<CarriedOut & { readonly closed: readonly RecordedAct[] }> {
  const history = await historyNow(tools);
  const about = history.acts.filter(({ act }) => act.kind === 'hold.place');
  const ranges = about.flatMap((recorded) => segmentsOfAct(recorded, history));
  const effect = await settleHolds(effectTools(tools), history, ranges, () => historyNow(tools));
  const open = history.acts.filter(
    (one) =>
      history.isOpen(one, tools.clock.now()) &&
      (one.act.kind === 'hold.place' || one.act.kind === 'hold.release'),
  );
  if (effect.failed.length > 0) return { effect, isDone: false, closed: [] };
  for (const { act } of open) await effectDone(tools, decider, act.id, effect);
  return { effect, isDone: true, closed: open };
}

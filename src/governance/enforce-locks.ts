// How do locks come to what the decisions in force demand, after everything that broke off or came too late?
import { readAhead } from '../base/concurrency.ts';
import { messageOf } from '../base/error.ts';
import { afterPeriod, periodOf } from '../base/period.ts';
import type { SegmentRange } from '../format/act-detail.ts';
import { parseTime, parseUntil } from '../format/time.ts';
import { ChainReader } from '../read/chain-reader.ts';
import type { ActHistory } from '../verify/acts/history.ts';
import { extensions } from '../verify/acts/in-force.ts';
import type { ActOf, RecordedAct } from '../verify/acts/recorded-act.ts';
import { trustingDecided } from './decided-keys.ts';
import { type Effect, type EffectTools, noEffect } from './effect.ts';
import { extendLocks } from './extend-locks.ts';
import { type GoneJudge, goneJudge } from './gone-data.ts';
import { chainsOf } from './scope.ts';

/** Seals that are read ahead. */
const AHEAD = 16;

export type LocksEnforced = {
  readonly effect: Effect;
  /** Longer locks in force whose objects all have them, each with what was done for it. */
  readonly fulfilled: readonly { readonly recorded: RecordedAct; readonly effect: Effect }[];
  /** Segments that were sealed with less than the policy in force then says, and are locked as long now. */
  late: number;
};

/**
 * Lengthens each lock to what longer locks in force demand, and of each segment that was sealed since the
 * policies came into force, to what they say: an archiver goes on with its old ones until it is restarted.
 * Nothing becomes shorter. Whatever breaks this off, the same call goes on.
 */
export async function enforceLocks(
  given: EffectTools,
  history: ActHistory,
  nowMs: number,
  mode: 'COMPLIANCE' | 'GOVERNANCE',
): Promise<LocksEnforced> {
  const tools = { ...trustingDecided(given, history), goneOf: goneJudge(history, nowMs) };
  const fulfilled: { recorded: RecordedAct; effect: Effect }[] = [];
  const enforced = { effect: noEffect(), fulfilled, late: 0 };
  for (const one of extensions(history)) {
    if (history.end(one, nowMs) !== null) continue;
    const { segments, until } = one.act.detail;
    const effect = await extendLocks(tools, segments, { mode, untilMs: parseUntil(until) });
    if (effect.failed.length === 0) fulfilled.push({ recorded: one, effect });
    add(enforced.effect, effect);
  }
  await enforcePolicies(tools, history, enforced);
  return enforced;
}

async function enforcePolicies(
  tools: EffectTools & { readonly goneOf: GoneJudge },
  history: ActHistory,
  enforced: { readonly effect: Effect; late: number },
): Promise<void> {
  const inForce = history.acts.findLast(
    (one): one is ActOf<'policy'> => one.act.kind === 'policy' && one.act.id === history.newest('policy')?.id,
  );
  if (inForce === undefined) return;
  const { policies, chains } = inForce.act.detail;
  for (const { chain, policy } of chains) {
    const { period, mode } = policies.find(({ name }) => name === policy)!;
    const all: SegmentRange[] = [{ chain, partition: null, from: 0, to: null }];
    for (const place of await chainsOf(tools, all)) {
      const sinceMs = inForce.inForce!.sealedMs;
      try {
        for await (const { sequence, untilMs } of shortSince(tools, place, sinceMs, period)) {
          const range = { ...place, from: sequence, to: sequence };
          add(enforced.effect, await extendLocks(tools, [range], { mode, untilMs }, false));
          enforced.late++;
        }
      } catch (error) {
        tools.signal.throwIfAborted();
        enforced.effect.failed.push(`${place.chain}/${place.partition}: ${messageOf(error)}`);
      }
    }
  }
}

/** From the newest one back to that time: segments whose seals promise less. */
async function* shortSince(
  { store, trusted, signal }: EffectTools,
  { chain, partition }: { readonly chain: string; readonly partition: number },
  sinceMs: number,
  period: string,
): AsyncGenerator<{ readonly sequence: number; readonly untilMs: number }> {
  const reader = new ChainReader({ store, trusted, signal, chain, partition });
  const head = await reader.headSequence();
  await reader.listSeals();
  for await (const { manifest } of readAhead(backFrom(head), AHEAD, (sequence) => reader.seal(sequence))) {
    const { sequence, time, retention } = manifest;
    const sealedMs = parseTime(time.sealed);
    if (sealedMs < sinceMs) return;
    const untilMs = Math.ceil(afterPeriod(sealedMs, periodOf(period)) / 1000) * 1000;
    if (parseUntil(retention.until) < untilMs) yield { sequence, untilMs };
  }
}

async function* backFrom(head: number): AsyncGenerator<number> {
  for (let sequence = head; sequence >= 0; sequence--) yield sequence;
}

function add(sum: Effect, { objects, changed, gone, failed, doubts, isLockless }: Effect): void {
  sum.objects += objects;
  sum.changed += changed;
  sum.gone.push(...gone);
  sum.failed.push(...failed);
  sum.doubts.push(...doubts);
  sum.isLockless ||= isLockless;
}

// How do segments that are sealed after a decision come under its hold, without anybody who may take one off?
import type { SegmentRange } from '../format/act-detail.ts';
import { oldestVersions } from '../format/oldest-version.ts';
import { parseKey, sealKey, sealPrefix } from '../format/paths.ts';
import { ChainReader } from '../read/chain-reader.ts';
import type { ActHistory } from '../verify/acts/history.ts';
import { holdsInForce } from '../verify/acts/in-force.ts';
import type { Effect, EffectTools } from './effect.ts';
import { chainsOf } from './scope.ts';
import { type SettleTools, settleHolds } from './settle-holds.ts';

/** Of what is to come too. */
export const isGrowing = ({ to }: SegmentRange): boolean => to === null;

/**
 * Puts each hold on that a case in force demands and that lacks. Takes none off, and writes no decision.
 * `sinceMs`: only segments that were stored since then, of chains that are held as they grow; null: all.
 * `reread`: the acts as they stand then.
 */
export async function keepHolds(
  tools: EffectTools & Pick<SettleTools, 'isVerified'>,
  history: ActHistory,
  sinceMs: number | null,
  reread: () => Promise<ActHistory>,
): Promise<Effect> {
  const held = holdsInForce(history, tools.isVerified).flatMap(({ segments }) => segments);
  const ranges = sinceMs === null ? held : await storedSince(tools, held, sinceMs);
  return settleHolds({ ...tools, onlyOn: true }, history, ranges, reread);
}

async function storedSince(
  tools: EffectTools,
  held: readonly SegmentRange[],
  sinceMs: number,
): Promise<SegmentRange[]> {
  const growing = held.filter(isGrowing);
  const recent: SegmentRange[] = [];
  for (const { chain, partition } of await chainsOf(tools, growing)) {
    const first = await firstSince(tools, { chain, partition }, sinceMs);
    for (const range of growing)
      if (first !== null && range.chain === chain && (range.partition ?? partition) === partition)
        recent.push({ chain, partition, from: Math.max(first, range.from), to: null });
  }
  return recent;
}

/** Seals that are listed at once, from the end of the chain towards its beginning. */
const WINDOW = 1000;

/** The first segment whose seal the store took since then. Null: there is none. */
async function firstSince(
  { store, trusted, signal }: EffectTools,
  { chain, partition }: { readonly chain: string; readonly partition: number },
  sinceMs: number,
): Promise<number | null> {
  const reader = new ChainReader({ store, trusted, signal, chain, partition });
  let first: number | null = null;
  let end = await reader.headSequence();
  while (end >= 0) {
    const from = Math.max(0, end - WINDOW + 1);
    const startAfter = from === 0 ? undefined : sealKey(chain, partition, from - 1);
    const list = store.listVersions(sealPrefix(chain, partition), {
      ...(startAfter && { startAfter }),
      signal,
    });
    let found: number | null = null;
    for await (const { key, lastModifiedMs } of oldestVersions(list)) {
      const parsed = parseKey(key);
      if (parsed?.kind !== 'seal') continue;
      if (parsed.sequence > end) break;
      if (lastModifiedMs >= sinceMs) found ??= parsed.sequence;
    }
    if (found === null) break;
    first = found;
    // Only where the whole window is as young, there may be more before it.
    if (found > from) break;
    end = from - 1;
  }
  return first;
}

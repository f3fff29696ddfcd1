// Has an operator decided about a halted partition? The decision shows as a newer head, written by `resume`.
import { findHead } from '../../store/head.ts';
import type { PartitionRoute, PositionTools } from './position.ts';

/** A halted partition looks this often. */
const RECHECK_MS = 15_000;

/**
 * Resolves true when the chain has grown beyond `ours`, the sequence that was the head when it halted (null:
 * it never had a place, and the first look tells), and false once `waits` says no more.
 */
export async function awaitDecision(
  tools: Pick<PositionTools, 'store' | 'clock'>,
  route: PartitionRoute,
  ours: () => number | null,
  waits: () => boolean,
  signal: AbortSignal,
): Promise<boolean> {
  const { chain, partition } = route.name;
  let first: number | null = null;
  while (waits()) {
    try {
      const search = await findHead(tools.store, chain, partition, Math.max(ours() ?? first ?? 0, 0), signal);
      const newest = search.kind === 'head' ? search.sequence : -1;
      first ??= newest;
      if (newest > (ours() ?? first) && waits()) return true;
    } catch {
      // The store is out of reach: there is nothing to decide from yet.
    }
    await tools.clock.sleep(RECHECK_MS, signal).catch(() => {});
  }
  return false;
}

// How do many chains share the time of one run, so that a long backlog of one leaves time to the others?
import { TaskGroup } from '../base/concurrency.ts';

/**
 * Does `work` on each item in order, at most `atOnce` at a time. `shares`: how many parts the remaining time
 * has to be divided into.
 */
export async function inShares<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T, shares: number) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const group = new TaskGroup(atOnce);
  try {
    for (const [index, item] of items.entries()) {
      signal?.throwIfAborted();
      const shares = Math.max(1, (items.length - index) / atOnce);
      await group.start(() => work(item, shares));
    }
  } finally {
    await group.finish();
  }
}

// How does a partition find the position to go on from, whatever goes wrong meanwhile?
import { isRetriable } from '../../base/error.ts';
import { backoffMs } from '../../base/retry.ts';
import type { OnTrouble } from '../../sealing/sealer.ts';
import type { Ownership } from '../ownership.ts';
import { type ChainCreationConfig, type ChainCreationTools, createChain } from './create.ts';
import { HaltError } from './halt.ts';
import { findPosition, type PartitionRoute, type Position, type SeenChain } from './position.ts';

/** Reported on the way. */
export type RecoveryProgress = {
  /** The log is asked from now on, so that an earlier suspicion is answered by this attempt. */
  attempt(): void;
  created(): void;
  troubled: OnTrouble;
};

export type RecoveryOptions = {
  readonly tools: ChainCreationTools;
  readonly route: PartitionRoute;
  readonly chainCreation: ChainCreationConfig;
  readonly ownership: Ownership;
  readonly random: () => number;
  readonly seen: SeenChain;
  readonly progress: RecoveryProgress;
};

const BACKOFF = { firstMs: 250, capMs: 10_000, attempts: Number.POSITIVE_INFINITY };
/** A fatal error of a client is tried again after this time: somebody may have mended its cause. */
const FATAL_RETRY_MS = 15_000;

/** Tries until there is a position. Rejects with a HaltError, or once the partition is lost. */
export async function recoverPosition(options: RecoveryOptions): Promise<Position> {
  const { tools, route, chainCreation, ownership, random, seen, progress } = options;
  const { signal } = ownership;
  for (let attempt = 0; ; attempt++) {
    try {
      await ownership.decided();
      // What this process signed for the chain earlier decides first.
      await tools.sealer.settled(route.name.chainOrigin);
      progress.attempt();
      const found = await findPosition(tools, route, seen, signal);
      signal.throwIfAborted();
      if (found !== null) return found;
      const created = await createChain(tools, route, chainCreation, ownership, progress.troubled);
      if (created === null) continue;
      progress.created();
      await ownership.decided();
      return created;
    } catch (error) {
      if (signal.aborted || error instanceof HaltError) throw error;
      progress.troubled(error);
      const delayMs = isRetriable(error) ? backoffMs(BACKOFF, attempt, random) : FATAL_RETRY_MS;
      await tools.clock.sleep(delayMs, signal).catch(() => {});
    }
  }
}

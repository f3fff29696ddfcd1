// What do all chains of an archive hold and promise, as far as they can be read?
import { LedgerstoneError, messageOf } from '../base/error.ts';
import { GOVERNANCE_CHAIN } from '../format/chain.ts';
import type { VerifierKey } from '../format/vkey.ts';
import { chainFacts } from '../read/chain-facts.ts';
import { ChainReader } from '../read/chain-reader.ts';
import { listChains } from '../read/list-chains.ts';
import type { StoreReader } from '../store/store.ts';
import type { ChainFacts } from './plan.ts';

export type ChainsAsStored = {
  /** By the name of the chain: its partitions. Decisions are not among them. */
  readonly chains: ReadonlyMap<string, readonly ChainFacts[]>;
  /** What could not be read, in words. */
  readonly problems: readonly string[];
};

/** Throws what listing throws. */
export async function chainsAsStored(
  store: StoreReader,
  trusted: readonly VerifierKey[],
  nowMs: number,
  signal: AbortSignal,
): Promise<ChainsAsStored> {
  const chains = new Map<string, ChainFacts[]>();
  const problems: string[] = [];
  for await (const place of listChains(store, signal)) {
    const { chain, partition } = place;
    if (chain === GOVERNANCE_CHAIN) continue;
    try {
      const facts = await chainFacts(new ChainReader({ store, ...place, trusted, signal }), nowMs);
      chains.set(chain, [...(chains.get(chain) ?? []), facts]);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof LedgerstoneError)) throw error;
      problems.push(`not looked at: ${chain}/${partition}: ${messageOf(error)}`);
    }
  }
  return { chains, problems };
}

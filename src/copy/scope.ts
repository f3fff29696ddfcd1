// Which objects of a store belong to a copy of it?
import { GOVERNANCE_CHAIN } from '../format/chain.ts';
import { parseKey } from '../format/paths.ts';

/**
 * `take`: is copied. `later`: came after the head up to which is copied. `foreign`: is no part of what is
 * copied. `elsewhere`: is copied in another step.
 */
type Belonging = 'take' | 'later' | 'foreign' | 'elsewhere';

export type CopyScope = {
  /** Folders that are listed, in the order of their bytes. */
  readonly prefixes: readonly string[];
  readonly of: (key: string) => Belonging;
};

/** Of a chain up to where it is copied; null: all that is there. */
export type ChainBound = {
  readonly chain: string;
  readonly partition: number;
  readonly size: number | null;
};

/** Everything of an archive but its governance chain, each chain up to its bound. */
export function archiveScope(bounds: readonly ChainBound[]): CopyScope {
  const sizes = new Map(bounds.map(({ chain, partition, size }) => [`${chain}/${partition}`, size]));
  return {
    prefixes: [''],
    of: (key) => {
      const parsed = parseKey(key);
      if (parsed === null) return 'foreign';
      if (parsed.kind === 'key' || parsed.kind === 'format') return 'take';
      if (parsed.chain === GOVERNANCE_CHAIN) return 'elsewhere';
      const size = sizes.get(`${parsed.chain}/${parsed.partition}`);
      if (size === undefined) return 'later';
      return size === null || parsed.sequence < size ? 'take' : 'later';
    },
  };
}

/**
 * The governance chain alone: copied when the act that speaks of the copy is in it. `sizes`: by partition;
 * null: all of it.
 */
export function governanceScope(sizes: ReadonlyMap<number, number | null>): CopyScope {
  return {
    prefixes: [`data/topic=${GOVERNANCE_CHAIN}/`, `seals/topic=${GOVERNANCE_CHAIN}/`],
    of: (key) => {
      const parsed = parseKey(key);
      if (parsed?.kind !== 'seal' && parsed?.kind !== 'data') return 'foreign';
      const size = sizes.get(parsed.partition) ?? null;
      return size === null || parsed.sequence < size ? 'take' : 'later';
    },
  };
}

/** A verifier's own store: attestations, findings, passes and indexes, whatever their keys are. */
export const wholeScope: CopyScope = { prefixes: [''], of: () => 'take' };

// How many of the offsets that a `gap.accept` names are lost, by the gap lines of their chain?
import { counted } from '../../base/counted.ts';
import { isRetriable, LedgerstoneError, messageOf } from '../../base/error.ts';
import type { ActDetail } from '../../format/act-detail.ts';
import type { VerifierKey } from '../../format/vkey.ts';
import { ChainReader } from '../../read/chain-reader.ts';
import { NoChainError } from '../../read/errors.ts';
import { countedSeals, gapsOfSegment, newCounts } from '../../read/gap-search.ts';
import type { StoreReader } from '../../store/store.ts';
import { UsageError } from './exit-code.ts';

export type LossesNamed = {
  readonly isThere: boolean;
  /** Found in gap lines. */
  readonly lost: number;
  /** Why there may be more. Null: the whole chain was looked at. */
  readonly unknown: string | null;
};

type Named = ActDetail['gap.accept'];

/** Throws what the store throws. `trusted`: vouch for the chain. */
export async function lossesNamed(
  store: StoreReader,
  trusted: readonly VerifierKey[],
  { chain, partition, from, to }: Named,
  signal: AbortSignal,
): Promise<LossesNamed> {
  const reader = new ChainReader({ store, chain, partition, trusted, signal });
  let lost = 0;
  let unknown: string | null = null;
  try {
    for await (const seal of countedSeals(reader, newCounts())) {
      const { firstOffset, nextOffset } = seal.manifest.records;
      if (firstOffset > to || nextOffset <= from) continue;
      for (const gap of await gapsOfSegment(reader, seal)) {
        if (gap.reason === 'compacted') continue;
        if (gap.firstOffset === null || gap.lastOffset === null)
          unknown = `the gap lines of segment ${gap.sequence} can't be read any more`;
        else lost += Math.max(0, Math.min(to, gap.lastOffset) - Math.max(from, gap.firstOffset) + 1);
      }
    }
  } catch (error) {
    if (error instanceof NoChainError) return { isThere: false, lost: 0, unknown: null };
    if (!(error instanceof LedgerstoneError) || isRetriable(error)) throw error;
    unknown = messageOf(error);
  }
  return { isThere: true, lost, unknown };
}

export function lostText({ chain, partition, from, to }: Named, found: LossesNamed): string {
  const name = `${chain}/${partition}`;
  if (!found.isThere) return `the archive has no chain ${name}`;
  const what = counted(to - from + 1, 'offset');
  const more = found.unknown === null ? '' : `; there may be more: ${found.unknown}`;
  if (found.lost === 0) return `of ${what} of ${name} none is lost${more}`;
  return `of ${what} of ${name} ${found.lost} ${found.lost === 1 ? 'is' : 'are'} lost${more}`;
}

/** Throws UsageError where nothing is there that could be accepted. */
export function requireLost(named: Named, found: LossesNamed): void {
  if (found.isThere && (found.lost > 0 || found.unknown !== null)) return;
  throw new UsageError(lostText(named, found), 'See what is lost: ledgerstone losses.');
}

// Which chains hold history that was kept elsewhere before? (FORMAT.md 3.16, 3.18)
import { isImportChain } from '../format/chain.ts';
import type { ChainReport } from '../verify/report.ts';

/** A sentence where there are any: what no verdict on them covers. */
export function importedTexts(chains: readonly Pick<ChainReport, 'chain' | 'source'>[]): string[] {
  const names = new Set(
    chains.flatMap(({ chain, source }) => (isImportChain(chain, source?.kind) ? [chain] : [])),
  );
  if (names.size === 0) return [];
  const named = `${[...names].join(', ')} ${names.size === 1 ? 'holds' : 'hold'}`;
  const said = 'nothing of it is attested before its segments were sealed, and its times are its own word';
  return [`what ${named} was imported: ${said}`];
}

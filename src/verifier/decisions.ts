// Which losses and continuations, each by an operator's word, do newly checked segments carry?
import { counted } from '../base/counted.ts';
import { type Finding, findingOf } from '../verify/finding.ts';
import { type GapInChain, lostOffsets } from '../verify/gaps.ts';
import type { ChainReport } from '../verify/report.ts';

/** Of one segment; the evidence has no room for more. */
const GAPS_NAMED = 3;
const TEXT_MAX = 500;

/**
 * One finding for each segment with lost records, and one for a chain that continues another. Before each of
 * them a partition had halted. Call it only for what was verified.
 */
export function decisionFindings({ gaps, gapsOmitted, continues }: ChainReport): Finding[] {
  const lost = gaps.filter(({ reason }) => lostOffsets({ [reason]: 1 }) > 0);
  const findings = [...Map.groupBy(lost, ({ sequence }) => sequence)].map(([sequence, ofSegment]) =>
    findingOf('records-lost', { sequence, expected: 'a record for each offset', found: lossText(ofSegment) }),
  );
  if (gapsOmitted > 0) {
    const found = `${gapsOmitted} more gaps: \`ledgerstone losses\` lists them`;
    findings.push(findingOf('records-lost', { expected: 'a record for each offset', found }));
  }
  if (continues === null) return findings;
  const { origin, size, nextOffset, by, reason } = continues;
  const found = `${origin} ended at size ${size}, offset ${nextOffset}; by ${by}: ${reason}`;
  return [...findings, findingOf('chain-continued', { sequence: 0, found: found.slice(0, TEXT_MAX) })];
}

function lossText(gaps: readonly GapInChain[]): string {
  const offsets = gaps.reduce((sum, gap) => sum + gap.lastOffset - gap.firstOffset + 1, 0);
  const named = gaps
    .slice(0, GAPS_NAMED)
    .map((gap) => `offsets ${gap.firstOffset} to ${gap.lastOffset} (${gap.reason}) by ${gap.by}: ${gap.why}`);
  const more = gaps.length > GAPS_NAMED ? `; and ${gaps.length - GAPS_NAMED} more gaps` : '';
  const text = `${counted(offsets, 'record')} lost${more}; ${named.join('; ')}`;
  return text.slice(0, TEXT_MAX);
}

/** They stay true: no later check can find that they are gone. */
export const isDecision = ({ code }: Pick<Finding, 'code'>): boolean =>
  code === 'records-lost' || code === 'chain-continued';

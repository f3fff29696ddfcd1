// What is known of an archive beside that its seals promise less than somebody asked for?

import { type Verdict, verdictOf, worstVerdict } from '../../verify/finding.ts';
import { isOfLeastLock } from '../../verify/locks.ts';
import type { ChainReport, Report } from '../../verify/report.ts';

export type LeastLockApart = {
  /** As if no least lock had been asked for. */
  readonly report: Report;
  /** Findings that a seal promises less. */
  readonly short: number;
};

/** A short promise breaks nothing: every byte may be what was signed, and locked as was promised. */
export function leastLockApart(report: Report): LeastLockApart {
  let short = 0;
  const without = (chain: ChainReport): ChainReport => {
    const findings = chain.findings.filter((finding) => !isOfLeastLock(finding));
    short += chain.findings.length - findings.length;
    // What was left out of the list may be of any kind.
    if (findings.length === chain.findings.length || chain.findingsOmitted > 0) return chain;
    return { ...chain, findings, verdict: verdictOf(findings) };
  };
  const chains = report.chains.map(without);
  if (short === 0) return { report, short };
  const verdicts: Verdict[] = chains.map(({ verdict }) => verdict);
  const isListWhole = report.findingsOmitted === 0;
  const verdict = isListWhole ? worstVerdict([verdictOf(report.findings), ...verdicts]) : report.verdict;
  return { report: { ...report, chains, verdict }, short };
}

// Do two chains of one archive claim the same place in history? (FORMAT.md 9.5.5, 9.5.6)
import { sealKey } from '../format/paths.ts';
import type { Anchor } from './anchor.ts';
import { findingOf, type Problem, SEVERITY, verdictOf, worstVerdict } from './finding.ts';
import type { ObjectLocation } from './finding-list.ts';
import { chainText } from './handover.ts';
import type { ChainReport } from './report.ts';

/** The same reports, with the findings that only a look at all of them gives. */
export function withRivals(chains: readonly ChainReport[], handovers: readonly Anchor[]): ChainReport[] {
  const forks = secondContinuations(handovers);
  const apart = chains.map((chain) => withProblem(chain, forks.get(chain.origin)));
  const overlaps = sourceOverlaps(apart.filter(({ verdict }) => verdict === 'verified'));
  return apart.map((chain) => withProblem(chain, overlaps.get(chain.origin)));
}

/** Chains that continue one older chain, if there are several of it. By their origins. */
export function secondContinuations(handovers: readonly Anchor[]): Map<string, Problem> {
  const problems = new Map<string, Problem>();
  const byOlder = Map.groupBy(handovers, ({ origin }) => origin);
  for (const [older, anchors] of byOlder) {
    for (const { newer } of anchors) {
      const other = anchors.find((anchor) => anchor.newer !== newer);
      if (newer === undefined || other === undefined) continue;
      const expected = `the only chain that continues ${older}`;
      problems.set(newer, { code: 'fork', expected, found: other.from });
    }
  }
  return problems;
}

/**
 * The same reports, where the first seal of a chain was not readable when others needed it, and was when its
 * own turn came: what it says of other chains is not known. `unread`: by `name/partition`.
 */
export function withUnread(
  chains: readonly ChainReport[],
  unread: ReadonlyMap<string, Problem>,
): ChainReport[] {
  return chains.map((chain) => {
    const problem = unread.get(chainText(chain));
    const isTold = chain.findings.some(({ code, sequence }) => code === problem?.code && sequence === 0);
    const key = sealKey(chain.chain, chain.partition, 0);
    return isTold ? chain : withProblem(chain, problem, { key, sequence: 0 });
  });
}

type Range = { readonly chain: ChainReport; readonly first: number; readonly next: number };

/** Chains that hold the same offsets of one topic, each with one of the others. By their origins. */
function sourceOverlaps(chains: readonly ChainReport[]): Map<string, Problem> {
  const problems = new Map<string, Problem>();
  for (const ranges of Map.groupBy(chains.flatMap(rangeOf), ({ chain }) =>
    JSON.stringify(chain.source),
  ).values()) {
    let widest: Range | null = null;
    for (const range of ranges.toSorted((a, b) => a.first - b.first)) {
      if (widest !== null && range.first < widest.next) {
        problems.set(range.chain.origin, overlap(widest, range));
        if (!problems.has(widest.chain.origin)) problems.set(widest.chain.origin, overlap(range, widest));
      }
      if (widest === null || range.next > widest.next) widest = range;
    }
  }
  return problems;
}

/** Empty where nothing tells the source from a new one under its name, or where the chain has no offsets. */
function rangeOf(chain: ChainReport): Range[] {
  const { source, firstOffset: first, nextOffset: next } = chain;
  const isSure = source?.kind === 'kafka' && source.topicId !== null;
  return isSure && first !== null && next !== null && first < next ? [{ chain, first, next }] : [];
}

function overlap(other: Range, own: Range): Problem {
  const [first, last] = [Math.max(own.first, other.first), Math.min(own.next, other.next) - 1];
  const found = `offsets ${first} to ${last} are in ${other.chain.origin} too: which is the record can't be told`;
  return { code: 'source-overlap', expected: 'offsets of its source that no other chain has', found };
}

function withProblem(
  chain: ChainReport,
  problem: Problem | undefined,
  place: ObjectLocation = {},
): ChainReport {
  if (problem === undefined) return chain;
  const verdict = worstVerdict([chain.verdict, verdictOf([{ severity: SEVERITY[problem.code] }])]);
  const findings = [findingOf(problem.code, { ...problem, ...place }), ...chain.findings];
  return { ...chain, verdict, findings, checkpoint: verdict === 'verified' ? chain.checkpoint : null };
}

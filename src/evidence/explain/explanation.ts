// What does a report mean: what was found, which events it concerns, what still stands, and what comes next?
import { isFindingCode, SEVERITY, type Severity, type Verdict, worstVerdict } from '../../verify/finding.ts';
import { isOfLeastLock } from '../../verify/locks.ts';
import type { CodeWords } from './codes.ts';
import { type ExplainedAs, explainingWords, kindOf } from './kinds.ts';
import type { StatedChain, StatedFinding, StatedReport } from './read-report.ts';
import { standingText } from './standing.ts';

/** Which events a segment holds, as its seal states it. Times are RFC 3339. */
type Span = {
  readonly firstOffset: number;
  /** The offset after its last one. */
  readonly nextOffset: number;
  readonly records: number;
  /** Of the records, by their producers' or broker's clocks; null where none has a time. */
  readonly first: string | null;
  readonly last: string | null;
  readonly sealed: string;
};

/** A segment that was looked up. `problem`: why its seal could not be read. */
export type LookedUp = { readonly span: Span } | { readonly problem: string };

/** Null: nothing was looked up, since no archive was named. */
export type LookUp = ((chain: StatedChain, sequence: number) => LookedUp | null) | null;

/** All findings of one code and kind. */
export type Explained = {
  readonly code: string;
  readonly kind: ExplainedAs;
  readonly severity: Severity | null;
  /** Null: this version of the program does not know the code. */
  readonly words: CodeWords | null;
  readonly places: readonly FoundIn[];
};

export type FoundIn = {
  /** Null: the findings are of no one chain. */
  readonly chain: StatedChain | null;
  readonly findings: readonly StatedFinding[];
  /** Those that the findings name, in order. */
  readonly segments: readonly { readonly sequence: number; readonly looked: LookedUp | null }[];
};

/** What of a chain no finding speaks against. It is the report's word: nothing was verified again. */
type Standing = {
  readonly chain: StatedChain;
  /** Neither the report's verdict nor a finding speaks against any of it. */
  readonly isVerified: boolean;
  readonly text: string;
};

export type Explanation = {
  readonly report: StatedReport;
  /** The worst of what the report and its findings say: a file can contradict itself. */
  readonly verdict: Verdict;
  /** The report's own verdict is better than its findings allow. */
  readonly contradicts: boolean;
  /**
   * The verdict without seals that promise less than was asked for. `unverifiable` also where findings were
   * left out that may be of another kind.
   */
  readonly besides: Verdict;
  readonly explained: readonly Explained[];
  readonly standing: readonly Standing[];
  /** Codes that this version does not know. Then not everything is explained. */
  readonly unknown: readonly string[];
  readonly isWhole: boolean;
};

const ORDER: readonly (Severity | null)[] = ['broken', null, 'unverifiable', 'attempt', 'notice', 'info'];

export function explain(report: StatedReport, lookUp: LookUp): Explanation {
  const groups = new Map<string, FoundIn[]>();
  for (const chain of [null, ...report.chains]) {
    const { findings } = chain ?? report;
    for (const [group, ofGroup] of Map.groupBy(findings, (one) => `${kindOf(one, findings)} ${one.code}`))
      groups.set(group, [...(groups.get(group) ?? []), foundIn(chain, ofGroup, lookUp)]);
  }
  const explained = [...groups]
    .map(([group, places]) => {
      const [kind, ...code] = group.split(' ');
      return explainedOf(code.join(' '), kind as ExplainedAs, places);
    })
    .sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));
  const all = [...report.findings, ...report.chains.flatMap(({ findings }) => findings)];
  const verdict = worstVerdict([
    ...[report.verdict, ...report.chains.map((chain) => chain.verdict)],
    ...all.map(verdictOfOne),
  ]);
  const unknown = [...new Set(all.flatMap(({ code, severity }) => (severity === null ? [code] : [])))].sort();
  const omitted = report.findingsOmitted + report.chains.reduce((sum, one) => sum + one.findingsOmitted, 0);
  return {
    report,
    verdict,
    contradicts: verdict !== report.verdict,
    besides: besidesOf(report, all, omitted),
    explained,
    standing: report.chains.map((chain) => {
      const { isVerified, text } = standingText(report, chain);
      return { chain, isVerified, text };
    }),
    unknown,
    isWhole: unknown.length === 0 && omitted === 0,
  };
}

const verdictOfOne = ({ severity }: StatedFinding): Verdict =>
  severity === 'broken' || severity === 'unverifiable' ? severity : 'verified';

/** A verdict of broken that a short promise does not explain stays what it is. */
function besidesOf(report: StatedReport, all: readonly StatedFinding[], omitted: number): Verdict {
  const isShort = all.some(isOfLeastLock);
  const ofChains = report.chains.flatMap(({ verdict, findings }): Verdict[] =>
    findings.some(isOfLeastLock) ? [] : [verdict],
  );
  return worstVerdict([
    ...(isShort ? [] : [report.verdict]),
    ...ofChains,
    ...all.filter((finding) => !isOfLeastLock(finding)).map(verdictOfOne),
    ...(isShort && omitted > 0 ? (['unverifiable'] as const) : []),
  ]);
}

const explainedOf = (code: string, kind: ExplainedAs, places: readonly FoundIn[]): Explained => ({
  ...{ code, kind, places },
  severity: isFindingCode(code) ? SEVERITY[code] : null,
  words: isFindingCode(code) ? explainingWords(code, kind) : null,
});

function foundIn(chain: StatedChain | null, findings: readonly StatedFinding[], lookUp: LookUp): FoundIn {
  const sequences = [...new Set(findings.flatMap(({ sequence }) => sequence ?? []))].sort((a, b) => a - b);
  const segments = sequences.map((sequence) => ({
    sequence,
    looked: chain === null || lookUp === null ? null : lookUp(chain, sequence),
  }));
  return { chain, findings, segments };
}

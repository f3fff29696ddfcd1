// What does a report mean: what was found, which events it concerns, what still stands, and what comes next?
import {
  type FindingCode,
  isFindingCode,
  SEVERITY,
  type Severity,
  type Verdict,
  worstVerdict,
} from '../../verify/finding.ts';
import { CODE_WORDS, type CodeWords } from './codes.ts';
import type { StatedChain, StatedFinding, StatedReport } from './read-report.ts';

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

/** All findings of one code. */
export type Explained = {
  readonly code: string;
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
    for (const code of new Set(findings.map((one) => one.code))) {
      const ofCode = findings.filter((one) => one.code === code);
      groups.set(code, [...(groups.get(code) ?? []), foundIn(chain, ofCode, lookUp)]);
    }
  }
  const explained = [...groups]
    .map(([code, places]) => explainedOf(code, places))
    .sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));
  const all = [...report.findings, ...report.chains.flatMap(({ findings }) => findings)];
  const found = all.map(({ severity }): Verdict => {
    if (severity === 'broken') return 'broken';
    return severity === 'unverifiable' ? 'unverifiable' : 'verified';
  });
  const verdict = worstVerdict([report.verdict, ...report.chains.map((chain) => chain.verdict), ...found]);
  const unknown = [...new Set(all.flatMap(({ code, severity }) => (severity === null ? [code] : [])))].sort();
  const omitted = report.findingsOmitted + report.chains.reduce((sum, one) => sum + one.findingsOmitted, 0);
  return {
    report,
    verdict,
    contradicts: verdict !== report.verdict,
    explained,
    standing: report.chains.map((chain) => {
      const isVerified = isSound(chain);
      return { chain, isVerified, text: standingText(report, chain, isVerified) };
    }),
    unknown,
    isWhole: unknown.length === 0 && omitted === 0,
  };
}

const explainedOf = (code: string, places: readonly FoundIn[]): Explained => ({
  code,
  severity: isFindingCode(code) ? SEVERITY[code] : null,
  words: isFindingCode(code) ? CODE_WORDS[code] : null,
  places,
});

function foundIn(chain: StatedChain | null, findings: readonly StatedFinding[], lookUp: LookUp): FoundIn {
  const sequences = [...new Set(findings.flatMap(({ sequence }) => sequence ?? []))].sort((a, b) => a - b);
  const segments = sequences.map((sequence) => ({
    sequence,
    looked: chain === null || lookUp === null ? null : lookUp(chain, sequence),
  }));
  return { chain, findings, segments };
}

/** Whether a finding speaks against what is archived. A code that nobody knows does. */
const isAgainst = ({ severity }: StatedFinding) =>
  severity !== 'notice' && severity !== 'info' && severity !== 'attempt';

/** These speak against one segment. All others may speak against the history before it too. */
const OF_ONE_SEGMENT: ReadonlySet<string> = new Set<FindingCode>([
  ...(['bad-signature', 'malformed', 'data-missing', 'data-altered', 'block-mismatch'] as const),
  ...(['trailing-bytes', 'count-mismatch', 'entry-root-mismatch', 'expired-unread', 'unreadable'] as const),
  ...(['lock-missing', 'mode-not-compliance', 'retention-short', 'locks-not-permitted'] as const),
]);

const isSound = ({ verdict, findings, findingsOmitted }: StatedChain): boolean =>
  verdict === 'verified' && findingsOmitted === 0 && !findings.some(isAgainst);

function standingText(report: StatedReport, chain: StatedChain, isVerified: boolean): string {
  const depth = report.depth === 'content' ? '' : '; the data itself was not read';
  const { nextOffset, lastSealed } = chain;
  const end =
    nextOffset === null ? 'nothing sealed' : nextOffset === 0 ? 'no offset' : `offset ${nextOffset - 1}`;
  if (isVerified)
    return `verified through ${end}${lastSealed === null ? '' : `, sealed ${lastSealed}`}${depth}`;
  const against = chain.findings.filter(isAgainst);
  if (chain.findingsOmitted > 0)
    return `the report lists only a part of its findings (${chain.findingsOmitted} more), so nothing is said to stand`;
  const isPlaced =
    against.length > 0 &&
    against.every(({ code, sequence }) => sequence !== null && OF_ONE_SEGMENT.has(code));
  if (!isPlaced) return 'a finding concerns the whole chain, so nothing of it is said to stand';
  const first = Math.min(...against.map(({ sequence }) => sequence as number));
  if (first === 0) return 'the first finding is in its first segment, so nothing of it is said to stand';
  const before = first === 1 ? 'segment 0' : `segments 0 to ${first - 1}`;
  return `the report names no finding in ${before}; the first one is in segment ${first}${depth}`;
}

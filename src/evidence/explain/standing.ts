// What of a chain does no finding of a report speak against?
import type { FindingCode } from '../../verify/finding.ts';
import { isOfLeastLock } from '../../verify/locks.ts';
import type { StatedChain, StatedFinding, StatedReport } from './read-report.ts';

/** Whether a finding speaks against what is archived. A code that nobody knows does. */
const isAgainst = (finding: StatedFinding) =>
  finding.severity !== 'notice' &&
  finding.severity !== 'info' &&
  finding.severity !== 'attempt' &&
  !isOfLeastLock(finding);

/** These speak against one data object or lock: each seal, and all other data, was checked all the same. */
const OF_ONE_OBJECT: ReadonlySet<string> = new Set<FindingCode>([
  ...(['data-missing', 'data-altered', 'block-mismatch', 'trailing-bytes', 'count-mismatch'] as const),
  ...(['entry-root-mismatch', 'expired-unread', 'lock-missing', 'mode-not-compliance'] as const),
  ...(['retention-short', 'locks-not-permitted'] as const),
]);

/** These speak against one segment. All others may speak against the history before it too. */
const OF_ONE_SEGMENT: ReadonlySet<string> = new Set<string>([
  ...OF_ONE_OBJECT,
  ...(['bad-signature', 'malformed', 'unreadable'] as const satisfies readonly FindingCode[]),
]);

type Stands = { readonly isVerified: boolean; readonly text: string };

/** `isVerified`: neither the report's verdict nor a finding speaks against any of the chain. */
export function standingText(report: StatedReport, chain: StatedChain): Stands {
  const depth = report.depth === 'content' ? '' : '; the data itself was not read';
  const { verdict, findings, findingsOmitted, nextOffset, lastSealed } = chain;
  const isShort = findings.some(isOfLeastLock);
  const against = findings.filter(isAgainst);
  const isRight = verdict === 'verified' || (verdict === 'broken' && isShort);
  const isVerified = isRight && findingsOmitted === 0 && against.length === 0;
  const end =
    nextOffset === null ? 'nothing sealed' : nextOffset === 0 ? 'no offset' : `offset ${nextOffset - 1}`;
  if (isVerified) {
    const short = isShort ? '; but its seals promise a shorter lock than was asked for' : '';
    const sealed = lastSealed === null ? '' : `, sealed ${lastSealed}`;
    return { isVerified, text: `verified through ${end}${sealed}${depth}${short}` };
  }
  return { isVerified, text: partText(chain, against, depth) };
}

function partText(chain: StatedChain, against: readonly StatedFinding[], depth: string): string {
  if (chain.findingsOmitted > 0)
    return `the report lists only a part of its findings (${chain.findingsOmitted} more), so nothing is said to stand`;
  const isPlaced =
    against.length > 0 &&
    against.every(({ code, sequence }) => sequence !== null && OF_ONE_SEGMENT.has(code));
  if (!isPlaced) return 'a finding concerns the whole chain, so nothing of it is said to stand';
  const named = [...new Set(against.map(({ sequence }) => sequence as number))].sort((a, b) => a - b);
  const [first = 0] = named;
  const isOfObjects = against.every(({ code }) => OF_ONE_OBJECT.has(code));
  const free = rangesBeside(named, isOfObjects ? chain.size : first);
  if (free.length === 0)
    return first === 0
      ? 'the first finding is in its first segment, so nothing of it is said to stand'
      : 'nothing of it is said to stand';
  const where = isOfObjects
    ? `what was found is in ${rangesText(rangesOf(named))}`
    : `the first one is in segment ${first}, and of what follows it nothing is said to stand`;
  return `the report names no finding in ${rangesText(free)}; ${where}${depth}`;
}

type Range = readonly [first: number, last: number];

/** Of segments 0 to `end` − 1 those that are not in `named`, which is in order. */
function rangesBeside(named: readonly number[], end: number): Range[] {
  const ranges: Range[] = [];
  let from = 0;
  for (const sequence of [...named, end]) {
    const last = Math.min(sequence, end) - 1;
    if (last >= from) ranges.push([from, last]);
    from = sequence + 1;
  }
  return ranges;
}

function rangesOf(named: readonly number[]): Range[] {
  const ranges: Range[] = [];
  for (const sequence of named) {
    const before = ranges.at(-1);
    if (before !== undefined && before[1] === sequence - 1) ranges[ranges.length - 1] = [before[0], sequence];
    else ranges.push([sequence, sequence]);
  }
  return ranges;
}

const SHOWN_MAX = 20;

/** `segments 0 to 2 and 4 to 8`, `segment 3`. */
function rangesText(ranges: readonly Range[]): string {
  const parts = ranges.slice(0, SHOWN_MAX).map(([a, b]) => (a === b ? String(a) : `${a} to ${b}`));
  const more = ranges.length - SHOWN_MAX;
  if (more > 0) parts.push(`${more} more runs`);
  const [only] = ranges;
  const isOne = ranges.length === 1 && only !== undefined && only[0] === only[1];
  const last = parts.pop() as string;
  return `${isOne ? 'segment' : 'segments'} ${parts.length === 0 ? last : `${parts.join(', ')} and ${last}`}`;
}

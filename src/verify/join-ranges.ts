// What is the report of a chain whose ranges were checked by several? Each range took the seal before it at
// its word: here that word is held against what came of the range before.
import { FormatError } from '../base/error.ts';
import type { Problem } from './finding.ts';
import { worstVerdict } from './finding.ts';
import { FindingList } from './finding-list.ts';
import { addMissing, GAPS_LISTED_MAX, NONE_MISSING } from './gaps.ts';
import { chainText } from './handover.ts';
import { checkRange, type RangeReport } from './range-check.ts';
import type { ChainReport } from './report.ts';
import type { Run } from './run.ts';
import type { ChainInArchive } from './survey.ts';

/**
 * `parts`: of one chain, in any order. What they leave out is checked here: what came after them, and what
 * the chain grew by while they were made. So is what others say of the chain's past. Null: there is no such
 * chain. Throws FormatError if parts overlap.
 */
export async function joinChain(
  place: ChainInArchive,
  run: Run,
  parts: readonly RangeReport[],
  foreign: FindingList,
): Promise<ChainReport | null> {
  const all: RangeReport[] = [];
  let size = 0;
  for (const part of parts.toSorted((a, b) => a.from - b.from || a.size - b.size)) {
    if (part.from < size) throw new FormatError(`${chainText(place)}: two ranges have segment ${part.from}`);
    if (part.from > size) {
      const between = await checkRange(place, run, { from: size, before: part.from }, foreign);
      if (between !== null) all.push(between);
    }
    all.push(part);
    size = Math.max(size, part.size);
  }
  const pasts = await checkPasts(place, run, all, size);
  const rest = await checkRange(place, run, { from: size, before: null }, foreign);
  if (rest !== null) all.push(rest);
  if (all.length === 0) return null;
  const attested = Math.max(
    0,
    ...(run.anchors.get(chainText(place)) ?? []).map((anchor) =>
      anchor.kind === 'confirmed' ? anchor.size : 0,
    ),
  );
  const joints = all.flatMap((part, i) => joint(all[i - 1], part));
  return joined(
    place,
    joints,
    all.map((part) => readBefore(part, attested)),
    pasts,
  );
}

/** Of a chain that has a shard, and that is not there any more. */
export function vanished(place: string, ranges: readonly RangeReport[]): Problem {
  const size = ranges.reduce((most, range) => Math.max(most, range.size), 0);
  return truncated(`${place} of size ${size}, as when its shards were checked`, 'no chain');
}

/** Do two ranges meet? Of the same chain, at the same size, with the same root. */
function joint(before: RangeReport | undefined, { from, start, size: end }: RangeReport): Problem[] {
  if (before === undefined) return from === 0 ? [] : [apart(from, 'no range before it')];
  const { size } = before;
  const { root } = before.report;
  // Its last seals were there, and could not be read: what its root would be is not known.
  if (before.report.size < size) return [apart(from, 'the range before it, which was not read to its end')];
  if (size !== from) return [apart(from, `the range before it ends at size ${size}`)];
  if (end < from)
    return [truncated(`size ${size}, root ${root}: the range before it`, `no seal ${size - 1}`)];
  // What is wrong with a seal its own range says.
  if (start === null) return [apart(from, 'a seal before it that could not be read')];
  if (start === root) return [];
  return [{ code: 'fork', expected: `root ${root} at size ${size}: the range before it`, found: start }];
}

const truncated = (expected: string, found: string): Problem => ({ code: 'truncation', expected, found });

const apart = (from: number, found: string): Problem => ({
  code: 'unreadable',
  expected: `a range that ends where the one from segment ${from} on begins`,
  found,
});

/**
 * Somebody may know a root of a size within a range that nobody compared when that range was checked. The
 * seals of such ranges are followed once more, and have to come to the same ends.
 */
async function checkPasts(
  place: ChainInArchive,
  run: Run,
  parts: readonly RangeReport[],
  size: number,
): Promise<RangeReport[]> {
  const known = (run.anchors.get(chainText(place)) ?? []).filter((anchor) => anchor.size < size);
  const pasts: RangeReport[] = [];
  for (const part of parts) {
    const { from } = part;
    if (!known.some((anchor) => anchor.size > from && anchor.size <= part.size)) continue;
    const seals: Run = { ...run, depth: 'seals', heldTo: null, visitor: null };
    const again = await checkRange(place, seals, { from, before: part.size });
    if (again !== null) pasts.push(again);
    const problem = pastProblem(part, again);
    if (problem !== null) pasts.push(withProblem(part, problem));
  }
  return pasts;
}

/** Of what has expired there, all was read by who attested that size. */
const readBefore = (part: RangeReport, attested: number): RangeReport =>
  part.size <= attested ? { ...part, report: { ...part.report, expiredUnread: 0 } } : part;

/** Is the range as it is now the one that it was? */
function pastProblem(part: RangeReport, again: RangeReport | null): Problem | null {
  const { from, size, start, report } = part;
  const expected = `size ${size}, root ${report.root}: when the range was checked`;
  const isRead = (one: RangeReport) => one.report.size === size && (from === 0 || one.start !== null);
  if (again === null || !isRead(part) || !isRead(again))
    return { code: 'unreadable', expected, found: 'seals that could not all be read a second time' };
  if (again.start === start && again.report.root === report.root) return null;
  return { code: 'fork', expected, found: `root ${again.report.root}` };
}

function withProblem(part: RangeReport, problem: Problem): RangeReport {
  const findings = new FindingList();
  findings.add(problem);
  return { ...part, report: { ...part.report, findings: findings.list(), verdict: findings.verdict } };
}

function joined(
  place: ChainInArchive,
  joints: readonly Problem[],
  parts: readonly RangeReport[],
  pasts: readonly RangeReport[],
): ChainReport {
  const findings = new FindingList();
  for (const problem of joints) findings.add(problem);
  const seen = new Set<string>();
  for (const { report } of [...parts, ...pasts])
    for (const finding of report.findings) {
      // The seal between two ranges is read for both.
      const text = JSON.stringify(finding);
      if (!seen.has(text)) findings.add(finding, finding);
      seen.add(text);
    }
  const reports = parts.map(({ report }) => report);
  const verdict = worstVerdict([
    findings.verdict,
    ...[...reports, ...pasts.map(({ report }) => report)].map((report) => report.verdict),
  ]);
  const [first, last] = [reports[0] as ChainReport, reports.findLast(({ size }) => size > 0) ?? reports[0]];
  const sum = (of: (report: ChainReport) => number) =>
    reports.reduce((total, report) => total + of(report), 0);
  const gaps = reports.flatMap((report) => report.gaps).toSorted((a, b) => a.firstOffset - b.firstOffset);
  const known = [...parts, ...pasts].flatMap(({ report: { knownSize } }) => knownSize ?? []);
  return {
    ...(last as ChainReport),
    ...place,
    verdict,
    continues: first.continues,
    firstOffset: reports.find(({ firstOffset }) => firstOffset !== null)?.firstOffset ?? null,
    entriesRead: sum(({ entriesRead }) => entriesRead),
    missing: reports.reduce((all, { missing }) => addMissing(all, missing), NONE_MISSING),
    transactions: {
      control: sum(({ transactions }) => transactions.control),
      aborted: sum(({ transactions }) => transactions.aborted),
    },
    gaps: gaps.slice(0, GAPS_LISTED_MAX),
    gapsOmitted: sum(({ gapsOmitted }) => gapsOmitted) + Math.max(0, gaps.length - GAPS_LISTED_MAX),
    gapOffsetsUnread: sum(({ gapOffsetsUnread }) => gapOffsetsUnread),
    bytes: sum(({ bytes }) => bytes),
    findings: findings.list(),
    findingsOmitted: sum(({ findingsOmitted }) => findingsOmitted) + findings.omitted,
    checked: {
      seals: sum(({ checked }) => checked.seals),
      signatures: sum(({ checked }) => checked.signatures),
      locks: sum(({ checked }) => checked.locks),
      dataObjects: sum(({ checked }) => checked.dataObjects),
      lines: sum(({ checked }) => checked.lines),
    },
    holdsToCome: sum(({ holdsToCome }) => holdsToCome),
    expired: sum(({ expired }) => expired),
    expiredUnread: sum(({ expiredUnread }) => expiredUnread),
    knownSize: known.length === 0 ? null : Math.max(...known),
    checkpoint: verdict === 'verified' ? ((last as ChainReport).checkpoint ?? null) : null,
  };
}

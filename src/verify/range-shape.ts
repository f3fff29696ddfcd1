// Is what somebody says of a range in the shape that the join relies on? Its words may be anybody's.
import { GAP_REASONS } from '../format/line.ts';
import type { Continues } from '../format/manifest.ts';
import { isCount } from '../format/scalar.ts';
import { type Finding, type FindingCode, SEVERITY, verdictOf, worstVerdict } from './finding.ts';
import type { GapInChain } from './gaps.ts';
import type { RangeReport } from './range-check.ts';
import type { ChainReport } from './report.ts';

export const isText = (value: unknown): value is string => typeof value === 'string';

const COUNTS = ['size', 'entries', 'entriesRead', 'gapsOmitted', 'gapOffsetsUnread', 'bytes'] as const;
const MORE_COUNTS = ['findingsOmitted', 'expired', 'expiredUnread', 'holdsToCome'] as const;
const MAYBE_COUNTS = ['firstOffset', 'nextOffset', 'knownSize'] as const;
const MAYBE_TEXTS = ['lastSealed', 'checkpoint'] as const;
const CHECKED = ['seals', 'signatures', 'locks', 'dataObjects', 'lines'] as const;

export function isRange(value: unknown): value is RangeReport {
  const { from, before, start, size, report } = (value ?? {}) as Partial<RangeReport>;
  const isPlaced = isCount(from) && isCount(before) && isCount(size) && from < before;
  return isPlaced && (start === null || isText(start)) && isReport(report);
}

function isFinding(value: unknown): boolean {
  const { code, severity, key, versionId, sequence, expected, found } = (value ?? {}) as Partial<Finding>;
  return (
    Object.hasOwn(SEVERITY, code ?? '') &&
    severity === SEVERITY[code as FindingCode] &&
    [key, versionId, expected, found].every((text) => text === null || isText(text)) &&
    (sequence === null || isCount(sequence))
  );
}

function isGap(value: unknown): boolean {
  const { firstOffset, lastOffset, sequence, reason, by, why, sealed } = (value ?? {}) as Partial<GapInChain>;
  return [firstOffset, lastOffset, sequence].every(isCount) && [reason, by, why, sealed].every(isText);
}

/** A verdict has its reasons, as far as they are listed. */
function isVerdictOf({ verdict, findings, findingsOmitted }: ChainReport): boolean {
  const listed = verdictOf(findings);
  const isKnown = verdict === 'verified' || verdict === 'broken' || verdict === 'unverifiable';
  return isKnown && (findingsOmitted > 0 ? worstVerdict([listed, verdict]) === verdict : listed === verdict);
}

function isContinues(value: unknown): boolean {
  if (value === null) return true;
  const { origin, size, root, nextOffset, reason, by } = (value ?? {}) as Partial<Continues>;
  return [size, nextOffset].every(isCount) && [origin, root, reason, by].every(isText);
}

function isReport(report: ChainReport | undefined): boolean {
  const { origin, root, findings, gaps, checked, missing, transactions } = report ?? ({} as ChainReport);
  const isCounted = [...COUNTS, ...MORE_COUNTS].every((name) => isCount(report?.[name]));
  return (
    isCounted &&
    [origin, root].every(isText) &&
    [findings, gaps].every(Array.isArray) &&
    findings.every(isFinding) &&
    gaps.every(isGap) &&
    CHECKED.every((name) => isCount(checked?.[name])) &&
    GAP_REASONS.every((reason) => isCount(missing?.[reason])) &&
    MAYBE_COUNTS.every((name) => report?.[name] === null || isCount(report?.[name])) &&
    MAYBE_TEXTS.every((name) => report?.[name] === null || isText(report?.[name])) &&
    isContinues(report?.continues) &&
    (report?.source === null || isText(report?.source?.kind)) &&
    isVerdictOf(report as ChainReport) &&
    isCount(transactions?.control) &&
    isCount(transactions.aborted)
  );
}

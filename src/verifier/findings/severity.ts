// Of which findings are people told?
import type { Severity } from '../../verify/finding.ts';

/** A notice stands in the ledger and in the figures only; an info is not even evidence (FORMAT.md: verifying). */
export const isAlarming = (severity: Severity): boolean =>
  severity === 'broken' || severity === 'unverifiable' || severity === 'attempt';

// Which kinds of report are there, and how does each look?
import { utf8 } from '../../base/bytes.ts';
import { FormatError } from '../../base/error.ts';
import { assessmentResults } from '../controls/oscal.ts';
import type { ReportFace } from './blocks.ts';
import { type ChecksReport, checksCsv, checksFace } from './checks.ts';
import { type ControlsReport, controlsCsv, controlsFace } from './controls.ts';
import { type DestructionReport, destructionCsv, destructionFace } from './destruction.ts';
import { type LossesReport, lossesCsv, lossesFace } from './losses.ts';
import { type RetentionReport, retentionCsv, retentionFace } from './retention.ts';

export type KnownReport = ControlsReport | ChecksReport | DestructionReport | LossesReport | RetentionReport;

/** Throws FormatError for a kind that is not known here. */
export function faceOf(report: KnownReport): ReportFace {
  switch (report.kind) {
    case 'controls':
      return controlsFace(report);
    case 'checks':
      return checksFace(report);
    case 'destruction':
      return destructionFace(report);
    case 'losses':
      return lossesFace(report);
    case 'retention':
      return retentionFace(report);
    default:
      throw new FormatError('a report of another kind');
  }
}

/** Throws FormatError for a kind that is not known here. */
export function csvOf(report: KnownReport): Uint8Array {
  switch (report.kind) {
    case 'controls':
      return controlsCsv(report);
    case 'checks':
      return checksCsv(report);
    case 'destruction':
      return destructionCsv(report);
    case 'losses':
      return lossesCsv(report);
    case 'retention':
      return retentionCsv(report);
    default:
      throw new FormatError('a report of another kind');
  }
}

/** OSCAL's assessment-results. Throws FormatError for a kind of report that has none. */
export function oscalOf(report: KnownReport): Uint8Array {
  if (report.kind !== 'controls') throw new FormatError('a report that is none of controls');
  return utf8(`${JSON.stringify(assessmentResults(report), null, 2)}\n`);
}

// What has changed in the configuration files, and how is a file of before brought up to date?
import type { FileKind } from '../file-kind.ts';
import { valueAt } from '../problems.ts';
import type { YamlFile } from './yaml-file.ts';

export type MigratedMember = {
  /** From 1, in the text that the step was given. */
  readonly line: number;
  readonly member: string;
  /** A sentence: what stands there now, and why that means the same. */
  readonly what: string;
  /** What only a person can do; null: nothing. */
  readonly left: string | null;
};

export type Step = {
  readonly kind: FileKind;
  /** Of which version the file is. Equal to `to`: what a version had before it was released. */
  readonly from: number;
  readonly to: number;
  /** The members that it takes away, so that a message about one of them can name the remedy. */
  readonly members: readonly string[];
  /** Changes the file, and says what it changed. Empty: nothing of it is there. */
  readonly apply: (file: YamlFile) => readonly MigratedMember[];
};

/** Until 2026-11-29: periods over 10 years were accepted, without a bound. */
const longRetention: Step = {
  kind: 'ledgerstone',
  from: 1,
  to: 1,
  members: ['allowLongRetention'],
  apply(file) {
    const path = ['allowLongRetention'];
    const line = file.lineOf(path);
    if (line === null) return [];
    const said = valueAt(file.value, path);
    const member = 'allowLongRetention';
    if (said !== true || file.lineOf(['greatestLock']) !== null) {
      file.remove(path);
      const why = said === true ? 'greatestLock is there already' : 'without it no policy is over 10 years';
      return [{ line, member, what: `removed: ${why}`, left: null }];
    }
    file.replace(path, 'greatestLock', '100y');
    const what = 'greatestLock: 100y takes its place, and allows as much';
    const left = 'Write the longest lock that you mean: nobody can take one back.';
    return [{ line, member, what, left }];
  },
};

/** Until 2026-11-30: what must be held stood in the verifier's file. */
const promisedHolds: Step = {
  kind: 'verifier',
  from: 1,
  to: 1,
  members: ['sweep.holds'],
  apply(file) {
    const path = ['sweep', 'holds'];
    const line = file.lineOf(path);
    if (line === null) return [];
    const holds = valueAt(file.value, path);
    file.remove(path);
    const what = 'removed: what must be held are decisions now, which the verifier reads in the archive';
    const left =
      Array.isArray(holds) && holds.length === 0
        ? null
        : [
            'The verifier looks for the holds that stood there no longer. Decide each of them with',
            '`ledgerstone hold place`: docs/governance.md.',
          ].join(' ');
    return [{ line, member: 'sweep.holds', what, left }];
  },
};

/** In the order in which they are applied. One for each change that a file of before would trip over. */
export const STEPS: readonly Step[] = [longRetention, promisedHolds];

/** Whether a member of this file is one that a step takes away. */
export const isRetired = (kind: FileKind, member: string): boolean =>
  STEPS.some((step) => step.kind === kind && step.members.includes(member));

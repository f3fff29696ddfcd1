// Which problems of one data object are kept?
import type { FindingCode, Problem } from './finding.ts';

/** Problems listed of one object. More of them would add nothing. */
const PROBLEMS_MAX = 20;

/** Collects problems of one object, bounded. */
export class ProblemList {
  readonly all: Problem[] = [];

  add(code: FindingCode, expected: string | null, found: string | null): void {
    if (this.all.length < PROBLEMS_MAX) this.all.push({ code, expected, found });
  }
}

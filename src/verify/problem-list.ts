// Which problems of one data object are kept?
import type { FindingCode, Problem } from './finding.ts';

/** Problems listed of one object and code. More of them would add nothing. */
const PER_CODE_MAX = 20;

/** Collects problems of one object, bounded, so that many of one kind hide no other kind. */
export class ProblemList {
  readonly all: Problem[] = [];
  readonly #counts = new Map<FindingCode, number>();

  add(code: FindingCode, expected: string | null, found: string | null): void {
    if (this.isFull(code)) return;
    this.#counts.set(code, (this.#counts.get(code) ?? 0) + 1);
    this.all.push({ code, expected, found });
  }

  isFull(code: FindingCode): boolean {
    return (this.#counts.get(code) ?? 0) >= PER_CODE_MAX;
  }
}

// Which findings are kept if there are a million of them?
import {
  type Finding,
  type FindingCode,
  type Problem,
  SEVERITY,
  type Verdict,
  verdictOf,
} from './finding.ts';

/** Where a problem is. */
export type ObjectLocation = {
  readonly key?: string | null;
  readonly versionId?: string | null;
  readonly sequence?: number | null;
};

/** Kept per code, so that many findings of one kind hide no other kind. */
export const KEPT_PER_CODE = 100;

/** Texts that come from hostile objects are cut. */
const TEXT_MAX = 500;
const cut = (text: string | null): string | null =>
  text !== null && text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}…` : text;

export class FindingList {
  readonly #kept: Finding[] = [];
  readonly #counts = new Map<FindingCode, number>();
  #verdict: Verdict = 'verified';
  #omitted = 0;

  add(problem: Problem, place: ObjectLocation = {}): void {
    const { code } = problem;
    const severity = SEVERITY[code];
    const count = (this.#counts.get(code) ?? 0) + 1;
    this.#counts.set(code, count);
    if (this.#verdict !== 'broken') {
      const verdict = verdictOf([{ severity }]);
      if (verdict !== 'verified') this.#verdict = verdict;
    }
    if (count > KEPT_PER_CODE) {
      this.#omitted++;
      return;
    }
    this.#kept.push({
      code,
      severity,
      key: cut(place.key ?? null),
      versionId: cut(place.versionId ?? null),
      sequence: place.sequence ?? null,
      expected: cut(problem.expected),
      found: cut(problem.found),
    });
  }

  addAll(problems: readonly Problem[], place: ObjectLocation): void {
    for (const problem of problems) this.add(problem, place);
  }

  /** Adds the findings of another list. */
  absorb(other: FindingList): void {
    for (const finding of other.#kept) this.add(finding, finding);
    this.#omitted += other.#omitted;
  }

  /**
   * Takes back what was found at the key, as far as it was kept. Only for codes that change no verdict.
   * False: nothing was.
   */
  drop(code: FindingCode, key: string): boolean {
    return this.#dropAll((one) => one.code === code && one.key === key);
  }

  /** The same of all keys with that prefix that come after `last`. */
  dropAfter(prefix: string, last: string): void {
    const isAfter = (key: string) => key.startsWith(prefix) && key > last;
    this.#dropAll(
      ({ key, severity }) => key !== null && isAfter(key) && verdictOf([{ severity }]) === 'verified',
    );
  }

  #dropAll(isIt: (one: Finding) => boolean): boolean {
    const found = this.#kept.filter(isIt);
    if (found.length === 0) return false;
    const left = this.#kept.filter((one) => !isIt(one));
    this.#kept.splice(0, this.#kept.length, ...left);
    for (const { code } of found) {
      const count = (this.#counts.get(code) ?? 0) - 1;
      if (count > 0) this.#counts.set(code, count);
      else this.#counts.delete(code);
    }
    return true;
  }

  hasAt(code: FindingCode, key: string): boolean {
    return this.has(code) && this.#kept.some((one) => one.code === code && one.key === key);
  }

  has(code: FindingCode): boolean {
    return this.#counts.has(code);
  }

  /** Over all findings, including omitted ones. */
  get verdict(): Verdict {
    return this.#verdict;
  }

  get omitted(): number {
    return this.#omitted;
  }

  /** By segment; findings of no segment come first. Within a segment the order of finding holds. */
  list(): Finding[] {
    return this.#kept.toSorted((a, b) => (a.sequence ?? -1) - (b.sequence ?? -1));
  }
}

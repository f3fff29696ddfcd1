// Is each segment of a chain as somebody decided it? (FORMAT.md 13.6)
import { GOVERNANCE_CHAIN } from '../format/chain.ts';
import type { Manifest } from '../format/manifest.ts';
import { parseTime, parseUntil } from '../format/time.ts';
import type { SegmentName } from './acts/in-force.ts';
import { keptBySeal } from './acts/kept.ts';
import type { ArchiveHold, ArchiveVersion } from './archive-reader.ts';
import type { ChainTally } from './chain-tally.ts';
import { missingProblem } from './data-check.ts';
import type { Problem } from './finding.ts';
import type { FindingList } from './finding-list.ts';
import type { OpenedSeal } from './open-seal.ts';
import type { Run } from './run.ts';
import { storeProblem } from './seal-reader.ts';
import type { ChainInArchive } from './survey.ts';

/** Beside `expired` in the chain of decisions (FORMAT.md 13.6.10). */
const LOST_DECISIONS: Problem = {
  code: 'expired-unread',
  expected: 'decisions that can be read',
  found: 'no object: what was decided there is not known, and no release is believed',
};

/** `cases`: those that demand it. */
export function holdProblem(
  state: ArchiveHold,
  cases: readonly string[],
  mayBeHeld: boolean,
): Problem | null {
  switch (state) {
    case 'held':
      return mayBeHeld
        ? null
        : {
            code: 'hold-without-act',
            expected: 'no legal hold, or a decision for it',
            found: 'a legal hold',
          };
    case 'none':
      if (cases.length === 0) return null;
      return { code: 'legal-hold-missing', expected: `a legal hold for ${cases.join(', ')}`, found: 'none' };
    case 'not-permitted':
      return {
        code: 'locks-not-permitted',
        expected: 'permission to read legal holds',
        found: 'hidden by the store',
      };
    case 'not-applicable':
      return cases.length === 0
        ? null
        : { code: 'locks-not-applicable', expected: null, found: 'a store without locks' };
  }
}

/** Of one chain. A legal hold takes one call for each object, where decisions are looked at. */
export class ActsCheck {
  readonly #place: ChainInArchive;
  readonly #run: Run;
  readonly #findings: FindingList;
  readonly #tally: ChainTally;
  /** False once the store has said that it has no holds, or shows none. */
  #asks = true;
  /** Of the last segment whose hold is still to come. Its seal comes first, in order, and is counted. */
  #toCome = -1;

  constructor(place: ChainInArchive, run: Run, findings: FindingList, tally: ChainTally) {
    this.#tally = tally;
    this.#place = place;
    this.#run = run;
    this.#findings = findings;
  }

  /** Until when seal and data are locked: by the seal's word, or by a decision that made it longer. */
  promisedMs({ manifest }: OpenedSeal): number {
    const extendedMs = this.#run.heldTo?.lockedUntilMs(this.#segmentOf(manifest)) ?? 0;
    return Math.max(parseUntil(manifest.retention.until), extendedMs);
  }

  /** Notes a data object that is not there. True: its time is over. */
  noteMissing({ manifest }: OpenedSeal): boolean {
    const { heldTo, nowMs } = this.#run;
    const { retention, data, sequence } = manifest;
    const sealMs = parseUntil(retention.until);
    const kept = heldTo?.kept(this.#segmentOf(manifest), sealMs) ?? keptBySeal(sealMs);
    const problem = missingProblem(kept, nowMs);
    const place = { ...(data !== null && { key: data.key }), sequence };
    this.#findings.add(problem, place);
    const isOver = problem.code === 'expired';
    if (isOver && this.#place.chain === GOVERNANCE_CHAIN) this.#findings.add(LOST_DECISIONS, place);
    return isOver;
  }

  problems({ manifest }: OpenedSeal): readonly Problem[] {
    return this.#run.heldTo?.sealProblems(manifest, this.#segmentOf(manifest)) ?? [];
  }

  #segmentOf({ sequence }: Manifest): SegmentName {
    return { ...this.#place, sequence };
  }

  /** Of the version that counts. Throws only if the run was aborted. */
  async hold({ key, versionId }: ArchiveVersion, { manifest }: OpenedSeal): Promise<void> {
    const { reader, heldTo, signal, reads } = this.#run;
    if (!this.#asks || heldTo === null || reader.hold === undefined) return;
    const { sequence } = manifest;
    const segment = this.#segmentOf(manifest);
    const sealedMs = parseTime(manifest.time.sealed);
    if (sequence > this.#toCome && heldTo.isHoldToCome(segment, sealedMs)) {
      this.#toCome = sequence;
      this.#tally.holdsToCome++;
    }
    const cases = heldTo.casesOf(segment, sealedMs);
    const mayBeHeld = heldTo.mayBeHeld(segment);
    // Whatever it is, it is right.
    if (cases.length === 0 && mayBeHeld) return;
    try {
      const state = await reads.run(() => reader.hold!(key, versionId, signal));
      const problem = holdProblem(state, cases, mayBeHeld);
      if (state === 'not-permitted' || state === 'not-applicable') this.#asks = false;
      if (problem === null) return;
      const isOnce = problem.code === 'locks-not-permitted' || problem.code === 'locks-not-applicable';
      if (isOnce && this.#findings.has(problem.code)) return;
      this.#findings.add(problem, isOnce ? {} : { key, versionId, sequence });
    } catch (error) {
      signal?.throwIfAborted();
      this.#findings.add(storeProblem(error), { key, versionId, sequence });
    }
  }
}

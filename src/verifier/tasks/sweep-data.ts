// Which data objects does no seal name? Keys answer it, and a seal is read only if the keys leave it open.

import { LIMITS } from '../../base/limits.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { oldestVersion } from '../../format/oldest-version.ts';
import { parseKey, sealKey } from '../../format/paths.ts';
import type { ObjectVersion, StoreReader } from '../../store/store.ts';
import { isDataOver } from '../../verify/data-check.ts';
import type { FindingList } from '../../verify/finding-list.ts';
import { addForeign } from '../../verify/object-versions.ts';
import { inspectSeal } from '../../verify/open-seal.ts';
import type { ChainInArchive } from '../../verify/survey.ts';
import type { SweptObject } from './sweep-listing.ts';

/** A data object is written before its seal and may wait for it, so younger ones are not reported. */
const UNREFERENCED_AFTER_MS = 86_400_000;

type Candidate = { readonly version: ObjectVersion; readonly sequence: number; isJudged: boolean };

type Named = {
  readonly sequence: number;
  /** Null: none. Undefined: unknown. */
  readonly key: string | null | undefined;
  /** True: by the seal's word nothing keeps it any more. */
  readonly isOver: boolean;
};

/**
 * In a chain both time and sequence ascend. A sound chain has one object per sequence, in order, and up to
 * the last seal. For anything else the seal is read. Faults that keep this order (an object in place of one
 * that is gone, or for a segment without lines) are found by the step and the scrub, which read every seal.
 */
export class DataSweep {
  readonly #store: StoreReader;
  readonly #place: ChainInArchive;
  readonly #lastSequence: number;
  readonly #nowMs: number;
  readonly #signal: AbortSignal | undefined;
  /** Where an earlier slice ended. */
  readonly #floor: number;
  #top: Candidate | null = null;
  /** What the last seal that was read names. */
  #named: Named | null = null;

  /** `lastSequence`: of the last seal, or −1 if there is none. `after`: where an earlier slice ended. */
  constructor(
    store: StoreReader,
    place: ChainInArchive,
    options: {
      readonly lastSequence: number;
      readonly after: string | null;
      readonly nowMs: number;
      readonly signal?: AbortSignal | undefined;
    },
  ) {
    const { lastSequence, after, nowMs, signal } = options;
    const before = after === null ? null : parseKey(after);
    this.#floor = before?.kind === 'data' ? before.sequence : -1;
    this.#store = store;
    this.#place = place;
    this.#lastSequence = lastSequence;
    this.#nowMs = nowMs;
    this.#signal = signal;
  }

  /** False: the object does not belong there. */
  async look({ key, oldest }: SweptObject, findings: FindingList): Promise<boolean> {
    const parsed = parseKey(key);
    if (parsed?.kind !== 'data') {
      addForeign(findings, { key, oldest }, 'a data object');
      return false;
    }
    if (oldest !== null) await this.#relate(oldest, parsed.sequence, findings);
    // What removes data after its time lays a delete marker over it first.
    if (findings.hasAt('delete-marker', key) && (await this.#isOver(parsed.sequence, key)))
      findings.drop('delete-marker', key);
    return true;
  }

  async #relate(oldest: ObjectVersion, sequence: number, findings: FindingList): Promise<void> {
    const candidate = { version: oldest, sequence, isJudged: false };
    if (sequence > this.#lastSequence) {
      this.#accuse(candidate, findings);
      return;
    }
    const top = this.#top;
    if (sequence > (top?.sequence ?? this.#floor)) {
      this.#top = candidate;
      return;
    }
    const isReferenced = await this.#judge(candidate, findings);
    if (top !== null && !top.isJudged && !(await this.#judge(top, findings)) && isReferenced)
      this.#top = candidate;
  }

  async #judge(candidate: Candidate, findings: FindingList): Promise<boolean> {
    candidate.isJudged = true;
    const named = await this.#namedBy(candidate.sequence);
    // An unreadable seal is a finding of its own, elsewhere. It says nothing about its data object.
    if (named === undefined || named === candidate.version.key) return true;
    this.#accuse(candidate, findings);
    return false;
  }

  #accuse({ version, sequence }: Candidate, findings: FindingList): void {
    if (this.#nowMs - version.lastModifiedMs < UNREFERENCED_AFTER_MS) return;
    const problem = {
      code: 'unreferenced-object',
      expected: 'a seal that names it',
      found: `${version.size} bytes`,
    } as const;
    findings.add(problem, { key: version.key, versionId: version.versionId, sequence });
  }

  async #isOver(sequence: number, key: string): Promise<boolean> {
    const named = await this.#sealed(sequence);
    return named.key === key && named.isOver;
  }

  async #namedBy(sequence: number): Promise<string | null | undefined> {
    return (await this.#sealed(sequence)).key;
  }

  async #sealed(sequence: number): Promise<Named> {
    if (this.#named?.sequence === sequence) return this.#named;
    const key = sealKey(this.#place.chain, this.#place.partition, sequence);
    const version = await oldestVersion(this.#store, key, this.#signal);
    let named: string | null | undefined = null;
    let isOver = false;
    if (version !== null) {
      const signal = this.#signal;
      const options = { maxBytes: LIMITS.sealBytesMax, ...(signal && { signal }) };
      const bytes = await this.#store.read(key, version.versionId, options).catch(() => {
        signal?.throwIfAborted();
        return null;
      });
      const opened =
        bytes === null
          ? null
          : (await inspectSeal(bytes, { trusted: [], sha256: nodeSha256, sequence })).opened;
      named = opened === null ? undefined : (opened.manifest.data?.key ?? null);
      isOver = opened !== null && isDataOver(opened, this.#nowMs);
    }
    this.#named = { sequence, key: named, isOver };
    return this.#named;
  }
}

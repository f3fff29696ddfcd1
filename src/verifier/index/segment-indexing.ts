// What does the verifier write down of the values in each segment that it reads, and is what it wrote right?
import { equalBytes } from '../../base/bytes.ts';
import { Semaphore } from '../../base/concurrency.ts';
import { messageOf } from '../../base/error.ts';
import type { Logger } from '../../base/log.ts';
import type { IndexChecker } from '../../read/find/index/index-checker.ts';
import { encodeIndex, type SegmentIndex } from '../../read/find/index/segment-index.ts';
import { indexKey } from '../../read/find/index/value-hash.ts';
import type { ContentVisitor, SealToVisit, Visit } from '../../verify/content-visitor.ts';
import { type Finding, findingOf } from '../../verify/finding.ts';
import type { ChainInArchive } from '../../verify/survey.ts';
import type { OwnBucket } from '../own-bucket.ts';
import { differenceOf, type IndexNote, indexNotes, onlyFields, putIndex } from './index-notes.ts';

export type SegmentIndexingOptions = {
  readonly bucket: OwnBucket;
  /** Must also be what checks data objects. */
  readonly checker: IndexChecker;
  /** Places that are indexed, as parseTarget reads them. Empty: the topic is not indexed. */
  readonly fieldsOf: (chain: string, topic: string | null) => readonly string[];
  readonly log: Logger;
};

/** What one walk over a chain has done. */
export type IndexCounts = { written: number; there: number; failed: number };

/**
 * Looks into data objects on one walk over a chain. Call `finish` when the walk has ended, in whatever way.
 */
export type IndexWalk = ContentVisitor & {
  readonly counts: Readonly<IndexCounts>;
  /** Waits for what is being written. Findings about indexes that are wrong, if they were compared. */
  finish(): Promise<readonly Finding[]>;
};

/** Indexes in memory or on their way to the bucket at once, over all chains. */
const AT_ONCE = 8;

export class SegmentIndexing {
  readonly options: SegmentIndexingOptions;
  readonly slots = new Semaphore(AT_ONCE);

  constructor(options: SegmentIndexingOptions) {
    this.options = options;
  }

  /** `compares`: what lies there already is compared too. Otherwise each segment is taken for a new one. */
  begin(place: ChainInArchive, compares: boolean, signal?: AbortSignal): IndexWalk {
    return new Walk(this, place, compares, signal);
  }
}

/** The object is read all the same: only null would leave it unread. */
const NOTHING: Visit = { checked: () => {}, end: () => {} };

const NOT_FOUND = { index: null, failure: 'it was checked by something else' } as const;

/** A segment that is being read. */
type Entered = {
  readonly seal: SealToVisit;
  readonly fields: readonly string[];
  readonly notes: readonly IndexNote[];
};

class Walk implements IndexWalk {
  readonly counts: IndexCounts = { written: 0, there: 0, failed: 0 };
  readonly #all: SegmentIndexing;
  readonly #place: ChainInArchive;
  readonly #compares: boolean;
  readonly #signal: AbortSignal | undefined;
  readonly #findings: Finding[] = [];
  readonly #running = new Set<Promise<void>>();
  /** Each gives back the slot of a segment that was entered. */
  readonly #held = new Set<() => void>();

  constructor(all: SegmentIndexing, place: ChainInArchive, compares: boolean, signal?: AbortSignal) {
    this.#all = all;
    this.#place = place;
    this.#compares = compares;
    this.#signal = signal;
  }

  /**
   * Never null, and rejects only if the walk is aborted: an index must not keep a segment from being
   * checked.
   */
  async enter(seal: SealToVisit): Promise<Visit> {
    const { opened, place } = seal;
    const { data, source, sequence } = opened.manifest;
    if (data === null || !seal.isSound || !seal.isTrusted) return NOTHING;
    const fields = this.#all.options.fieldsOf(place.chain, source.kind === 'kafka' ? source.topic : null);
    const notes = this.#compares ? await this.#notesOf(sequence) : [];
    const all = new Set([...fields, ...notes.flatMap(({ index }) => index.fields.map(({ field }) => field))]);
    if (all.size === 0) return NOTHING;
    const giveBack = await this.#takeSlot();
    this.#all.options.checker.expect(data, { fields: [...all], key: indexKey(data.sha256, opened.root) });
    let isTaken = false;
    return {
      checked: (_, outcome) => {
        // Of what is not what was sealed there is nothing to say.
        if (outcome.problems.length > 0) return;
        const { index, failure } = this.#all.options.checker.foundIn(outcome) ?? NOT_FOUND;
        if (index === null) return this.#failed(sequence, `it could not be indexed: ${failure}`);
        isTaken = true;
        const running = this.#keep({ seal, fields, notes }, index).finally(() => {
          giveBack();
          this.#running.delete(running);
        });
        this.#running.add(running);
      },
      end: () => {
        if (!isTaken) giveBack();
      },
    };
  }

  async finish(): Promise<readonly Finding[]> {
    while (this.#running.size > 0) await Promise.all(this.#running);
    // A walk that was given up does not end each of its visits.
    for (const giveBack of this.#held) giveBack();
    return this.#findings;
  }

  /** Its result may be called more than once. */
  async #takeSlot(): Promise<() => void> {
    const free = await this.#all.slots.take(1, this.#signal);
    const giveBack = () => {
      if (this.#held.delete(giveBack)) free();
    };
    this.#held.add(giveBack);
    return giveBack;
  }

  async #notesOf(sequence: number): Promise<readonly IndexNote[]> {
    try {
      const { notes, wrong } = await indexNotes(
        this.#all.options.bucket,
        this.#place,
        sequence,
        this.#signal,
      );
      this.#findings.push(...wrong.map((one) => mismatch(one, sequence, one.why)));
      return notes;
    } catch (error) {
      this.#signal?.throwIfAborted();
      this.#failed(sequence, `its indexes could not be read and compared: ${messageOf(error)}`);
      return [];
    }
  }

  async #keep({ seal, fields, notes }: Entered, index: SegmentIndex): Promise<void> {
    const { sequence } = seal.opened.manifest;
    for (const note of notes) {
      const why = differenceOf(note, index);
      if (why !== null) this.#findings.push(mismatch(note, sequence, why));
    }
    if (fields.length === 0) return;
    const own = onlyFields(index, fields);
    const content = encodeIndex(own);
    if (notes.some((note) => equalBytes(note.content, content))) {
      this.counts.there++;
      return;
    }
    try {
      const outcome = await putIndex(this.#all.options.bucket, this.#place, sequence, own, this.#signal);
      if (outcome === 'no-key-free') this.#failed(sequence, 'other objects lie at all keys of its index');
      else this.counts[outcome]++;
    } catch (error) {
      if (this.#signal?.aborted !== true)
        this.#failed(sequence, `its index was not written: ${messageOf(error)}`);
    }
  }

  /** Searches read that segment then, and the next full pass writes the index. */
  #failed(sequence: number, why: string): void {
    this.counts.failed++;
    this.#all.options.log.warn({ ...this.#place, sequence }, `segment ${sequence}: ${why}`);
  }
}

const mismatch = (
  { key, versionId }: { readonly key: string; readonly versionId: string },
  sequence: number,
  why: string,
): Finding =>
  findingOf('index-mismatch', {
    ...{ key, versionId, sequence, found: why },
    expected: 'what the records of the segment hold',
  });

// What was looked at in one chain, and what do its seals and lines say is archived or missing?
import type { Continues, Manifest } from '../format/manifest.ts';
import type { DataOutcome } from './content.ts';
import {
  addMissing,
  decidedOffsets,
  GAPS_LISTED_MAX,
  type GapInChain,
  type Missing,
  NONE_MISSING,
} from './gaps.ts';
import type { ChainReport } from './report.ts';

/** Counts only grow. */
export class ChainTally {
  seals = 0;
  signatures = 0;
  locks = 0;
  dataObjects = 0;
  lines = 0;
  bytes = 0;
  expired = 0;
  expiredUnread = 0;
  holdsToCome = 0;
  #records = 0;
  #firstOffset: number | null = null;
  #continues: Continues | null = null;
  #missing: Missing = NONE_MISSING;
  #control = 0;
  #aborted = 0;
  /** Of the seals' gaps that stand on somebody's word. */
  #decided = 0;
  #decidedRead = 0;
  readonly #gaps: GapInChain[] = [];
  #gapsOmitted = 0;

  /** Of a seal that was read, whether it could be opened or not. */
  addSignatures({ signaturesChecked }: { readonly signaturesChecked: number }): void {
    this.seals++;
    this.signatures += signaturesChecked;
  }

  /** What a seal states. */
  addSeal({ records, continues }: Manifest): void {
    this.#continues ??= continues;
    this.#firstOffset ??= records.firstOffset;
    this.#missing = addMissing(this.#missing, records.missing);
    this.#decided += decidedOffsets(records);
  }

  /** What the lines of its data object are. Their gaps count only if they are the lines that were sealed. */
  addContent({ sequence, time }: Manifest, { records, gapLines, problems }: DataOutcome): void {
    this.#records += records;
    if (problems.length > 0) return;
    this.#control += gapLines.control;
    this.#aborted += gapLines.aborted;
    this.#decidedRead += gapLines.decided;
    const room = GAPS_LISTED_MAX - this.#gaps.length;
    const listed = gapLines.gaps.slice(0, room);
    this.#gaps.push(...listed.map((gap) => ({ ...gap, sequence, sealed: time.sealed })));
    this.#gapsOmitted += gapLines.omitted + gapLines.gaps.length - listed.length;
  }

  addExpired(isUnread: boolean): void {
    this.expired++;
    if (isUnread) this.expiredUnread++;
  }

  report(): Pick<
    ChainReport,
    | 'continues'
    | 'firstOffset'
    | 'entriesRead'
    | 'missing'
    | 'transactions'
    | 'gaps'
    | 'gapsOmitted'
    | 'gapOffsetsUnread'
    | 'bytes'
    | 'checked'
    | 'expired'
    | 'expiredUnread'
    | 'holdsToCome'
  > {
    const { seals, signatures, locks, dataObjects, lines, bytes } = this;
    const { expired, expiredUnread, holdsToCome } = this;
    return {
      continues: this.#continues,
      firstOffset: this.#firstOffset,
      entriesRead: this.#records,
      missing: this.#missing,
      transactions: { control: this.#control, aborted: this.#aborted },
      gaps: this.#gaps.toSorted((a, b) => a.firstOffset - b.firstOffset),
      gapsOmitted: this.#gapsOmitted,
      gapOffsetsUnread: Math.max(0, this.#decided - this.#decidedRead),
      bytes,
      checked: { seals, signatures, locks, dataObjects, lines },
      expired,
      expiredUnread,
      holdsToCome,
    };
  }
}

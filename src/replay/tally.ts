// What did this run write of one partition, and what could it not write because the archive has it not?
import { createHash } from 'node:crypto';
import type { GapLine } from '../format/line.ts';
import { addMissing, type Missing, NONE_MISSING } from '../verify/gaps.ts';
import type { Portion } from './portions.ts';

/** Gaps that are named one by one; all are counted. */
const NAMED_MAX = 100;
const LF = new Uint8Array([0x0a]);

/** Counts only what was committed. */
export class PartitionTally {
  readonly partition: number;
  /** Offsets of the archive: where this run began, and the one after the last that it looked at. */
  readonly from: number;
  nextOffset: number;
  records = 0;
  bytes = 0;
  appendTimes = 0;
  missing: Missing = NONE_MISSING;
  /** Gaps that stand on somebody's word, the first of them. */
  readonly gaps: GapLine[] = [];
  readonly #hash = createHash('sha256');
  #digest: string | null = null;

  constructor(partition: number, from: number) {
    this.partition = partition;
    this.from = from;
    this.nextOffset = from;
  }

  add({ lines, records, bytes, appendTimes, gaps, nextOffset }: Portion): void {
    for (const line of lines) this.#hash.update(line).update(LF);
    this.records += records;
    this.bytes += bytes;
    this.appendTimes += appendTimes;
    this.nextOffset = nextOffset;
    for (const gap of gaps) {
      const { offset, last, reason } = gap;
      this.missing = addMissing(this.missing, { [reason]: last - Math.max(offset, this.from) + 1 });
      if (reason !== 'transaction' && this.gaps.length < NAMED_MAX) this.gaps.push(gap);
    }
  }

  /** Hex, SHA-256 of the archived lines that it looked at, each with its LF. */
  digest(): string {
    this.#digest ??= this.#hash.digest('hex');
    return this.#digest;
  }
}

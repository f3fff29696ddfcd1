// What is decoded of a fetch and not handed on yet? One part, bounded in bytes and in records.
import { MIB } from '../../../base/limits.ts';
import type { KafkaRecord } from '../../../format/record.ts';
import type { SeenOffsets } from '../../source.ts';
import { SeenRuns } from './transactions.ts';

export type DecodedPart = {
  readonly records: readonly KafkaRecord[];
  readonly seen: readonly SeenOffsets[];
  /**
   * Where the next fetch goes on: one past the last *batch*, whose last offsets a compaction may have
   * emptied; within a batch, one past the last offset of these.
   */
  readonly next: number;
  readonly leaderEpoch: number;
  /**
   * What comes after these, `[offset, last]`, can't become records. Nothing of these bytes follows it.
   * `tooLarge`: it is one record of so many bytes, or of so many headers, and what follows it may be good.
   */
  readonly undecodable: UndecodableRange | null;
};

export type UndecodableRange = {
  readonly offset: number;
  readonly last: number;
  readonly reason: string;
  readonly tooLarge?: { readonly bytes: number } | { readonly headers: number };
};

/** A part ends when so many bytes or records were looked at: the event loop has its turn between two. */
const PART_BYTES = 4 * MIB;
const PART_RECORDS = 8_192;

export class OpenPart {
  next: number;
  leaderEpoch = -1;
  readonly records: KafkaRecord[] = [];
  readonly #seen = new SeenRuns();
  #bytes = 0;
  #looked = 0;

  constructor(next: number) {
    this.next = next;
  }

  get isFull(): boolean {
    return this.#bytes >= PART_BYTES || this.#looked >= PART_RECORDS;
  }

  /** A record was looked at, taken or not. */
  looked(bytes: number): void {
    this.#bytes += bytes;
    this.#looked += 1;
  }

  takes(record: KafkaRecord): void {
    this.records.push(record);
    this.next = record.offset + 1;
  }

  sees(offset: number, kind: SeenOffsets['kind']): void {
    this.#seen.add(offset, kind);
    this.next = offset + 1;
  }

  /** A whole batch was taken. */
  passed(lastOffset: number): void {
    this.next = Math.max(this.next, lastOffset + 1);
  }

  /** What is in it now. The result puts that back: a broken batch is left out. */
  mark(): () => void {
    const { next, leaderEpoch } = this;
    const records = this.records.length;
    const unsee = this.#seen.mark();
    return () => {
      this.next = next;
      this.leaderEpoch = leaderEpoch;
      this.records.length = records;
      unsee();
    };
  }

  close(undecodable: UndecodableRange | null): DecodedPart {
    const { records, next, leaderEpoch } = this;
    return { records, seen: this.#seen.runs, next, leaderEpoch, undecodable };
  }
}

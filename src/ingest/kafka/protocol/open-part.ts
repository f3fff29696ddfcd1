// What is decoded of a fetch and not handed on yet? One part, bounded in bytes and in records.
import { MIB } from '../../../base/limits.ts';
import type { KafkaRecord } from '../../../format/record.ts';
import type { SeenOffsets } from '../../source.ts';
import { SeenRuns } from './transactions.ts';

/** `R`: the records as their sink keeps them. */
export type DecodedPart<R = readonly KafkaRecord[]> = {
  readonly records: R;
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

/** A batch of format 2, and where its content is read. */
export type RunWanted = {
  readonly baseOffset: number;
  /** From the first offset to the last. */
  readonly lastDelta: number;
  /** Of the record before; −1: none. */
  readonly deltaBefore: number;
  /** Records below this offset are left out. */
  readonly from: number;
  /** The first record's, or the log's own, which then holds for all. */
  readonly timestamp: bigint;
  readonly appendTime: boolean;
  readonly recordsMax: number;
  /** The record with which so many bytes of content are reached ends the run. */
  readonly wantedBytes: number;
};

/** Records that were read, taken or left out; the delta of the last; where the next one begins. */
export type RunTaken = { readonly looked: number; readonly deltaEnd: number; readonly contentEnd: number };

/** Where the records of a part go: a list, or bytes that a lane packs. */
export interface RecordSink<R> {
  readonly length: number;
  take(record: KafkaRecord): void;
  /**
   * Reads and takes many records of content[at …) at once, if the sink can. It takes only what the reader
   * would, and ends before anything else: then `looked` is 0, or less than there is.
   */
  takeRun?(content: Uint8Array, at: number, wanted: RunWanted): RunTaken;
  /** Forgets all but the first `length`. */
  cut(length: number): void;
  /** All of them. Nothing is taken any more. */
  close(): R;
}

export class RecordList implements RecordSink<readonly KafkaRecord[]> {
  readonly #records: KafkaRecord[] = [];

  get length(): number {
    return this.#records.length;
  }

  take(record: KafkaRecord): void {
    this.#records.push(record);
  }

  cut(length: number): void {
    this.#records.length = length;
  }

  close(): readonly KafkaRecord[] {
    return this.#records;
  }
}

/**
 * A part ends when so many bytes or records were looked at: the event loop has its turn between two. What
 * most sets hold, so that the buffers of packed parts have one size and go round (archiver/lanes).
 */
const PART_BYTES = MIB;
const PART_RECORDS = 8_192;

/** Fewer are not worth a run. */
const RUN_RECORDS_MIN = 8;

export class OpenPart<R = readonly KafkaRecord[]> {
  next: number;
  leaderEpoch = -1;
  readonly #sink: RecordSink<R>;
  readonly #seen = new SeenRuns();
  #bytes = 0;
  #looked = 0;

  constructor(next: number, sink: RecordSink<R>) {
    this.next = next;
    this.#sink = sink;
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
    this.#sink.take(record);
    this.next = record.offset + 1;
  }

  /** Takes many records of a batch at once, as far as the part has room; null: none. */
  takesRun(
    content: Uint8Array,
    at: number,
    left: number,
    batch: Omit<RunWanted, 'recordsMax' | 'wantedBytes'>,
  ): RunTaken | null {
    if (this.#sink.takeRun === undefined || left < RUN_RECORDS_MIN) return null;
    const recordsMax = Math.min(left, PART_RECORDS - this.#looked);
    const wantedBytes = PART_BYTES - this.#bytes;
    const run = this.#sink.takeRun(content, at, { ...batch, recordsMax, wantedBytes });
    if (run.looked === 0) return null;
    this.#looked += run.looked;
    this.#bytes += run.contentEnd - at;
    const { baseOffset, from } = batch;
    if (baseOffset + run.deltaEnd >= from) this.next = baseOffset + run.deltaEnd + 1;
    return run;
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
    const records = this.#sink.length;
    const unsee = this.#seen.mark();
    return () => {
      this.next = next;
      this.leaderEpoch = leaderEpoch;
      this.#sink.cut(records);
      unsee();
    };
  }

  close(undecodable: UndecodableRange | null): DecodedPart<R> {
    const { next, leaderEpoch } = this;
    return { records: this.#sink.close(), seen: this.#seen.runs, next, leaderEpoch, undecodable };
  }
}

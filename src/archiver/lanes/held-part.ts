// What does the main thread know of records that a lane keeps?
import type { HeldRecords } from '../../ingest/item.ts';
import type { DecodedPart } from '../../ingest/kafka/protocol/open-part.ts';

/** What is known of records without their content. All arrays have one number a record. */
export type RecordsSummary = {
  readonly count: number;
  /** The first offset, where they follow each other without a hole. */
  readonly offsets: number | Float64Array<ArrayBuffer>;
  /** Of key, headers and value. */
  readonly bytes: Uint32Array<ArrayBuffer>;
  /** Null: no record has a header. */
  readonly headers: Uint32Array<ArrayBuffer> | null;
  /** The indexes of those for which the format has no line. */
  readonly lineless: readonly number[];
  /** Of all records. */
  readonly totalBytes: number;
};

/** One part of a record set without its records' content. */
export type PartSummary = Omit<DecodedPart, 'records'> & RecordsSummary;

/** Where a part's records are: its lane answers. */
export type Keeper = { leaf(index: number): Promise<Uint8Array> };

export class HeldPart implements HeldRecords {
  readonly keeper: Keeper;
  readonly #summary: PartSummary;

  constructor(keeper: Keeper, summary: PartSummary) {
    this.keeper = keeper;
    this.#summary = summary;
  }

  get length(): number {
    return this.#summary.count;
  }

  offset(index: number): number {
    const { offsets } = this.#summary;
    return typeof offsets === 'number' ? offsets + index : (offsets[index] as number);
  }

  bytes(index: number): number {
    return this.#summary.bytes[index] as number;
  }

  headers(index: number): number {
    return this.#summary.headers?.[index] ?? 0;
  }

  hasLine(index: number): boolean {
    return !this.#summary.lineless.includes(index);
  }

  leaf(index: number): Promise<Uint8Array> {
    return this.keeper.leaf(index);
  }
}

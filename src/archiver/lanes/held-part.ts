// What does the main thread know of records that a lane keeps?
import type { HeldRecords, RecordItem } from '../../ingest/item.ts';
import { hasLine } from '../../ingest/item.ts';
import type { DecodedPart } from '../../ingest/kafka/protocol/open-part.ts';

/** One part of a record set without its records' content. All arrays have one number a record. */
export type PartSummary = Omit<DecodedPart, 'records'> & {
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

/** `items`: the handles of the part's records, in their order. */
export function summaryOf(
  { seen, next, leaderEpoch, undecodable }: DecodedPart,
  items: readonly RecordItem[],
): PartSummary {
  const count = items.length;
  const bytes = new Uint32Array(count);
  let totalBytes = 0;
  let headers: Uint32Array<ArrayBuffer> | null = null;
  const lineless: number[] = [];
  const first = items[0]?.offset ?? 0;
  let isRun = true;
  for (const [index, item] of items.entries()) {
    bytes[index] = item.bytes;
    totalBytes += item.bytes;
    isRun &&= item.offset === first + index;
    if (item.headers > 0) {
      headers ??= new Uint32Array(count);
      headers[index] = item.headers;
    }
    if (!hasLine(item)) lineless.push(index);
  }
  const offsets = isRun ? first : Float64Array.from(items, ({ offset }) => offset);
  return { count, offsets, bytes, headers, lineless, totalBytes, seen, next, leaderEpoch, undecodable };
}

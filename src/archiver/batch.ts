// What has one partition accepted and not yet sealed?
import { HEADER_OVERHEAD_BYTES, type Item, type RecordItem } from '../ingest/item.ts';
import { anchorOfGap, type GapAnchor } from './chain/log-anchor.ts';
import type { BatchEncoder, PartitionEncoder } from './encoder.ts';
import type { MemoryAccount } from './memory.ts';

export type BatchLimits = {
  readonly maxBytes: number;
  readonly maxRecords: number;
  readonly maxAgeMs: number;
};

/** One batch: what will be one segment. */
export type Batch = {
  readonly encoder: BatchEncoder;
  /** What it holds in memory. Released when the sealer carries its segment, or it is discarded. */
  readonly memory: MemoryAccount;
  readonly firstOffset: number;
  /** One past the newest line. */
  nextOffset: number;
  /** Bytes of keys, headers and values, and an allowance for the rest of each line. */
  bytes: number;
  lines: number;
  records: number;
  /** Its last line, where that is a gap. */
  tail: GapAnchor | null;
  /** Monotonic time of the first line. */
  readonly openedAtMs: number;
};

/** Members of a line around key, headers and value: about this many bytes. */
const LINE_OVERHEAD_BYTES = 64;

/** What a record's line counts against a segment's greatest size. */
export const lineBytes = ({ bytes, headers }: RecordItem): number =>
  LINE_OVERHEAD_BYTES + bytes + headers * HEADER_OVERHEAD_BYTES;

/** The batches of one partition: one that fills, and full ones that wait in order. */
export class Batches {
  readonly #encoder: PartitionEncoder;
  readonly #account: () => MemoryAccount;
  readonly #limits: BatchLimits;
  #filling: Batch | null = null;
  #closed: Batch[] = [];
  #next: number;

  /** `account`: opens an account for one batch. */
  constructor(
    encoder: PartitionEncoder,
    account: () => MemoryAccount,
    limits: BatchLimits,
    firstOffset: number,
  ) {
    this.#encoder = encoder;
    this.#account = account;
    this.#limits = limits;
    this.#next = firstOffset;
  }

  /** The offset that follows everything accepted. */
  get next(): number {
    return this.#next;
  }

  get waiting(): number {
    return this.#closed.length;
  }

  /** The last line of all that is held, where that is a gap. */
  get tail(): GapAnchor | null {
    return (this.#filling ?? this.#closed.at(-1))?.tail ?? null;
  }

  get filling(): Batch | null {
    return this.#filling;
  }

  /**
   * Appends items that the gate accepted, cutting batches at their limits. The number of records among them.
   */
  add(items: readonly Item[], nowMs: number): number {
    let from = 0;
    let records = 0;
    while (from < items.length) {
      const batch = this.#open(nowMs);
      let to = from;
      while (to < items.length && !this.#full(batch)) {
        const item = items[to++] as Item;
        batch.bytes += item.kind === 'record' ? lineBytes(item) : LINE_OVERHEAD_BYTES;
        batch.lines++;
        batch.tail = item.kind === 'gap' ? anchorOfGap(item.gap) : null;
        if (item.kind === 'record') {
          batch.records++;
          records++;
        }
        this.#next = item.kind === 'record' ? item.offset + 1 : item.gap.last + 1;
      }
      batch.nextOffset = this.#next;
      batch.encoder.add(from === 0 && to === items.length ? items : items.slice(from, to));
      if (this.#full(batch)) this.close();
      from = to;
    }
    return records;
  }

  /** Whether what is there should be sealed now. */
  isDue(nowMs: number): boolean {
    return (
      this.#closed.length > 0 ||
      (this.#filling !== null && nowMs - this.#filling.openedAtMs >= this.#limits.maxAgeMs)
    );
  }

  /** Ends the filling batch; it waits to be sealed. */
  close(): void {
    if (this.#filling === null) return;
    this.#closed.push(this.#filling);
    this.#filling = null;
  }

  /** The next batch to seal: it stays held until `sealed`. */
  first(): Batch | null {
    return this.#closed[0] ?? null;
  }

  sealed(batch: Batch): void {
    if (this.#closed[0] === batch) this.#closed.shift();
  }

  /** The heartbeat of an idle chain: a batch without lines. Only if nothing else waits. */
  closeEmpty(nowMs: number): void {
    if (this.#filling === null && this.#closed.length === 0) {
      this.#open(nowMs);
      this.close();
    }
  }

  discard(): void {
    for (const batch of this.#filling === null ? this.#closed : [...this.#closed, this.#filling]) {
      batch.encoder.discard();
      batch.memory.release();
    }
    this.#filling = null;
    this.#closed = [];
  }

  #open(nowMs: number): Batch {
    if (this.#filling !== null) return this.#filling;
    const memory = this.#account();
    this.#filling = {
      encoder: this.#encoder.open(this.#next, memory),
      memory,
      firstOffset: this.#next,
      nextOffset: this.#next,
      bytes: 0,
      lines: 0,
      records: 0,
      tail: null,
      openedAtMs: nowMs,
    };
    return this.#filling;
  }

  #full(batch: Batch): boolean {
    return batch.bytes >= this.#limits.maxBytes || batch.lines >= this.#limits.maxRecords;
  }
}

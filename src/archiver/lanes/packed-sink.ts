// How do the records of a part become packed bytes, and what the main thread knows of them?
import type { KafkaRecord } from '../../format/record.ts';
import { hasLine, recordItem } from '../../ingest/item.ts';
import type { RecordSink, RunTaken, RunWanted } from '../../ingest/kafka/protocol/open-part.ts';
import { type BufferPool, Packer } from '../../ingest/pack.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { RecordsSummary } from './held-part.ts';

export type PackedRecords = {
  readonly packed: Uint8Array<ArrayBuffer>;
  /** Where each record begins, and where the last one ends. */
  readonly starts: Uint32Array;
  readonly summary: RecordsSummary;
};

/** Many at once by the kernel, where there is one; each of the others as it was read. */
export class PackedSink implements RecordSink<PackedRecords> {
  readonly #kernel: Kernel | null;
  readonly #packer: Packer;
  readonly #starts: number[] = [];
  readonly #offsets: number[] = [];
  readonly #bytes: number[] = [];
  readonly #headers: number[] = [];
  /** Indexes of those for which the format has no line. */
  #lineless: number[] = [];

  constructor(kernel: Kernel | null, pool: BufferPool) {
    this.#kernel = kernel;
    this.#packer = new Packer(pool);
  }

  get length(): number {
    return this.#starts.length;
  }

  take(record: KafkaRecord): void {
    const item = recordItem(record);
    if (!hasLine(item)) this.#lineless.push(this.length);
    this.#starts.push(this.#packer.byteLength);
    this.#offsets.push(item.offset);
    this.#bytes.push(item.bytes);
    this.#headers.push(item.headers);
    this.#packer.add(item);
  }

  takeRun(content: Uint8Array, at: number, wanted: RunWanted): RunTaken {
    const kernel = this.#kernel;
    if (kernel === null) return { looked: 0, deltaEnd: wanted.deltaBefore, contentEnd: at };
    const run = kernel.packRecords(content, at, wanted);
    const { starts, bytes, headers, deltas } = run.columns;
    const base = this.#packer.addPacked(run.packed);
    // The kernel takes a few MiB and 100,000 headers: the format has a line for each of these.
    for (let i = 0; i < run.count; i++) {
      this.#starts.push(base + (starts[i] as number));
      this.#offsets.push(wanted.baseOffset + (deltas[i] as number));
      this.#bytes.push(bytes[i] as number);
      this.#headers.push(headers[i] as number);
    }
    return run;
  }

  cut(length: number): void {
    if (length === this.length) return;
    this.#packer.cut(this.#starts[length] as number);
    for (const column of [this.#starts, this.#offsets, this.#bytes, this.#headers]) column.length = length;
    this.#lineless = this.#lineless.filter((index) => index < length);
  }

  close(): PackedRecords {
    const starts = Uint32Array.from([...this.#starts, this.#packer.byteLength]);
    const offsets = this.#offsets;
    const first = offsets[0] ?? 0;
    const isRun = offsets.every((offset, index) => offset === first + index);
    const summary = {
      count: this.length,
      offsets: isRun ? first : Float64Array.from(offsets),
      bytes: Uint32Array.from(this.#bytes),
      headers: this.#headers.some((count) => count > 0) ? Uint32Array.from(this.#headers) : null,
      lineless: this.#lineless,
      totalBytes: this.#bytes.reduce((sum, bytes) => sum + bytes, 0),
    };
    return { packed: this.#packer.take(), starts, summary };
  }
}

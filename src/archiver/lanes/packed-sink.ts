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

/** How many records a part usually has, when it is of 1 KB events. */
const USUAL_RECORDS = 1024;

/** One number for each record. */
class Column<T extends Uint32Array<ArrayBuffer> | Float64Array<ArrayBuffer>> {
  readonly #make: (length: number) => T;
  values: T;

  constructor(make: (length: number) => T) {
    this.#make = make;
    this.values = make(USUAL_RECORDS);
  }

  /** Room for so many altogether. */
  reserve(length: number): void {
    if (length <= this.values.length) return;
    const grown = this.#make(Math.max(length, 2 * this.values.length));
    grown.set(this.values);
    this.values = grown;
  }

  first(count: number): T {
    return this.values.slice(0, count) as T;
  }
}

const uint32 = (length: number) => new Uint32Array(length);

/** Many at once by the kernel, where there is one; each of the others as it was read. */
export class PackedSink implements RecordSink<PackedRecords> {
  readonly #kernel: Kernel | null;
  readonly #packer: Packer;
  #length = 0;
  readonly #starts = new Column(uint32);
  readonly #offsets = new Column((length) => new Float64Array(length));
  readonly #bytes = new Column(uint32);
  readonly #headers = new Column(uint32);
  /** Indexes of those for which the format has no line. */
  #lineless: number[] = [];

  constructor(kernel: Kernel | null, pool: BufferPool) {
    this.#kernel = kernel;
    this.#packer = new Packer(pool);
  }

  get length(): number {
    return this.#length;
  }

  take(record: KafkaRecord): void {
    const item = recordItem(record);
    const at = this.#more(1);
    if (!hasLine(item)) this.#lineless.push(at);
    this.#starts.values[at] = this.#packer.byteLength;
    this.#offsets.values[at] = item.offset;
    this.#bytes.values[at] = item.bytes;
    this.#headers.values[at] = item.headers;
    this.#packer.add(item);
  }

  takeRun(content: Uint8Array, at: number, wanted: RunWanted): RunTaken {
    const kernel = this.#kernel;
    if (kernel === null) return { looked: 0, deltaEnd: wanted.deltaBefore, contentEnd: at };
    const run = kernel.packRecords(content, at, wanted);
    const { starts, bytes, headers, deltas } = run.columns;
    const base = this.#packer.addPacked(run.packed);
    const first = this.#more(run.count);
    const [ownStarts, ownOffsets] = [this.#starts.values, this.#offsets.values];
    // The kernel takes a few MiB and 100,000 headers: the format has a line for each of these.
    for (let i = 0; i < run.count; i++) {
      ownStarts[first + i] = base + (starts[i] as number);
      ownOffsets[first + i] = wanted.baseOffset + (deltas[i] as number);
    }
    this.#bytes.values.set(bytes.subarray(0, run.count), first);
    this.#headers.values.set(headers.subarray(0, run.count), first);
    return run;
  }

  cut(length: number): void {
    if (length === this.#length) return;
    this.#packer.cut(this.#starts.values[length] as number);
    this.#length = length;
    this.#lineless = this.#lineless.filter((index) => index < length);
  }

  close(): PackedRecords {
    const count = this.#length;
    this.#starts.reserve(count + 1);
    this.#starts.values[count] = this.#packer.byteLength;
    const [offsets, bytes, headers] = [this.#offsets.values, this.#bytes.values, this.#headers.values];
    const first = offsets[0] ?? 0;
    let isRun = true;
    let totalBytes = 0;
    let allHeaders = 0;
    for (let i = 0; i < count; i++) {
      isRun &&= offsets[i] === first + i;
      totalBytes += bytes[i] as number;
      allHeaders += headers[i] as number;
    }
    const summary = {
      count,
      offsets: isRun ? first : this.#offsets.first(count),
      bytes: this.#bytes.first(count),
      headers: allHeaders > 0 ? this.#headers.first(count) : null,
      lineless: this.#lineless,
      totalBytes,
    };
    return { packed: this.#packer.take(), starts: this.#starts.first(count + 1), summary };
  }

  /** Room for so many more, which are counted now. The index of the first. */
  #more(count: number): number {
    const first = this.#length;
    this.#length += count;
    for (const column of [this.#starts, this.#offsets, this.#bytes, this.#headers])
      column.reserve(this.#length);
    return first;
  }
}

// What has a lane decoded of the record sets that it was given, and who still needs it?
import { assert } from '../../base/assert.ts';
import { messageOf } from '../../base/error.ts';
import type { Sha256 } from '../../base/hash.ts';
import { MIB } from '../../base/limits.ts';
import { encodeEntry, type KafkaRecord } from '../../format/record.ts';
import type { DecodedPart } from '../../ingest/kafka/protocol/open-part.ts';
import { decodeRecordSetInto } from '../../ingest/kafka/protocol/record-set.ts';
import { AbortedProducers } from '../../ingest/kafka/protocol/transactions.ts';
import { BufferPool, unpack } from '../../ingest/pack.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { leafHash } from '../../merkle/tree.ts';
import type { FromLane, ToLane } from './messages.ts';
import { type PackedRecords, PackedSink } from './packed-sink.ts';

type OpenSet = {
  readonly parts: AsyncGenerator<DecodedPart<PackedRecords>, void, undefined>;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The one that was sent last. */
  part: LanePart | null;
  isWorking: boolean;
  isClosed: boolean;
};

/** The records of one part, packed. Its buffer is used again once nobody holds it. */
export class LanePart {
  readonly packed: Uint8Array<ArrayBuffer>;
  /** Where each record begins, and where the last one ends. */
  readonly #starts: Uint32Array;
  readonly #free: (buffer: ArrayBuffer) => void;
  #holders = 1;

  constructor(packed: Uint8Array<ArrayBuffer>, starts: Uint32Array, free: (buffer: ArrayBuffer) => void) {
    this.packed = packed;
    this.#starts = starts;
    this.#free = free;
  }

  hold(): void {
    this.#holders += 1;
  }

  release(): void {
    this.#holders -= 1;
    if (this.#holders === 0) this.#free(this.packed.buffer);
  }

  /** Records `from` to before `to`, one after the other. */
  between(from: number, to: number): Uint8Array<ArrayBuffer> {
    return this.packed.subarray(this.#starts[from] as number, this.#starts[to] as number);
  }
}

/** Decodes one part of each record set ahead, and keeps it until the next one is asked for. */
export class LaneDecoding {
  readonly #sha256: Sha256;
  readonly #reply: (message: FromLane, transfer?: ArrayBuffer[]) => void;
  readonly #sets = new Map<number, OpenSet>();
  /** Of what a part usually takes, and some more. */
  readonly #pool = new BufferPool(MIB + MIB / 4);
  readonly #kernel: Kernel | null;

  constructor(
    sha256: Sha256,
    kernel: Kernel | null,
    reply: (message: FromLane, transfer?: ArrayBuffer[]) => void,
  ) {
    this.#sha256 = sha256;
    this.#kernel = kernel;
    this.#reply = reply;
  }

  open({ set: id, bytes, from, aborted, limits }: ToLane & { readonly kind: 'decode' }): void {
    const newSink = () => new PackedSink(this.#kernel, this.#pool);
    const parts = decodeRecordSetInto(newSink, bytes, from, new AbortedProducers(aborted), limits);
    this.#sets.set(id, { parts, bytes, part: null, isWorking: false, isClosed: false });
    this.next(id);
  }

  next(id: number): void {
    const set = this.#sets.get(id);
    if (set === undefined || set.isWorking) return;
    this.#letGo(set);
    set.isWorking = true;
    void this.#decodeNext(id, set);
  }

  close(id: number): void {
    const set = this.#sets.get(id);
    if (set === undefined) return;
    this.#letGo(set);
    set.isClosed = true;
    if (!set.isWorking) void this.#decodeNext(id, set);
  }

  /** The part that was sent last. */
  part(id: number): LanePart {
    const part = this.#sets.get(id)?.part ?? null;
    assert(part !== null, 'a part is used while it is held');
    return part;
  }

  /** The leaf hash of a record's line. */
  leaf(id: number, index: number): Uint8Array {
    const records: KafkaRecord[] = [];
    unpack(this.part(id).between(index, index + 1), { record: (one) => records.push(one), gap: () => {} });
    return leafHash(this.#sha256, encodeEntry(records[0] as KafkaRecord));
  }

  async #decodeNext(id: number, set: OpenSet): Promise<void> {
    let failure: string | null = null;
    try {
      const { value: part } = set.isClosed ? { value: undefined } : await set.parts.next();
      if (part !== undefined && !set.isClosed) {
        set.isWorking = false;
        return this.#send(id, set, part);
      }
      // Closes what decompresses.
      await set.parts.return();
    } catch (error) {
      failure = messageOf(error);
    }
    this.#sets.delete(id);
    const { buffer } = set.bytes;
    this.#reply({ kind: 'end', set: id, failure, buffer }, [buffer]);
  }

  #send(id: number, set: OpenSet, { records, ...part }: DecodedPart<PackedRecords>): void {
    const { packed, starts, summary } = records;
    set.part = new LanePart(packed, starts, (buffer) => this.#pool.recycle(buffer));
    this.#reply({ kind: 'part', set: id, part: { ...part, ...summary } });
  }

  #letGo(set: OpenSet): void {
    set.part?.release();
    set.part = null;
  }
}

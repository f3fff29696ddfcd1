// How does the main thread use one lane? Raw bytes of record sets go there, finished bodies come back.
import { Worker } from 'node:worker_threads';
import { assert } from '../../base/assert.ts';
import { LedgerstoneError, messageOf } from '../../base/error.ts';
import { MIB } from '../../base/limits.ts';
import { type Item, isHeld } from '../../ingest/item.ts';
import type { RecordSet } from '../../ingest/kafka/decoder.ts';
import type { DecodeLimits } from '../../ingest/kafka/protocol/record-set.ts';
import { Packer } from '../../ingest/pack.ts';
import type { SegmentBody } from '../../segment/body.ts';
import type { BatchEncoder } from '../encoder.ts';
import type { MemoryAccount, MemoryLedger } from '../memory.ts';
import { HeldPart } from './held-part.ts';
import { LaneParts } from './lane-parts.ts';
import type { FromLane, LaneOptions, ToLane } from './messages.ts';

type Settle<T> = { readonly resolve: (value: T) => void; readonly reject: (error: Error) => void };

type Batch = {
  readonly memory: MemoryAccount;
  readonly onEnd: () => void;
  /** Sent to the lane, and not yet reported as encoded. */
  queuedBytes: number;
  discarded: boolean;
  failure: Error | null;
  finish: Settle<SegmentBody> | null;
};

export type LaneEvents = {
  /** The thread runs. */
  ready(kernel: boolean): void;
  /** The thread died, and what it held is lost to this process. */
  fatal(error: Error): void;
};

type OpenSet = { readonly parts: LaneParts; readonly bytes: number; readonly onEnd: () => void };

const PACK_BYTES = MIB;
/** What a partition's share of an answer usually takes, and some more. */
const RAW_BYTES = MIB + MIB / 4;
const SPARE_MAX = 8;

/** Views of records are garbage within milliseconds: a small young generation frees what they refer to. */
const RESOURCE_LIMITS = { maxYoungGenerationSizeMb: 8 };

export class Lane {
  readonly #worker: Worker;
  readonly #memory: MemoryLedger;
  readonly #events: LaneEvents;
  readonly #batches = new Map<number, Batch>();
  readonly #sets = new Map<number, OpenSet>();
  readonly #setOf = new WeakMap<object, number>();
  readonly #leaves = new Map<number, Settle<Uint8Array>>();
  /** For what no lane decoded. */
  readonly #packer = new Packer();
  readonly #spare: ArrayBuffer[] = [];
  #nextId = 0;
  #closed = false;
  #dead: LedgerstoneError | null = null;

  constructor(options: LaneOptions, memory: MemoryLedger, events: LaneEvents) {
    this.#memory = memory;
    this.#events = events;
    this.#worker = new Worker(workerUrl(), { workerData: options, resourceLimits: RESOURCE_LIMITS });
    this.#worker.on('error', (error: unknown) =>
      this.#die(error instanceof Error ? error : new Error(messageOf(error))),
    );
    this.#worker.on('exit', (code) => this.#die(new Error(`exit code ${code}`)));
    this.#worker.on('message', (message: FromLane) => this.#receive(message));
  }

  /** `onEnd`: the lane holds nothing of it any more. */
  decode({ bytes, from, aborted }: RecordSet, limits: DecodeLimits, onEnd: () => void): LaneParts {
    const set = this.#nextId++;
    const parts = new LaneParts({
      next: () => this.#post({ kind: 'next', set }),
      close: () => this.#post({ kind: 'close', set }),
      leaf: (index) => this.#leaf(set, index),
      queued: (more) => this.#memory.queued(more),
    });
    this.#setOf.set(parts.keeper, set);
    if (this.#dead !== null) parts.failed(this.#dead);
    this.#sets.set(set, { parts, bytes: bytes.length, onEnd });
    this.#memory.queued(bytes.length);
    const own = this.#copyOf(bytes);
    this.#post({ kind: 'decode', set, bytes: own, from, aborted, limits }, [own.buffer]);
    return parts;
  }

  /** `onEnd`: the lane holds nothing of it any more. */
  open(firstOffset: number, memory: MemoryAccount, onEnd: () => void): BatchEncoder {
    const id = this.#nextId++;
    const none = { queuedBytes: 0, discarded: false, finish: null };
    const batch: Batch = { memory, onEnd, failure: this.#dead, ...none };
    this.#batches.set(id, batch);
    this.#post({ kind: 'open', batch: id, firstOffset });
    return {
      add: (items) => this.#add(id, batch, items),
      finish: () =>
        new Promise((resolve, reject) => {
          if (batch.failure !== null) return reject(batch.failure);
          batch.finish = { resolve, reject };
          this.#post({ kind: 'finish', batch: id });
        }),
      discard: () => {
        batch.discarded = true;
        batch.finish?.reject(new LedgerstoneError('discarded', 'the batch was discarded'));
        this.#forgetDiscarded(id, batch);
        this.#post({ kind: 'discard', batch: id });
      },
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#worker.terminate();
  }

  #post(message: ToLane, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  /** Of what the sockets share, so that it can be transferred. */
  #copyOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    const spare = bytes.length <= RAW_BYTES ? this.#spare.pop() : undefined;
    const buffer = spare ?? Buffer.allocUnsafeSlow(Math.max(bytes.length, RAW_BYTES)).buffer;
    const copy = new Uint8Array(buffer as ArrayBuffer, 0, bytes.length);
    copy.set(bytes);
    return copy;
  }

  #leaf(set: number, index: number): Promise<Uint8Array> {
    if (this.#dead !== null) return Promise.reject(this.#dead);
    const id = this.#nextId++;
    this.#post({ kind: 'leaf', set, index, id });
    return new Promise((resolve, reject) => this.#leaves.set(id, { resolve, reject }));
  }

  #add(id: number, batch: Batch, items: readonly Item[]): void {
    for (let at = 0; at < items.length; ) {
      const item = items[at] as Item;
      if (item.kind === 'record' && isHeld(item.content)) {
        this.#send(id, batch);
        at = this.#take(id, batch, items, at);
        continue;
      }
      this.#packer.add(item);
      at += 1;
      if (this.#packer.byteLength >= PACK_BYTES) this.#send(id, batch);
    }
    this.#send(id, batch);
  }

  /** A run of records of one part, from item `at` on. Where it ends. */
  #take(id: number, batch: Batch, items: readonly Item[], at: number): number {
    const { content, index: from } = items[at] as Item & { readonly kind: 'record' };
    const set = content instanceof HeldPart ? this.#setOf.get(content.keeper) : undefined;
    assert(set !== undefined, 'a batch takes records that its own lane decoded');
    let queuedBytes = 0;
    let end = at;
    for (; end < items.length; end++) {
      const item = items[end] as Item;
      if (item.kind !== 'record' || item.content !== content || item.index !== from + (end - at)) break;
      queuedBytes += item.bytes;
    }
    batch.queuedBytes += queuedBytes;
    batch.memory.queue(queuedBytes);
    this.#post({ kind: 'take', batch: id, set, from, to: from + (end - at), queuedBytes });
    return end;
  }

  #send(id: number, batch: Batch): void {
    const packed = this.#packer.take();
    if (packed.length === 0) return;
    batch.queuedBytes += packed.length;
    batch.memory.queue(packed.length);
    this.#post({ kind: 'add', batch: id, packed }, [packed.buffer]);
  }

  #receive(message: FromLane): void {
    switch (message.kind) {
      case 'ready':
        this.#events.ready(message.kernel);
        break;
      case 'part':
        this.#sets.get(message.set)?.parts.arrived(message.part);
        break;
      case 'end':
        this.#setEnded(message);
        break;
      case 'leaf':
        this.#leaves.get(message.id)?.resolve(message.leaf);
        this.#leaves.delete(message.id);
        break;
      case 'encoded': {
        if (message.buffer !== null) this.#packer.recycle(message.buffer);
        const batch = this.#batches.get(message.batch);
        if (batch === undefined) break;
        batch.queuedBytes -= message.queuedBytes;
        batch.memory.encoded(message.queuedBytes, message.heldBytes);
        this.#forgetDiscarded(message.batch, batch);
        break;
      }
      case 'body':
        this.#batches.get(message.batch)?.finish?.resolve(message.body);
        this.#forget(message.batch);
        break;
      case 'failed':
        this.#batchFailed(message);
        break;
    }
  }

  #setEnded({ set: id, failure, buffer }: FromLane & { readonly kind: 'end' }): void {
    const set = this.#sets.get(id);
    if (set === undefined) return;
    this.#sets.delete(id);
    if (failure === null) set.parts.ended();
    else set.parts.failed(new LedgerstoneError('decoding-failed', failure));
    if (buffer.byteLength === RAW_BYTES && this.#spare.length < SPARE_MAX) this.#spare.push(buffer);
    this.#memory.queued(-set.bytes);
    set.onEnd();
  }

  #batchFailed({ batch: id, message }: FromLane & { readonly kind: 'failed' }): void {
    const batch = this.#batches.get(id);
    const failure = new LedgerstoneError('encoding-failed', message);
    if (batch === undefined) return;
    batch.failure = failure;
    batch.finish?.reject(failure);
  }

  /** Kept until the lane has reported all that was sent: otherwise that would count as queued for ever. */
  #forgetDiscarded(id: number, batch: Batch): void {
    if (batch.discarded && batch.queuedBytes === 0) this.#forget(id);
  }

  #forget(id: number): void {
    const batch = this.#batches.get(id);
    if (batch !== undefined && this.#batches.delete(id)) batch.onEnd();
  }

  #die(error: Error): void {
    // An error is followed by the exit that it leads to.
    if (this.#closed || this.#dead !== null) return;
    const fatal = new LedgerstoneError('worker-died', `a lane's thread ended: ${error.message}`, {
      cause: error,
    });
    this.#dead = fatal;
    for (const batch of this.#batches.values()) {
      batch.failure = fatal;
      batch.finish?.reject(fatal);
    }
    for (const { parts } of this.#sets.values()) parts.failed(fatal);
    for (const { reject } of this.#leaves.values()) reject(fatal);
    this.#events.fatal(fatal);
  }
}

/** The worker's file has the same ending as this one: .ts from a checkout, .js in a package. */
function workerUrl(): URL {
  const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new URL(`./lane-worker.${ending}`, import.meta.url);
}

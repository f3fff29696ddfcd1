// How does encoding run on a second core? Records go to a worker in transferred buffers; bytes return.
import { Worker } from 'node:worker_threads';
import { LedgerstoneError, messageOf } from '../base/error.ts';
import { MIB } from '../base/limits.ts';
import type { Encoding } from '../format/paths.ts';
import { Packer } from '../ingest/pack.ts';
import type { SegmentBody } from '../segment/body.ts';
import type { BatchEncoder, Encoder } from './encoder.ts';
import type { MemoryAccount } from './memory.ts';

export type ToWorker =
  | { readonly kind: 'open'; readonly id: number; readonly firstOffset: number }
  | { readonly kind: 'add'; readonly id: number; readonly packed: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'finish'; readonly id: number }
  | { readonly kind: 'discard'; readonly id: number };

export type FromWorker =
  /**
   * `packedBytes` of an `add` were encoded; the batch holds `heldBytes` in the worker now. `buffer`: the
   * transferred one, given back to be filled again.
   */
  | {
      readonly kind: 'added';
      readonly buffer: ArrayBuffer | null;
      readonly id: number;
      readonly packedBytes: number;
      readonly heldBytes: number;
    }
  | { readonly kind: 'body'; readonly id: number; readonly body: SegmentBody }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string };

export type WorkerOptions = { readonly encoding: Encoding; readonly level: number };

type Batch = {
  readonly memory: MemoryAccount;
  /** Sent to the worker, and not yet reported as encoded. */
  queuedBytes: number;
  discarded: boolean;
  failure: Error | null;
  finish: { resolve: (body: SegmentBody) => void; reject: (error: Error) => void } | null;
};

const PACK_BYTES = MIB;

/** Views of records are garbage within milliseconds: a small young generation frees what they refer to. */
const RESOURCE_LIMITS = { maxYoungGenerationSizeMb: 8 };

export class ThreadEncoder implements Encoder {
  readonly #worker: Worker;
  readonly #onFatal: (error: Error) => void;
  readonly #batches = new Map<number, Batch>();
  readonly #packer = new Packer();
  #nextId = 0;
  #closed = false;
  #dead: LedgerstoneError | null = null;

  /**
   * `onFatal`: the worker died. Every batch in it is lost to this process, and to nobody else, since nothing
   * of it was committed. So the process must end.
   */
  constructor(options: WorkerOptions, onFatal: (error: Error) => void) {
    this.#onFatal = onFatal;
    this.#worker = new Worker(workerUrl(), { workerData: options, resourceLimits: RESOURCE_LIMITS });
    this.#worker.on('error', (error: unknown) =>
      this.#die(error instanceof Error ? error : new Error(messageOf(error))),
    );
    this.#worker.on('exit', (code) => this.#die(new Error(`exit code ${code}`)));
    this.#worker.on('message', (message: FromWorker) => this.#receive(message));
  }

  open(firstOffset: number, memory: MemoryAccount): BatchEncoder {
    const id = this.#nextId++;
    const batch: Batch = { memory, queuedBytes: 0, discarded: false, failure: this.#dead, finish: null };
    this.#batches.set(id, batch);
    this.#post({ kind: 'open', id, firstOffset });
    return {
      add: (items) => {
        for (const item of items) {
          this.#packer.add(item);
          if (this.#packer.byteLength >= PACK_BYTES) this.#send(id, batch);
        }
        this.#send(id, batch);
      },
      finish: () =>
        new Promise((resolve, reject) => {
          if (batch.failure !== null) return reject(batch.failure);
          batch.finish = { resolve, reject };
          this.#post({ kind: 'finish', id });
        }),
      discard: () => {
        batch.discarded = true;
        this.#forgetDiscarded(id, batch);
        this.#post({ kind: 'discard', id });
      },
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#worker.terminate();
  }

  #post(message: ToWorker, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  #send(id: number, batch: Batch): void {
    const packed = this.#packer.take();
    if (packed.length === 0) return;
    batch.queuedBytes += packed.length;
    batch.memory.queue(packed.length);
    this.#post({ kind: 'add', id, packed }, [packed.buffer]);
  }

  #receive(message: FromWorker): void {
    const { id } = message;
    const batch = this.#batches.get(id);
    switch (message.kind) {
      case 'added':
        if (message.buffer !== null) this.#packer.recycle(message.buffer);
        if (batch === undefined) break;
        batch.queuedBytes -= message.packedBytes;
        batch.memory.encoded(message.packedBytes, message.heldBytes);
        this.#forgetDiscarded(id, batch);
        break;
      case 'body':
        this.#batches.delete(id);
        batch?.finish?.resolve(message.body);
        break;
      case 'failed': {
        const failure = new LedgerstoneError('encoding-failed', message.message);
        if (batch !== undefined) batch.failure = failure;
        batch?.finish?.reject(failure);
        break;
      }
    }
  }

  /** Kept until the worker has reported all that was sent: otherwise that would count as queued for ever. */
  #forgetDiscarded(id: number, batch: Batch): void {
    if (batch.discarded && batch.queuedBytes === 0) this.#batches.delete(id);
  }

  #die(error: Error): void {
    // An error is followed by the exit that it leads to.
    if (this.#closed || this.#dead !== null) return;
    const fatal = new LedgerstoneError('worker-died', `the encoding thread ended: ${error.message}`, {
      cause: error,
    });
    this.#dead = fatal;
    for (const batch of this.#batches.values()) {
      batch.failure = fatal;
      batch.finish?.reject(fatal);
    }
    this.#onFatal(fatal);
  }
}

/** The worker's file has the same ending as this one: .ts from a checkout, .js in a package. */
function workerUrl(): URL {
  const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new URL(`./encoder-worker.${ending}`, import.meta.url);
}

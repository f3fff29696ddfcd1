// How does encoding run on the second core? Records go to a worker as packed, transferred buffers; bodies come back.
import { Worker } from 'node:worker_threads';
import { LedgerstoneError, messageOf } from '../base/error.ts';
import { MIB } from '../base/limits.ts';
import type { Encoding } from '../format/paths.ts';
import { Packer } from '../ingest/pack.ts';
import type { SegmentBody } from '../segment/body.ts';
import type { BatchEncoder, Encoder } from './encoder.ts';

export type ToWorker =
  | { readonly kind: 'open'; readonly id: number; readonly firstOffset: number }
  | { readonly kind: 'add'; readonly id: number; readonly packed: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'finish'; readonly id: number }
  | { readonly kind: 'discard'; readonly id: number };

export type FromWorker =
  /** `packedBytes` of an `add` were encoded; the batch holds `heldBytes` in the worker now. */
  /* `buffer`: the transferred one, given back to be filled again. */
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
  pendingBytes: number;
  heldBytes: number;
  failure: Error | null;
  finish: { resolve: (body: SegmentBody) => void; reject: (error: Error) => void } | null;
};

const PACK_BYTES = MIB;

/** Views into a MiB of records are garbage within milliseconds: a small young generation frees what they hold soon. */
const RESOURCE_LIMITS = { maxYoungGenerationSizeMb: 8 };

/**
 * `onFatal`: the worker died: every batch in it is lost to this process (and to nobody else: nothing of it was
 * committed), so the process must end.
 */
export function threadEncoder(options: WorkerOptions, onFatal: (error: Error) => void): Encoder {
  const worker = new Worker(workerUrl(), { workerData: options, resourceLimits: RESOURCE_LIMITS });
  const batches = new Map<number, Batch>();
  const packer = new Packer();
  let progress = (): void => {};
  let pendingBytes = 0;
  let nextId = 0;
  let closed = false;
  let dead: LedgerstoneError | null = null;
  const post = (message: ToWorker, transfer: ArrayBuffer[] = []) => worker.postMessage(message, transfer);

  const die = (error: Error): void => {
    // An error is followed by the exit that it leads to.
    if (closed || dead !== null) return;
    const fatal = new LedgerstoneError('worker-died', `the encoding thread ended: ${error.message}`, {
      cause: error,
    });
    dead = fatal;
    for (const batch of batches.values()) {
      batch.failure = fatal;
      batch.finish?.reject(fatal);
    }
    onFatal(fatal);
  };
  worker.on('error', (error: unknown) => die(error instanceof Error ? error : new Error(messageOf(error))));
  worker.on('exit', (code) => die(new Error(`exit code ${code}`)));
  worker.on('message', (message: FromWorker) => {
    const batch = batches.get(message.id);
    switch (message.kind) {
      case 'added':
        if (message.buffer !== null) packer.recycle(message.buffer);
        pendingBytes -= message.packedBytes;
        if (batch !== undefined) {
          batch.pendingBytes -= message.packedBytes;
          batch.heldBytes = message.heldBytes;
        }
        progress();
        break;
      case 'body':
        batches.delete(message.id);
        batch?.finish?.resolve(message.body);
        break;
      case 'failed': {
        const failure = new LedgerstoneError('encoding-failed', message.message);
        if (batch !== undefined) batch.failure = failure;
        batch?.finish?.reject(failure);
        break;
      }
    }
  });

  const send = (id: number, batch: Batch): void => {
    const packed = packer.take();
    if (packed.length === 0) return;
    batch.pendingBytes += packed.length;
    pendingBytes += packed.length;
    post({ kind: 'add', id, packed }, [packed.buffer]);
  };

  return {
    open(firstOffset): BatchEncoder {
      const id = nextId++;
      const batch: Batch = { pendingBytes: 0, heldBytes: 0, failure: dead, finish: null };
      batches.set(id, batch);
      post({ kind: 'open', id, firstOffset });
      return {
        add(items) {
          for (const item of items) {
            packer.add(item);
            if (packer.byteLength >= PACK_BYTES) send(id, batch);
          }
          send(id, batch);
        },
        heldBytes: () => batch.heldBytes,
        finish: () =>
          new Promise((resolve, reject) => {
            if (batch.failure !== null) return reject(batch.failure);
            batch.finish = { resolve, reject };
            post({ kind: 'finish', id });
          }),
        discard() {
          batches.delete(id);
          post({ kind: 'discard', id });
        },
      };
    },
    pendingBytes: () => pendingBytes,
    onProgress(listener) {
      progress = listener;
    },
    async close() {
      closed = true;
      await worker.terminate();
    },
  };
}

/** The worker's file has the same ending as this one: .ts from a checkout, .js in a package. */
function workerUrl(): URL {
  const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new URL(`./encoder-worker.${ending}`, import.meta.url);
}

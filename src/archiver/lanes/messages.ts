// What do the main thread and a lane say to each other? Raw bytes go there, and blocks come back.
import type { Encoding } from '../../format/paths.ts';
import type { DecodeLimits } from '../../ingest/kafka/protocol/record-set.ts';
import type { AbortedTransaction } from '../../ingest/kafka/protocol/transactions.ts';
import type { SegmentBody } from '../../segment/body.ts';
import type { PartSummary } from './held-part.ts';

export type LaneOptions = {
  readonly encoding: Encoding;
  readonly level: number;
  /** What zstd frames of all threads together may refer back to (ingest/kafka/protocol/windows.ts). */
  readonly windows: SharedArrayBuffer;
};

/**
 * `set` numbers a record set that is being decoded, of which the lane keeps one part at a time; `batch` a
 * batch that is being encoded.
 */
export type ToLane =
  | {
      readonly kind: 'decode';
      readonly set: number;
      readonly bytes: Uint8Array<ArrayBuffer>;
      readonly from: number;
      readonly aborted: readonly AbortedTransaction[];
      readonly limits: DecodeLimits;
    }
  /** The part that was sent is done with, and the next one is wanted. */
  | { readonly kind: 'next'; readonly set: number }
  /** No part is wanted any more. */
  | { readonly kind: 'close'; readonly set: number }
  | { readonly kind: 'leaf'; readonly set: number; readonly index: number; readonly id: number }
  | { readonly kind: 'open'; readonly batch: number; readonly firstOffset: number }
  /** Records `from` to before `to` of the set's part. `queuedBytes`: what they count until encoded. */
  | {
      readonly kind: 'take';
      readonly batch: number;
      readonly set: number;
      readonly from: number;
      readonly to: number;
      readonly queuedBytes: number;
    }
  /** Gap lines, and records that no lane decoded. */
  | { readonly kind: 'add'; readonly batch: number; readonly packed: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'finish'; readonly batch: number }
  | { readonly kind: 'discard'; readonly batch: number };

/** `buffer`: one that came with a `decode` or an `add`, given back to be filled again. */
export type FromLane =
  /** Once, when the thread runs. `kernel`: it has one, as the host has WebAssembly with SIMD. */
  | { readonly kind: 'ready'; readonly kernel: boolean }
  | { readonly kind: 'part'; readonly set: number; readonly part: PartSummary }
  /** Nothing of this set is held any more: the last answer about it. `failure`: the decoder's own. */
  | {
      readonly kind: 'end';
      readonly set: number;
      readonly failure: string | null;
      readonly buffer: ArrayBuffer;
    }
  | { readonly kind: 'leaf'; readonly id: number; readonly leaf: Uint8Array }
  /** So much of what was queued is encoded, and the batch holds `heldBytes` in the lane now. */
  | {
      readonly kind: 'encoded';
      readonly batch: number;
      readonly queuedBytes: number;
      readonly heldBytes: number;
      readonly buffer: ArrayBuffer | null;
    }
  | { readonly kind: 'body'; readonly batch: number; readonly body: SegmentBody }
  | { readonly kind: 'failed'; readonly batch: number; readonly message: string };

// Who turns accepted records into stored bytes: a worker thread in production, the same code in line in tests.
import type { Item } from '../ingest/gate.ts';
import { BodyBuilder, type BodyTools, type SegmentBody } from '../segment/body.ts';

/**
 * One batch while it fills. `add` never waits and never throws for what a record holds; an error inside becomes the
 * rejection of `finish`, and of nothing else. After `finish` or `discard` nothing more may be added.
 */
export interface BatchEncoder {
  add(items: readonly Item[]): void;
  /** Encoded bytes that this batch holds now. What was added and is not encoded yet is `pendingBytes`, bounded apart. */
  heldBytes(): number;
  finish(): Promise<SegmentBody>;
  discard(): void;
}

export interface Encoder {
  open(firstOffset: number): BatchEncoder;
  /** Bytes that were added and not yet encoded, over all batches: when it grows, consuming is ahead of encoding. */
  pendingBytes(): number;
  /** Called after `pendingBytes` or some `heldBytes` went down. */
  onProgress(listener: () => void): void;
  close(): Promise<void>;
}

/** Encodes on the calling thread: deterministic, for tests and small jobs. */
export function inlineEncoder(tools: BodyTools): Encoder {
  return {
    open(firstOffset) {
      const builder = new BodyBuilder(firstOffset, tools);
      let failure: unknown = null;
      return {
        add(items) {
          if (failure !== null) return;
          try {
            for (const item of items) {
              if (item.kind === 'record') builder.record(item.record);
              else builder.gap(item.gap);
            }
          } catch (error) {
            failure = error;
          }
        },
        heldBytes: () => builder.heldBytes,
        finish: async () => {
          if (failure !== null) throw failure;
          return builder.finish();
        },
        discard() {},
      };
    },
    pendingBytes: () => 0,
    onProgress() {},
    close: async () => {},
  };
}

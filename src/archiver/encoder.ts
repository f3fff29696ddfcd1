// What turns accepted records into stored bytes? Lanes (threads), or the same code on this thread, for tests.
import { type Item, recordOf } from '../ingest/item.ts';
import type { TopicPartition } from '../ingest/source.ts';
import { BodyBuilder, type BodyTools, type SegmentBody } from '../segment/body.ts';
import type { MemoryAccount } from './memory.ts';

/**
 * One batch while it fills. `add` never waits and never throws because of a record: an error inside becomes
 * the rejection of `finish`, and of nothing else. After `finish` or `discard` nothing more may be added.
 */
export interface BatchEncoder {
  add(items: readonly Item[]): void;
  finish(): Promise<SegmentBody>;
  discard(): void;
}

export interface Encoder {
  /** What the batch holds is charged to the account; the caller releases it. */
  open(firstOffset: number, memory: MemoryAccount, partition: TopicPartition): BatchEncoder;
  close(): Promise<void>;
}

/** The encoder of one partition's batches. */
export type PartitionEncoder = { open(firstOffset: number, memory: MemoryAccount): BatchEncoder };

export const encoderFor = (encoder: Encoder, partition: TopicPartition): PartitionEncoder => ({
  open: (firstOffset, memory) => encoder.open(firstOffset, memory, partition),
});

/** Encodes on the calling thread: deterministic, for tests and small jobs. */
export function inlineEncoder(tools: BodyTools): Encoder {
  return {
    open(firstOffset, memory) {
      const builder = new BodyBuilder(firstOffset, tools);
      let failure: unknown = null;
      return {
        add(items) {
          if (failure !== null) return;
          try {
            for (const item of items) {
              if (item.kind === 'record') builder.record(recordOf(item));
              else builder.gap(item.gap);
            }
          } catch (error) {
            failure = error;
          }
          memory.hold(builder.heldBytes);
        },
        finish: async () => {
          if (failure !== null) throw failure;
          const body = builder.finish();
          memory.hold(builder.heldBytes);
          return body;
        },
        discard() {},
      };
    },
    close: async () => {},
  };
}

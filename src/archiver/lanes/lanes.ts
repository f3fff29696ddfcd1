// How do records become stored bytes on several threads? Each partition has one lane at a time.
import type { Decoder, Parts, RecordSet } from '../../ingest/kafka/decoder.ts';
import type { DecodeLimits } from '../../ingest/kafka/protocol/record-set.ts';
import { ownWindows } from '../../ingest/kafka/protocol/windows.ts';
import type { TopicPartition } from '../../ingest/source.ts';
import type { BatchEncoder, Encoder } from '../encoder.ts';
import type { MemoryAccount, MemoryLedger } from '../memory.ts';
import { Lane } from './lane.ts';
import type { LaneOptions } from './messages.ts';

export type LanesOptions = Omit<LaneOptions, 'windows'> & {
  /** Threads. */
  readonly count: number;
  /** Raw bytes that wait in a lane, and decoded parts, are charged to it. */
  readonly memory: MemoryLedger;
  /** Called for each lane once its thread runs. `kernel`: the host has WebAssembly with SIMD for it. */
  readonly onReady?: (kernel: boolean) => void;
};

/** Open batches and record sets of a partition. */
type Use = { readonly lane: number; count: number };

const NOTHING: Parts = {
  async *[Symbol.asyncIterator]() {},
  close: async () => {},
};

export class Lanes implements Encoder, Decoder {
  readonly copies = true;
  readonly #lanes: readonly Lane[];
  /** A partition of which no lane holds anything may get another one. */
  readonly #uses = new Map<string, Use>();

  /**
   * `onFatal`: a thread died, and what it held is lost to this process, and to nobody else, since nothing of
   * it was committed. So the process must end.
   */
  constructor({ count, memory, onReady, ...options }: LanesOptions, onFatal: (error: Error) => void) {
    const lane = { ...options, windows: ownWindows().shared };
    const events = { ready: (kernel: boolean) => onReady?.(kernel), fatal: onFatal };
    this.#lanes = Array.from({ length: count }, () => new Lane(lane, memory, events));
  }

  decode(set: RecordSet, limits: DecodeLimits): Parts {
    if (set.bytes.length === 0) return NOTHING;
    const { lane, onEnd } = this.#use(set);
    return lane.decode(set, limits, onEnd);
  }

  open(firstOffset: number, memory: MemoryAccount, partition: TopicPartition): BatchEncoder {
    const { lane, onEnd } = this.#use(partition);
    return lane.open(firstOffset, memory, onEnd);
  }

  async close(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.close()));
  }

  #use({ topic, partition }: TopicPartition): { readonly lane: Lane; readonly onEnd: () => void } {
    const key = `${topic}/${partition}`;
    const use = this.#uses.get(key) ?? { lane: this.#leastUsed(), count: 0 };
    use.count += 1;
    this.#uses.set(key, use);
    const onEnd = () => {
      use.count -= 1;
      if (use.count === 0) this.#uses.delete(key);
    };
    return { lane: this.#lanes[use.lane] as Lane, onEnd };
  }

  /** The lane with the fewest partitions. */
  #leastUsed(): number {
    const partitions = this.#lanes.map(() => 0);
    for (const { lane } of this.#uses.values()) partitions[lane] = (partitions[lane] as number) + 1;
    return partitions.indexOf(Math.min(...partitions));
  }
}

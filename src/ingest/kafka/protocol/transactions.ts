// Which records of a fetch belong to aborted transactions, and which offsets were seen without a record?
import type { SeenOffsets } from '../../source.ts';
import type { BatchHeader } from './record-batch.ts';

/** A transaction that ended with an abort marker, as the broker lists it beside the records. */
export type AbortedTransaction = { readonly producerId: bigint; readonly firstOffset: number };

/**
 * Follows the batches of one response in order: the same decisions as Kafka's own consumer
 * (CompletedFetch.java).
 */
export class AbortedProducers {
  readonly #waiting: AbortedTransaction[];
  readonly #open = new Set<bigint>();

  constructor(transactions: readonly AbortedTransaction[]) {
    this.#waiting = [...transactions].sort((a, b) => b.firstOffset - a.firstOffset);
  }

  /** To be asked once for each batch, in order: is it part of an aborted transaction? */
  covers(batch: BatchHeader): boolean {
    for (;;) {
      const next = this.#waiting.at(-1);
      if (next === undefined || next.firstOffset > batch.lastOffset) break;
      this.#open.add(next.producerId);
      this.#waiting.pop();
    }
    return batch.transactional && !batch.control && this.#open.has(batch.producerId);
  }

  /** An abort marker came: what this producer writes from here on belongs to another transaction. */
  end(producerId: bigint): void {
    this.#open.delete(producerId);
  }
}

/** Collects single offsets into runs. */
export class SeenRuns {
  readonly runs: { first: number; last: number; readonly kind: SeenOffsets['kind'] }[] = [];

  add(offset: number, kind: SeenOffsets['kind']): void {
    const run = this.runs.at(-1);
    if (run !== undefined && run.kind === kind && run.last + 1 === offset) run.last = offset;
    else this.runs.push({ first: offset, last: offset, kind });
  }

  /** The runs that are there now. The result puts them back. */
  mark(): () => void {
    const { length } = this.runs;
    const newest = this.runs.at(-1);
    const last = newest?.last ?? 0;
    return () => {
      this.runs.length = length;
      if (newest !== undefined) newest.last = last;
    };
  }
}

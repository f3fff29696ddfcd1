// Which partitions of an answer are being decoded, while the parts of one are handed over?
import type { Decoder, Parts } from '../decoder.ts';
import type { FetchedPartition } from '../protocol/fetch-api.ts';
import type { DecodeLimits } from '../protocol/record-set.ts';

/** Beside the one that is handed over: as many as keep the threads of a decoder at work. */
const AHEAD = 2;

/** Only whole answers of one broker, in their order. To be closed. */
export class DecodeAhead {
  readonly #waiting: FetchedPartition[];
  readonly #begun = new Map<FetchedPartition, Parts>();
  readonly #decoder: Decoder;
  readonly #limits: DecodeLimits;

  constructor(partitions: readonly FetchedPartition[], decoder: Decoder, limits: DecodeLimits) {
    this.#waiting = partitions.filter(
      ({ bytes, errorCode, divergedAt }) => bytes.length > 0 && errorCode === 0 && divergedAt === null,
    );
    this.#decoder = decoder;
    this.#limits = limits;
  }

  /** The parts of this one, and the next ones are begun. Those before it aren't asked for any more. */
  partsOf(partition: FetchedPartition): Parts {
    while (this.#waiting[0] !== partition && this.#waiting.includes(partition)) this.#waiting.shift();
    const parts = this.#begin(partition);
    for (const next of this.#waiting.slice(0, 1 + AHEAD)) this.#begin(next);
    return parts;
  }

  #begin(partition: FetchedPartition): Parts {
    const { asked, aborted, bytes } = partition;
    const { topic, partition: number, offset: from } = asked;
    const parts =
      this.#begun.get(partition) ??
      this.#decoder.decode({ topic, partition: number, bytes, from, aborted }, this.#limits);
    this.#begun.set(partition, parts);
    return parts;
  }

  close(): void {
    for (const parts of this.#begun.values()) void parts.close();
  }
}

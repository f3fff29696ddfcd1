// Who turns the bytes that a broker sent for one partition into records? A port: this thread, or others.
import type { Records } from '../item.ts';
import type { TopicPartition } from '../source.ts';
import type { DecodedPart } from './protocol/open-part.ts';
import { type DecodeLimits, decodeRecordSet } from './protocol/record-set.ts';
import { AbortedProducers, type AbortedTransaction } from './protocol/transactions.ts';

/** One partition's share of one answer, as the broker sent it. */
export type RecordSet = TopicPartition & {
  /** Whole batches, and perhaps the begin of one more. A view: whoever keeps it for longer copies it. */
  readonly bytes: Uint8Array;
  /** Records below this offset are left out. */
  readonly from: number;
  readonly aborted: readonly AbortedTransaction[];
};

/** A part whose records may be kept on another thread. */
export type Part = Omit<DecodedPart, 'records'> & { readonly records: Records };

/**
 * The parts of one record set, in order, to be read once. A part holds until the next one is asked for, and
 * the last one until the end. Fails only where the decoder itself does.
 */
export interface Parts extends AsyncIterable<Part, void, undefined> {
  /** No more of it is wanted. May be called at any time, also before the first part, and again. */
  close(): Promise<unknown>;
}

export interface Decoder {
  /** It copies a set's bytes before `decode` returns. False: its parts are views of them. */
  readonly copies: boolean;
  /** May begin at once, before a part is asked for. */
  decode(set: RecordSet, limits: DecodeLimits): Parts;
}

/** On the calling thread, as the parts are asked for. */
export const inlineDecoder: Decoder = {
  copies: false,
  decode({ bytes, from, aborted }, limits) {
    const parts = decodeRecordSet(bytes, from, new AbortedProducers(aborted), limits);
    return { [Symbol.asyncIterator]: () => parts, close: () => parts.return() };
  },
};

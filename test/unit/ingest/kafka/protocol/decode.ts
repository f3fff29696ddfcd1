// How do tests read a record set in one go?
import type { DecodedPart } from '../../../../../src/ingest/kafka/protocol/open-part.ts';
import { type DecodeLimits, decodeRecordSet } from '../../../../../src/ingest/kafka/protocol/record-set.ts';
import {
  AbortedProducers,
  type AbortedTransaction,
} from '../../../../../src/ingest/kafka/protocol/transactions.ts';
import { joined } from './encode.ts';

export const LIMITS: DecodeLimits = { recordBytesMax: 10 * 1024 * 1024, checkCrc: true };

export async function partsOf(
  batches: readonly Uint8Array[],
  from = 0,
  aborted: readonly AbortedTransaction[] = [],
  limits: DecodeLimits = LIMITS,
): Promise<DecodedPart[]> {
  const parts: DecodedPart[] = [];
  for await (const part of decodeRecordSet(joined(...batches), from, new AbortedProducers(aborted), limits))
    parts.push(part);
  return parts;
}

/** All parts as one. */
export async function decoded(...args: Parameters<typeof partsOf>) {
  const parts = await partsOf(...args);
  return {
    records: parts.flatMap(({ records }) => [...records]),
    offsets: parts.flatMap(({ records }) => records.map(({ offset }) => offset)),
    seen: parts.flatMap(({ seen }) => [...seen]),
    next: parts.at(-1)?.next,
    undecodable: parts.at(-1)?.undecodable ?? null,
  };
}

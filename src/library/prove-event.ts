// Which file shows offline that one record was archived, for a program that asks?
import type { VerifierKey } from '../format/vkey.ts';
import { ChainReader } from '../read/chain-reader.ts';
import { proveOffset } from '../read/prove-offset.ts';
import { type ReadOnlyArchive, storeBehind } from './archive.ts';

export type ProveEventOptions = {
  /** Trusted keys, as texts. Without one the proof is of what can be checked without: check it with one. */
  readonly keys: readonly string[];
  /** Name of the chain: that of the topic, unless the operator chose another. */
  readonly chain: string;
  readonly partition: number;
  readonly offset: number;
  readonly signal?: AbortSignal;
};

export type ProvenRecord = {
  /** A C2SP tlog-proof: for `checkProof`, or a file for `ledgerstone check`. */
  readonly proof: Uint8Array;
  /** Byte for byte as archived, without its LF. */
  readonly line: Uint8Array;
  /** The offset has no record, and the line is the gap line that says so. */
  readonly isGap: boolean;
  /** RFC 3339: when its segment was sealed, by the archiver's clock. */
  readonly sealed: string;
};

export async function proveOpened(
  archive: ReadOnlyArchive,
  trusted: readonly VerifierKey[],
  { chain, partition, offset, signal = new AbortController().signal }: ProveEventOptions,
): Promise<ProvenRecord> {
  const reader = new ChainReader({ store: storeBehind(archive), chain, partition, trusted, signal });
  const { proof, line, isGap, seal } = await proveOffset(reader, offset);
  return { proof, line, isGap, sealed: seal.manifest.time.sealed };
}

// Which lines of one segment cover these offsets, each with its proof?
import { nodeSha256 } from '../base/node/hash.ts';
import { LeafPaths } from '../merkle/leaf-paths.ts';
import { type Hash, leafHash } from '../merkle/tree.ts';
import { eventProofOf } from '../verify/event-proof.ts';
import type { ChainReader, LocatedSeal } from './chain-reader.ts';
import { checkedData } from './line-range.ts';

export type OffsetProof = {
  readonly offset: number;
  /** Null: the lines that were asked for have more bytes than `bytesMax` together. */
  readonly proven: { readonly line: Uint8Array; readonly isGap: boolean; readonly proof: Uint8Array } | null;
};

/**
 * For each offset, in their order, as far as the segment has them. It is read once and compared with its
 * seal. A gap line covers several offsets. Throws VerifyError and ExpiredDataError.
 */
export async function offsetProofs(
  reader: ChainReader,
  seal: LocatedSeal,
  offsets: readonly number[],
  bytesMax: number,
): Promise<OffsetProof[]> {
  const leaves: Hash[] = [];
  const lines = new Map<number, { index: number; line: Uint8Array | null; isGap: boolean }>();
  const wanted = [...new Set(offsets)].sort((a, b) => a - b);
  let next = 0;
  let bytes = 0;
  await checkedData(reader, seal, ({ content, start, end, offset, nextOffset, gapLine }) => {
    while (next < wanted.length && (wanted[next] as number) < nextOffset) {
      const asked = wanted[next++] as number;
      if (asked < offset) continue;
      const isTooLong = bytes + end - start > bytesMax;
      if (!isTooLong) bytes += end - start;
      const line = isTooLong ? null : content.slice(start, end);
      lines.set(asked, { index: leaves.length, line, isGap: gapLine !== null });
    }
    leaves.push(leafHash(nodeSha256, content.subarray(start, end)));
  });
  const paths = new LeafPaths(nodeSha256, leaves);
  return offsets.flatMap((offset): OffsetProof[] => {
    const found = lines.get(offset);
    if (found === undefined) return [];
    const { index, line, isGap } = found;
    if (line === null) return [{ offset, proven: null }];
    const path = { index, leaf: leaves[index] as Hash, path: paths.of(index) };
    return [{ offset, proven: { line, isGap, proof: eventProofOf(seal, path, nodeSha256) } }];
  });
}

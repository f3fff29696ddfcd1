// Which proofs show offline that these lines of one segment were archived?
import { nodeSha256 } from '../../base/node/hash.ts';
import { LeafPaths } from '../../merkle/leaf-paths.ts';
import { type Hash, leafHash } from '../../merkle/tree.ts';
import { eventProofOf } from '../../verify/event-proof.ts';
import { VerifyError } from '../../verify/finding.ts';
import type { ChainReader, LocatedSeal } from '../chain-reader.ts';
import { checkedData } from '../line-range.ts';

/**
 * The proof of each offset, in their order. The segment is read once and compared with its seal. As many
 * hashes as twice its lines are held. Throws VerifyError if it is not what was sealed.
 */
export async function* hitProofs(
  reader: ChainReader,
  seal: LocatedSeal,
  offsets: readonly number[],
): AsyncGenerator<{ readonly offset: number; readonly proof: Uint8Array }> {
  const leaves: Hash[] = [];
  const wanted = new Set(offsets);
  const indexes = new Map<number, number>();
  await checkedData(reader, seal, ({ content, start, end, offset }) => {
    if (wanted.has(offset)) indexes.set(offset, leaves.length);
    leaves.push(leafHash(nodeSha256, content.subarray(start, end)));
  });
  const paths = new LeafPaths(nodeSha256, leaves);
  for (const offset of offsets) {
    const index = indexes.get(offset);
    if (index === undefined) {
      throw new VerifyError({ code: 'offset-gap', expected: `a line of offset ${offset}`, found: 'none' });
    }
    const path = { index, leaf: leaves[index] as Hash, path: paths.of(index) };
    yield { offset, proof: eventProofOf(seal, path, nodeSha256) };
  }
}

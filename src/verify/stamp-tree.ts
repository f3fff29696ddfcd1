// Which tree has the things that are stamped on a day as its leaves? (FORMAT.md 9.11.3, 9.11.4)
import { equalBytes } from '../base/bytes.ts';
import type { Sha256 } from '../base/hash.ts';
import { checkpointText } from '../format/checkpoint.ts';
import { renewalLeaf, type StampList, type StampRenewal, type StampStatement } from '../format/stamp.ts';
import { inclusionProof } from '../merkle/proof.ts';
import { leafHash, rootOfLeaves } from '../merkle/tree.ts';

const leavesOf = ({ checkpoints, renews }: StampList, sha256: Sha256): Uint8Array[] =>
  [...checkpoints.map(checkpointText), ...renews.map((one) => renewalLeaf(one.date, one.covered))].map(
    (leaf) => leafHash(sha256, leaf),
  );

/** What the authority stamps of it. */
export function stampStatement(list: StampList, archiveOrigin: string, sha256: Sha256): StampStatement {
  const leaves = leavesOf(list, sha256);
  return { archiveOrigin, date: list.date, leaves: leaves.length, root: rootOfLeaves(sha256, leaves) };
}

export type LeafPath = { readonly index: number; readonly path: readonly Uint8Array[] };

/** Of the checkpoint that it has of this chain. Null: it has none. */
export function pathOfCheckpoint(list: StampList, origin: string, sha256: Sha256): LeafPath | null {
  return pathAt(
    list,
    list.checkpoints.findIndex((one) => one.origin === origin),
    sha256,
  );
}

/** Of the renewal of exactly that stamp. Null: it does not renew it. */
export function pathOfRenewal(
  list: StampList,
  { date, covered }: StampRenewal,
  sha256: Sha256,
): LeafPath | null {
  const at = list.renews.findIndex((one) => one.date === date && equalBytes(one.covered, covered));
  return pathAt(list, at < 0 ? -1 : list.checkpoints.length + at, sha256);
}

const pathAt = (list: StampList, index: number, sha256: Sha256): LeafPath | null =>
  index < 0 ? null : { index, path: inclusionProof(sha256, leavesOf(list, sha256), index) };

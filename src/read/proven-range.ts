// Which lines cover a range of offsets, each with a proof that leads to one signed checkpoint?
import { equalBytes, fromHex, toHex } from '../base/bytes.ts';
import { nodeSha256 } from '../base/node/hash.ts';
import { eventProofsOf } from '../format/event-proof.ts';
import { parseSignedCheckpoint } from '../format/note.ts';
import { LeafPaths } from '../merkle/leaf-paths.ts';
import { rootFromInclusion, verifyInclusion } from '../merkle/proof.ts';
import { type Hash, leafHash } from '../merkle/tree.ts';
import { VerifyError } from '../verify/finding.ts';
import type { ChainReader, LocatedSeal } from './chain-reader.ts';
import { laterPath } from './later-path.ts';
import { checkedData, type FoundLine, linesWithin, type OffsetRange } from './line-range.ts';
import { locateOffset } from './locate.ts';
import { linesOf, wholeRun } from './segment-lines.ts';

export type ProvenLine = FoundLine & {
  readonly proof: Uint8Array;
  readonly sequence: number;
  /** RFC 3339: when its segment was sealed. */
  readonly sealed: string;
};

/**
 * The lines in the order of their offsets. Each segment is read whole and compared with its seal. `note`: the
 * signed checkpoint to which every proof leads; it covers all segments of the range, and `headSequence` is
 * its last one or a later one. Throws VerifyError, `fork` where the archive has another history than the
 * note, and BeforeChainError for a range that begins before the chain.
 */
export async function* provenRange(
  reader: ChainReader,
  range: OffsetRange,
  note: Uint8Array,
  headSequence: number,
): AsyncGenerator<ProvenLine> {
  const source = {
    headSequence,
    dataSizes: await reader.dataSizes(),
    manifest: async (sequence: number) => (await reader.seal(sequence)).manifest,
  };
  const first = await locateOffset(source, range.from);
  if (first === null) return;
  const { size } = parseSignedCheckpoint(note).checkpoint;
  for (let { sequence } = first; sequence < size; sequence++) {
    const seal = await reader.seal(sequence);
    yield* provenLinesOf(reader, seal, range, note);
    if (seal.manifest.records.nextOffset >= range.to) return;
  }
}

/** The same of one segment. `offsets`: only of lines that begin with one of them. */
export async function* provenLinesOf(
  reader: ChainReader,
  seal: LocatedSeal,
  range: OffsetRange,
  note: Uint8Array,
  offsets: Pick<ReadonlySet<number>, 'has'> | null = null,
): AsyncGenerator<ProvenLine> {
  const { data, entries, time } = seal.manifest;
  if (data === null) return;
  const leaves: Hash[] = [];
  const stored = await checkedData(reader, seal, ({ content, start, end }) => {
    leaves.push(leafHash(nodeSha256, content.subarray(start, end)));
  });
  const paths = new LeafPaths(nodeSha256, leaves);
  const { size, root } = parseSignedCheckpoint(note).checkpoint;
  const path = await laterPath((sequence) => reader.seal(sequence), seal.sequence, size);
  const { manifestBytes } = seal.seal;
  if (!verifyInclusion(nodeSha256, leafHash(nodeSha256, manifestBytes), seal.sequence, size, path, root)) {
    const expected = `a segment under root ${toHex(root)} of size ${size}`;
    throw new VerifyError({ code: 'fork', expected, found: 'another history' });
  }
  const proofOf = eventProofsOf({ manifestBytes, index: seal.sequence, path, note });
  let line = -1;
  // These very bytes were checked. Decompressed once more, block by block: no more than one is held.
  const counted = function* () {
    for (const bytes of linesOf(stored, data, wholeRun(data))) {
      line++;
      yield bytes;
    }
  };
  for (const found of linesWithin(counted(), range)) {
    if (offsets !== null && !offsets.has(found.offset)) continue;
    const linePath = paths.of(line);
    const leafRoot = rootFromInclusion(nodeSha256, leaves[line] as Hash, line, entries.size, linePath);
    if (leafRoot === undefined || !equalBytes(leafRoot, fromHex(entries.root)))
      throw new VerifyError({ code: 'entry-root-mismatch', expected: entries.root, found: 'another root' });
    yield { ...found, proof: proofOf({ line, linePath }), sequence: seal.sequence, sealed: time.sealed };
  }
}

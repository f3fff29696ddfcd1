// How are the events of some offsets of one chain put into a package?
import { type Offsets, offsetsSentence, type PackageStatement } from '../../evidence/protocol.ts';
import type { ChainSummary } from '../../evidence/summary.ts';
import type { VerifierKey } from '../../format/vkey.ts';
import { chainEnd, successorOf } from '../../read/chain-end.ts';
import type { ChainReader } from '../../read/chain-reader.ts';
import { BehindChainError } from '../../read/errors.ts';
import { locateOffset } from '../../read/locate.ts';
import { provenRange } from '../../read/proven-range.ts';
import { NotYetError } from './exit-code.ts';
import {
  attestedFor,
  type Exported,
  type ExportJob,
  newParts,
  noteOf,
  ownTimeOf,
  signersOfNote,
} from './export-run.ts';

export type OffsetsJob = ExportJob & {
  /** With trusted keys. */
  readonly reader: ChainReader;
  readonly asked: readonly Offsets[];
};

/** Throws NotYetError, VerifyError and the errors of reading and writing. Then no package is there. */
export async function exportOffsets(job: OffsetsJob): Promise<Exported> {
  const { reader, asked, signal } = job;
  const target = await findTarget(job);
  const { chain, partition } = reader;
  const segments = new Set<number>();
  const ownTime = ownTimeOf(job, [await reader.seal(target.headSequence)]);
  let from = asked[0]!.from;
  const saying = (summaries: readonly ChainSummary[], last: boolean): PackageStatement => {
    const until = last ? asked.at(-1)!.to : (summaries[0]?.lastOffset ?? from);
    const here = rangesWithin(asked, from, until);
    from = until + 1;
    const about = { chain, partition, asked, here, segmentsRead: segments.size };
    segments.clear();
    const lines = summaries.reduce((sum, { events, gapLines }) => sum + events + gapLines, 0);
    return { kind: 'offsets', ...about, lines, statement: offsetsSentence(about) };
  };
  const parts = await newParts(job, target.log, saying, { seedNote: null, ownTime });
  let [events, gapLines, next] = [0, 0, 0];
  try {
    parts.beginChain({ chain, partition, checkpoint: target.note, stamp: target.stamp });
    for (const range of asked) {
      const wanted = { from: range.from, to: range.to + 1 };
      for await (const line of provenRange(reader, wanted, target.note, target.headSequence)) {
        signal.throwIfAborted();
        // A gap line may cover two of the ranges.
        if (line.offset < next) continue;
        next = line.nextOffset;
        await parts.add({ line: line.line, proof: line.proof, archivedAt: line.sealed });
        segments.add(line.sequence);
        if (line.isGap) gapLines++;
        else events++;
      }
    }
    const stamps = target.stamp === null ? 0 : 1;
    return { packages: await parts.finish(), events, gapLines, conclusion: null, stamps, log: target.log };
  } finally {
    await parts.remove();
  }
}

/** What of the ranges lies between two offsets, ends included. */
function rangesWithin(ranges: readonly Offsets[], from: number, to: number): Offsets[] {
  return ranges
    .map((range) => ({ from: Math.max(range.from, from), to: Math.min(range.to, to) }))
    .filter((range) => range.from <= range.to);
}

type Target = {
  /** The signed checkpoint to which all proofs lead. */
  readonly note: Uint8Array;
  readonly stamp: Uint8Array | null;
  readonly headSequence: number;
  readonly log: readonly VerifierKey[];
};

/** The newest checkpoint, or one that a cosigner has signed. It must cover all that is asked for. */
async function findTarget(job: OffsetsJob): Promise<Target> {
  const { reader, asked, attestations } = job;
  const { sequence: headSequence, beyond } = await chainEnd(reader);
  const head = await reader.seal(headSequence);
  const last = asked.at(-1)!.to;
  const { nextOffset } = head.manifest.records;
  if (last >= nextOffset) {
    if (beyond !== null) throw beyond;
    const next = await successorOf(reader, head);
    if (next !== null) throw new BehindChainError(`offset ${last}`, next);
    const known = `The next offset to be sealed is ${nextOffset}.`;
    throw new NotYetError('not-sealed-yet', `offset ${last} is not sealed yet`, known, 'Ask again later.');
  }
  let at: Pick<Target, 'note' | 'stamp'> = { note: noteOf(head), stamp: null };
  if (attestations !== null) {
    const source = {
      headSequence,
      dataSizes: await reader.dataSizes(),
      manifest: async (sequence: number) => (await reader.seal(sequence)).manifest,
    };
    const located = await locateOffset(source, last);
    at = await attestedFor(job, attestations, reader, located?.sequence ?? headSequence);
  }
  const { note, stamp } = at;
  return { note, stamp, headSequence, log: await signersOfNote(reader, note) };
}

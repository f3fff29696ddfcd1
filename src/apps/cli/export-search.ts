// How are the events that a search finds put into a package?
import { LedgerstoneError } from '../../base/error.ts';
import { chainOrder } from '../../evidence/package.ts';
import type { VerifierKey } from '../../format/vkey.ts';
import { ChainReader } from '../../read/chain-reader.ts';
import { type FindOptions, findLines } from '../../read/find/find.ts';
import type { Statement } from '../../read/find/statement.ts';
import { provenLinesOf } from '../../read/proven-range.ts';
import { sameKey } from '../../verify/trust.ts';
import type { AttestationSurvey } from './attestations-option.ts';
import { attestedNote } from './attested-note.ts';
import { againstAttested } from './attested-search.ts';
import { UsageError } from './exit-code.ts';
import { type Exported, type ExportJob, newParts, noteOf, signersOfNote } from './export-run.ts';

export type SearchJob = ExportJob & {
  readonly find: FindOptions;
  /** What a second party has attested. Null: nobody asked for it. */
  readonly survey: AttestationSurvey | null;
};

/** Offsets of the hits of one segment. */
type HitsOfChain = {
  readonly chain: string;
  readonly partition: number;
  readonly bySequence: Map<number, Set<number>>;
};

/**
 * Searches first, and then reads each segment that has a hit once more, to prove them all up to one
 * checkpoint of their chain. Throws UsageError where nothing was found, and IncompleteError where not
 * everything was looked at. Then no package is there.
 */
export async function exportSearch(job: SearchJob): Promise<Exported> {
  const { found, search } = await searched(job);
  const chains: { hits: HitsOfChain; reader: ChainReader; note: Uint8Array }[] = [];
  const log: VerifierKey[] = [];
  for (const hits of found) {
    const { store, trusted } = job.find;
    const { chain, partition } = hits;
    const reader = new ChainReader({ store, chain, partition, trusted, signal: job.signal });
    const note = await noteFor(job, reader, hits, search);
    for (const key of await signersOfNote(reader, note))
      if (!log.some((one) => sameKey(one.key, key.key))) log.push(key);
    chains.push({ hits, reader, note });
  }
  let before = 0;
  const parts = await newParts(job, log, (summaries) => {
    const lines = summaries.reduce((sum, { events, gapLines }) => sum + events + gapLines, 0);
    const about = { hits: search.hits, before, lines, statement: search.conclusion, search };
    before += lines;
    return { kind: 'search', ...about };
  });
  let events = 0;
  try {
    for (const { hits, reader, note } of chains) {
      parts.beginChain({ chain: hits.chain, partition: hits.partition, checkpoint: note });
      for (const [sequence, offsets] of [...hits.bySequence].sort(([a], [b]) => a - b)) {
        const seal = await reader.seal(sequence);
        const { firstOffset: from, nextOffset: to } = seal.manifest.records;
        for await (const line of provenLinesOf(reader, seal, { from, to }, note, offsets)) {
          job.signal.throwIfAborted();
          await parts.add({ line: line.line, proof: line.proof, archivedAt: line.sealed });
          events++;
        }
      }
    }
    return { names: await parts.finish(), events, gapLines: 0, log };
  } finally {
    await parts.remove();
  }
}

/** Not everything was looked at. Its exit code is that of `find`. */
class IncompleteError extends LedgerstoneError {
  constructor({ verdict, findings, chains, conclusion, leftOut }: Statement) {
    const all = [...findings, ...chains.flatMap((chain) => chain.findings)];
    const fault = verdict === 'broken' ? all.find(({ severity }) => severity === 'broken') : undefined;
    super(fault?.code ?? 'incomplete', `no package is made: ${[conclusion, ...leftOut].join('; ')}`, {
      disposition: 'input',
      remedy:
        '`ledgerstone find` shows what could not be read. --topic and a range of time narrow the search.',
    });
    this.name = 'IncompleteError';
  }
}

/** The hits by chain and segment, in the order of the package. */
async function searched({ find, survey }: SearchJob): Promise<{ found: HitsOfChain[]; search: Statement }> {
  const { hits, statement } = findLines(find);
  const found = new Map<string, HitsOfChain>();
  for await (const { chain, partition, found: line, seal } of hits) {
    const key = `${chain}/${partition}`;
    const of = found.get(key) ?? { chain, partition, bySequence: new Map<number, Set<number>>() };
    found.set(key, of);
    const offsets = of.bySequence.get(seal.sequence) ?? new Set();
    of.bySequence.set(seal.sequence, offsets.add(line.offset));
  }
  find.signal.throwIfAborted();
  const search = survey === null ? statement() : againstAttested(statement(), survey);
  if (!search.isComplete) throw new IncompleteError(search);
  if (found.size === 0) {
    throw new UsageError(
      `no event was found, so there is nothing to hand over: ${search.conclusion}`,
      '`ledgerstone find --out` writes the statement alone.',
    );
  }
  return { found: [...found.values()].sort(chainOrder), search };
}

/** The checkpoint on which the search rests, or one that a cosigner has signed. */
async function noteFor(
  { attestations, signal }: SearchJob,
  reader: ChainReader,
  hits: HitsOfChain,
  { chains }: Statement,
): Promise<Uint8Array> {
  const last = Math.max(...hits.bySequence.keys());
  if (attestations !== null) return (await attestedNote(attestations, reader, last, signal)).note;
  const size = chains.find((one) => one.chain === hits.chain && one.partition === hits.partition)?.size;
  return noteOf(await reader.seal((size ?? last + 1) - 1));
}

// How are the events that a search finds put into a package?
import { LedgerstoneError } from '../../base/error.ts';
import { suggestion } from '../../base/nearest.ts';
import type { Draw } from '../../evidence/draw.ts';
import { chainOrder } from '../../evidence/package.ts';
import type { PackageStatement } from '../../evidence/protocol.ts';
import type { ChainSummary } from '../../evidence/summary.ts';
import { SAMPLE_RULE } from '../../format/sample-rank.ts';
import type { VerifierKey } from '../../format/vkey.ts';
import { ChainReader } from '../../read/chain-reader.ts';
import { refuseAbsentField } from '../../read/find/absent-field.ts';
import { type FindOptions, findLines } from '../../read/find/find.ts';
import { drawSample } from '../../read/find/sample.ts';
import type { Statement } from '../../read/find/statement.ts';
import { OffsetRuns } from '../../read/offset-runs.ts';
import { provenLinesOf } from '../../read/proven-range.ts';
import { sameKey } from '../../verify/trust.ts';
import type { AttestationSurvey } from './attestations-option.ts';
import { againstAttested } from './attested-search.ts';
import { UsageError } from './exit-code.ts';
import {
  attestedFor,
  type Exported,
  type ExportJob,
  newParts,
  noteOf,
  ownTimeOf,
  signersOfNote,
} from './export-run.ts';
import {
  type GivenSeed,
  requireLaterSeed,
  requirePopulation,
  sampleSearch,
  seedBounds,
} from './sample-seed.ts';

export type SearchJob = ExportJob & {
  readonly find: FindOptions;
  /** What a second party has attested. Null: nobody asked for it. */
  readonly survey: AttestationSurvey | null;
  /** How many of what is found are drawn, by which seed. Null: all of it is handed over. */
  readonly draw: { readonly seed: GivenSeed; readonly count: number } | null;
  /** Whether that nothing was found is an answer to hand over: with the checkpoints of what was searched. */
  readonly isNoneAnswer?: boolean;
};

/** Offsets of the hits of each segment. */
type HitsOfChain = {
  readonly chain: string;
  readonly partition: number;
  readonly bySequence: Map<number, OffsetRuns>;
};

/** What goes into the package, and what is said of it. */
type Found = {
  readonly chains: readonly HitsOfChain[];
  readonly search: Statement;
  readonly sample: Draw | null;
};

/**
 * Searches first, and then reads each segment that has a hit once more, to prove them all up to one
 * checkpoint of their chain. Throws UsageError where nothing was found and nobody asks for that answer, and
 * IncompleteError where not everything was looked at. Then no package is there.
 */
export async function exportSearch(job: SearchJob): Promise<Exported> {
  const { chains: found, search, sample } = await (job.draw === null ? searched(job) : drawn(job, job.draw));
  const chains: ({ hits: HitsOfChain; reader: ChainReader } & TargetNote)[] = [];
  const log: VerifierKey[] = [];
  for (const hits of found) {
    const { store, trusted } = job.find;
    const { chain, partition } = hits;
    const reader = new ChainReader({ store, chain, partition, trusted, signal: job.signal });
    const { note, stamp } = await noteFor(job, reader, hits, search);
    for (const key of await signersOfNote(reader, note))
      if (!log.some((one) => sameKey(one.key, key.key))) log.push(key);
    chains.push({ hits, reader, note, stamp });
  }
  const withHits = chains.filter(({ hits }) => hits.bySequence.size > 0);
  const heads = await Promise.all(
    withHits.map(({ hits, reader }) => reader.seal(Math.max(...hits.bySequence.keys()))),
  );
  const ownTime = ownTimeOf(job.find.query, heads);
  let before = 0;
  const saying = (summaries: readonly ChainSummary[]): PackageStatement => {
    const lines = summaries.reduce((sum, { events, gapLines }) => sum + events + gapLines, 0);
    const about = { before, lines, statement: search.conclusion };
    before += lines;
    if (sample !== null) return { kind: 'sample', ...about, sample, search };
    return { kind: 'search', hits: search.hits, ...about, search };
  };
  const parts = await newParts(job, log, saying, { seedNote: job.draw?.seed.note ?? null, ownTime });
  let events = 0;
  try {
    for (const { hits, reader, note, stamp } of chains) {
      parts.beginChain({ chain: hits.chain, partition: hits.partition, checkpoint: note, stamp });
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
    const stamps = chains.filter(({ stamp }) => stamp !== null).length;
    const { conclusion } = search;
    return { packages: await parts.finish(), events, gapLines: 0, conclusion, stamps, log };
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

/** Lines by chain and segment, in the order of the package. */
class FoundPlaces {
  readonly #chains = new Map<string, HitsOfChain>();

  /** Of each segment in the order of offsets. */
  add(chain: string, partition: number, sequence: number, offset: number): void {
    const key = `${chain}/${partition}`;
    const of = this.#chains.get(key) ?? { chain, partition, bySequence: new Map<number, OffsetRuns>() };
    this.#chains.set(key, of);
    const offsets = of.bySequence.get(sequence) ?? new OffsetRuns();
    of.bySequence.set(sequence, offsets.add(offset));
  }

  get chains(): HitsOfChain[] {
    return [...this.#chains.values()].sort(chainOrder);
  }
}

/** All hits. */
async function searched({ find, survey, isNoneAnswer = false }: SearchJob): Promise<Found> {
  const { hits, statement } = findLines(find);
  const found = new FoundPlaces();
  for await (const { chain, partition, found: line, seal } of hits)
    found.add(chain, partition, seal.sequence, line.offset);
  find.signal.throwIfAborted();
  const search = survey === null ? statement() : againstAttested(statement(), survey);
  if (!search.isComplete) throw new IncompleteError(search);
  const { chains } = found;
  if (chains.length === 0 && isNoneAnswer) {
    // A field that no event has was mistyped: that says nothing about a person.
    await refuseAbsentField(find.store, search, find.query, suggestion, find.signal);
    return { chains: withoutHits(search), search, sample: null };
  }
  if (chains.length === 0) {
    throw new UsageError(
      `no event was found, so there is nothing to hand over: ${search.conclusion}`,
      '`ledgerstone find --out` writes the statement alone.',
    );
  }
  return { chains, search, sample: null };
}

/** Every chain that was searched, for its checkpoint. */
const withoutHits = ({ chains }: Statement): HitsOfChain[] =>
  chains
    .filter(({ size }) => size !== null && size > 0)
    .map(({ chain, partition }) => ({ chain, partition, bySequence: new Map() }))
    .sort(chainOrder);

/** What `ledgerstone sample` draws with the same options. */
async function drawn(
  { find, survey }: SearchJob,
  { seed, count }: NonNullable<SearchJob['draw']>,
): Promise<Found> {
  const sample = await drawSample(sampleSearch(find, seed), seed.seed, count);
  find.signal.throwIfAborted();
  await refuseAbsentField(find.store, sample.statement, find.query, suggestion, find.signal);
  const search = survey === null ? sample.statement : againstAttested(sample.statement, survey);
  if (!search.isComplete) throw new IncompleteError(search);
  requirePopulation(sample);
  await requireLaterSeed(seed, sample, find, find.signal);
  const found = new FoundPlaces();
  const inOrder = sample.drawn.toSorted((a, b) => a.offset - b.offset);
  for (const { chain, partition, segment, offset } of inOrder) found.add(chain, partition, segment, offset);
  const { text, root } = seed.seed;
  const { checkpoint } = seed;
  const from = checkpoint === null ? null : { origin: checkpoint.origin, size: checkpoint.size };
  const { population, days } = sample;
  return {
    chains: found.chains,
    search: {
      ...search,
      facts: [...search.facts, ...sample.dayNotes],
      bounds: [...search.bounds, ...seedBounds(seed)],
    },
    sample: {
      ...{ rule: SAMPLE_RULE, seed: { text, root, from }, count, population, days },
      records: sample.drawn.map(({ rank, chain, partition, offset }) => ({ rank, chain, partition, offset })),
    },
  };
}

type TargetNote = { readonly note: Uint8Array; readonly stamp: Uint8Array | null };

/** The checkpoint on which the search rests, or one that a cosigner has signed. */
async function noteFor(
  job: SearchJob,
  reader: ChainReader,
  hits: HitsOfChain,
  { chains }: Statement,
): Promise<TargetNote> {
  const last = Math.max(0, ...hits.bySequence.keys());
  const size = chains.find((one) => one.chain === hits.chain && one.partition === hits.partition)?.size;
  const end = (size ?? last + 1) - 1;
  if (job.attestations === null) return { note: noteOf(await reader.seal(end)), stamp: null };
  // Where nothing was found, all of what was searched should be below it.
  const covered = hits.bySequence.size === 0 ? end : last;
  return attestedFor(job, job.attestations, reader, covered);
}

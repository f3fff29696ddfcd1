// From what is a sample drawn, and could somebody who archived the records have chosen it?
import { toHex } from '../../base/bytes.ts';
import { printable } from '../../base/printable.ts';
import { SAMPLE_MAX } from '../../evidence/draw.ts';
import type { Checkpoint } from '../../format/checkpoint.ts';
import { parseSignedCheckpoint } from '../../format/note.ts';
import type { SampleSeed } from '../../format/sample-rank.ts';
import { ChainReader } from '../../read/chain-reader.ts';
import type { FindOptions } from '../../read/find/find.ts';
import type { Sample } from '../../read/find/sample.ts';
import { readCheckpoints } from './checkpoint-file.ts';
import { UsageError } from './exit-code.ts';
import type { Io } from './output.ts';

export type SeedOptions = { readonly seed?: string; readonly seedFrom?: string };

/** `note` and `checkpoint`: null without --seed-from. */
export type GivenSeed = {
  readonly seed: SampleSeed;
  readonly note: Uint8Array | null;
  readonly checkpoint: Checkpoint | null;
};

const TEXT_MAX = 256;

/** Throws UsageError. */
export function requireCount(option: string, count: number): void {
  if (count >= 1 && count <= SAMPLE_MAX) return;
  throw new UsageError(`${option} ${count} can't be drawn`, `Give 1 to ${SAMPLE_MAX}.`);
}

/**
 * The search of a population. No word on the times of records is taken: who states them could keep some out.
 * The archive must bear the checkpoint of the seed out.
 */
export const sampleSearch = (find: FindOptions, { note }: GivenSeed): FindOptions => ({
  ...find,
  query: { ...find.query, readsAll: true },
  since: [...(find.since ?? []), ...(note === null ? [] : [note])],
});

/** Throws UsageError. */
export function requirePopulation({ population, statement }: Sample): void {
  if (population > 0) return;
  throw new UsageError(`no record to draw from: ${statement.conclusion}`, 'Ask for more.');
}

/** Throws UsageError. */
export async function givenSeed(io: Io, { seed, seedFrom }: SeedOptions): Promise<GivenSeed> {
  if (seed === undefined && seedFrom === undefined) {
    throw new UsageError(
      'nothing to draw from',
      'Give --seed TEXT that the auditor chose, or --seed-from CHECKPOINT, or both.',
    );
  }
  const text = seed ?? '';
  const isPlain = printable(text) === text && text.isWellFormed();
  if (seed === '' || text.length > TEXT_MAX || !isPlain) {
    throw new UsageError(
      'this is no seed',
      `Give 1 to ${TEXT_MAX} characters without line ends and control characters.`,
    );
  }
  if (seedFrom === undefined) return { seed: { text, root: '' }, note: null, checkpoint: null };
  const notes = await readCheckpoints(io, seedFrom);
  const [note, ...more] = notes;
  if (note === undefined || more.length > 0) {
    throw new UsageError(
      `${seedFrom} holds ${notes.length} checkpoints`,
      'Keep the one whose root is to be the seed: which one, the auditor says before the draw.',
    );
  }
  const { checkpoint } = parseSignedCheckpoint(note);
  return { seed: { text, root: toHex(checkpoint.root) }, note, checkpoint };
}

/**
 * Who sealed the records must not have known the root. Throws UsageError unless the archive bears the
 * checkpoint out, and all of the population was sealed before the last segment under it: in its own chain by
 * the order of segments, in others by the archiver's clock.
 */
export async function requireLaterSeed(
  { checkpoint }: GivenSeed,
  { statement, newest }: Pick<Sample, 'statement' | 'newest'>,
  { store, trusted }: Pick<FindOptions, 'store' | 'trusted'>,
  signal: AbortSignal,
): Promise<void> {
  if (checkpoint === null) return;
  const { origin, size } = checkpoint;
  const own = statement.chains.find((one) => one.origin === origin);
  if (own === undefined || (own.knownSize ?? 0) < size || size < 1) {
    throw new UsageError(
      `the checkpoint of ${printable(origin)} is of no chain that was searched`,
      'Give one of a chain that the sample is drawn from.',
    );
  }
  const { chain, partition } = own;
  const reader = new ChainReader({ store, chain, partition, trusted, signal });
  const { sealed } = (await reader.seal(size - 1)).manifest.time;
  for (const [of, last] of newest) {
    const isBefore = of === origin ? last.segment < size - 1 : last.sealed < sealed;
    if (isBefore) continue;
    throw new UsageError(
      [
        `the seed is not later than the records: ${printable(of)} has some in segment ${last.segment},`,
        `sealed ${last.sealed}`,
      ].join(' '),
      [
        `End the population before the last segment under the checkpoint: --time sealed --to ${sealed},`,
        'or give a later checkpoint.',
      ].join(' '),
    );
  }
}

/** What the seed does not rule out. */
export const seedBounds = ({ seed, checkpoint }: GivenSeed): string[] => [
  ...(seed.text === ''
    ? []
    : [
        [
          'whoever chose the seed could have tried several of them, and whoever archived could have known it:',
          'an auditor writes it down before the draw, and names it after the records were sealed',
        ].join(' '),
      ]),
  ...(checkpoint === null
    ? []
    : [
        [
          'the root did not exist when the records were sealed, and those who sealed them could not choose it then.',
          'Who seals segments later can try several before signing one: a seed of the auditor as well rules that out',
        ].join(' '),
      ]),
];

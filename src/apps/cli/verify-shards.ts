// `verify --shard I/N` and `verify --merge FILE`: how do several machines verify one archive?
import type { Command } from 'commander';
import { counted, countText } from '../../base/counted.ts';
import { FormatError } from '../../base/error.ts';
import { printable } from '../../base/printable.ts';
import type { PublicKey } from '../../base/signature.ts';
import { VERSION } from '../../base/version.ts';
import { periodOf } from '../../config/units.ts';
import { encodeVkey, type VerifierKey } from '../../format/vkey.ts';
import { notComparedText } from '../../read/compared-decisions.ts';
import type { Shard, ShardOfChain } from '../../verify/range-check.ts';
import type { Depth } from '../../verify/run.ts';
import { readInput } from './bounded-input.ts';
import { EXIT, UsageError } from './exit-code.ts';
import { NewFiles, requireNoFile } from './new-files.ts';
import { type ArchiveOptions, openArchive, repeatable } from './open-archive.ts';
import type { Io } from './output.ts';
import type { Session } from './session.ts';
import {
  elsewhere,
  encodeShard,
  isSignedBy,
  parseShard,
  type ReadShard,
  type ShardContent,
  type ShardRun,
  signerText,
} from './shard-file.ts';
import { readSigners } from './signer-keys.ts';
import { openSignerOfLong, type SignerOptions, withSigner } from './signer-option.ts';
import { verifyShardOf } from './verify-store.ts';

export type ShardOptions = SignerOptions & {
  readonly shard?: Shard;
  readonly shardSegments?: number;
  readonly out?: string;
  readonly merge?: readonly string[];
  readonly signer?: readonly string[];
};

/** Segments of one range. The seal before each is read twice, and two lists are asked for it. */
const SEGMENTS = 1000;
const SHARDS_MAX = 10_000;
/** A chain of a shard takes about 1 KB, and more where something was found. */
const FILE_BYTES_MAX = 256 * 1024 * 1024;

export const withShards = (command: Command): Command =>
  withSigner(
    command
      .option(
        '--shard <i/n>',
        'verify the i-th of n shards alone, and write what came of it to --out',
        shardOf,
      )
      .option(
        '--shard-segments <n>',
        `segments of one range, the same for all shards (default: ${SEGMENTS})`,
        segmentsOf,
      )
      .option('--out <file>', 'with --shard: the new file')
      .option(
        '--merge <file>',
        'join the shards of one verification into one verdict; repeatable',
        repeatable,
      )
      .option('--signer <key>', 'with --merge: who has to have signed each shard; repeatable', repeatable),
    'the shard',
  );

function shardOf(text: string): Shard {
  const [, i, n] = /^([1-9][0-9]{0,4})\/([1-9][0-9]{0,4})$/.exec(text) ?? [];
  const [index, of] = [Number(i), Number(n)];
  if (!(index <= of && of <= SHARDS_MAX))
    throw new UsageError(
      `${JSON.stringify(text)} is no shard`,
      `Give --shard 2/8: the second of 8 (at most ${SHARDS_MAX}).`,
    );
  return { index, of, segments: SEGMENTS };
}

function segmentsOf(text: string): number {
  if (/^[1-9][0-9]{0,6}$/.test(text)) return Number(text);
  throw new UsageError(`${JSON.stringify(text)} is no number of segments`, 'Give one from 1 to 9999999.');
}

/** Options that are of the whole archive, which no shard sees. */
const OF_WHOLE = ['since', 'keep', 'checkpoints', 'strict', 'older', 'attestations', 'json'] as const;

/** Null: no shard is asked for. Throws UsageError where options don't go together. */
export function askedShard(options: ShardOptions & Partial<Record<(typeof OF_WHOLE)[number], unknown>>) {
  const { shard, merge, out, shardSegments, signer, signKey, signKms } = options;
  if (shard === undefined) {
    const alone = Object.entries({
      out,
      'shard-segments': shardSegments,
      'sign-key': signKey,
      'sign-kms': signKms,
    });
    const given = alone.find(([, value]) => value !== undefined);
    if (given !== undefined)
      throw new UsageError(`--${given[0]} is for a shard`, 'Give --shard I/N too, or leave it out.');
    if (signer !== undefined && merge === undefined)
      throw new UsageError('--signer says who signed shards', 'Give the shards: --merge FILE.');
    if (merge !== undefined && options.older !== undefined)
      throw new UsageError(
        '--merge with --older',
        'Verify an archive that goes on from another one with one `verify`.',
      );
    return null;
  }
  const ofWhole = OF_WHOLE.find((name) => options[name] !== undefined);
  if (merge !== undefined || signer !== undefined)
    throw new UsageError('--shard with --merge', 'Give one of the two.');
  if (ofWhole !== undefined)
    throw new UsageError(
      `--shard with --${ofWhole}, which is of the whole archive`,
      'Give it to the run that joins the shards: --merge.',
    );
  if (out === undefined)
    throw new UsageError('--shard without --out', 'Name the new file: --out shard-2.json.');
  return { shard: { ...shard, segments: shardSegments ?? SEGMENTS }, out };
}

type Made = { readonly depth: Depth; readonly leastLock?: string; readonly asCopy?: boolean };

export const shardRun = ({ depth, leastLock, asCopy }: Made, trusted: readonly VerifierKey[]): ShardRun => ({
  ...{ version: VERSION, depth, leastLock: leastLock ?? null, asCopy: asCopy === true },
  keys: trusted.map(encodeVkey).sort(),
});

/** Verifies one shard and writes its file. */
export async function runShard(
  session: Session,
  name: string | undefined,
  options: ArchiveOptions & ShardOptions & Made & NonNullable<ReturnType<typeof askedShard>>,
): Promise<number> {
  const { io } = session;
  const from = new Date();
  const signer = await openShardSigner(options, io);
  const archive = await openArchive(name, options, io.env);
  try {
    const { depth, leastLock, asCopy = false, shard } = options;
    const { chains, decisions } = await verifyShardOf(io, archive.store, archive.trusted, shard, {
      ...{ depth, asCopy, nowMs: from.getTime() },
      leastLock: leastLock === undefined ? null : periodOf(leastLock),
    });
    const content = {
      ...{ ...shardRun(options, archive.trusted), shard, archive: archive.store.description },
      ...{ from: from.toISOString(), to: new Date().toISOString(), decisions, chains },
    };
    return await writeShard(session, options.out, content, signer);
  } finally {
    await archive.store.close();
  }
}

/** Known before hours of reading. Throws UsageError. */
async function openShardSigner(options: ShardOptions & ArchiveOptions & { readonly out: string }, io: Io) {
  await requireNoFile(options.out);
  return openSignerOfLong(options, io.env);
}

/** Writes the file, and says what it is no verdict on. */
async function writeShard(
  { io, output }: Session,
  out: string,
  content: ShardContent,
  signer: Awaited<ReturnType<typeof openShardSigner>>,
): Promise<number> {
  const files = new NewFiles();
  try {
    await files.write(out, [await encodeShard(content, signer, io.signal)]);
    await files.place([out]);
  } finally {
    await files.remove();
  }
  const ranges = content.chains.flatMap((chain) => chain.ranges);
  const faulty = ranges.filter(({ report }) => report.verdict !== 'verified').length;
  const segments = ranges.reduce((sum, { from, size }) => sum + Math.max(0, size - from), 0);
  const { index, of } = content.shard;
  const notCompared = notComparedText(content.decisions);
  const looked = `${counted(segments, 'segment')} in ${counted(ranges.length, 'range')}`;
  await output.write(
    [
      `shard ${index}/${of}: ${looked} looked at, written to ${out}`,
      faulty === 0
        ? 'no finding that would break it. This is no verdict: only all shards together have one (--merge)'
        : `${counted(faulty, 'range')} not verified: --merge says what was found`,
      ...(notCompared === null ? [] : [printable(notCompared)]),
      '',
    ].join('\n'),
  );
  return faulty === 0 ? EXIT.ok : EXIT.failed;
}

export type MergedShards = {
  readonly chains: readonly ShardOfChain[];
  /** For people: who checked what, when, and by whose word. */
  readonly bound: string;
  readonly said: {
    readonly of: number;
    readonly from: string;
    readonly to: string;
    readonly signers: readonly string[];
  };
};

/** Throws UsageError unless the files are all shards of one verification, made as this one is. */
export async function readShards(
  io: Io,
  { merge = [], signer }: ShardOptions,
  run: ShardRun,
  archive: string,
): Promise<MergedShards> {
  const keys = signer === undefined ? null : await readSigners(io.stdin, signer);
  const read: ReadShard[] = [];
  for (const file of merge) read.push(await readShard(io, file));
  const [first] = read as [ReadShard, ...ReadShard[]];
  const { of, segments } = first.content.shard;
  for (const one of read) requireSame(one, first, run, keys);
  const indexes = read.map(({ content }) => content.shard.index);
  const twice = indexes.find((index, i) => indexes.indexOf(index) !== i);
  if (twice !== undefined)
    throw new UsageError(`shard ${twice}/${of} was given twice`, 'Give each shard once.');
  const missing = Array.from({ length: of }, (_, i) => i + 1).filter((index) => !indexes.includes(index));
  const more = missing.length > 10 ? ', …' : '';
  if (missing.length > 0)
    throw new UsageError(
      `${counted(missing.length, 'shard')} of ${of} missing: ${missing.slice(0, 10).join(', ')}${more}`,
      `Make each with the same options: --shard ${missing[0]}/${of} --shard-segments ${segments}.`,
    );
  const from = read.map(({ content }) => content.from).sort()[0] as string;
  const to = read
    .map(({ content }) => content.to)
    .sort()
    .at(-1) as string;
  const signers = [
    ...new Set(read.flatMap(({ signer: key }) => (key === null ? [] : [signerText(key)]))),
  ].sort();
  const unsigned = read.filter(({ signer: key }) => key === null).length;
  return {
    chains: read.flatMap(({ content }) => content.chains),
    bound: [boundText({ of, from, to }, signers, unsigned, keys !== null), ...elsewhere(read, archive)].join(
      '; ',
    ),
    said: { of, from, to, signers },
  };
}

function boundText(
  { of, from, to }: Pick<MergedShards['said'], 'of' | 'from' | 'to'>,
  signers: readonly string[],
  unsigned: number,
  isAsked: boolean,
): string {
  const when = `most of it was read by ${counted(of, 'shard')} between ${from} and ${to}`;
  if (isAsked) return `${when}, and each is signed by a key that was named`;
  const signed = signers.length === 0 ? '' : `, signed by ${signers.join(' and ')}`;
  const word =
    unsigned === 0
      ? 'that these keys are the right ones'
      : `that nobody has changed the ${countText(unsigned)} unsigned ${unsigned === 1 ? 'one' : 'ones'}`;
  return `${when}${signed}: ${word} is taken for granted (--signer)`;
}

async function readShard(io: Io, file: string): Promise<ReadShard> {
  const bytes = await readInput(io.stdin, file, FILE_BYTES_MAX, 'shard');
  try {
    return await parseShard(bytes, file);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new UsageError(`${file}: ${error.message}`, 'Give files that `verify --shard` wrote, as they are.');
  }
}

function requireSame(
  one: ReadShard,
  first: ReadShard,
  run: ShardRun,
  keys: readonly PublicKey[] | null,
): void {
  const { content, file } = one;
  const refuse = (what: string, remedy: string) => {
    throw new UsageError(`${file}: ${what}`, remedy);
  };
  const again = 'Make the shards anew, all with the same options.';
  if (keys !== null && !isSignedBy(one, keys))
    refuse('is not signed by a key that --signer names', 'Find out who made it, or make it anew.');
  if (content.shard.of !== first.content.shard.of || content.shard.segments !== first.content.shard.segments)
    refuse(`is of other shards than ${first.file}`, again);
  if (content.version !== run.version)
    refuse(`was made by version ${content.version}, and this is ${run.version}`, again);
  for (const name of ['depth', 'leastLock', 'asCopy'] as const)
    if (content[name] !== run[name]) refuse(`was made with another ${OPTION[name]} than this run has`, again);
  if (content.keys.join() !== run.keys.join()) refuse('was made with other trusted keys (--key)', again);
}

const OPTION = { depth: '--depth', leastLock: '--least-lock', asCopy: '--as-copy' } as const;

// Are the events of a package those that a seed draws? As far as it shows from them alone.
import { toHex } from '../base/bytes.ts';
import { FormatError } from '../base/error.ts';
import type { Sha256 } from '../base/hash.ts';
import { parseSignedCheckpoint } from '../format/note.ts';
import { rankInput } from '../format/sample-rank.ts';
import type { VerifierKey } from '../format/vkey.ts';
import { checkSignatures, trustedFor, type VerifySignature } from '../verify/trust.ts';
import type { CheckedChain } from './check-chain.ts';
import type { Draw, Drawn } from './draw.ts';
import type { Findings } from './finding.ts';
import { chainOrder, PATHS } from './package.ts';
import type { Offsets } from './protocol.ts';

/** In the order in which a package has them. */
const packageOrder = (a: Drawn, b: Drawn): number =>
  a.chain === b.chain && a.partition === b.partition ? a.offset - b.offset : chainOrder(a, b);

/** The part of a package that begins after `before` records and has `lines` of them. */
type Part = { readonly before: number; readonly lines: number };

const recordsOfPart = ({ records }: Draw, { before, lines }: Part): Drawn[] =>
  records.toSorted(packageOrder).slice(before, before + lines);

/** Those of one chain that the part should have. */
export const drawnHere = (
  draw: Draw,
  part: Part,
  { chain, partition }: Pick<CheckedChain, 'chain' | 'partition'>,
): Offsets[] =>
  recordsOfPart(draw, part)
    .filter((one) => one.chain === chain && one.partition === partition)
    .map(({ offset }) => ({ from: offset, to: offset }));

export type SampleContext = {
  readonly content: ReadonlyMap<string, Uint8Array>;
  readonly faulty: ReadonlySet<string>;
  readonly chains: readonly CheckedChain[];
  readonly trusted: readonly VerifierKey[];
  readonly sha256: Sha256;
  readonly verifySignature: VerifySignature;
  readonly findings: Findings;
};

/**
 * Whether the draw fits its rule: how many there are, each rank, their order, and the seed. That no other
 * record of the population has a lower rank, and how many there are, no package shows.
 */
export async function checkDraw(
  { sample: draw, ...part }: Part & { readonly sample: Draw },
  context: SampleContext,
): Promise<void> {
  const { chains, sha256, findings } = context;
  const { records, seed, count, population, days } = draw;
  const differs = (what: string) => findings.add('sample-differs', { what });
  if (records.length !== Math.min(count, population)) differs('number of records');
  if (days.reduce((sum, day) => sum + day.records, 0) !== population) differs('population');
  if (seed.text === '' && seed.root === '') differs('seed');
  if (records.some(({ rank }, at) => at > 0 && rank <= (records[at - 1]?.rank ?? '')))
    differs('order of ranks');
  const originOf = new Map(
    chains.map(({ chain, partition, signed }) => [`${chain}/${partition}`, signed?.checkpoint.origin]),
  );
  for (const { rank, chain, partition, offset } of records) {
    const place = `${chain}/${partition}`;
    // That of a chain of another part shows there.
    const origin = originOf.get(place);
    if (origin !== undefined && toHex(sha256(rankInput(seed, origin, offset))) !== rank)
      findings.add('not-drawn', { chain: place, offset });
  }
  for (const { chain, partition, offset } of recordsOfPart(draw, part)) {
    const place = `${chain}/${partition}`;
    if (!originOf.has(place)) findings.add('event-missing', { chain: place, offsets: offset });
  }
  if (seed.from !== null) await checkSeed(draw, context);
}

/** The root is of a checkpoint of the archive, and later than the events of its own chain. */
async function checkSeed({ seed: { root, from } }: Draw, context: SampleContext): Promise<void> {
  const { content, faulty, chains, trusted, sha256, verifySignature, findings } = context;
  const note = content.get(PATHS.seed);
  if (note === undefined || faulty.has(PATHS.seed)) {
    if (!faulty.has(PATHS.seed)) findings.add('file-missing', { path: PATHS.seed });
    return;
  }
  try {
    const signed = parseSignedCheckpoint(note);
    const { origin, size } = signed.checkpoint;
    if (toHex(signed.checkpoint.root) !== root || origin !== from?.origin || size !== from.size)
      throw new FormatError('another checkpoint');
    const keys = trustedFor(trusted, origin, sha256);
    const { signedBy, problems } = await checkSignatures(signed, [], keys, verifySignature);
    if (problems.length > 0) throw new FormatError('its signature does not hold');
    if (signedBy.size === 0 && trusted.length > 0) findings.add('other-key', { chain: origin });
    const isEarly = chains.some(
      ({ signed: own, events }) =>
        own?.checkpoint.origin === origin && events.some(({ sequence }) => (sequence ?? 0) >= size - 1),
    );
    if (isEarly) findings.add('sample-differs', { what: 'a seed that is not later than the events' });
  } catch {
    findings.add('sample-differs', { what: PATHS.seed });
  }
}

// Which segments hold what somebody names: a topic, a range of times, offsets?
import { readAhead } from '../base/concurrency.ts';
import { LedgerstoneError } from '../base/error.ts';
import type { SegmentRange } from '../format/act-detail.ts';
import { GOVERNANCE_CHAIN } from '../format/chain.ts';
import { parseTime } from '../format/manifest.ts';
import { ChainReader, type LocatedSeal } from '../read/chain-reader.ts';
import { UntrustedSealError } from '../read/errors.ts';
import { listChains } from '../read/list-chains.ts';
import { VerifyError } from '../verify/finding.ts';
import { mergedRanges, type ScopeTools } from './scope.ts';

export type Selection = {
  readonly chain: string;
  /** Null: all that are there. */
  readonly partition: number | null;
  /** [fromMs, toMs). `record`: timestamps of records; `sealed`: when they were sealed. */
  readonly time: {
    readonly kind: 'record' | 'sealed';
    readonly fromMs: number;
    readonly toMs: number;
  } | null;
  /** With both ends. */
  readonly offsets: readonly { readonly from: number; readonly to: number }[] | null;
  /** Also each segment that comes later. */
  readonly future: boolean;
};

export type Selected = {
  readonly ranges: readonly SegmentRange[];
  segments: number;
  /** Of data objects, stored. */
  bytes: number;
  /** Segments whose records have no time: taken, since they may be of that time. */
  untimed: number;
  /** Segments whose seal is not as it should be: taken, since nobody knows what they hold. */
  doubtful: number;
  readonly partitions: readonly number[];
  /** Offsets that were asked for and that no segment has, with both ends. */
  readonly unsealed: OffsetRun[];
};

type OffsetRun = { readonly partition: number; readonly from: number; readonly to: number };

/** What one act can name. */
const RANGES_MAX = 1000;
const AHEAD = 16;

/**
 * A segment is taken whole if the span of its records' timestamps, when it was sealed, or its offsets overlap
 * what is asked for: from its signed manifest. Throws `no-chain`, `nothing-selected`, and `too-scattered`
 * where one act could not name all of it.
 */
export async function selectSegments(tools: ScopeTools, selection: Selection): Promise<Selected> {
  const { chain, partition: only } = selection;
  const partitions: number[] = [];
  const others = new Set<string>();
  for await (const place of listChains(tools.store, tools.signal))
    if (place.chain === chain && (only === null || place.partition === only))
      partitions.push(place.partition);
    else if (place.chain !== GOVERNANCE_CHAIN) others.add(`${place.chain}/${place.partition}`);
  if (partitions.length === 0)
    throw new LedgerstoneError('no-chain', `there is no chain ${chain}${only === null ? '' : `/${only}`}`, {
      disposition: 'input',
      remedy: `There are: ${[...others].slice(0, 20).join(', ') || 'none'}.`,
    });
  const ranges: SegmentRange[] = [];
  const selected: Selected = {
    ...{ ranges, partitions, segments: 0, bytes: 0, untimed: 0, doubtful: 0, unsealed: [] },
  };
  for (const partition of partitions) {
    const runs = await runsOf(tools, partition, selection, selected);
    ranges.push(...runs.map((run) => ({ chain, partition, ...run })));
  }
  if (isWholeTopic(selection)) ranges.splice(0, ranges.length, { chain, partition: null, from: 0, to: null });
  requireNameable(selected, selection);
  return selected;
}

const isWholeTopic = ({ partition, time, offsets, future }: Selection): boolean =>
  future && partition === null && time === null && offsets === null;

async function runsOf(
  tools: ScopeTools,
  partition: number,
  selection: Selection,
  selected: Selected,
): Promise<{ readonly from: number; readonly to: number | null }[]> {
  const reader = new ChainReader({ ...tools, chain: selection.chain, partition });
  const head = await reader.headSequence();
  await reader.listSeals();
  const taken: { from: number; to: number | null }[] = [];
  const sealed = { from: Number.POSITIVE_INFINITY, next: 0 };
  const looked = readAhead(upTo(head), AHEAD, async (sequence) => ({
    sequence,
    found: await sealOrDoubt(reader, sequence),
  }));
  for await (const { sequence, found } of looked) {
    if (found !== 'doubtful') {
      sealed.from = Math.min(sealed.from, found.manifest.records.firstOffset);
      sealed.next = Math.max(sealed.next, found.manifest.records.nextOffset);
    }
    if (found === 'doubtful') selected.doubtful++;
    else if (!isWanted(found, selection, selected)) continue;
    selected.segments++;
    if (found !== 'doubtful') selected.bytes += found.manifest.data?.bytes ?? 0;
    taken.push({ from: sequence, to: sequence });
  }
  selected.unsealed.push(...unsealedOf(selection, sealed).map((run) => ({ partition, ...run })));
  if (selection.future) taken.push({ from: head + 1, to: null });
  return mergedRanges(taken);
}

/** What was asked for before the chain's first offset, or behind its last one. */
const unsealedOf = ({ offsets }: Selection, sealed: { readonly from: number; readonly next: number }) =>
  (offsets ?? []).flatMap(({ from, to }) => [
    ...(from < sealed.from ? [{ from, to: Math.min(to, sealed.from - 1) }] : []),
    ...(to >= sealed.next ? [{ from: Math.max(from, sealed.next), to }] : []),
  ]);

async function* upTo(head: number): AsyncGenerator<number> {
  for (let sequence = 0; sequence <= head; sequence++) yield sequence;
}

async function sealOrDoubt(reader: ChainReader, sequence: number): Promise<LocatedSeal | 'doubtful'> {
  try {
    return await reader.seal(sequence);
  } catch (error) {
    if (error instanceof VerifyError || error instanceof UntrustedSealError) return 'doubtful';
    throw error;
  }
}

function isWanted({ manifest }: LocatedSeal, { time, offsets }: Selection, selected: Selected): boolean {
  const { records } = manifest;
  if (
    offsets !== null &&
    !offsets.some(({ from, to }) => records.firstOffset <= to && records.nextOffset > from)
  )
    return false;
  if (time === null) return true;
  const { first, last, sealed } = manifest.time;
  const overlaps = (fromMs: number, toMs: number) => toMs >= time.fromMs && fromMs < time.toMs;
  if (time.kind === 'sealed') return overlaps(parseTime(sealed), parseTime(sealed));
  if (first !== null && last !== null) return overlaps(parseTime(first), parseTime(last));
  if (records.count > 0) selected.untimed++;
  return records.count > 0;
}

function requireNameable({ ranges, segments }: Selected, { future }: Selection): void {
  if (segments === 0 && !future)
    throw new LedgerstoneError('nothing-selected', 'no segment has anything of what was asked for', {
      disposition: 'input',
      remedy: 'Look with `ledgerstone find` or `ledgerstone status` what there is, or add --future.',
    });
  if (ranges.length <= RANGES_MAX) return;
  throw new LedgerstoneError(
    'too-scattered',
    `the selection has ${ranges.length} runs of segments, and one act names at most ${RANGES_MAX}`,
    {
      disposition: 'input',
      remedy: 'Take fewer partitions or times at once, each with the same --case; or a whole range of times.',
    },
  );
}

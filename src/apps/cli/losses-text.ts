// How are gaps and losses printed: for people, and for spreadsheets?
import { counted, countText } from '../../base/counted.ts';
import { printable } from '../../base/printable.ts';
import type { KnownEnd } from '../../read/chain-end.ts';
import type { LocatedSeal } from '../../read/chain-reader.ts';
import type { ChainCounts, FoundGap } from '../../read/gap-search.ts';
import { type AcceptedGap, acceptedText } from '../../verify/acts/accepted-gaps.ts';
import { csvCell } from './csv.ts';
import type { Output } from './output.ts';
import { behindText, endedText, endNotKnownText } from './status-text.ts';
import { tableText } from './table.ts';
import { missingText } from './verdict-bounds.ts';
import { sealedText } from './when-text.ts';

type Continued = {
  readonly origin: string;
  readonly nextOffset: number;
  readonly reason: string;
  readonly by: string;
};

/** What was found of one chain. */
export type ChainLosses = {
  readonly chain: string;
  readonly partition: number;
  readonly counts: ChainCounts;
  /** Of the last seal that was read. */
  head: LocatedSeal | null;
  /** The older chain that it goes on from, and why: each began with a halt. */
  continues: Continued | null;
  /** Which chain goes on from it, and why that is not known. */
  ended: KnownEnd['ended'];
  endNotKnown: KnownEnd['endNotKnown'];
  /** Why the rest of the chain could not be looked at. Null: all of it was. */
  problem: string | null;
};

export type Row = FoundGap & {
  readonly chain: string;
  readonly partition: number;
  readonly lost: boolean;
  /** How many of its offsets two people accepted as lost, and by which decisions. Null: none. */
  readonly accepted: { readonly offsets: number; readonly by: readonly AcceptedGap[] } | null;
};

/** Folders that could not be listed: which chains lie there is not known. */
export type Unlisted = { readonly folder: string; readonly problem: string };

const COLUMNS = [
  { title: 'chain' },
  { title: 'offsets' },
  { title: 'count', align: 'right' },
  { title: 'reason' },
  { title: 'lost' },
  { title: 'sealed' },
  { title: 'by' },
  { title: 'why' },
] as const;

const UNREAD = 'its data has expired';

function offsetsText({ firstOffset, lastOffset, sequence }: Row): string {
  if (firstOffset === null || lastOffset === null) return `in segment ${sequence}`;
  return firstOffset === lastOffset ? String(firstOffset) : `${firstOffset} to ${lastOffset}`;
}

function lostText({ lost, offsets, accepted }: Row): string {
  if (!lost) return '-';
  if (accepted === null) return 'lost';
  return accepted.offsets === offsets ? 'accepted loss' : `lost, ${countText(accepted.offsets)} accepted`;
}

/** `when`: which gaps were asked for, ` sealed in …`. Empty: all. */
export function lossesText(
  rows: readonly Row[],
  chains: readonly ChainLosses[],
  isAll: boolean,
  when: string,
  output: Output,
): string {
  const cells = rows.map((row) => [
    ...[`${row.chain}/${row.partition}`, offsetsText(row), countText(row.offsets), row.reason],
    ...[lostText(row), row.sealed, printable(row.by ?? '-'), printable(row.why ?? UNREAD)],
  ]);
  const lines = rows.length === 0 ? [] : [tableText(COLUMNS, cells).trimEnd(), ''];
  const sum = (some: readonly Row[]) => some.reduce((offsets, row) => offsets + row.offsets, 0);
  const lost = rows.filter((row) => row.lost);
  const compacted = rows.filter((row) => !row.lost);
  if (rows.length === 0) {
    const seals = chains.reduce((sum, { counts }) => sum + counts.seals, 0);
    const read = chains.filter(({ counts }) => counts.seals > 0);
    const where = `${counted(seals, 'seal')} of ${counted(read.length, 'chain')}`;
    lines.push(`no gap${when} stands on somebody's word in the ${where} that were read`);
  } else if (lost.length === 0) lines.push(`no loss among the gaps${when}`);
  else
    lines.push(
      `${counted(sum(lost), 'record')} lost in ${counted(lost.length, 'gap')}${when}`,
      ...acceptedLines(rows),
    );
  if (compacted.length > 0) {
    const gaps = `${counted(sum(compacted), 'offset')} compacted in ${counted(compacted.length, 'gap')}`;
    lines.push(`${gaps}${when}, which is no loss`);
  }
  if (!isAll) lines.push(output.colour('red', 'not all chains could be looked at, see below'));
  return `${lines.join('\n')}\n`;
}

/** Who accepted what, by decisions in the governance chain. */
function acceptedLines(rows: readonly Row[]): string[] {
  const records = rows.reduce((sum, { accepted }) => sum + (accepted?.offsets ?? 0), 0);
  if (records === 0) return [];
  const acts = [...new Set(rows.flatMap(({ accepted }) => accepted?.by ?? []))];
  return [
    `of them ${countText(records)} ${records === 1 ? 'is an accepted loss' : 'are accepted losses'}:`,
    ...acts.map((act) =>
      printable(`  ${act.chain}/${act.partition}, offsets ${act.from} to ${act.to}, ${acceptedText(act)}`),
    ),
  ];
}

/** What the whole of each chain states, and how far it was looked at. */
export function noteChains(
  chains: readonly ChainLosses[],
  unlisted: readonly Unlisted[],
  isVerified: boolean,
  output: Output,
): void {
  for (const { folder, problem } of unlisted)
    output.note(printable(`which chains lie below ${folder} is not known: ${problem}`));
  for (const { chain, partition, counts, continues, ended, endNotKnown, problem } of chains) {
    const { firstOffset, nextOffset, archived, missing, lastSealed, seals } = counts;
    const place = `${chain}/${partition}`;
    const offsets = (nextOffset ?? 0) - (firstOffset ?? 0);
    const end = lastSealed === null ? '' : `, sealed up to ${sealedText(lastSealed)}`;
    const all = missingText(missing, offsets, archived);
    if (seals > 0)
      output.note(`${place}, by the count of its seals: ${all} (${counted(seals, 'seal')} read${end})`);
    if (continues !== null) {
      const { origin, nextOffset: at, reason, by } = continues;
      output.note(printable(`${place} continues ${origin} from its offset ${at} on, by ${by}: ${reason}`));
    }
    if (ended !== null) output.note(printable(`${place} ${endedText(ended)}`));
    // Without a key that is said once, for all of it, and what stopped before the end says more.
    if (endNotKnown !== null && isVerified && problem === null)
      output.note(printable(`${place}: ${endNotKnownText(endNotKnown)}`));
    if (counts.behind !== null) output.note(printable(`${place}: ${behindText(counts.behind)}`));
    if (problem !== null) output.note(`${place}: not looked at any further: ${printable(problem)}`);
  }
  if (chains.some(({ counts }) => counts.seals > 0))
    output.note(
      'that the records which the seals count are still there was not looked at: `verify` reads them',
    );
  if (!isVerified) output.note('not verified, and whether a chain has ended is not known: no key was given');
}

const CSV_COLUMNS = [
  'chain',
  'partition',
  'first_offset',
  'last_offset',
  'offsets',
  'reason',
  'lost',
  'sealed',
  'by',
  'why',
  'segment',
  'accepted_loss',
  'accepted_by',
  'accepted_since',
];

const acceptedCells = ({ accepted, lost }: Row): (string | number)[] => {
  const by = accepted?.by ?? [];
  const people = by.map(({ by: one, approvedBy }) => `${one} and ${approvedBy}`);
  return [lost ? (accepted?.offsets ?? 0) : '', people.join('; '), by.map(({ since }) => since).join('; ')];
};

/** RFC 4180, with LF. A cell that a spreadsheet would take for a formula begins with an apostrophe. */
export function csvText(rows: readonly Row[]): string {
  const lines = rows.map((row) => [
    ...[row.chain, row.partition, row.firstOffset ?? '', row.lastOffset ?? '', row.offsets, row.reason],
    ...[row.lost ? 'yes' : 'no', row.sealed, row.by ?? '', row.why ?? UNREAD, row.sequence],
    ...acceptedCells(row),
  ]);
  return [CSV_COLUMNS, ...lines].map((cells) => `${cells.map(csvCell).join(',')}\n`).join('');
}

// How far does a verdict reach: what is archived or lost, what was not read, what can't be ruled out?
import { counted, countText } from '../../base/counted.ts';
import { importedTexts } from '../../read/imported.ts';
import { endBound } from '../../verify/end-bound.ts';
import { addMissing, lostOffsets, type Missing, NONE_MISSING } from '../../verify/gaps.ts';
import type { ArchiveReport, Beside, ChainReport } from '../../verify/report.ts';
import type { DecisionsSaid } from './decisions-look.ts';

/** Over all chains, as their seals state it. */
export type Totals = {
  /** From the first sealed offset of each chain to its last. */
  readonly offsets: number;
  readonly archived: number;
  /** Records that are missing and should not be: gaps that are `expired` or `accepted`. */
  readonly lost: number;
  readonly missing: Missing;
};

export function totalsOf(chains: readonly ChainReport[]): Totals {
  let [offsets, archived] = [0, 0];
  let missing = NONE_MISSING;
  for (const chain of chains) {
    if (chain.firstOffset === null || chain.nextOffset === null) continue;
    offsets += chain.nextOffset - chain.firstOffset;
    archived += chain.entries;
    missing = addMissing(missing, chain.missing);
  }
  return { offsets, archived, lost: lostOffsets(missing), missing };
}

const sum = (chains: readonly ChainReport[], of: (chain: ChainReport) => number): number =>
  chains.reduce((total, chain) => total + of(chain), 0);

/** `120 of 140 offsets are archived; 20 are lost (…); not counted as lost: …` */
function archivedText(chains: readonly ChainReport[]): string {
  const { offsets, archived, missing } = totalsOf(chains);
  const transactions = missing.transaction > 0 ? transactionText(chains, missing.transaction) : '';
  return missingText(missing, offsets, archived, transactions);
}

/** `decisions`: what was read of them. */
export type ReportOfArchive = ArchiveReport & { readonly decisions?: DecisionsSaid | null };

export type JudgedReport = ReportOfArchive & { readonly beside?: Beside<ReportOfArchive> };

const acceptedCount = (accepted: number, lost: number): string => {
  const of = accepted === lost ? 'all of the lost' : `${countText(accepted)} of the lost`;
  return `; ${of} are accepted losses, by a decision of two persons`;
};

/** What is archived. Whose word that is stands first, unless every record of it was read and is verified. */
export function statedText({ verdict, chains, decisions = null }: ReportOfArchive): string {
  const accepted = decisions?.acceptedLosses.records ?? 0;
  const text = `${archivedText(chains)}${accepted === 0 ? '' : acceptedCount(accepted, totalsOf(chains).lost)}`;
  if (verdict !== 'verified') return `not shown, only stated by the seals that were read: ${text}`;
  const isRead = chains.every(({ entries, entriesRead }) => entries === entriesRead);
  return isRead ? text : `by the count of the seals, ${text}`;
}

/** The same of one chain. `transactions`: words for their offsets, if more than their number is known. */
export function missingText(missing: Missing, offsets: number, archived: number, transactions = ''): string {
  const parts = [
    `${countText(archived)} of ${counted(offsets, 'offset')} ${offsets === 1 ? 'is' : 'are'} archived`,
  ];
  const lost = lostOffsets(missing);
  const lostBy = (['expired', 'accepted'] as const)
    .filter((reason) => missing[reason] > 0)
    .map((reason) => `${countText(missing[reason])} ${reason}`);
  if (lost > 0) parts.push(`${countText(lost)} are lost (${lostBy.join(', ')})`);
  else if (archived < offsets) parts.push('none is stated as lost');
  const apart: string[] = [];
  if (missing.transaction > 0) {
    apart.push(transactions || `${countText(missing.transaction)} of transactions`);
  }
  if (missing.compacted > 0) apart.push(`${countText(missing.compacted)} compacted`);
  if (apart.length > 0) parts.push(`not counted as lost: ${apart.join(', ')}`);
  return parts.join('; ');
}

function transactionText(chains: readonly ChainReport[], offsets: number): string {
  const control = sum(chains, ({ transactions }) => transactions.control);
  const aborted = sum(chains, ({ transactions }) => transactions.aborted);
  const unread = offsets - control - aborted;
  const kinds = [
    ...(control > 0 ? [counted(control, 'control record')] : []),
    ...(aborted > 0 ? [`${counted(aborted, 'record')} of aborted transactions`] : []),
    ...(unread > 0 ? [`${countText(unread)} whose lines were not read`] : []),
  ];
  return `${countText(offsets)} of transactions (${kinds.join(', ')})`;
}

/** A store without locks, or one that was to be judged as a copy. */
export const isCopy = ({ chains, findings }: ArchiveReport): boolean =>
  [...findings, ...chains.flatMap((chain) => chain.findings)].some(
    ({ code }) => code === 'locks-not-applicable',
  );

/** What the command line gave to a verification, beside what is in its report. */
export type Given = {
  /** The least lock that each seal was held to, as it was written. Null: none was named. */
  readonly leastLock: string | null;
  /** Of shards that were joined: by whose word. Null or left out: this run has read everything itself. */
  readonly shards?: string | null;
};

export const NOTHING_GIVEN: Given = { leastLock: null };

/**
 * What a verdict of `verified` leaves open. Each is one sentence, for people and in JSON. Empty for any other
 * verdict: what was found then says more, and a bound could say the opposite.
 */
export function boundsOf(report: ArchiveReport, { leastLock, shards = null }: Given): string[] {
  const { chains, depth, verdict } = report;
  if (verdict !== 'verified') return [];
  const said: string[] = shards === null ? [] : [shards];
  if (isCopy(report)) {
    said.push('locks were not checked (a copy has none): for how long anything is kept is not known');
  }
  if (leastLock === null) {
    said.push(
      'a seal that promises too short a lock is not ruled out: no least lock was named (--least-lock)',
    );
  }
  said.push(...importedTexts(chains));
  const expired = sum(chains, (chain) => chain.expired);
  if (depth === 'seals')
    said.push('data was not read: bytes that changed at the same size are not ruled out');
  if (expired > 0) {
    said.push(`the data of ${counted(expired, 'segment')} has expired and was not read`);
  }
  const unread = sum(chains, (chain) => chain.expiredUnread);
  if (unread > 0) {
    said.push(
      `${counted(unread, 'segment')} expired before anybody but the writer read them, as far as this run was shown`,
    );
  }
  return [...said, endBound(chains, ['--since', '--keep', '--attestations'])];
}

/** The end of a verdict: up to which time and offset. */
export function reachText(chains: readonly ChainReport[]): string {
  const sealed = chains.flatMap(({ lastSealed }) => lastSealed ?? []).sort();
  const [first, last] = [sealed[0], sealed.at(-1)];
  const [only] = chains;
  if (first === undefined || last === undefined || only === undefined) return '';
  if (chains.length === 1) {
    const { nextOffset, firstOffset } = only;
    const isEmpty = nextOffset === null || firstOffset === null || nextOffset === firstOffset;
    const offsets = isEmpty ? 'no offset yet' : `offsets ${firstOffset} to ${nextOffset - 1}`;
    return `${offsets}, sealed up to ${last}`;
  }
  const ends = first === last ? last : `between ${first} and ${last}`;
  return `${counted(chains.length, 'chain')} up to the offsets above, each last sealed ${ends}`;
}

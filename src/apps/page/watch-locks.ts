// How does the page of a verifier show legal holds, and locks that end soon, and as of when?
import { counted, countText } from '../../base/counted.ts';
import type { TableBlock } from '../../evidence/report/blocks.ts';
import type { ActsLook } from '../../read/acts.ts';
import { type LocksSeen, SOON_DAYS } from '../../verifier/tasks/lock-tally.ts';
import { holdsInForce } from '../../verify/acts/in-force.ts';
import { rangesText } from '../cli/governance-text.ts';
import { timeCell } from './parts.ts';
import type { WatchView } from './watch-view.ts';

const SHOWN_MAX = 50;

const HOLDS = {
  kind: 'table',
  title: 'Legal holds',
  columns: [
    ...[{ title: 'case' }, { title: 'segments' }],
    ...[
      { title: 'placed', form: 'time' as const },
      { title: 'last said to be needed', form: 'time' as const },
    ],
  ],
} as const;

export function holdsBlock({ decisions }: Pick<WatchView, 'decisions'>): TableBlock {
  const unknown = holdsUnknown(decisions?.look ?? null);
  if (decisions?.look.kind !== 'read') return { ...HOLDS, intro: '', rows: [], empty: unknown };
  const { history, isVerified } = decisions.look;
  const holds = holdsInForce(history, isVerified);
  const shown = holds.slice(0, SHOWN_MAX);
  const more = holds.length - shown.length;
  return {
    ...HOLDS,
    intro:
      'What people decided, in the chain of decisions. That the objects are held each sweep asks the store; what is ' +
      `not is a finding. As of ${timeCell(decisions.atMs)}.${unknown === '' ? '' : ` ${unknown}`}` +
      `${more > 0 ? ` And ${countText(more)} more: ledgerstone hold list.` : ''}`,
    rows: shown.map(({ case: name, segments, placedMs, affirmedMs }) => [
      ...[name, rangesText(segments), timeCell(placedMs), timeCell(affirmedMs)],
    ]),
    empty: isVerified ? 'No hold is in force.' : 'No hold in what could be read.',
  };
}

/** Why there may be holds that are not listed. Empty: all decisions were read. */
function holdsUnknown(look: ActsLook | null): string {
  switch (look?.kind) {
    case undefined:
      return 'Not known yet: no decision was read since this process began.';
    case 'no-chain':
      return 'This archive has no chain of decisions. Whether somebody holds objects in the store itself is not known.';
    case 'no-key':
      return 'Not known: no key of archive.trusted covers the chain of decisions.';
    case 'unread':
      return `Not known: the chain of decisions could not be read: ${look.problem}`;
    case 'read':
      return look.isVerified
        ? ''
        : `The chain of decisions could be read in part only, so no release is believed: ${look.problem ?? ''}`;
  }
}

export function locksBlock({ locks }: Pick<WatchView, 'locks'>): TableBlock {
  const block = {
    ...{ kind: 'table' as const, title: 'Locks that end soon' },
    columns: [
      ...[{ title: 'ends on (UTC)', form: 'time' as const }, { title: 'chain' }],
      { title: 'objects', align: 'right' as const },
    ],
  };
  if (locks === null)
    return {
      ...{ ...block, intro: '', rows: [] },
      empty:
        'Not known yet: this process has done no sweep from its beginning to its end. ' +
        'ledgerstone report retention reads them now.',
    };
  const shown = locks.ending.slice(0, SHOWN_MAX);
  const more = locks.ending.slice(SHOWN_MAX).reduce((sum, { objects }) => sum + objects, locks.endingOmitted);
  return {
    ...block,
    intro:
      `Within ${SOON_DAYS} days, of the seals and data of all chains, as the sweep read them that ended at ` +
      `${timeCell(locks.endedMs)} (begun ${timeCell(locks.begunMs)}). From that day on they can be deleted; nothing ` +
      `deletes them by itself, and a legal hold keeps them all the same.${restText(locks)}` +
      `${more > 0 ? ` And ${counted(more, 'object')} more: ledgerstone report retention.` : ''}`,
    rows: shown.map(({ date, chain, partition, objects }) => [
      ...[date, `${chain}/${partition}`, countText(objects)],
    ]),
    empty: emptyText(locks),
  };
}

function restText({ unlocked, notRead, isWithoutLocks }: LocksSeen): string {
  return [
    ...(isWithoutLocks ? [' The store keeps no locks.'] : []),
    ...(unlocked > 0 ? [` ${counted(unlocked, 'object')} had no lock any more, or none at all.`] : []),
    ...(notRead > 0 ? [` Of ${counted(notRead, 'object')} the lock could not be read.`] : []),
  ].join('');
}

function emptyText({ locks, nextMs, isWithoutLocks }: LocksSeen): string {
  if (locks === 0 && isWithoutLocks) return 'Nothing in it is locked.';
  if (locks === 0) return 'Not known: no lock was read.';
  const next = nextMs === null ? '' : `; the next one ends ${timeCell(nextMs)}`;
  return `No lock of the ${counted(locks, 'object')} that were read ends so soon${next}.`;
}

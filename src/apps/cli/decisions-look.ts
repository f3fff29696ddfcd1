// What is said of the decisions about an archive that is verified: were they looked at, and compared?
import { counted } from '../../base/counted.ts';
import type { ActsLook } from '../../read/acts.ts';
import type { StoreReader } from '../../store/store.ts';
import {
  type AcceptedGap,
  acceptanceOf,
  acceptedGaps,
  acceptedText,
} from '../../verify/acts/accepted-gaps.ts';
import { lostOffsets } from '../../verify/gaps.ts';
import type { Report } from '../../verify/report.ts';

/** In JSON too. Null: the archive has no governance chain. */
export type DecisionsSaid = {
  /** Acts that count. Null: no decision was looked at. */
  readonly acts: number | null;
  readonly refused: number;
  /** Acts of kinds that only a later version knows. */
  readonly later: number;
  /** Locks and legal holds were compared with what the acts demand. */
  readonly compared: boolean;
  /** Segments that a case holds and that were not asked for it: sealed less than an hour before. */
  readonly holdsToCome: number;
  /** Why something was left out. */
  readonly why: string | null;
  /** Losses that two people accepted, as far as the gap lines were read. */
  readonly acceptedLosses: { readonly records: number; readonly by: readonly AcceptedGap[] };
};

export const NO_DECISIONS_KEY = 'no key was given that covers the governance chain (--key)';
const NONE_ACCEPTED: DecisionsSaid['acceptedLosses'] = { records: 0, by: [] };

export function saidOfDecisions(
  look: ActsLook,
  { kind }: Pick<StoreReader, 'kind'>,
  report: Report,
  asCopy: boolean,
): DecisionsSaid | null {
  const nothing = {
    ...{ acts: null, refused: 0, later: 0, compared: false, holdsToCome: 0 },
    acceptedLosses: NONE_ACCEPTED,
  };
  switch (look.kind) {
    case 'no-chain':
      return null;
    case 'no-key':
      return { ...nothing, why: NO_DECISIONS_KEY };
    case 'unread':
      return { ...nothing, why: `the governance chain could not be read: ${look.problem}` };
    case 'read': {
      const { acts, refused, later } = look.history;
      const doubt = doubtOf(look, report);
      const isVerified = look.isVerified && doubt === null;
      const counts = {
        ...{ acts: acts.length, refused: refused.length, later: later.length },
        holdsToCome: report.chains.reduce((sum, one) => sum + one.holdsToCome, 0),
        acceptedLosses: acceptedLosses(report, acceptedGaps({ ...look, isVerified })),
      };
      if (asCopy || kind === 'directory')
        return { ...counts, compared: false, why: 'a copy has no locks and no legal holds' };
      return { ...counts, compared: true, why: doubt };
    }
  }
}

function acceptedLosses(
  { chains }: Report,
  accepted: readonly AcceptedGap[],
): DecisionsSaid['acceptedLosses'] {
  const found = chains.flatMap(({ chain, partition, gaps }) =>
    gaps.flatMap((gap) =>
      lostOffsets({ [gap.reason]: 1 }) === 0 ? [] : [acceptanceOf(accepted, { chain, partition, ...gap })],
    ),
  );
  return {
    records: found.reduce((sum, { offsets }) => sum + offsets, 0),
    by: [...new Set(found.flatMap(({ by }) => by))],
  };
}

/** Why only what locks longer and holds more was taken from the chain. */
function doubtOf(look: ActsLook & { readonly kind: 'read' }, { chains }: Report): string | null {
  const partly = 'only what locks longer and holds more was compared, for';
  if (look.problem !== null) return `${partly} it was read in part: ${look.problem}`;
  const { origin } = look.history;
  const own = chains.find((chain) => chain.origin === origin);
  return own === undefined || own.verdict === 'verified'
    ? null
    : `${partly} the governance chain is ${own.verdict}`;
}

export function decisionsText(said: DecisionsSaid | null): string[] {
  if (said === null) return [];
  const { acts, refused, later, compared, holdsToCome, why, acceptedLosses: losses } = said;
  if (acts === null) return [`decisions: none was looked at: ${why}`];
  const parts = [
    counted(acts, 'act'),
    ...(refused > 0 ? [`${counted(refused, 'line')} that ${refused === 1 ? 'is' : 'are'} none`] : []),
    ...(later > 0 ? [`${counted(later, 'act')} of kinds that only a later version knows`] : []),
  ];
  const what = compared
    ? 'locks and legal holds were compared with what they demand, but for what may still be under way (FORMAT.md 13.6)'
    : 'what they demand of locks and legal holds was not compared';
  return [
    `decisions: ${parts.join(', ')}; ${what}${why === null ? '' : `: ${why}`}`,
    ...toComeText(holdsToCome),
    ...losses.by
      .slice(0, SHOWN_MAX)
      .map(
        (one) => `accepted loss: ${one.chain}/${one.partition}, ${offsetsText(one)}, ${acceptedText(one)}`,
      ),
    ...(losses.by.length > SHOWN_MAX ? [`and ${losses.by.length - SHOWN_MAX} more (--json lists them)`] : []),
  ];
}

function toComeText(segments: number): string[] {
  if (segments === 0) return [];
  const asked = `${counted(segments, 'segment')} under a case ${segments === 1 ? 'was' : 'were'}`;
  return [`holds: ${asked} not asked for a hold: sealed less than an hour before`];
}

const SHOWN_MAX = 20;

const offsetsText = ({ from, to }: AcceptedGap): string =>
  from === to ? `offset ${from}` : `offsets ${from} to ${to}`;

// Are the new seals of a chain sound? For a verifier that continues from its own last attestation.
import type { HeldTo } from './acts/held-to.ts';
import { type Anchor, anchorOfConfirmed } from './anchor.ts';
import type { ArchiveReader } from './archive-reader.ts';
import { ChainCheck } from './chain-check.ts';
import type { Finding } from './finding.ts';
import { FindingList } from './finding-list.ts';
import { chainText } from './handover.ts';
import type { OpenedSeal } from './open-seal.ts';
import type { ChainReport } from './report.ts';
import type { ChainInArchive } from './survey.ts';
import { startRun, type VerifyOptions } from './verify.ts';

/** What the caller has confirmed itself, and keeps where the archive's writer can't change it. */
export type Confirmed = {
  /** Of the chain: `O/chain/partition`. */
  readonly origin: string;
  /** At least 1. */
  readonly size: number;
  readonly root: Uint8Array;
};

export type ConfirmOptions = Omit<VerifyOptions, 'since' | 'confirmed' | 'only' | 'onProgress'> & {
  /** Null: from the first seal on, by the pinned keys. */
  readonly confirmed: Confirmed | null;
  /** What decisions say of its seals. */
  readonly heldTo?: HeldTo;
  /** Where others continue this chain. Objects behind it without a trusted signature are then foreign. */
  readonly handovers?: readonly Anchor[];
  /** Asked after each seal. False stops there, and the next run can continue from there. */
  readonly mayGoOn?: () => boolean;
};

export type Confirmation = {
  /** Of the checked part; `size` and `root` are the chain's at its end. */
  readonly report: ChainReport;
  /** The newest seal that was checked. It is sound only if the verdict is `verified`. */
  readonly head: OpenedSeal | null;
  /** False: there is more to check. */
  readonly isAtEnd: boolean;
};

const CONFIRMED_BEFORE = 'confirmed before';

/** Whether the chain is not the one that the caller has confirmed. */
export const isAgainstConfirmed = ({ code, expected }: Finding): boolean =>
  (code === 'fork' || code === 'truncation') && expected?.endsWith(`: ${CONFIRMED_BEFORE}`) === true;

/**
 * Walks every seal after the confirmed one. That one is read once more, and only its root is trusted: the
 * frontier is checked against it, so all later roots are the caller's own. Another root there is a `fork`,
 * and a shorter chain a `truncation`. Null: there is no chain, and none was confirmed.
 */
export async function confirmChain(
  reader: ArchiveReader,
  place: ChainInArchive,
  options: ConfirmOptions,
): Promise<Confirmation | null> {
  const { confirmed, mayGoOn = () => true, handovers = [] } = options;
  const run = startRun(reader, options, [place]);
  const word = confirmed === null ? [] : [anchorOfConfirmed({ ...confirmed, from: CONFIRMED_BEFORE })];
  if (word.length + handovers.length > 0) run.anchors.set(chainText(place), [...word, ...handovers]);
  const behind = confirmed === null ? null : ({ kind: 'confirmed', ...confirmed } as const);
  const check = new ChainCheck(place, run, { behind, before: null, mayGoOn, reportsRest: false });
  const report = await check.run(new FindingList());
  return report === null ? null : { report, head: check.head, isAtEnd: check.isAtEnd };
}

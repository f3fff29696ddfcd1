// Is what came after the confirmed part of a chain sound? For a verifier that goes on from its own last word.
import { type Anchor, anchorOfConfirmed } from './anchor.ts';
import type { ArchiveReader } from './archive-reader.ts';
import { ChainCheck } from './chain-check.ts';
import { FindingList } from './finding-list.ts';
import { chainText } from './handover.ts';
import type { OpenedSeal } from './open-seal.ts';
import type { ChainReport } from './report.ts';
import type { ChainInArchive } from './survey.ts';
import { startRun, type VerifyOptions } from './verify.ts';

/** What the asking party has confirmed itself, and kept where the archive's writer can't reach it. */
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
  /** Where others continue this chain: what lies there by nobody's right is a stray then. */
  readonly handovers?: readonly Anchor[];
  /** Asked after each seal; false stops there, at a place from which the next run can go on. */
  readonly mayGoOn?: () => boolean;
};

export type Confirmation = {
  /** Of the part that was looked at; `size` and `root` are the chain's at its end. */
  readonly report: ChainReport;
  /** The newest seal that was looked at: sound only where the verdict is `verified`. */
  readonly head: OpenedSeal | null;
  /** False: there is more to check. */
  readonly isAtEnd: boolean;
};

/**
 * Walks every seal behind the confirmed one. That one is read once more, and only its root is believed: its
 * frontier is computed from it, so the roots that follow are this caller's own. Another root there is a
 * `fork`, a shorter chain a `truncation`. Null: there is no chain, and none was confirmed.
 */
export async function confirmChain(
  reader: ArchiveReader,
  place: ChainInArchive,
  options: ConfirmOptions,
): Promise<Confirmation | null> {
  const { confirmed, mayGoOn = () => true, handovers = [] } = options;
  const run = startRun(reader, options, [place]);
  const word = confirmed === null ? [] : [anchorOfConfirmed({ ...confirmed, from: 'confirmed before' })];
  if (word.length + handovers.length > 0) run.anchors.set(chainText(place), [...word, ...handovers]);
  const check = new ChainCheck(place, run, { confirmed, mayGoOn });
  const report = await check.run(new FindingList());
  return report === null ? null : { report, head: check.head, isAtEnd: check.isAtEnd };
}

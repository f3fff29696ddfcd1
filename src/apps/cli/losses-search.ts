// Which gaps has an archive that stand on somebody's word, and which of its chains could not be looked at?
import { LedgerstoneError, messageOf } from '../../base/error.ts';
import { lookAtActs } from '../../read/acts.ts';
import { type Handovers, knownEnd, lookForHandovers } from '../../read/chain-end.ts';
import { ChainReader, type LocatedSeal } from '../../read/chain-reader.ts';
import { NoChainError } from '../../read/errors.ts';
import { countedSeals, gapsOfSegment, newCounts } from '../../read/gap-search.ts';
import { listChains, type OnUnlisted } from '../../read/list-chains.ts';
import { type AcceptedGap, acceptanceOf, acceptedGaps } from '../../verify/acts/accepted-gaps.ts';
import { type ChainOptions, openChain } from './chain-option.ts';
import { NO_DECISIONS_KEY } from './decisions-look.ts';
import { EXIT, exitCodeOfError } from './exit-code.ts';
import type { ChainLosses, Row, Unlisted } from './losses-text.ts';
import type { Archive } from './open-archive.ts';
import { noChainText } from './status-text.ts';

/** By the time when a segment was sealed. */
export type SealedRange = { readonly sinceMs: number; readonly untilMs: number };

export type LossesFound = {
  readonly rows: readonly Row[];
  /** Why it is not known which losses were accepted. Null: it is, or there is no governance chain. */
  readonly acceptanceUnknown: string | null;
  readonly chains: readonly ChainLosses[];
  readonly unlisted: readonly Unlisted[];
  /** 0: everything was looked at. */
  readonly exitCode: number;
  /** Folders without a seal: no chains. */
  readonly notes: readonly string[];
};

export type ArchiveWalk = {
  readonly archive: Archive;
  /** Null: every chain. */
  readonly named: ChainOptions | null;
  readonly signal: AbortSignal;
};

/** Throws where there is no chain at all, or nothing could be seen. */
export async function searchLosses(walk: ArchiveWalk, range: SealedRange): Promise<LossesFound> {
  const found: FoundRow[] = [];
  const walked = await walkChains(walk, async (reader, losses) => {
    for await (const row of rowsOf(reader, losses, range)) found.push(row);
  });
  const hasLosses = found.some(({ lost }) => lost);
  const { accepted, unknown } = hasLosses ? await acceptedIn(walk) : { accepted: [], unknown: null };
  const rows = found.map((row) => ({ ...row, accepted: acceptanceOfRow(row, accepted) }));
  return { ...walked, rows, acceptanceUnknown: unknown };
}

type FoundRow = Omit<Row, 'accepted'>;

/** What two people accepted, by a governance chain that is whole and signed by a trusted key. */
async function acceptedIn({ archive: { store, trusted }, signal }: ArchiveWalk): Promise<{
  readonly accepted: readonly AcceptedGap[];
  readonly unknown: string | null;
}> {
  const look = await lookAtActs(store, trusted, signal);
  switch (look.kind) {
    case 'no-chain':
      return { accepted: [], unknown: null };
    case 'no-key':
      return { accepted: [], unknown: NO_DECISIONS_KEY };
    case 'unread':
      return { accepted: [], unknown: `the governance chain could not be read: ${look.problem}` };
    case 'read':
      return {
        accepted: acceptedGaps(look),
        unknown: look.isVerified ? null : `the governance chain was read in part: ${look.problem}`,
      };
  }
}

function acceptanceOfRow(row: FoundRow, accepted: readonly AcceptedGap[]): Row['accepted'] {
  if (!row.lost) return null;
  const { offsets, by } = acceptanceOf(accepted, row);
  return offsets === 0 ? null : { offsets, by };
}

/** Each chain, with what `look` found of it. What that throws becomes the chain's problem. */
export async function walkChains(
  { archive, named, signal }: ArchiveWalk,
  look: (reader: ChainReader, found: ChainLosses) => Promise<void>,
): Promise<Omit<LossesFound, 'rows' | 'acceptanceUnknown'>> {
  const chains: ChainLosses[] = [];
  const unlisted: Unlisted[] = [];
  const notes: string[] = [];
  let exitCode: number = EXIT.ok;
  let firstError: Error | null = null;
  let handovers: Promise<Handovers> | null = null;
  const onUnlisted = (folder: string, error: Error) => {
    firstError ??= error;
    unlisted.push({ folder, problem: messageOf(error) });
  };
  for await (const reader of readersOf(archive, named, onUnlisted, signal)) {
    const { chain, partition } = reader;
    const found: ChainLosses = {
      ...{ chain, partition, counts: newCounts(), head: null, continues: null, problem: null },
      ...{ ended: null, endNotKnown: 'its end was not reached' },
    };
    chains.push(found);
    try {
      await look(reader, found);
      handovers ??= lookForHandovers(reader.options);
      if (found.head !== null) Object.assign(found, knownEnd(await handovers, reader, found.head));
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof NoChainError) {
        if (named !== null) throw error;
        chains.pop();
        notes.push(noChainText(reader));
        continue;
      }
      found.problem = messageOf(error);
      if (exitCode !== EXIT.broken) exitCode = exitCodeOfError(error);
    }
  }
  // Of an archive of which nothing at all can be seen the error says more.
  if (chains.length === 0 && firstError !== null) throw firstError;
  if (exitCode === EXIT.ok && unlisted.length > 0) exitCode = EXIT.failed;
  if (chains.length === 0) {
    throw new LedgerstoneError(
      'no-chain',
      `${archive.store.description} has no chain: nothing was looked at`,
      {
        disposition: 'input',
        remedy: 'Is it the address of an archive? Nothing may be sealed there yet.',
      },
    );
  }
  return { chains, unlisted, notes, exitCode };
}

/** Of the named chain, or of every chain that the archive has. */
async function* readersOf(
  archive: Archive,
  named: ChainOptions | null,
  onUnlisted: OnUnlisted,
  signal: AbortSignal,
): AsyncGenerator<ChainReader> {
  const { store, trusted } = archive;
  if (named !== null) yield openChain(archive, named, signal);
  else
    for await (const place of listChains(store, signal, onUnlisted))
      yield new ChainReader({ store, ...place, trusted, signal });
}

/** Every seal of the chain, noted in `found`. */
export async function* notedSeals(reader: ChainReader, found: ChainLosses): AsyncGenerator<LocatedSeal> {
  for await (const seal of countedSeals(reader, found.counts)) {
    const { continues } = seal.manifest;
    found.head = seal;
    if (continues !== null) {
      const { origin, nextOffset, reason, by } = continues;
      found.continues = { origin, nextOffset, reason, by };
    }
    yield seal;
  }
}

async function* rowsOf(
  reader: ChainReader,
  found: ChainLosses,
  { sinceMs, untilMs }: SealedRange,
): AsyncGenerator<FoundRow> {
  const { chain, partition } = found;
  for await (const seal of notedSeals(reader, found)) {
    const sealedMs = Date.parse(seal.manifest.time.sealed);
    if (sealedMs < sinceMs || sealedMs >= untilMs) continue;
    for (const gap of await gapsOfSegment(reader, seal)) {
      yield { chain, partition, ...gap, lost: gap.reason !== 'compacted' };
    }
  }
}

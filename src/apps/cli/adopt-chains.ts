// Which chains of an older archive does this one go on from, and which of them does it already?
import { olderChain } from '../../archiver/chain/adopt.ts';
import type { OlderChain } from '../../archiver/chain/create.ts';
import { type TopicRoute, topicRoute } from '../../archiver/chain/topic-route.ts';
import { toHex } from '../../base/bytes.ts';
import { systemClock } from '../../base/clock.ts';
import type { Config } from '../../config/archiver.ts';
import { topicNamed, topicOfChain } from '../../config/topic-names.ts';
import { parseChainOrigin } from '../../format/chain.ts';
import type { VerifierKey } from '../../format/vkey.ts';
import { chainEnd, type Handovers, knownEnd, lookForHandovers } from '../../read/chain-end.ts';
import { ChainReader, type LocatedSeal } from '../../read/chain-reader.ts';
import { NoChainError } from '../../read/errors.ts';
import { findHead } from '../../store/head.ts';
import type { ReadableStore } from '../../store/store.ts';
import type { ChainReport } from '../../verify/report.ts';
import type { AdoptOptions } from './adopt-options.ts';
import { UsageError } from './exit-code.ts';
import type { OlderArchive } from './older-option.ts';
import type { StoreReport } from './verify-store.ts';

/** The end of an older chain, and the chain of the new archive that goes on from it. */
export type OlderHead = {
  /** `chain/partition` of the new archive. */
  readonly name: string;
  readonly adopting: TopicRoute;
  readonly older: OlderChain;
  /**
   * What is listed behind this has come since. Of a verified chain it is the last seal, else what was
   * listed, junk too.
   */
  readonly listed: number;
};

export type LeftChain = { readonly name: string; readonly why: string };

/**
 * `none`: not begun. `adopted`: it goes on from that end. `behind`: it goes on from an earlier one, and the
 * older chain went on all the same.
 */
export type AdoptedChain = { readonly head: OlderHead; readonly state: 'none' | 'adopted' | 'behind' };

/** Throws UsageError where a chain can't be gone on from, or nothing is there to go on from. */
export async function headsToAdopt(
  old: OlderArchive,
  { chains }: Pick<StoreReport, 'chains'>,
  config: Config,
  options: AdoptOptions,
  signal: AbortSignal,
): Promise<{ readonly heads: readonly OlderHead[]; readonly left: readonly LeftChain[] }> {
  const { source, archive } = config;
  const handovers = await lookForHandovers({ ...old, signal });
  const named = options.topic?.map((name) => topicNamed(source, name));
  const [heads, left]: [OlderHead[], LeftChain[]] = [[], []];
  for (const report of chains) {
    const { chain, partition } = report;
    const adopting = (named ?? [topicOfChain(source, chain, partition)])
      .filter((topic) => topic !== null)
      .map((topic) => topicRoute(config, topic, partition))
      .find(({ route }) => (options.olderChain ?? route.name.chain) === chain);
    if (adopting === undefined) {
      left.push({ name: `${chain}/${partition}`, why: 'no topic of the configuration goes into it' });
      continue;
    }
    const end = await endOf(old, report, handovers, signal);
    if ('why' in end) {
      left.push({ name: `${chain}/${partition}`, why: end.why });
      continue;
    }
    if (parseChainOrigin(end.head.manifest.origin).archiveOrigin === archive.origin)
      throw new UsageError(
        `${old.store.description} is an archive of ${archive.origin} too: it has no other owner`,
        'Give your archive an origin of its own; within one archive, `continues` of the configuration goes on.',
      );
    const { chain: own } = adopting.route.name;
    heads.push({
      ...{ name: `${own}/${partition}`, adopting, listed: end.listed },
      older: olderChain({ ...old, chain, partition }, end.head, systemClock),
    });
  }
  if (heads.length === 0)
    throw new UsageError(
      `${old.store.description} has no chain that a topic of the configuration goes on from`,
      left.map(({ name, why }) => `${name}: ${why}.`).join(' ') || undefined,
    );
  return { heads, left };
}

async function endOf(
  old: OlderArchive,
  report: ChainReport,
  handovers: Handovers,
  signal: AbortSignal,
): Promise<{ readonly head: LocatedSeal; readonly listed: number } | { readonly why: string }> {
  const { chain, partition, verdict, size, root } = report;
  const isVerified = verdict === 'verified';
  // Its keys were followed from seal to seal when it was verified.
  const trusted = isVerified ? [] : old.trusted;
  const reader = new ChainReader({ store: old.store, chain, partition, trusted, signal });
  const listed = await reader.headSequence();
  const head = await reader.seal(isVerified ? size - 1 : (await chainEnd(reader)).sequence);
  if (isVerified && toHex(head.root) !== root)
    throw new UsageError(`${report.origin} is not what it was when it was verified`, 'Run this again.');
  const { ended } = knownEnd(handovers, reader, head);
  if (ended !== null) return { why: `it has ended, and ${ended.continuedBy} continues it (--older-chain)` };
  // Of a verified chain, what is listed beyond its size came while it was verified.
  return { head, listed: isVerified ? size - 1 : listed };
}

/** Whether anything was sealed there since. */
export async function hasMoved(
  { store }: OlderArchive,
  { older: { name }, listed }: OlderHead,
  signal: AbortSignal,
): Promise<boolean> {
  const search = await findHead(store, name.chain, name.partition, listed, signal);
  return search.kind !== 'head' || search.sequence !== listed;
}

/** Throws UsageError where the chain was begun, and goes on from nothing or from another chain. */
export async function adoptionState(
  store: ReadableStore,
  trusted: readonly VerifierKey[],
  head: OlderHead,
  signal: AbortSignal,
): Promise<AdoptedChain> {
  const { chain, partition } = head.adopting.route.name;
  const reader = new ChainReader({ store, chain, partition, trusted, signal });
  const first = await reader.seal(0).catch(async (error: unknown) => {
    const search = await findHead(store, chain, partition, 0, signal);
    if (search.kind === 'none') return null;
    throw error instanceof NoChainError ? new UsageError(error.message) : error;
  });
  if (first === null) return { head, state: 'none' };
  const { continues, origin } = first.manifest;
  const { name, recovered } = head.older;
  if (continues === null || continues.origin !== name.chainOrigin)
    throw new UsageError(
      `${origin} was begun before, and goes on from ${continues === null ? 'nothing' : continues.origin}`,
      'Give the topic another chain in the configuration (`chain:`), and let it be named as --older-chain here.',
    );
  const { size } = recovered.head;
  const isSame = continues.size === size && continues.root === toHex(recovered.root);
  return { head, state: isSame ? 'adopted' : 'behind' };
}

// Where does a chain begin that goes on from another owner's archive? Sealed before an archiver starts.
import type { Clock } from '../../base/clock.ts';
import { LedgerstoneError } from '../../base/error.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { VERSION } from '../../base/version.ts';
import type { Config, ContinuesConfig } from '../../config/archiver.ts';
import type { Manifest } from '../../format/manifest.ts';
import type { VerifierKey } from '../../format/vkey.ts';
import type { Source } from '../../ingest/source.ts';
import { type OnTrouble, Sealer } from '../../sealing/sealer.ts';
import { type Head, headAfter } from '../../segment/segment.ts';
import type { ReadableStore, Store } from '../../store/store.ts';
import { Keyring } from '../keyring.ts';
import { MemoryLedger } from '../memory.ts';
import { type ChainStart, continuedFrom, type OlderChain, otherTopic, sealChainStart } from './create.ts';
import { HaltError } from './halt.ts';
import { identityOf } from './position.ts';
import type { TopicRoute } from './topic-route.ts';

type LastSeal = Pick<Head, 'frontier'> & {
  readonly manifest: Manifest;
  readonly manifestHash: string;
  readonly root: Uint8Array;
  readonly signedKeys: readonly VerifierKey[];
};

/** `head`: the older chain's last seal, which somebody has verified. */
export function olderChain(
  place: {
    readonly store: ReadableStore;
    readonly trusted: readonly VerifierKey[];
    readonly chain: string;
    readonly partition: number;
  },
  head: LastSeal,
  clock: Clock,
): OlderChain {
  const { store, chain, partition } = place;
  const { manifest, manifestHash, frontier, root, signedKeys } = head;
  const { origin } = manifest;
  // The chain may have changed its key since: what it trusts now signs its newest seals.
  const trusted = [...place.trusted, ...signedKeys];
  return {
    name: { chainOrigin: origin, chain, partition },
    tools: {
      ...{ store, clock, sha256: nodeSha256 },
      keyring: new Keyring({ configured: [], trusted, archiveOrigin: origin, sha256: nodeSha256 }),
    },
    recovered: { head: headAfter(chain, partition, manifest, manifestHash, frontier), manifest, root },
  };
}

export type AdoptionWords = {
  readonly reason: string;
  readonly by: string;
  /** Where the topic is another one than the older chain was sealed from. Null: nobody said. */
  readonly startFrom: NonNullable<ContinuesConfig['startFrom']> | null;
};

export type PlannedChain = TopicRoute & {
  readonly older: OlderChain;
  readonly start: ChainStart;
  /** Why it is another topic: its offsets are no continuation of the older ones. Null: it is the same. */
  readonly otherTopic: string | null;
};

/** Writes nothing. Throws `adopt-source` where the topic is another one and nobody said where to begin. */
export async function planAdoption(
  source: Source,
  adopting: TopicRoute,
  older: OlderChain,
  words: AdoptionWords,
  signal: AbortSignal,
): Promise<PlannedChain> {
  const { route } = adopting;
  const { partition } = route;
  const other = await otherTopic({ source }, route, older, signal);
  const { low, high } = await source.logRange(partition);
  if (other !== null && words.startFrom === null) {
    throw new LedgerstoneError(
      'adopt-source',
      [
        `${partition.topic}/${partition.partition} is not what ${older.name.chainOrigin} was sealed from:`,
        other.message,
      ].join(' '),
      {
        disposition: 'input',
        remedy: [
          'Its offsets are others. Say where the new chain begins: --start-from earliest, or an offset',
          `(the log has ${low} to ${high - 1}). If it is the same topic: give every key of the older archive.`,
        ].join(' '),
      },
    );
  }
  const identity = await identityOf(source, partition);
  const startFrom = other === null ? 'next' : (words.startFrom ?? 'next');
  try {
    const begins = continuedFrom(older, identity, words, startFrom, low);
    const start: ChainStart = { name: route.name, source: identity, ...begins };
    return { ...adopting, older, start, otherTopic: other?.message ?? null };
  } catch (error) {
    if (!(error instanceof HaltError)) throw error;
    const remedy = `It says that it is the same one, and ${other?.message}: find out what became of it first.`;
    throw new LedgerstoneError('adopt-source', error.message, { disposition: 'input', remedy });
  }
}

export type AdoptionTools = {
  readonly config: Config;
  readonly store: Store;
  readonly keyring: Keyring;
  readonly writerId: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onTrouble: OnTrouble;
  readonly signal: AbortSignal;
};

/**
 * Seals segment 0. False: another writer was there first. Killed anywhere, the chain is begun so or not at
 * all.
 */
export async function sealAdoption(tools: AdoptionTools, { topic, start }: PlannedChain): Promise<boolean> {
  const { config, store, keyring, clock, random, signal, onTrouble } = tools;
  const sealer = new Sealer({
    ...{ store, clock, random, signal, sha256: nodeSha256, memory: new MemoryLedger() },
    signersOf: ({ manifest }) => keyring.signersOf(manifest.origin, manifest.keys),
    sealRetention: config.retention.seals,
  });
  const policy = config.retention[topic.retention] ?? config.retention.seals;
  const constant = {
    retention: { mode: policy.mode, period: policy.period, policy: topic.retention },
    writer: { id: tools.writerId, version: VERSION },
  };
  await sealer.clockWrong(onTrouble);
  const all = { store, clock, keyring, sealer, sha256: nodeSha256, constantOf: () => constant };
  return (await sealChainStart(all, start, onTrouble)).kind === 'stored';
}

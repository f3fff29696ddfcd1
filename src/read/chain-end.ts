// Where does a chain end for a reader, whatever lies at the keys of the seals after it?
import { equalBytes } from '../base/bytes.ts';
import { Semaphore } from '../base/concurrency.ts';
import { LedgerstoneError } from '../base/error.ts';
import { nodeSha256 } from '../base/node/hash.ts';
import { verifySignature } from '../base/signature.ts';
import type { Anchor } from '../verify/anchor.ts';
import { type Problem, VerifyError } from '../verify/finding.ts';
import { chainText, collectHandovers } from '../verify/handover.ts';
import { isSignedLater } from '../verify/later-version.ts';
import { isRead, signersOf } from '../verify/open-seal.ts';
import type { ChainInArchive } from '../verify/survey.ts';
import { includesKey } from '../verify/trust.ts';
import type { ChainReader, ChainReaderOptions, LocatedSeal } from './chain-reader.ts';
import type { Successor } from './errors.ts';
import { listChains } from './list-chains.ts';

/** How many bad seals of the chain's own are skipped at its end. */
const STEPS_BACK_MAX = 3;
/** How many objects are looked at behind the size at which another chain goes on. */
const BEHIND_MAX = 100;
const READS_AT_ONCE = 16;

/** Objects at seal keys, behind the size at which another chain goes on, that are none of this chain's. */
export type Behind = {
  readonly objects: number;
  /** Origin of the chain that goes on. */
  readonly continuedBy: string;
};

export type FoundEnd = {
  /** Of the newest good seal. */
  readonly sequence: number;
  /** What is wrong with the objects after it. Null: nothing. */
  readonly beyond: unknown;
  /** Foreign objects after it, which are nothing wrong. Null: none was found. */
  readonly behind: Behind | null;
};

/**
 * The newest good seal. A writer can put junk at the key of the next seal, and if it is locked it stays. It
 * must not hide what was sealed before it, and where another chain goes on it is no fault of this one
 * (FORMAT.md 9.5.3). Throws NoChainError, or what is wrong with the objects if no good seal is near the end.
 */
export async function chainEnd(reader: ChainReader): Promise<FoundEnd> {
  const newest = await reader.headSequence();
  const bad = new Map<number, unknown>();
  let handovers: readonly Anchor[] | null = null;
  let [own, behind] = [0, 0];
  for (const sequence of [newest, ...reader.listedBelow(newest)]) {
    try {
      const head = await reader.seal(sequence);
      return { sequence, ...(await judged(reader, head, bad, handovers ?? [])) };
    } catch (error) {
      const isOfObject = error instanceof LedgerstoneError && error.disposition === 'input';
      if (!isOfObject) throw error;
      bad.set(sequence, error);
    }
    handovers ??= await handoversOf(reader);
    if (handovers.some(({ size }) => size <= sequence)) behind++;
    else own++;
    if (own > STEPS_BACK_MAX) break;
    if (behind > BEHIND_MAX) {
      const expected = `a seal among the newest ${BEHIND_MAX} objects`;
      throw new VerifyError({ code: 'unreadable', expected, found: 'none of this chain' });
    }
  }
  throw bad.values().next().value;
}

/**
 * The chain that goes on where this one ends. Null: none, or none is known without a trusted key. Reads the
 * first seal of every chain of the archive.
 */
export const successorOf = async (reader: ChainReader, head: LocatedSeal): Promise<Successor | null> =>
  successorAmong(await handoversOf(reader), head);

/** What the first seals of all chains say of which chain goes on where. */
export type Handovers = {
  /** By `chain/partition` of the chain that ended. */
  readonly byChain: ReadonlyMap<string, readonly Anchor[]>;
  /** Why there may be more. Null: everything was looked at. */
  readonly notKnown: string | null;
};

/** Reads the first seal of every chain of the archive. Without a trusted key none. */
export async function lookForHandovers(
  options: Pick<ChainReaderOptions, 'store' | 'trusted' | 'signal'>,
): Promise<Handovers> {
  if (options.trusted.length === 0) return { byChain: new Map(), notKnown: 'no key was given' };
  let notKnown: string | null = null;
  const places: ChainInArchive[] = [];
  const onUnlisted = (folder: string, { message }: Error) => {
    notKnown ??= `which chains lie below ${folder} could not be listed: ${message}`;
  };
  for await (const place of listChains(options.store, options.signal, onUnlisted)) places.push(place);
  const byChain = await handoversAmong(places, options, (place, { found }) => {
    notKnown ??= `the first seal of ${chainText(place)} can't be read: ${found}`;
  });
  return { byChain, notKnown };
}

/** Whether another chain goes on behind this seal. */
export type KnownEnd = {
  /** Null: none, as far as is known. */
  readonly ended: {
    /** Origin of the chain that goes on. */
    readonly continuedBy: string;
    /** The first offset that is not in this chain. */
    readonly nextOffset: number;
  } | null;
  /** Why another chain may go on all the same. Null: that was looked at whole. */
  readonly endNotKnown: string | null;
};

export function knownEnd(
  { byChain, notKnown }: Handovers,
  reader: ChainInArchive,
  head: LocatedSeal,
): KnownEnd {
  const next = successorAmong(byChain.get(chainText(reader)) ?? [], head);
  if (next === null) return { ended: null, endNotKnown: notKnown };
  return { ended: { continuedBy: next.newer, nextOffset: next.nextOffset }, endNotKnown: null };
}

/** The same, out of what other chains say of this one. */
export function successorAmong(handovers: readonly Anchor[], head: LocatedSeal): Successor | null {
  const { origin, sequence, records } = head.manifest;
  const next = handovers.find(
    (one) => one.origin === origin && one.size === sequence + 1 && equalBytes(one.root, head.root),
  );
  return next?.newer === undefined ? null : { newer: next.newer, nextOffset: records.nextOffset };
}

const handoversOf = async (reader: ChainReader): Promise<readonly Anchor[]> =>
  (await lookForHandovers(reader.options)).byChain.get(chainText(reader)) ?? [];

/**
 * What the first seals of these chains say of others, by `chain/partition`. Without a trusted key their word
 * counts for nothing, and none is read.
 */
export async function handoversAmong(
  places: readonly ChainInArchive[],
  { store, trusted, signal }: Pick<ChainReaderOptions, 'store' | 'trusted' | 'signal'>,
  onUnread?: (place: ChainInArchive, problem: Problem) => void,
): Promise<ReadonlyMap<string, readonly Anchor[]>> {
  if (trusted.length === 0) return new Map();
  const run = {
    ...{ reader: store, trusted, signal, sha256: nodeSha256, verifySignature },
    reads: new Semaphore(READS_AT_ONCE),
  };
  return collectHandovers(places, run, onUnread);
}

/** Which of the bad ones are foreign, as `verify` would say it. */
async function judged(
  reader: ChainReader,
  { manifest, signedKeys }: LocatedSeal,
  bad: ReadonlyMap<number, unknown>,
  handovers: readonly Anchor[],
): Promise<Pick<FoundEnd, 'beyond' | 'behind'>> {
  let beyond: unknown = null;
  let objects = 0;
  let continuedBy: string | undefined;
  for (const [sequence, error] of bad) {
    const at = handovers.find(({ origin, size }) => origin === manifest.origin && size <= sequence);
    if (at !== undefined && (await isForeign(reader, sequence, { manifest, signedKeys }))) {
      objects++;
      continuedBy = at.newer;
    } else beyond ??= error;
  }
  return { beyond, behind: continuedBy === undefined ? null : { objects, continuedBy } };
}

async function isForeign(
  reader: ChainReader,
  sequence: number,
  { manifest, signedKeys }: Pick<LocatedSeal, 'manifest' | 'signedKeys'>,
): Promise<boolean> {
  const { inspection } = await reader.inspect(sequence).catch((error: unknown) => {
    // No file, or too long: read as far as it can be.
    if (error instanceof LedgerstoneError && error.disposition === 'input') return { inspection: null };
    throw error;
  });
  if (inspection === null) return true;
  if (inspection.later !== undefined && (await isSignedLater(inspection.later, signedKeys))) return false;
  const keys = signersOf(inspection, manifest.origin);
  return keys === null ? isRead(inspection) : !keys.some((key) => includesKey(signedKeys, key));
}

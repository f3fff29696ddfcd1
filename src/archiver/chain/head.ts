// Where does a chain stand? The store is the truth and Kafka's committed offset only a hint (FORMAT.md §8).

import type { Clock } from '../../base/clock.ts';
import { LedgerstoneError, messageOf } from '../../base/error.ts';
import type { Sha256 } from '../../base/hash.ts';
import { LIMITS } from '../../base/limits.ts';
import { type Manifest, parseTime } from '../../format/manifest.ts';
import { oldestVersion } from '../../format/oldest-version.ts';
import { sealKey } from '../../format/paths.ts';
import { type Head, headAfter } from '../../segment/segment.ts';
import { storeNowMs } from '../../store/clock-offset.ts';
import { findHead } from '../../store/head.ts';
import { CLOCK_OFFSET_MAX_MS, type ReadableStore } from '../../store/store.ts';
// The archiver checks its own head with the verifier's code: the one import of that room (see README, Rooms).
import { openSeal } from '../../verify/open-seal.ts';
import type { Keyring } from '../keyring.ts';
import { halt, NEW_CHAIN } from './halt.ts';

export type RecoveryTools = {
  readonly store: ReadableStore;
  readonly clock: Clock;
  readonly sha256: Sha256;
  readonly keyring: Keyring;
};

export type ChainName = { readonly chainOrigin: string; readonly chain: string; readonly partition: number };

/** A head with the newest manifest and the signed root. */
export type Recovered = { readonly head: Head; readonly manifest: Manifest; readonly root: Uint8Array };

/**
 * The newest seal, fully checked; `found` gets its sequence before that. Null: the chain has none, and no
 * sign of one. Throws HaltError, or a store's error.
 */
export async function recoverHead(
  tools: RecoveryTools,
  name: ChainName,
  hintSequence: number | null,
  signal: AbortSignal,
  found: (sequence: number) => void = () => {},
): Promise<Recovered | null> {
  const { chain, partition } = name;
  const find = () => findHead(tools.store, chain, partition, hintSequence ?? 0, signal);
  let search = await find();
  // A directory that another writer adds to while it is listed may show a later file and not an earlier one.
  if (search.kind === 'hole') search = await find();
  switch (search.kind) {
    case 'none':
      return null;
    case 'only-markers':
      throw halt(
        'seal-hidden',
        `the seals of ${name.chainOrigin} carry delete markers and no version: somebody tried to hide this chain`,
        `Find out who; then remove the markers, or: ${NEW_CHAIN}`,
      );
    case 'hole':
      throw halt(
        'seal-hole',
        `seal ${search.missing} of ${name.chainOrigin} is missing while a later one exists`,
        `A seal was destroyed or hidden: keep the evidence (ledgerstone verify). ${NEW_CHAIN}`,
      );
    case 'head':
      found(search.sequence);
      return notAhead(tools, await readHead(tools, name, search.sequence, search.version, signal), signal);
  }
}

/** The store's time is known to seconds only, and so it was when the head was sealed. */
const MEASURE_MS_MAX = 60_000;

/**
 * Nothing is sealed before the head, so a head from the future would take the chain and its locks there. A
 * writer's clock may be 60 s ahead of the store's. Throws HaltError `seal-ahead`.
 */
async function notAhead(tools: RecoveryTools, recovered: Recovered, signal: AbortSignal): Promise<Recovered> {
  const { store, clock } = tools;
  const nowMs = storeNowMs(store, clock);
  if (nowMs === null) {
    throw new LedgerstoneError('clock-unknown', "the store's time could not be read", {
      disposition: 'retriable',
    });
  }
  const { origin, size, sealedMs } = recovered.head;
  const excessMs = sealedMs - nowMs - CLOCK_OFFSET_MAX_MS;
  if (excessMs <= 0) return recovered;
  if (excessMs <= MEASURE_MS_MAX) {
    await clock.sleep(excessMs, signal);
    return recovered;
  }
  throw halt(
    'seal-ahead',
    [
      `seal ${size - 1} of ${origin} says that it was made at ${recovered.manifest.time.sealed}, and`,
      `the store's time is ${new Date(nowMs).toISOString()}: to go on behind it would lock data`,
      'from that time on',
    ].join(' '),
    [
      'If that time will pass soon, restart then. Otherwise find out who sealed it: it is signed by the',
      `archive's key. ${NEW_CHAIN}`,
    ].join(' '),
  );
}

/** It is the log's own: nobody tampered, and a new chain would be wrong. */
const newer = (key: string, error: Error) =>
  halt(
    'newer-format',
    `${key}: ${messageOf(error)}`,
    'Start the newer version of the archiver here too. Begin no new chain: this one is whole.',
  );

const EVIDENCE = 'Keep it as evidence: it is locked and its sequence is taken.';

/** A sound seal by a key that is not configured: most likely the configuration names another than before. */
const isUntrusted = (error: unknown): boolean =>
  error instanceof LedgerstoneError && (error.code === 'unknown-key' || error.code === 'no-trusted-key');

const OTHER_KEY = [
  'It is whole, and signed by a key that this archiver does not trust.',
  'Was the key in `archive.signing` changed? Put the earlier key back and restart.',
  'If that key is lost or no longer to be used, name it in `archive.trusted`.',
  `If nobody changed the key, somebody else sealed here. ${EVIDENCE} ${NEW_CHAIN}`,
].join(' ');

/** Opens one seal: where the chain stands after it. Throws HaltError `seal-invalid` or `newer-format`. */
async function readHead(
  tools: RecoveryTools,
  name: ChainName,
  sequence: number,
  version: { readonly key: string; readonly versionId: string },
  signal: AbortSignal,
): Promise<Recovered> {
  const { store, sha256, keyring } = tools;
  const invalid = (error: unknown) =>
    halt(
      'seal-invalid',
      `${version.key} is not a seal that this archive's keys vouch for: ${messageOf(error)}`,
      isUntrusted(error) ? OTHER_KEY : `${EVIDENCE} ${NEW_CHAIN}`,
    );
  const bytes = await store
    .read(version.key, version.versionId, { maxBytes: LIMITS.sealBytesMax, signal })
    .catch((error: unknown) => {
      // A failed read says nothing about the seal, unless its size or kind shows that it can't be one.
      throw error instanceof LedgerstoneError && error.disposition === 'input' ? invalid(error) : error;
    });
  try {
    const open = () =>
      openSeal(bytes, { origin: name.chainOrigin, sequence, trusted: keyring.trusted, sha256 });
    const opened = await open().catch(async (error: unknown) => {
      // People may have decided on another key, which an archiver that knew it earlier has taken.
      if (!isUntrusted(error) || !(await keyring.refresh(signal))) throw error;
      return open();
    });
    const { manifest } = opened;
    return {
      head: headAfter(name.chain, name.partition, manifest, opened.manifestHash, opened.frontier),
      manifest,
      root: opened.root,
    };
  } catch (error) {
    if (error instanceof LedgerstoneError && error.code === 'newer-format') throw newer(version.key, error);
    throw invalid(error);
  }
}

/**
 * The segment that holds the chain's newest record, at or below `manifest`: heartbeats after it carry none.
 * Bisection over `records.before`, which never falls, so a year of hourly heartbeats costs 14 reads. Null
 * when there is no record yet.
 */
export async function newestRecordSegment(
  tools: RecoveryTools,
  name: ChainName,
  newest: Recovered,
  signal: AbortSignal,
): Promise<Manifest | null> {
  if (newest.head.records === 0) return null;
  if (newest.manifest.records.count > 0) return newest.manifest;
  const archived = ({ records }: Manifest) => records.before + records.count;
  return firstToReach(tools, name, newest, archived, signal);
}

/** The same for lines of any kind: `records.nextOffset` never falls either. */
export async function newestLinesSegment(
  tools: RecoveryTools,
  name: ChainName,
  newest: Recovered,
  signal: AbortSignal,
): Promise<Manifest | null> {
  if (newest.manifest.data !== null) return newest.manifest;
  return firstToReach(tools, name, newest, ({ records }) => records.nextOffset, signal);
}

async function firstToReach(
  tools: RecoveryTools,
  name: ChainName,
  newest: Recovered,
  reached: (manifest: Manifest) => number,
  signal: AbortSignal,
): Promise<Manifest | null> {
  const total = reached(newest.manifest);
  let low = 0;
  let high = newest.manifest.sequence - 1;
  let found: Manifest | null = null;
  while (low <= high) {
    const middle = Math.floor((low + high) / 2);
    const { manifest } = await readSealAt(tools, name, middle, signal);
    if (reached(manifest) === total) {
      if (manifest.data !== null) found = manifest;
      high = middle - 1;
    } else {
      low = middle + 1;
    }
  }
  return found;
}

/**
 * The segments on both sides of `time.anchored`, when the source was last known to be the same: the last one
 * sealed before it and the first after it that hold records. A topic that replaced it since gave us the
 * newest records itself, and one of these two is not its own. Null where there is none.
 */
export async function aroundAnchor(
  tools: RecoveryTools,
  name: ChainName,
  newest: Recovered,
  signal: AbortSignal,
): Promise<{ readonly before: Manifest | null; readonly after: Manifest | null }> {
  const anchoredMs = parseTime(newest.manifest.time.anchored);
  let found: Recovered | null = null;
  let low = 0;
  let high = newest.manifest.sequence - 1;
  // It is near the end: steps back grow from one, then bisection. Times never fall along a chain.
  for (let step = 1; low <= high; step *= 2) {
    const at = found === null ? Math.max(low, high + 1 - step) : Math.floor((low + high) / 2);
    const seal = await readSealAt(tools, name, at, signal);
    if (parseTime(seal.manifest.time.sealed) < anchoredMs) {
      found = seal;
      low = at + 1;
    } else high = at - 1;
  }
  const before = found === null ? null : await newestRecordSegment(tools, name, found, signal);
  for (let at = low; at <= newest.manifest.sequence; at++) {
    const { manifest } = at === newest.manifest.sequence ? newest : await readSealAt(tools, name, at, signal);
    if (manifest.records.count > 0) return { before, after: manifest };
  }
  return { before, after: null };
}

/** The seal of a sequence that is known to exist: the oldest version of its key. */
export async function readSealAt(
  tools: RecoveryTools,
  name: ChainName,
  sequence: number,
  signal: AbortSignal,
): Promise<Recovered> {
  const key = sealKey(name.chain, name.partition, sequence);
  const version = await oldestVersion(tools.store, key, signal);
  if (version !== null) return readHead(tools, name, sequence, version, signal);
  throw halt('seal-hole', `seal ${sequence} of ${name.chainOrigin} is missing`, NEW_CHAIN);
}

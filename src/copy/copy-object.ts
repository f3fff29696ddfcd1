// How does one object get into another store, byte for byte, and never over anything?
import { equalBytes, toHex } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import type { Semaphore } from '../base/concurrency.ts';
import { LedgerstoneError } from '../base/error.ts';
import { nodeSha256 } from '../base/node/hash.ts';
import { oldestVersion } from '../format/oldest-version.ts';
import { parseKey } from '../format/paths.ts';
import type { HoldWriter, ObjectVersion, Store, StoreReader } from '../store/store.ts';
import {
  bringHold,
  bringLock,
  isUnderHold,
  lockOf,
  lockToPut,
  promisedUntil,
  type WantedLock,
  wantedLock,
} from './locks.ts';
import type { Pair } from './pairs.ts';

export type CopyTools = {
  readonly from: StoreReader;
  /** Sets no lock beyond what its opener allows. */
  readonly to: Store & HoldWriter;
  /** Locked until then at least. Null: as long as in `from`. */
  readonly dateMs: number | null;
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** A step failed and is tried again. */
  readonly onTrouble: (error: unknown) => void;
  /** Called after each object. */
  readonly onObject?: (copied: CopiedObject) => void;
};

export type CopiedObject = {
  readonly key: string;
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
  /** False: it lay there before, and was read and compared. */
  readonly isNew: boolean;
  readonly lock: WantedLock & { readonly lengthened: boolean };
  readonly hold: {
    /** In the source. */
    readonly isHeld: boolean;
    readonly isOnlyThere: boolean;
  };
};

/**
 * After this the object lies in `to` with the same bytes, at least that lock, and the source's legal hold.
 * Safe to repeat, whatever became of an earlier try. Throws `copy-conflict` where other bytes lie there.
 */
export async function copyObject(
  tools: CopyTools,
  memory: Semaphore,
  { source, there }: Pair & { readonly source: ObjectVersion },
): Promise<CopiedObject> {
  const { from, to, dateMs, clock, signal } = tools;
  const giveBack = await memory.take(Math.max(1, source.size), signal);
  try {
    const bytes = await readWhole(from, source, signal);
    const digest = nodeSha256(bytes);
    const state = await lockOf(from, source, signal);
    const promisedMs = state.kind === 'not-applicable' ? await promisedUntil(from, source.key, signal) : null;
    const wanted = wantedLock(state, promisedMs, dateMs, clock.now());
    const stored = there === null ? await put(tools, source, bytes, digest, wanted) : null;
    const at = stored ?? (await compared(tools, source, digest, there));
    const hold = await isUnderHold(from, source, signal);
    const locked = to.kind === 's3';
    const lengthened = locked && (await bringLock(to, at, wanted, clock, signal));
    if (locked && hold) await bringHold(to, at, signal);
    const isOnlyThere = locked && !hold && stored === null && (await isUnderHold(to, at, signal));
    return {
      ...{ key: source.key, bytes: bytes.length, sha256: toHex(digest), isNew: stored !== null },
      ...{ lock: { ...wanted, lengthened }, hold: { isHeld: hold, isOnlyThere } },
    };
  } finally {
    giveBack();
  }
}

async function readWhole(
  store: StoreReader,
  version: ObjectVersion,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const { key, versionId, size } = version;
  const bytes = await store.read(key, versionId, { maxBytes: Math.max(1, size), signal });
  if (bytes.length === size) return bytes;
  throw new LedgerstoneError(
    'unreadable',
    `${store.description}: ${key} has ${size} bytes in the list, and ${bytes.length} were read`,
    { disposition: 'retriable', remedy: 'Run the same command again: it goes on.' },
  );
}

/** Null: something lies there already, perhaps by an earlier try whose answer was lost. */
async function put(
  { from, to, clock, signal }: CopyTools,
  source: ObjectVersion,
  bytes: Uint8Array,
  sha256: Uint8Array,
  wanted: WantedLock,
): Promise<ObjectVersion | null> {
  const { key } = source;
  await requireTrueRead(from, source, sha256, signal);
  const outcome = await to.putIfAbsent(key, bytes, lockToPut(wanted, clock), { sha256, signal });
  if (outcome.kind === 'exists') return null;
  // A create-only PUT succeeds over a delete marker: is ours the version that counts?
  const oldest = await oldestVersion(to, key, signal);
  return oldest?.versionId === outcome.versionId ? oldest : null;
}

/**
 * What is stored can't be taken back, so it has to be what the source holds and not what became of it on the
 * way: either its name says its digest, or it is read twice.
 */
async function requireTrueRead(
  from: StoreReader,
  source: ObjectVersion,
  sha256: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  const parsed = parseKey(source.key);
  const named = parsed?.kind === 'data' || parsed?.kind === 'format' ? parsed.sha256 : null;
  if (named === toHex(sha256)) return;
  if (equalBytes(nodeSha256(await readWhole(from, source, signal)), sha256)) return;
  throw new LedgerstoneError('unreadable', `${from.description}: ${source.key} was read twice, and differs`, {
    disposition: 'retriable',
    remedy: 'Look for what changes it, or for a fault of memory or network.',
  });
}

/** What counts there, which has the same bytes. */
async function compared(
  { to, signal }: CopyTools,
  source: ObjectVersion,
  sha256: Uint8Array,
  listed: ObjectVersion | null,
): Promise<ObjectVersion> {
  const there = listed ?? (await oldestVersion(to, source.key, signal));
  if (there === null)
    throw new LedgerstoneError('unreadable', `${to.description}: ${source.key} was there and is not listed`, {
      disposition: 'retriable',
    });
  const isSame =
    there.size === source.size && equalBytes(nodeSha256(await readWhole(to, there, signal)), sha256);
  if (isSame) return there;
  throw conflict(to, `other bytes lie at ${source.key}`);
}

export const conflict = (to: StoreReader, what: string): LedgerstoneError =>
  new LedgerstoneError('copy-conflict', `${to.description} is no copy of this archive: ${what}`, {
    remedy: 'Nothing there is changed. Name an empty place, or find out who wrote there.',
  });

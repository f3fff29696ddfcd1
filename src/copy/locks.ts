// Which lock does a copied object need, and does it have it?
import type { Clock } from '../base/clock.ts';
import { LedgerstoneError } from '../base/error.ts';
import { LIMITS } from '../base/limits.ts';
import { parseManifest } from '../format/manifest-bytes.ts';
import { oldestVersion } from '../format/oldest-version.ts';
import { parseKey, sealKey } from '../format/paths.ts';
import { parseSeal } from '../format/seal.ts';
import { parseUntil } from '../format/time.ts';
import type { HoldWriter, Lock, LockState, Store, StoreReader } from '../store/store.ts';

/** A lock may not lie in the past by the time it arrives. */
const LOCK_LEAST_MS = 60_000;

export type WantedLock = {
  readonly mode: Lock['mode'];
  /** Until then at least. 0: nothing locks it in the source, and no date was given. */
  readonly untilMs: number;
  /** The source keeps it longer than the date that was given. */
  readonly isLonger: boolean;
  /** Nothing in the source locks it any more. */
  readonly isUnlocked: boolean;
  /** S3 keeps it by an event hold, whose end nobody knows: only the date of now is taken. */
  readonly hasEventHold: boolean;
};

export function wantedLock(
  state: LockState,
  promisedMs: number | null,
  dateMs: number | null,
  nowMs: number,
): WantedLock {
  const ofSource = state.kind === 'locked' ? state.lock.untilMs : (promisedMs ?? 0);
  return {
    mode: state.kind === 'locked' ? state.lock.mode : 'COMPLIANCE',
    untilMs: Math.max(ofSource, dateMs ?? 0),
    isLonger: dateMs !== null && ofSource > dateMs,
    isUnlocked: state.kind === 'none' || (state.kind === 'locked' && state.lock.untilMs <= nowMs),
    hasEventHold: (state.kind === 'locked' || state.kind === 'none') && state.eventHold !== undefined,
  };
}

/** What a PUT asks for. */
export const lockToPut = ({ mode, untilMs }: WantedLock, clock: Clock): Lock => ({
  mode,
  untilMs: Math.max(untilMs, Math.ceil((clock.now() + LOCK_LEAST_MS) / 1000) * 1000),
});

type At = { readonly key: string; readonly versionId: string };

/** Throws `locks-not-permitted`, or what the store throws. */
export async function lockOf(store: StoreReader, { key, versionId }: At, signal: AbortSignal) {
  const state = await store.lock(key, versionId, signal);
  if (state.kind !== 'not-permitted') return state;
  throw new LedgerstoneError(
    'locks-not-permitted',
    `${store.description}: the lock of ${key} may not be read`,
    {
      remedy: 'Allow s3:GetObjectRetention on both sides. The same command goes on.',
    },
  );
}

/** Throws `locks-not-permitted`, or what the store throws. True: it is under a legal hold. */
export async function isUnderHold(
  store: StoreReader,
  { key, versionId }: At,
  signal: AbortSignal,
): Promise<boolean> {
  const state = await store.hold(key, versionId, signal);
  if (state !== 'not-permitted') return state === 'held';
  throw new LedgerstoneError(
    'locks-not-permitted',
    `${store.description}: whether ${key} is under a legal hold may not be read`,
    { remedy: 'Allow s3:GetObjectLegalHold on both sides. The same command goes on.' },
  );
}

/**
 * The lock of an object that lies there is read, lengthened if it must be, and read back. Nothing becomes
 * shorter. True: it was lengthened.
 */
export async function bringLock(
  to: Store,
  at: At,
  { mode, untilMs }: WantedLock,
  clock: Clock,
  signal: AbortSignal,
): Promise<boolean> {
  const isEnough = (state: LockState): boolean =>
    untilMs <= clock.now() ||
    (state.kind === 'locked' &&
      state.lock.untilMs >= untilMs &&
      (state.lock.mode === mode || mode === 'GOVERNANCE'));
  const before = await lockOf(to, at, signal);
  if (before.kind === 'not-applicable' || isEnough(before)) return false;
  const longest = before.kind === 'locked' ? Math.max(before.lock.untilMs, untilMs) : untilMs;
  const strict = before.kind === 'locked' && before.lock.mode === 'COMPLIANCE' ? 'COMPLIANCE' : mode;
  await to.extendLock(at.key, at.versionId, { mode: strict, untilMs: longest }, signal);
  if (isEnough(await lockOf(to, at, signal))) return true;
  throw new LedgerstoneError(
    'lock-not-kept',
    `${to.description} took the lock of ${at.key}, and does not show it`,
    {
      remedy: 'Use a store whose Object Lock keeps its word (ledgerstone doctor).',
    },
  );
}

/** True: it was put on. A hold is never taken off here. */
export async function bringHold(to: Store & HoldWriter, at: At, signal: AbortSignal): Promise<boolean> {
  if (await isUnderHold(to, at, signal)) return false;
  await to.setHold(at.key, at.versionId, true, signal);
  if (await isUnderHold(to, at, signal)) return true;
  throw new LedgerstoneError(
    'hold-not-kept',
    `${to.description} took the hold of ${at.key}, and does not show it`,
  );
}

/**
 * Until when a segment's seal promises a lock, for a source that has none. Null: no segment, or its seal
 * can't be read.
 */
export async function promisedUntil(
  from: StoreReader,
  key: string,
  signal: AbortSignal,
): Promise<number | null> {
  const parsed = parseKey(key);
  if (parsed?.kind !== 'data' && parsed?.kind !== 'seal') return null;
  const version = await oldestVersion(from, sealKey(parsed.chain, parsed.partition, parsed.sequence), signal);
  if (version === null) return null;
  const bytes = await from.read(version.key, version.versionId, { maxBytes: LIMITS.sealBytesMax, signal });
  try {
    return parseUntil(parseManifest(parseSeal(bytes).manifestBytes).retention.until);
  } catch {
    // It is copied as it is, and named by `verify`.
    return null;
  }
}

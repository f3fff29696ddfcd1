// How does S3 Object Lock behave, where a test owns time and can play the attacker?
import { equalBytes } from '../../src/base/bytes.ts';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { nodeSha256 } from '../../src/base/node/hash.ts';
import { momentOf } from '../../src/store/clock-offset.ts';
import type {
  ClockOffset,
  HoldWriter,
  ListOptions,
  Lock,
  LockState,
  ObjectVersion,
  ReadOptions,
  Store,
} from '../../src/store/store.ts';

import { type Attacker, attackerOf, Bucket, type MemoryVersion, refusal } from './memory-bucket.ts';

export {
  FAULT_KINDS,
  type Fault,
  faultyStore,
} from './faulty-store.ts';

type MemoryCall = {
  readonly method:
    | 'putIfAbsent'
    | 'extendLock'
    | 'listVersions'
    | 'listPrefixes'
    | 'read'
    | 'lock'
    | 'hold'
    | 'setHold';
  readonly key: string;
  readonly versionId?: string;
  readonly lock?: Lock;
  readonly range?: ReadOptions['range'];
};

export type MemoryStore = Store &
  HoldWriter & {
    /** Every call of the two ports, in order. */
    readonly log: readonly MemoryCall[];
    readonly attacker: Attacker;
    /** Oldest first. */
    versionsOf(key: string): readonly MemoryVersion[];
    keys(): string[];
  };

export type MemoryStoreOptions = {
  readonly clock?: Clock;
  /** Local time minus the store's. */
  readonly skewMs?: () => number;
  /** False: the caller may not see locks. */
  readonly locksPermitted?: boolean;
};

export function memoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  const bucket = new Bucket(options.clock ?? systemClock, options.skewMs ?? (() => 0));
  const log: MemoryCall[] = [];
  const { clock } = bucket;
  let measured: ClockOffset | null = null;
  /** A call takes a turn of the event loop, so that callers interleave; what it does is then one step. */
  const call = async <T>(entry: MemoryCall, signal: AbortSignal | undefined, step: () => T): Promise<T> => {
    log.push(entry);
    signal?.throwIfAborted();
    await Promise.resolve();
    signal?.throwIfAborted();
    measured = { offsetMs: bucket.skewMs(), measuredAt: momentOf(clock) };
    return step();
  };
  return {
    kind: 's3',
    description: 's3://memory/',
    log,
    attacker: attackerOf(bucket),
    versionsOf: (key) => bucket.versions(key),
    keys: () => bucket.keys(),
    putIfAbsent: (key, bytes, lock, { sha256, signal } = {}) =>
      call({ method: 'putIfAbsent', key, lock }, signal, () => {
        if (sha256 !== undefined && !equalBytes(sha256, nodeSha256(bytes))) {
          throw refusal('checksum-mismatch', `the given SHA-256 of ${key} is of other bytes`);
        }
        const current = bucket.versions(key).at(-1);
        if (current !== undefined && !current.marker) return { kind: 'exists' };
        return { kind: 'stored', versionId: bucket.add(key, bytes, bucket.checked(lock)) };
      }),
    extendLock: (key, versionId, lock, signal) =>
      call({ method: 'extendLock', key, versionId, lock }, signal, () => bucket.extend(key, versionId, lock)),
    listVersions: (prefix, list = {}) => listVersions(bucket, call, prefix, list),
    async *listPrefixes(prefix, signal) {
      yield* await call({ method: 'listPrefixes', key: prefix }, signal, () => bucket.prefixes(prefix));
    },
    read: (key, versionId, read) =>
      call({ method: 'read', key, versionId, ...(read.range && { range: read.range }) }, read.signal, () =>
        slice(bucket.find(key, versionId), read),
      ),
    lock: (key, versionId, signal) =>
      call({ method: 'lock', key, versionId }, signal, (): LockState => {
        const { lock } = bucket.find(key, versionId);
        if (options.locksPermitted === false) return { kind: 'not-permitted' };
        return lock === null ? { kind: 'none' } : { kind: 'locked', lock };
      }),
    hold: (key, versionId, signal) =>
      call({ method: 'hold', key, versionId }, signal, () => {
        const { isHeld } = bucket.find(key, versionId);
        if (options.locksPermitted === false) return 'not-permitted';
        return isHeld ? 'held' : 'none';
      }),
    setHold: (key, versionId, isHeld, signal) =>
      call({ method: 'setHold', key, versionId }, signal, () => {
        const version = bucket.find(key, versionId);
        if (version.marker) throw refusal('not-found', `${key}: a delete marker has no hold`);
        version.isHeld = isHeld;
      }),
    clockOffset: () => measured,
    close: async () => {},
  };
}

type CallOf = <T>(entry: MemoryCall, signal: AbortSignal | undefined, step: () => T) => Promise<T>;

/** A key is looked at when it is its turn, as a page of S3 is: what happens meanwhile may show or not. */
async function* listVersions(
  bucket: Bucket,
  call: CallOf,
  prefix: string,
  { startAfter, exact = false, limit = Number.POSITIVE_INFINITY, signal }: ListOptions,
): AsyncGenerator<ObjectVersion> {
  const keys = await call({ method: 'listVersions', key: prefix }, signal, () =>
    bucket
      .keysUnder(prefix, { startAfter, limit: exact ? 1 : limit })
      .filter((key) => !exact || key === prefix),
  );
  for (const key of keys) {
    signal?.throwIfAborted();
    yield* bucket.listed(key);
  }
}

function slice({ key, bytes, marker }: MemoryVersion, { maxBytes, range }: ReadOptions): Uint8Array {
  if (marker) throw refusal('not-found', `${key}: a delete marker has no bytes`);
  const { start, end } = range ?? { start: 0, end: bytes.length };
  if (end - start > maxBytes) throw refusal('too-large', `${key} has ${end - start} bytes`, 'input');
  if (end > bytes.length)
    throw refusal('out-of-range', `${key} ends at ${bytes.length}, before ${end}`, 'input');
  return bytes.slice(start, end);
}

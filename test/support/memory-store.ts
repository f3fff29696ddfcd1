// How does S3 Object Lock behave, where a test owns time and can play the attacker?
import { equalBytes } from '../../src/base/bytes.ts';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { type Disposition, LedgerstoneError } from '../../src/base/error.ts';
import { nodeSha256 } from '../../src/base/node/hash.ts';
import { compareKeys } from '../../src/store/key-bytes.ts';
import { KeyVersions } from '../../src/store/key-versions.ts';
import type {
  ListOptions,
  Lock,
  LockState,
  ObjectVersion,
  ReadOptions,
  Store,
} from '../../src/store/store.ts';

export { type Fault, FAULT_KINDS, type FaultyCall, type FaultyStore, faultyStore } from './faulty-store.ts';

export type MemoryVersion = {
  readonly key: string;
  readonly versionId: string;
  readonly marker: boolean;
  readonly lastModifiedMs: number;
  bytes: Uint8Array;
  lock: Lock | null;
};

export type MemoryCall = {
  readonly method: 'putIfAbsent' | 'extendLock' | 'listVersions' | 'listPrefixes' | 'read' | 'lock';
  readonly key: string;
  readonly versionId?: string;
  readonly lock?: Lock;
  readonly range?: ReadOptions['range'];
};

/** What somebody with rights on the bucket can do, by S3's rules, and what only the disk below it could. */
export type Attacker = {
  /** A PUT without a condition: always a new version. */
  putVersion(key: string, bytes: Uint8Array, lock?: Lock): string;
  /** A DELETE without a version id: always a marker, on anything. */
  addMarker(key: string): string;
  /** A DELETE of one version: refused while it is locked. */
  deleteVersion(key: string, versionId: string): void;
  /** Below S3: other bytes at the same version. */
  tamper(key: string, change: (bytes: Uint8Array) => Uint8Array, versionId?: string): void;
  /** Below S3: the key is gone with all its versions and markers, lock or not; or one version. */
  destroy(key: string, versionId?: string): void;
  /** Below S3. */
  setLock(key: string, lock: Lock | null, versionId?: string): void;
};

export type MemoryStore = Store & {
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
  const world = new World(options.clock ?? systemClock, options.skewMs ?? (() => 0));
  const log: MemoryCall[] = [];
  const { clock } = world;
  let answeredMs: number | null = null;
  /** A call takes a turn of the event loop, so that callers interleave; what it does is then one step. */
  const call = async <T>(entry: MemoryCall, signal: AbortSignal | undefined, step: () => T): Promise<T> => {
    log.push(entry);
    signal?.throwIfAborted();
    await Promise.resolve();
    signal?.throwIfAborted();
    answeredMs = clock.monotonic();
    return step();
  };
  return {
    kind: 's3',
    description: 's3://memory/',
    log,
    attacker: attackerOf(world),
    versionsOf: (key) => world.versions(key),
    keys: () => world.keys(),
    putIfAbsent: (key, bytes, lock, { sha256, signal } = {}) =>
      call({ method: 'putIfAbsent', key, lock }, signal, () => {
        if (sha256 !== undefined && !equalBytes(sha256, nodeSha256(bytes))) {
          throw refusal('checksum-mismatch', `the given SHA-256 of ${key} is of other bytes`);
        }
        const current = world.versions(key).at(-1);
        if (current !== undefined && !current.marker) return { kind: 'exists' };
        return { kind: 'stored', versionId: world.add(key, bytes, world.checked(lock)) };
      }),
    extendLock: (key, versionId, lock, signal) =>
      call({ method: 'extendLock', key, versionId, lock }, signal, () => world.extend(key, versionId, lock)),
    listVersions: (prefix, list = {}) => listVersions(world, call, prefix, list),
    async *listPrefixes(prefix, signal) {
      yield* await call({ method: 'listPrefixes', key: prefix }, signal, () => world.prefixes(prefix));
    },
    read: (key, versionId, read) =>
      call({ method: 'read', key, versionId, ...(read.range && { range: read.range }) }, read.signal, () =>
        slice(world.find(key, versionId), read),
      ),
    lock: (key, versionId, signal) =>
      call({ method: 'lock', key, versionId }, signal, (): LockState => {
        const { lock } = world.find(key, versionId);
        if (options.locksPermitted === false) return { kind: 'not-permitted' };
        return lock === null ? { kind: 'none' } : { kind: 'locked', lock };
      }),
    clockOffset: () =>
      answeredMs === null ? null : { offsetMs: world.skewMs(), measuredAtMonotonicMs: answeredMs },
    close: async () => {},
  };
}

type CallOf = <T>(entry: MemoryCall, signal: AbortSignal | undefined, step: () => T) => Promise<T>;

/** A key is looked at when it is its turn, as a page of S3 is: what happens meanwhile may show or not. */
async function* listVersions(
  world: World,
  call: CallOf,
  prefix: string,
  { startAfter, exact = false, limit = Number.POSITIVE_INFINITY, signal }: ListOptions,
): AsyncGenerator<ObjectVersion> {
  const keys = await call({ method: 'listVersions', key: prefix }, signal, () =>
    world
      .keys()
      .filter((key) => (exact ? key === prefix : key.startsWith(prefix)))
      .filter((key) => startAfter === undefined || compareKeys(key, startAfter) > 0)
      .slice(0, limit),
  );
  for (const key of keys) {
    signal?.throwIfAborted();
    yield* world.listed(key);
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

/** The bucket: its versions, its law and its time. */
class World {
  readonly clock: Clock;
  readonly skewMs: () => number;
  readonly #objects = new Map<string, MemoryVersion[]>();
  #sorted: string[] | null = null;
  #made = 0;

  constructor(clock: Clock, skewMs: () => number) {
    this.clock = clock;
    this.skewMs = skewMs;
  }

  nowMs(): number {
    return this.clock.now() - this.skewMs();
  }

  keys(): string[] {
    this.#sorted ??= [...this.#objects.keys()].sort(compareKeys);
    return this.#sorted;
  }

  prefixes(prefix: string): string[] {
    const inside = this.keys().filter((key) => key.startsWith(prefix) && key.includes('/', prefix.length));
    return [...new Set(inside.map((key) => key.slice(0, key.indexOf('/', prefix.length) + 1)))];
  }

  versions(key: string): readonly MemoryVersion[] {
    return this.#objects.get(key) ?? [];
  }

  listed(key: string): ObjectVersion[] {
    const all = this.versions(key);
    const bounded = new KeyVersions(key);
    for (const version of all.toReversed()) {
      const { bytes, lock: _, ...entry } = version;
      bounded.add({ ...entry, size: bytes.length, latest: version === all.at(-1) });
    }
    return bounded.oldestFirst();
  }

  find(key: string, versionId: string): MemoryVersion {
    const found = this.versions(key).find((version) => version.versionId === versionId);
    if (found === undefined) throw refusal('not-found', `there is no version ${versionId} of ${key}`);
    return found;
  }

  add(key: string, bytes: Uint8Array | null, lock: Lock | null): string {
    this.#made += 1;
    const versionId = `version-${this.#made}`;
    const list = this.#objects.get(key);
    const version: MemoryVersion = {
      key,
      versionId,
      marker: bytes === null,
      bytes: bytes?.slice() ?? new Uint8Array(0),
      lock,
      lastModifiedMs: Math.floor(this.nowMs() / 1000) * 1000,
    };
    if (list === undefined) {
      this.#objects.set(key, [version]);
      this.#sorted = null;
    } else list.push(version);
    return versionId;
  }

  remove(key: string, versionId: string | undefined): void {
    const rest = this.versions(key).filter(
      (version) => versionId !== undefined && version.versionId !== versionId,
    );
    if (rest.length > 0) this.#objects.set(key, rest);
    else {
      this.#objects.delete(key);
      this.#sorted = null;
    }
  }

  /** Whole seconds, and not in the past. */
  checked(lock: Lock): Lock {
    const untilMs = Math.ceil(lock.untilMs / 1000) * 1000;
    if (untilMs <= this.nowMs()) throw refusal('bad-lock', 'the retain-until date must be in the future');
    return { mode: lock.mode, untilMs };
  }

  extend(key: string, versionId: string, wanted: Lock): void {
    const version = this.find(key, versionId);
    const lock = this.checked(wanted);
    const { lock: present } = version;
    if (this.isLocked(version) && present !== null) {
      const weaker = present.mode === 'COMPLIANCE' && lock.mode !== 'COMPLIANCE';
      if (weaker || lock.untilMs < present.untilMs)
        throw refusal('locked', `${key} can only be locked for longer`);
    }
    version.lock = lock;
  }

  isLocked({ lock }: MemoryVersion): boolean {
    return lock !== null && lock.untilMs > this.nowMs();
  }
}

function attackerOf(world: World): Attacker {
  const chosen = (key: string, versionId: string | undefined) => {
    const version =
      versionId === undefined
        ? world.versions(key).find(({ marker }) => !marker)
        : world.find(key, versionId);
    if (version === undefined) throw refusal('not-found', `nothing to attack at ${key}`);
    return version;
  };
  return {
    putVersion: (key, bytes, lock) => world.add(key, bytes, lock === undefined ? null : world.checked(lock)),
    addMarker: (key) => world.add(key, null, null),
    deleteVersion: (key, versionId) => {
      if (world.isLocked(world.find(key, versionId)))
        throw refusal('locked', `${key} is protected by object lock`);
      world.remove(key, versionId);
    },
    tamper: (key, change, versionId) => {
      const version = chosen(key, versionId);
      version.bytes = change(version.bytes.slice());
    },
    destroy: (key, versionId) => world.remove(key, versionId),
    setLock: (key, lock, versionId) => {
      chosen(key, versionId).lock = lock;
    },
  };
}

const refusal = (code: string, message: string, disposition: Disposition = 'fatal') =>
  new LedgerstoneError(code, message, { disposition });

// How does a bucket with Object Lock keep versions, and what can an attacker do to it?
import type { Clock } from '../../src/base/clock.ts';
import { type Disposition, LedgerstoneError } from '../../src/base/error.ts';
import { compareKeys } from '../../src/store/key-bytes.ts';
import { KeyVersions } from '../../src/store/key-versions.ts';
import type { Lock, ObjectVersion } from '../../src/store/store.ts';

export type MemoryVersion = {
  readonly key: string;
  readonly versionId: string;
  readonly marker: boolean;
  readonly lastModifiedMs: number;
  bytes: Uint8Array;
  lock: Lock | null;
  isHeld: boolean;
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
  /** Whoever may put a hold on a version may take it off. */
  setHold(key: string, isHeld: boolean, versionId?: string): void;
};

/** The bucket: its versions, its law and its time. */
export class Bucket {
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

  /** In order, without looking at the others: chains in tests have up to 100,000 seals. */
  keysUnder(
    prefix: string,
    {
      startAfter = '',
      limit = Number.POSITIVE_INFINITY,
    }: { startAfter?: string | undefined; limit?: number } = {},
  ) {
    const keys = this.keys();
    const isBefore = (key: string) =>
      compareKeys(key, prefix) < 0 || (startAfter !== '' && compareKeys(key, startAfter) <= 0);
    let [low, high] = [0, keys.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBefore(keys[middle] as string)) low = middle + 1;
      else high = middle;
    }
    const found: string[] = [];
    for (let at = low; found.length < limit && keys[at]?.startsWith(prefix); at++)
      found.push(keys[at] as string);
    return found;
  }

  prefixes(prefix: string): string[] {
    const inside = this.keysUnder(prefix).filter((key) => key.includes('/', prefix.length));
    return [...new Set(inside.map((key) => key.slice(0, key.indexOf('/', prefix.length) + 1)))];
  }

  versions(key: string): readonly MemoryVersion[] {
    return this.#objects.get(key) ?? [];
  }

  listed(key: string): ObjectVersion[] {
    const all = this.versions(key);
    const bounded = new KeyVersions(key);
    for (const version of all.toReversed()) {
      const { bytes, lock: _, isHeld: __, ...entry } = version;
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
      isHeld: false,
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

  isLocked({ lock, isHeld }: MemoryVersion): boolean {
    return isHeld || (lock !== null && lock.untilMs > this.nowMs());
  }
}

export function attackerOf(bucket: Bucket): Attacker {
  const chosen = (key: string, versionId: string | undefined) => {
    const version =
      versionId === undefined
        ? bucket.versions(key).find(({ marker }) => !marker)
        : bucket.find(key, versionId);
    if (version === undefined) throw refusal('not-found', `nothing to attack at ${key}`);
    return version;
  };
  return {
    putVersion: (key, bytes, lock) =>
      bucket.add(key, bytes, lock === undefined ? null : bucket.checked(lock)),
    addMarker: (key) => bucket.add(key, null, null),
    deleteVersion: (key, versionId) => {
      if (bucket.isLocked(bucket.find(key, versionId)))
        throw refusal('locked', `${key} is protected by object lock`);
      bucket.remove(key, versionId);
    },
    tamper: (key, change, versionId) => {
      const version = chosen(key, versionId);
      version.bytes = change(version.bytes.slice());
    },
    destroy: (key, versionId) => bucket.remove(key, versionId),
    setLock: (key, lock, versionId) => {
      chosen(key, versionId).lock = lock;
    },
    setHold: (key, isHeld, versionId) => {
      chosen(key, versionId).isHeld = isHeld;
    },
  };
}

export const refusal = (code: string, message: string, disposition: Disposition = 'fatal') =>
  new LedgerstoneError(code, message, { disposition });

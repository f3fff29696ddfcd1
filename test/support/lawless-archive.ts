// How does a test alter an archive in every way? Versions in memory.
import { LedgerstoneError } from '../../src/base/error.ts';
import type {
  ArchiveHold,
  ArchiveLock,
  ArchiveReader,
  ArchiveVersion,
} from '../../src/verify/archive-reader.ts';

export type TestLock = { readonly mode: 'COMPLIANCE' | 'GOVERNANCE'; readonly untilMs: number };

type Stored = {
  readonly versionId: string;
  readonly marker: boolean;
  bytes: Uint8Array;
  lock: TestLock | null;
  held?: boolean;
};

export type LockView = 'shown' | 'hidden' | 'none-at-all';

/** Not a store: nothing is create-only and every lock can be broken. The reader's side of a bucket after an attack. */
export class LawlessArchive implements ArchiveReader {
  readonly #objects = new Map<string, Stored[]>();
  #versions = 0;
  locks: LockView = 'shown';
  /** If set, all of it is in S3, which took it at that time. */
  tookMs: number | null = null;
  /** Thrown instead of reading, by key; `list:` and a prefix for listings. */
  readonly failures = new Map<string, Error>();
  readonly calls = { lists: 0, reads: 0, locks: 0, holds: 0 };
  /** Bytes handed out and not given back by the garbage collector can't be seen; the greatest single read can. */
  largestRead = 0;

  get kind(): 's3' | 'directory' {
    return this.tookMs === null ? 'directory' : 's3';
  }

  put(key: string, bytes: Uint8Array, lock: TestLock | null = null): string {
    return this.#add(key, { versionId: '', marker: false, bytes, lock });
  }

  marker(key: string): string {
    return this.#add(key, { versionId: '', marker: true, bytes: new Uint8Array(0), lock: null });
  }

  /** All versions gone, as where no lock held. */
  remove(key: string): void {
    this.#objects.delete(key);
  }

  /** Other bytes under the same version. */
  alter(key: string, change: (bytes: Uint8Array) => Uint8Array): void {
    const oldest = this.#oldest(key);
    oldest.bytes = change(oldest.bytes.slice());
  }

  setLock(key: string, lock: TestLock | null): void {
    this.#oldest(key).lock = lock;
  }

  /** A legal hold on or off. */
  setHold(key: string, held: boolean): void {
    this.#oldest(key).held = held;
  }

  isHeld(key: string, versionId: string): boolean {
    return this.#version(key, versionId).held === true;
  }

  /** In the order of UTF-8 bytes. */
  keys(): string[] {
    return [...this.#objects.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  }

  bytesOf(key: string): Uint8Array | null {
    return this.#objects.get(key)?.find((version) => !version.marker)?.bytes ?? null;
  }

  copy(): LawlessArchive {
    const copy = new LawlessArchive();
    copy.locks = this.locks;
    copy.tookMs = this.tookMs;
    copy.#versions = this.#versions;
    for (const [key, versions] of this.#objects) {
      copy.#objects.set(
        key,
        versions.map((version) => ({ ...version })),
      );
    }
    return copy;
  }

  async *listVersions(
    prefix: string,
    options: {
      readonly startAfter?: string;
      readonly exact?: boolean;
      readonly limit?: number;
      readonly signal?: AbortSignal;
    } = {},
  ): AsyncGenerator<ArchiveVersion> {
    this.calls.lists++;
    const after = options.startAfter === undefined ? null : Buffer.from(options.startAfter);
    let keys = 0;
    for (const key of this.keys()) {
      const isMeant = options.exact === true ? key === prefix : key.startsWith(prefix);
      if (!isMeant || (after !== null && Buffer.compare(Buffer.from(key), after) <= 0)) continue;
      if (options.limit !== undefined && keys >= options.limit) return;
      options.signal?.throwIfAborted();
      const failure = this.failures.get(`list:${prefix}`);
      if (failure !== undefined) throw failure;
      keys++;
      for (const { versionId, marker, bytes } of this.#objects.get(key) ?? []) {
        const took = this.tookMs === null ? {} : { lastModifiedMs: this.tookMs };
        yield { key, versionId, marker, size: bytes.length, ...took };
      }
    }
  }

  async read(
    key: string,
    versionId: string,
    options: { readonly maxBytes: number; readonly signal?: AbortSignal },
  ): Promise<Uint8Array> {
    this.calls.reads++;
    options.signal?.throwIfAborted();
    const failure = this.failures.get(key);
    if (failure !== undefined) throw failure;
    const { bytes } = this.#version(key, versionId);
    if (bytes.length > options.maxBytes) {
      throw new LedgerstoneError('too-large', `${key} has ${bytes.length} bytes`, { disposition: 'input' });
    }
    this.largestRead = Math.max(this.largestRead, bytes.length);
    return bytes.slice();
  }

  async lock(key: string, versionId: string): Promise<ArchiveLock> {
    this.calls.locks++;
    const failure = this.failures.get(`lock:${key}`);
    if (failure !== undefined) throw failure;
    const { lock } = this.#version(key, versionId);
    if (this.locks === 'hidden') return { kind: 'not-permitted' };
    if (this.locks === 'none-at-all') return { kind: 'not-applicable' };
    return lock === null ? { kind: 'none' } : { kind: 'locked', lock };
  }

  async hold(key: string, versionId: string): Promise<ArchiveHold> {
    this.calls.holds++;
    const { held } = this.#version(key, versionId);
    if (this.locks === 'hidden') return 'not-permitted';
    if (this.locks === 'none-at-all') return 'not-applicable';
    return held === true ? 'held' : 'none';
  }

  #add(key: string, version: Stored): string {
    const versionId = `v${++this.#versions}`;
    const versions = this.#objects.get(key) ?? [];
    versions.push({ ...version, versionId });
    this.#objects.set(key, versions);
    return versionId;
  }

  #oldest(key: string): Stored {
    const oldest = this.#objects.get(key)?.find((version) => !version.marker);
    if (oldest === undefined) throw new Error(`the test has no object ${key}`);
    return oldest;
  }

  #version(key: string, versionId: string): Stored {
    const found = this.#objects.get(key)?.find((version) => version.versionId === versionId);
    if (found === undefined) throw new LedgerstoneError('not-found', `there is no ${key}`);
    return found;
  }
}

// What must a store be able to do? The ports of the writer (archiver, init) and the reader (recovery, verify, get).

/** A write-once lock. Whole seconds. */
export type Lock = { readonly mode: 'COMPLIANCE' | 'GOVERNANCE'; readonly untilMs: number };

export type ObjectVersion = {
  /** Without the archive's own prefix. */
  readonly key: string;
  readonly versionId: string;
  readonly marker: boolean;
  /** Bytes; 0 for a delete marker. */
  readonly size: number;
  readonly lastModifiedMs: number;
};

/**
 * `stored`: this call made the version. `exists`: some version, not a delete marker, was current at this key: maybe
 * our own whose answer was lost. Any other outcome is an error, and a *retriable* error means unknown: it may have been stored.
 */
export type PutOutcome =
  | { readonly kind: 'stored'; readonly versionId: string }
  | { readonly kind: 'exists' };

/**
 * Create-only writes. Two callers that put the same key at once get one `stored` between them. Once `stored` was
 * answered the bytes survive a crash of this process and of the store's own. Nothing here deletes or overwrites.
 */
export interface StoreWriter {
  /** `lock` null: the store can't lock (directory) or the caller wants none. SHA-256 travels with the bytes and is checked by the store. */
  putIfAbsent(key: string, bytes: Uint8Array, lock: Lock, signal?: AbortSignal): Promise<PutOutcome>;
  /** Lengthens a version's lock; never shortens. */
  extendLock(key: string, versionId: string, lock: Lock, signal?: AbortSignal): Promise<void>;
}

/** What a version's lock is. `not-permitted`: S3 hides it from who may not see it. `none`: readable, and not locked. */
export type LockState =
  | { readonly kind: 'locked'; readonly lock: Lock }
  | { readonly kind: 'none' }
  | { readonly kind: 'not-permitted' }
  | { readonly kind: 'not-applicable' };

/** Reads by version. Listing is always of versions, delete markers included: an object list hides what an attacker did. */
export interface StoreReader {
  /** `s3`: locks are real. `directory`: no WORM, one version a key, no markers. */
  readonly kind: 's3' | 'directory';
  /** For people: `s3://bucket/prefix` or a path. */
  readonly description: string;
  /**
   * Versions and markers whose key starts with `prefix`, by key in UTF-8 binary order, and **oldest first** within a key.
   * `startAfter`: only keys greater than it. `limit`: stop after so many keys.
   * Pages are fetched as they are consumed, so memory is bounded by a page.
   */
  listVersions(prefix: string, options?: { readonly startAfter?: string; readonly limit?: number; readonly signal?: AbortSignal }): AsyncIterable<ObjectVersion>;
  /** Names of "directories" below prefix (S3 common prefixes with delimiter /), each with its trailing slash. */
  listPrefixes(prefix: string, signal?: AbortSignal): AsyncIterable<string>;
  /**
   * Bytes of one version, or of its range [start, end). Throws `not-found` (fatal) or retriable. An object of more than
   * `maxBytes` is refused with `too-large` before it is read.
   */
  read(key: string, versionId: string, options: { readonly maxBytes: number; readonly range?: { readonly start: number; readonly end: number }; readonly signal?: AbortSignal }): Promise<Uint8Array>;
  lock(key: string, versionId: string, signal?: AbortSignal): Promise<LockState>;
}

/** Local time minus the store's, from the newest `Date` header; null before any answer. Directory: always 0, now. */
export type ClockOffset = { readonly offsetMs: number; readonly measuredAtMonotonicMs: number };

export interface Store extends StoreReader, StoreWriter {
  clockOffset(): ClockOffset | null;
  close(): Promise<void>;
}

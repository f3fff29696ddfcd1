// What must a store do? The ports of writers (archiver, init) and readers (recovery, verify, get).

/** A write-once lock. S3 keeps whole seconds: writers round `untilMs` up to one. */
export type Lock = { readonly mode: 'COMPLIANCE' | 'GOVERNANCE'; readonly untilMs: number };

export type ObjectVersion = {
  /** Without the archive's own prefix. */
  readonly key: string;
  readonly versionId: string;
  readonly marker: boolean;
  /** Bytes; 0 for a delete marker. */
  readonly size: number;
  readonly lastModifiedMs: number;
  /** A link or a device in a directory: it has no bytes. */
  readonly notAFile?: true;
  /**
   * Only on the last one listed of a key with more than `VERSIONS_PER_KEY_MAX` versions or markers: how many
   * newer ones were left out. Somebody may pile up any number of them on one key; only the oldest matter.
   */
  readonly newerOmitted?: number;
};

/** Listed at most per key: the oldest so many versions and the oldest so many markers. */
export const VERSIONS_PER_KEY_MAX = 1000;

/**
 * `stored`: this call made the version. `exists`: some version, not a delete marker, was current at this key:
 * maybe our own whose answer was lost. Any other outcome is an error, and a *retriable* error means unknown:
 * it may have been stored.
 */
export type PutOutcome =
  | { readonly kind: 'stored'; readonly versionId: string }
  | { readonly kind: 'exists' };

/**
 * `sha256`: of exactly these bytes (32 bytes) where the caller knows it already; saves hashing them again.
 */
export type PutOptions = { readonly sha256?: Uint8Array; readonly signal?: AbortSignal };

/**
 * Create-only writes. Two callers that put the same key at once get one `stored` between them. Once `stored`
 * was answered the bytes survive a crash of this process and of the store's own. Nothing here deletes or
 * overwrites. Calls may run side by side; the store bounds how many are in flight and queues the rest.
 */
export interface StoreWriter {
  /**
   * The caller leaves `bytes` as they are until the promise settles. SHA-256 travels with them and S3 checks
   * it. The lock is asked for explicitly, never left to the bucket's default; read it back with `lock()`. A
   * directory can't lock and ignores it. A delete marker frees the name for a writer: `stored` therefore
   * doesn't mean that ours is the oldest version.
   */
  putIfAbsent(key: string, bytes: Uint8Array, lock: Lock, options?: PutOptions): Promise<PutOutcome>;
  /** Lengthens a version's lock; never shortens. Nothing to do where there are no locks. */
  extendLock(key: string, versionId: string, lock: Lock, signal?: AbortSignal): Promise<void>;
}

/** For officers' commands alone: the archiver and the verifier have no such method. */
export interface HoldWriter {
  /**
   * Puts a legal hold on a version, or takes it off; the same twice is fine. Read it back with `hold()`.
   * Throws `not-found`, `no-holds` where the store has none, or something retriable: it may have happened.
   */
  setHold(key: string, versionId: string, isHeld: boolean, signal?: AbortSignal): Promise<void>;
}

/** S3's event hold, in words: it is on, and for how long the lock lasts after its release. */
type Held = { readonly eventHold?: string };

/**
 * What a version's lock is. `not-permitted`: S3 hides it from this caller. `none`: readable, and not locked.
 */
export type LockState =
  | ({ readonly kind: 'locked'; readonly lock: Lock } & Held)
  | ({ readonly kind: 'none' } & Held)
  | { readonly kind: 'not-permitted' }
  | { readonly kind: 'not-applicable' };

/**
 * Whether a legal hold keeps a version from deletion until it is removed. `not-permitted`: S3 hides it from
 * this caller.
 */
export type HoldState = 'held' | 'none' | 'not-permitted' | 'not-applicable';

export type ListOptions = {
  /** Only keys greater than it. */
  readonly startAfter?: string;
  /** `prefix` is a whole key: only its own versions, not those of longer keys. One cheap call. */
  readonly exact?: boolean;
  /** Stop after so many keys. */
  readonly limit?: number;
  readonly signal?: AbortSignal;
  /** Called with each folder or file that can't be looked at and is passed by. Without it, that throws. */
  readonly onUnlisted?: (key: string, error: Error) => void;
};

export type ReadOptions = {
  readonly maxBytes: number;
  /** [start, end): at least one byte. */
  readonly range?: { readonly start: number; readonly end: number };
  readonly signal?: AbortSignal;
};

/**
 * Reads by version. Listing is always of versions, delete markers included: an object list would hide a
 * deletion.
 */
export interface StoreReader {
  /** `s3`: locks are real. `directory`: no WORM, one version a key, no markers. */
  readonly kind: 's3' | 'directory';
  /** For people: `s3://bucket/prefix` or a path. */
  readonly description: string;
  /**
   * Versions and markers whose key starts with `prefix`, by key in UTF-8 binary order, and **oldest first**
   * within a key. The order among a key's versions is the store's own and certain; the position of a marker
   * among them is known only to the second. Pages are fetched as they are consumed, so memory is bounded by a
   * page and VERSIONS_PER_KEY_MAX.
   */
  listVersions(prefix: string, options?: ListOptions): AsyncIterable<ObjectVersion>;
  /**
   * Names of "directories" below prefix (S3 common prefixes with delimiter /), each with its trailing slash,
   * in key order. A directory that can't be looked at may hold files, and is among them.
   */
  listPrefixes(prefix: string, signal?: AbortSignal): AsyncIterable<string>;
  /**
   * Bytes of one version, or of its range, in an ArrayBuffer of their own. Throws `not-found` (fatal),
   * `too-large` (input: the object or the range has more than `maxBytes`; refused before it is read),
   * `out-of-range` (input: it ends before the range does), `not-a-file` (input: a link or device in a
   * directory), or something retriable.
   */
  read(key: string, versionId: string, options: ReadOptions): Promise<Uint8Array>;
  /** Of one version. Throws `not-found`, or something retriable. */
  lock(key: string, versionId: string, signal?: AbortSignal): Promise<LockState>;
  /** The legal hold of one version. Throws `not-found`, or something retriable. */
  hold(key: string, versionId: string, signal?: AbortSignal): Promise<HoldState>;
}

/**
 * Local time minus the store's: the least offset that agrees with the newest `Date` header (which has whole
 * seconds) and the time its call took; 0 when none is needed. null before any answer. Directory: always 0,
 * now.
 */
export type ClockOffset = {
  readonly offsetMs: number;
  /** Of this machine's two clocks: one that was set since shows by their difference. */
  readonly measuredAt: { readonly wallMs: number; readonly monotonicMs: number };
};

/** With a clock further off nothing is sealed or attested. */
export const CLOCK_OFFSET_MAX_MS = 60_000;

/** An opened store without a method that writes: `openForReading` makes it. */
export interface ReadableStore extends StoreReader {
  clockOffset(): ClockOffset | null;
  /** Drops connections. Calls under way fail as retriable. */
  close(): Promise<void>;
}

export interface Store extends ReadableStore, StoreWriter {}

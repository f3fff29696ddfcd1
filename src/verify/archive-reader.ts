// What must a verifier be able to read? The port of verify: the store's reader implements it, and others may
// too.

export type ArchiveVersion = {
  /** Without the archive's own prefix. */
  readonly key: string;
  readonly versionId: string;
  readonly marker: boolean;
  /** Bytes. */
  readonly size: number;
  readonly lastModifiedMs?: number;
  /** It is listed and has no bytes: a link or a device in a directory. */
  readonly notAFile?: true;
  /**
   * If a key has more versions than a listing carries: how many newer ones were left out. Only on the last
   * one listed.
   */
  readonly newerOmitted?: number;
};

/** S3's event hold, in words. While it is on, the lock has no end. */
type Held = { readonly eventHold?: string };

export type ArchiveLock =
  | ({ readonly kind: 'locked'; readonly lock: { readonly mode: string; readonly untilMs: number } } & Held)
  /** Readable, and not locked. */
  | ({ readonly kind: 'none' } & Held)
  /** The store hides it, so it is unknown whether there is a lock. */
  | { readonly kind: 'not-permitted' }
  /** A directory or a plain copy. */
  | { readonly kind: 'not-applicable' };

/** Whether a legal hold keeps a version. `not-permitted`, `not-applicable`: as of locks. */
export type ArchiveHold = 'held' | 'none' | 'not-permitted' | 'not-applicable';

/**
 * Everything is read by version, because a list of objects hides what was overwritten or deleted. Every
 * method may throw. What is thrown becomes a finding, and only an aborted `signal` ends the verification.
 */
export interface ArchiveReader {
  /** `s3`: `lastModifiedMs` is the store's own word. Anybody can set a file's time. */
  readonly kind?: 's3' | 'directory';
  /**
   * Versions and delete markers whose key starts with `prefix`, by key in UTF-8 binary order and oldest first
   * within a key, in bounded memory. `startAfter`: only greater keys. `exact`: `prefix` is a whole key.
   * `limit`: of keys. `onUnlisted`: called with each folder or file that can't be looked at, and passed by; a
   * store of which that can't be said throws, as every store does without it.
   */
  listVersions(
    prefix: string,
    options?: {
      readonly startAfter?: string;
      readonly exact?: boolean;
      readonly limit?: number;
      readonly signal?: AbortSignal;
      readonly onUnlisted?: (key: string, error: Error) => void;
    },
  ): AsyncIterable<ArchiveVersion>;
  /** All bytes of one version, in an ArrayBuffer of their own. More than `maxBytes` are refused unread. */
  read(
    key: string,
    versionId: string,
    options: { readonly maxBytes: number; readonly signal?: AbortSignal },
  ): Promise<Uint8Array>;
  lock(key: string, versionId: string, signal?: AbortSignal): Promise<ArchiveLock>;
  /** Left out: holds are not compared with what was decided. */
  hold?(key: string, versionId: string, signal?: AbortSignal): Promise<ArchiveHold>;
}

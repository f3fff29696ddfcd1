// What did a check of a bucket find, and what is to be done?
import { LedgerstoneError, messageOf } from '../base/error.ts';

export type BucketCheckName =
  | 'reachable'
  | 'region'
  | 'object-lock'
  | 'versioning'
  | 'default-retention'
  | 'public-access'
  | 'clock'
  | 'may-list'
  | 'may-read'
  | 'may-read-locks'
  | 'may-write'
  | 'may-not-delete';

/** `bad`: not fit for an archive. `warning`: fit, but look at it. `unknown`: hidden from this caller. */
export type BucketCheck = {
  readonly name: BucketCheckName;
  readonly verdict: 'ok' | 'bad' | 'warning' | 'unknown';
  readonly found: string;
  readonly remedy: string | null;
};

export const ok = (name: BucketCheckName, found: string): BucketCheck => ({
  name,
  verdict: 'ok',
  found,
  remedy: null,
});
export const bad = (name: BucketCheckName, found: string, remedy: string | null): BucketCheck => ({
  name,
  verdict: 'bad',
  found,
  remedy,
});
export const warning = (name: BucketCheckName, found: string, remedy: string): BucketCheck => ({
  name,
  verdict: 'warning',
  found,
  remedy,
});
export const unknown = (name: BucketCheckName, error: unknown): BucketCheck => ({
  name,
  verdict: 'unknown',
  found: messageOf(error),
  remedy: remedyOf(error),
});

export const remedyOf = (error: unknown): string | null =>
  error instanceof LedgerstoneError ? (error.remedy ?? null) : null;

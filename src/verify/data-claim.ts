// What does a manifest state about its data object?
import type { Manifest } from '../format/manifest.ts';

/** Plain data: it is sent to workers. */
export type DataClaim = {
  readonly data: NonNullable<Manifest['data']>;
  readonly records: Manifest['records'];
  readonly entries: Manifest['entries'];
  readonly time: Manifest['time'];
};

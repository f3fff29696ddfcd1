// What does the configuration say of a fanned-out full pass?
import type { Period } from '../base/period.ts';
import { type StoreConfig, storeOf } from './connections.ts';
import { periodOf } from './units.ts';
import type { VerifierConfigOutput } from './verifier-schema.ts';

export type FanOutConfig = {
  /** Where the workers leave their results. */
  readonly store: StoreConfig;
  /** How long these are locked. */
  readonly kept: Period;
  /** Of one range: stored bytes of data objects, and segments, at most. */
  readonly rangeBytes: number;
  readonly rangeSegments: number;
};

export function fanOutConfigOf(
  given: VerifierConfigOutput['fanOut'],
  resolvePath: (path: string) => string,
): FanOutConfig | null {
  if (given === undefined) return null;
  const { store, kept, rangeBytes, rangeSegments } = given;
  return { store: storeOf(store, resolvePath), kept: periodOf(kept), rangeBytes, rangeSegments };
}

// What does the heavy reading of a data object?
import { type ContentTools, checkData, type DataOutcome } from './content.ts';
import type { DataClaim } from './data-claim.ts';

/**
 * Checks the bytes of data objects. Several calls may run at once; the checker decides how many of them work
 * at once. `bytes` is handed over, so the caller must not use it again. Rejects only if the check itself
 * could not be done (a worker died); faults of the bytes are in the outcome.
 */
export interface BlockChecker {
  /** How many calls are useful at once. */
  readonly parallelism: number;
  check(bytes: Uint8Array, claim: DataClaim): Promise<DataOutcome>;
}

/** Runs anywhere, in the caller's thread. */
export const portableChecker = (tools: ContentTools): BlockChecker => ({
  parallelism: 1,
  check: (bytes, claim) => checkData(bytes, claim, tools),
});

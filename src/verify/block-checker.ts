// Who does the heavy reading of a data object?
import { type ContentTools, checkData, type DataOutcome } from './content.ts';
import type { DataClaim } from './data-claim.ts';

/**
 * Checks the bytes of data objects. Several calls may run at once; how many do their work at once is the
 * checker's own matter. `bytes` is handed over: the caller never touches it again. Rejects only when the
 * check itself could not be done (a worker died); whatever is wrong with the bytes is in the outcome.
 */
export interface BlockChecker {
  /** Calls that it makes sense to have under way at once. */
  readonly parallelism: number;
  check(bytes: Uint8Array, claim: DataClaim): Promise<DataOutcome>;
}

/** Runs anywhere, in the caller's own thread. */
export const portableChecker = (tools: ContentTools): BlockChecker => ({
  parallelism: 1,
  check: (bytes, claim) => checkData(bytes, claim, tools),
});

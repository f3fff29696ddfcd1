// Is a refusal at the start only a new role or policy that is not known everywhere yet?
import type { Clock } from '../../base/clock.ts';
import { LedgerstoneError, messageOf } from '../../base/error.ts';
import type { Logger } from '../../base/log.ts';

/** AWS's IAM is eventually consistent: a change is known everywhere within about a minute. */
const SPREAD_MS = 90_000;
const PAUSE_MS = 5_000;

/** What S3 and KMS answer until then. A HEAD of a bucket says no more than that it can't be reached. */
const REFUSED: ReadonlySet<string> = new Set(['not-permitted', 'kms-access-denied', 'unreachable']);

/** Repeats `work`, which must bear it. After a minute and a half a refusal is meant. */
export async function whilePermissionsSpread<T>(
  work: () => Promise<T>,
  { clock, log, signal }: { readonly clock: Clock; readonly log: Logger; readonly signal: AbortSignal },
): Promise<T> {
  const endMs = clock.monotonic() + SPREAD_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const isRefused = error instanceof LedgerstoneError && REFUSED.has(error.code);
      if (!isRefused || signal.aborted || clock.monotonic() + PAUSE_MS > endMs) throw error;
      log.warn({ code: error.code }, `refused, perhaps by a policy that is new: ${messageOf(error)}`);
      await clock.sleep(PAUSE_MS, signal);
    }
  }
}

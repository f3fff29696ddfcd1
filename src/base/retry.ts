// How long until the next try? (S3's and KMS's own tries: store/s3-connection.ts, sign/kms.ts)
import type { Clock } from './clock.ts';
import { isRetriable } from './error.ts';

export type Backoff = {
  readonly firstMs: number;
  readonly capMs: number;
  /** Tries in all; Infinity goes on until the signal aborts. */
  readonly attempts: number;
};

/**
 * Full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter"): uniform in [0, min(cap, first·2^n)].
 */
export const backoffMs = (backoff: Backoff, attempt: number, random: () => number): number =>
  random() * Math.min(backoff.capMs, backoff.firstMs * 2 ** Math.min(attempt, 30));

/**
 * Runs `step` until it succeeds, throws something not retriable, the tries are used up or the signal aborts.
 * A step must be safe to repeat: a failed try may have taken effect.
 */
export async function retry<T>(
  step: (attempt: number) => Promise<T>,
  options: {
    readonly clock: Clock;
    readonly random: () => number;
    readonly backoff: Backoff;
    readonly signal?: AbortSignal;
    readonly onRetry?: (error: unknown, attempt: number, delayMs: number) => void;
  },
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    options.signal?.throwIfAborted();
    try {
      return await step(attempt);
    } catch (error) {
      if (!isRetriable(error) || attempt + 1 >= options.backoff.attempts) throw error;
      const delayMs = backoffMs(options.backoff, attempt, options.random);
      options.onRetry?.(error, attempt, delayMs);
      await options.clock.sleep(delayMs, options.signal);
    }
  }
}

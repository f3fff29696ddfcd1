// What is seen and set on each single request, below the SDK's retries?
import type { S3Client } from '@aws-sdk/client-s3';
import { toHex } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import type { ClockOffset } from './store.ts';

export type ClockWatch = { attach(client: S3Client): void; newest(): ClockOffset | null };

/** Learns from each answer's `Date`, errors included, how far this machine's clock is from S3's. */
export function watchClock(clock: Clock): ClockWatch {
  let newest: ClockOffset | null = null;
  return {
    newest: () => newest,
    attach: (client) =>
      client.middlewareStack.add(
        (next) => async (args) => {
          const sentMs = clock.now();
          const result = await next(args);
          const dateMs = Date.parse(headerOf(result.response, 'date') ?? '');
          if (!Number.isNaN(dateMs)) {
            newest = {
              offsetMs: leastOffsetMs(sentMs, clock.now(), dateMs),
              measuredAtMonotonicMs: clock.monotonic(),
            };
          }
          return result;
        },
        { name: 'ledgerstoneClockWatch', step: 'deserialize', priority: 'low' },
      ),
  };
}

/**
 * Local time minus the store's, as small as the facts allow. The store stamped `dateMs`, cut to the second, at some
 * moment between sending and receiving: so a slow answer is no skew.
 */
export function leastOffsetMs(sentMs: number, receivedMs: number, dateMs: number): number {
  const least = sentMs - (dateMs + 999);
  const most = receivedMs - dateMs;
  if (least > 0) return least;
  return Math.min(most, 0);
}

/** The signature needs the body's SHA-256 in hex, the checksum the same in base64: hash once, not twice. */
export function useKnownPayloadHash(client: S3Client): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const checksum = (args.input as { ChecksumSHA256?: string }).ChecksumSHA256;
      const headers = (args.request as { headers?: Record<string, string> }).headers;
      if (checksum !== undefined && headers !== undefined) {
        headers['x-amz-content-sha256'] = toHex(Buffer.from(checksum, 'base64'));
      }
      return next(args);
    },
    { name: 'ledgerstoneKnownPayloadHash', step: 'build' },
  );
}

function headerOf(response: unknown, name: string): string | undefined {
  return (response as { headers?: Record<string, string> } | null)?.headers?.[name];
}

// What is seen and set on each single request, below the SDK's retries?
import type { S3Client } from '@aws-sdk/client-s3';
import { toHex } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import type { Connections } from '../base/node/idle-sockets.ts';
import { measureOffset, momentOf } from './clock-offset.ts';
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
          const sent = momentOf(clock);
          const result = await next(args);
          const dateMs = Date.parse(headerOf(result.response, 'date') ?? '');
          if (!Number.isNaN(dateMs)) newest = measureOffset(sent, momentOf(clock), dateMs) ?? newest;
          return result;
        },
        { name: 'ledgerstoneClockWatch', step: 'deserialize', priority: 'low' },
      ),
  };
}

/** Of each try by itself: the SDK's next one goes over a new connection. */
export function closeDeadSockets(client: S3Client, connections: Connections): void {
  client.middlewareStack.add((next) => (args) => connections.request(() => next(args)), {
    name: 'ledgerstoneDeadSockets',
    step: 'deserialize',
    priority: 'low',
  });
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

// How is S3 called so that nothing hangs, leaks or floods?

import { readFileSync } from 'node:fs';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { fromIni } from '@aws-sdk/credential-provider-ini';
import { type Clock, systemClock } from '../base/clock.ts';
import { Semaphore } from '../base/concurrency.ts';
import { LedgerstoneError, messageOf } from '../base/error.ts';
import { silentLogger } from '../base/log.ts';
import { Connections } from '../base/node/idle-sockets.ts';
import { type OnRequest, reportRequests } from '../base/node/requests.ts';
import { storeError } from './s3-error.ts';
import { type ClockWatch, closeDeadSockets, useKnownPayloadHash, watchClock } from './s3-middleware.ts';

export type S3Options = {
  readonly bucket: string;
  readonly region: string;
  /** '' or ends with '/'. */
  readonly prefix: string;
  /** For S3-compatible servers: `http://127.0.0.1:4566`. */
  readonly endpoint?: string;
  /** Default: true with an endpoint, else false. */
  readonly forcePathStyle?: boolean;
  /** Account id: every call is refused when the bucket belongs to another account. */
  readonly expectedBucketOwner?: string;
  /** Default: the SDK's chain (environment, files, roles). */
  readonly credentials?: NonNullable<S3ClientConfig['credentials']>;
  /** Of the SDK's configuration files, in place of the environment: the bucket of another account. */
  readonly profile?: string;
  /** PEM file: the authorities to trust, in place of Node's. Read when the client is made. */
  readonly caFile?: string;
  readonly connectTimeoutMs?: number;
  /** From a request's start to its answer's head; a second more for each MiB sent. */
  readonly requestTimeoutMs?: number;
  /** Requests under way at once; further ones wait. */
  readonly inFlightMax?: number;
  /** Tries of the SDK's own inside one call, with its own backoff. */
  readonly attemptsMax?: number;
  readonly clock?: Clock;
  /** Told of each request, of the SDK's own tries too. */
  readonly onRequest?: OnRequest | undefined;
};

/** What every call is given: pass `http` to `client.send`. */
export type CallHttp = { readonly abortSignal: AbortSignal; readonly requestTimeout: number };
type Call = {
  readonly operation: string;
  readonly key?: string;
  readonly bytes?: number;
  readonly signal?: AbortSignal | undefined;
};

export type S3Connection = {
  readonly client: S3Client;
  /** Goes into every command's input. */
  readonly target: { readonly Bucket: string; readonly ExpectedBucketOwner?: string };
  readonly options: S3Options;
  readonly attemptsMax: number;
  readonly clockWatch: ClockWatch;
  /** What was learned of the server: it can't page through encoded keys. */
  readonly listing: { plainKeys: boolean };
  /**
   * Runs `send` when a slot is free, within a deadline that covers the body too. Every failure becomes a
   * LedgerstoneError.
   */
  run<T>(call: Call, send: (http: CallHttp) => Promise<T>): Promise<T>;
  close(): void;
};

/** Sockets take smaller bodies whole, so the answer is read all the same. */
const EXPECT_BYTES_MIN = 8 * 1024 * 1024;
/** Slowest transfer that we wait for. */
const BYTES_PER_MS = (1024 * 1024) / 1000;

export function connectS3(options: S3Options): S3Connection {
  if (options.prefix !== '' && !options.prefix.endsWith('/')) {
    throw new LedgerstoneError(
      'bad-prefix',
      `the store's prefix "${options.prefix}" must be empty or end with /`,
    );
  }
  const inFlightMax = options.inFlightMax ?? 32;
  const requestTimeoutMs = options.requestTimeoutMs ?? 30_000;
  const attemptsMax = options.attemptsMax ?? 3;
  const clockWatch = watchClock(options.clock ?? systemClock);
  const client = makeClient(options, { inFlightMax, requestTimeoutMs, attemptsMax });
  clockWatch.attach(client);
  useKnownPayloadHash(client);
  reportRequests(client, options.onRequest);
  const turns = new Semaphore(inFlightMax);
  const closing = new AbortController();
  let workedBefore = false;

  const run = <T>(call: Call, send: (http: CallHttp) => Promise<T>): Promise<T> =>
    turns.run(async () => {
      const timeoutMs = requestTimeoutMs + (call.bytes ?? 0) / BYTES_PER_MS;
      const ending = deadline(call.signal, closing.signal, attemptsMax * (timeoutMs + 2000));
      try {
        const result = await send({ abortSignal: ending.signal, requestTimeout: timeoutMs });
        workedBefore = true;
        return result;
      } catch (cause) {
        call.signal?.throwIfAborted();
        const why = ending.reason();
        const of = { ...call, bucket: options.bucket, region: options.region, workedBefore };
        throw storeError(why ?? cause, of);
      } finally {
        ending.stop();
      }
    }, call);

  return {
    client,
    target: {
      Bucket: options.bucket,
      ...(options.expectedBucketOwner === undefined
        ? {}
        : { ExpectedBucketOwner: options.expectedBucketOwner }),
    },
    options,
    attemptsMax,
    clockWatch,
    listing: { plainKeys: false },
    run,
    close: () => {
      closing.abort();
      client.destroy();
    },
  };
}

function makeClient(
  options: S3Options,
  bounds: { inFlightMax: number; requestTimeoutMs: number; attemptsMax: number },
): S3Client {
  // More sockets than calls: the SDK's own retries and a closing connection never make a call wait for a
  // socket.
  const connections = new Connections(bounds.inFlightMax + 8, authoritiesOf(options));
  const client = new S3Client({
    region: options.region,
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
    ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
    // Not the client's own `profile`: keys in the environment may come before that one some day.
    ...(options.profile === undefined ? {} : { credentials: fromIni({ profile: options.profile }) }),
    forcePathStyle: options.forcePathStyle ?? options.endpoint !== undefined,
    maxAttempts: bounds.attemptsMax,
    // S3 may refuse a large PUT before its body was sent, and close. Without `Expect: 100-continue` that
    // may read as a broken connection. With it the SDK opens a new connection each time, so smaller ones
    // go without.
    expectContinueHeader: EXPECT_BYTES_MIN,
    // What we read is checked against its seal, so not here too.
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      httpAgent: connections.httpAgent,
      httpsAgent: connections.httpsAgent,
      connectionTimeout: options.connectTimeoutMs ?? 5000,
      requestTimeout: bounds.requestTimeoutMs,
      // Without this a timeout is only a line in the log.
      throwOnRequestTimeout: true,
      // Silence on the connection, also in the middle of a body.
      socketTimeout: bounds.requestTimeoutMs,
      logger: silentLogger,
    },
  });
  closeDeadSockets(client, connections);
  return client;
}

/** Throws `tls-file`. */
function authoritiesOf({ caFile }: S3Options): Buffer | undefined {
  if (caFile === undefined) return undefined;
  try {
    return readFileSync(caFile);
  } catch (cause) {
    throw new LedgerstoneError('tls-file', `store.caFile: ${messageOf(cause)}`, {
      remedy: 'Give the path of a PEM file that this process may read.',
      cause,
    });
  }
}

type Deadline = { readonly signal: AbortSignal; reason(): Error | null; stop(): void };

/**
 * Ends a call for the caller's reason, at the store's close, or after the whole time that all its tries may
 * take.
 */
function deadline(caller: AbortSignal | undefined, closing: AbortSignal, totalMs: number): Deadline {
  const controller = new AbortController();
  let reason: Error | null = null;
  const end = (error: Error | null) => {
    reason = error;
    controller.abort();
  };
  const onCaller = () => end(null);
  const onClose = () =>
    end(new LedgerstoneError('closed', 'the store was closed', { disposition: 'retriable' }));
  const timer = setTimeout(
    () =>
      end(
        new LedgerstoneError('timed-out', `S3 did not finish a call in ${Math.round(totalMs / 1000)} s`, {
          disposition: 'retriable',
        }),
      ),
    totalMs,
  );
  if (caller?.aborted) onCaller();
  if (closing.aborted) onClose();
  caller?.addEventListener('abort', onCaller, { once: true });
  closing.addEventListener('abort', onClose, { once: true });
  return {
    signal: controller.signal,
    reason: () => reason,
    stop: () => {
      clearTimeout(timer);
      caller?.removeEventListener('abort', onCaller);
      closing.removeEventListener('abort', onClose);
    },
  };
}

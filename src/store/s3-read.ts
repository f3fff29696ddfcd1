// How are the bytes and the lock of one version read, and no more than was allowed?
import {
  GetObjectCommand,
  type GetObjectCommandOutput,
  GetObjectLegalHoldCommand,
  GetObjectRetentionCommand,
  type ObjectLockRetention,
} from '@aws-sdk/client-s3';
import { assert } from '../base/assert.ts';
import { LedgerstoneError } from '../base/error.ts';
import { afterPeriod } from '../base/period.ts';
import type { CallHttp, S3Connection } from './s3-connection.ts';
import { nameOf, statusOf } from './s3-error.ts';
import type { HoldState, LockState, ReadOptions } from './store.ts';

export function readS3(
  s3: S3Connection,
  key: string,
  versionId: string,
  options: ReadOptions,
): Promise<Uint8Array> {
  const { range, maxBytes, signal } = options;
  assert(
    range === undefined || (range.start >= 0 && range.end > range.start),
    'a range has at least one byte',
  );
  if (range !== undefined && range.end - range.start > maxBytes) {
    return Promise.reject(tooLarge(key, range.end - range.start, maxBytes));
  }
  const call = {
    operation: 'GetObject',
    key,
    bytes: range === undefined ? maxBytes : range.end - range.start,
    signal,
  };
  return s3.run(call, (http) => get(s3, key, versionId, options, http));
}

/** The SDK repeats a request that got no answer, but not one whose body broke off: that is done here. */
async function get(
  s3: S3Connection,
  key: string,
  versionId: string,
  options: ReadOptions,
  http: CallHttp,
): Promise<Uint8Array> {
  const { range } = options;
  const command = new GetObjectCommand({
    ...s3.target,
    Key: s3.options.prefix + key,
    VersionId: versionId,
    ...(range === undefined ? {} : { Range: `bytes=${range.start}-${range.end - 1}` }),
  });
  for (let attempt = 1; ; attempt++) {
    const answer = await s3.client.send(command, http);
    try {
      return await bodyOf(key, answer, options);
    } catch (error) {
      const settled = error instanceof LedgerstoneError && error.disposition !== 'retriable';
      if (settled || attempt >= s3.attemptsMax || http.abortSignal.aborted) throw error;
    }
  }
}

async function bodyOf(
  key: string,
  { Body, ContentLength }: GetObjectCommandOutput,
  { maxBytes, range }: ReadOptions,
): Promise<Uint8Array> {
  const body = Body as (AsyncIterable<Uint8Array> & { destroy(): void }) | undefined;
  assert(body !== undefined, 'GetObject answers with a body');
  try {
    if (ContentLength === undefined) throw cutOff(key, 'no Content-Length');
    const wanted = range === undefined ? ContentLength : range.end - range.start;
    if (range !== undefined && ContentLength < wanted)
      throw outOfRange(key, range.end, range.start + ContentLength);
    // A server that ignores Range answers with the whole object.
    if (ContentLength > wanted) throw cutOff(key, `${ContentLength} bytes for a range of ${wanted}`);
    if (wanted > maxBytes) throw tooLarge(key, wanted, maxBytes);
    return await collect(key, body, wanted);
  } finally {
    // An unread body keeps its socket for good.
    body.destroy();
  }
}

/** Into an ArrayBuffer of its own, so that a worker can take it without a copy. */
async function collect(key: string, body: AsyncIterable<Uint8Array>, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let at = 0;
  for await (const chunk of body) {
    if (at + chunk.length > length) throw cutOff(key, `more than ${length} bytes`);
    bytes.set(chunk, at);
    at += chunk.length;
  }
  if (at !== length) throw cutOff(key, `${at} of ${length} bytes`);
  return bytes;
}

/**
 * GetObjectRetention, not HEAD: a HEAD leaves the lock out without a word when the caller may not see it, and
 * "may not see" must never read as "not locked".
 */
export function lockOfS3(
  s3: S3Connection,
  key: string,
  versionId: string,
  signal?: AbortSignal,
): Promise<LockState> {
  const command = new GetObjectRetentionCommand({
    ...s3.target,
    Key: s3.options.prefix + key,
    VersionId: versionId,
  });
  const call = { operation: 'GetObjectRetention', key, signal };
  return s3.run(call, async (http): Promise<LockState> => {
    try {
      const { Retention } = await s3.client.send(command, http);
      return lockStateIn(key, Retention ?? {});
    } catch (error) {
      return lockStateOf(error) ?? Promise.reject(error);
    }
  });
}

/** While an event hold is on there may be no date: the lock lasts for the hold's duration from any now on. */
function lockStateIn(key: string, retention: ObjectLockRetention): LockState {
  const { Mode: mode, RetainUntilDate: until, EventHold, EventHoldDuration = {} } = retention;
  const { Days, Years } = EventHoldDuration;
  const leastMs = periodEndMs(Days ?? 0, Years ?? 0);
  const [count, unit] = Years === undefined ? [Days ?? 0, 'day'] : [Years, 'year'];
  const length = `${count} ${unit}${count === 1 ? '' : 's'}`;
  const held = EventHold === 'ON' ? { eventHold: `an event hold, and ${length} after its release` } : {};
  // Of a version without a lock S3 answers an error: what comes with 200 and is none may be anything.
  if (mode === undefined && until === undefined && EventHold !== undefined) return { kind: 'none', ...held };
  if (mode === undefined || (until === undefined && EventHold !== 'ON'))
    throw cutOff(key, `a lock that has ${mode === undefined ? 'no mode' : 'no end'}`);
  return { kind: 'locked', lock: { mode, untilMs: until?.getTime() ?? leastMs }, ...held };
}

const periodEndMs = (days: number, years: number): number =>
  afterPeriod(afterPeriod(Date.now(), { months: 12 * years, ms: 0 }), { months: 0, ms: days * 86_400_000 });

/** A version that never was held answers like one without a lock. */
export function holdOfS3(
  s3: S3Connection,
  key: string,
  versionId: string,
  signal?: AbortSignal,
): Promise<HoldState> {
  const command = new GetObjectLegalHoldCommand({
    ...s3.target,
    Key: s3.options.prefix + key,
    VersionId: versionId,
  });
  return s3.run({ operation: 'GetObjectLegalHold', key, signal }, async (http): Promise<HoldState> => {
    try {
      const { LegalHold } = await s3.client.send(command, http);
      if (LegalHold?.Status === 'ON') return 'held';
      if (LegalHold?.Status === 'OFF') return 'none';
      throw cutOff(key, 'a legal hold that is neither on nor off');
    } catch (error) {
      const state = lockStateOf(error)?.kind;
      return state === 'none' || state === 'not-permitted' ? state : Promise.reject(error);
    }
  });
}

/** The last one is another maker's, of a version that never was held. */
const NO_LOCK: ReadonlySet<string> = new Set([
  'NoSuchObjectLockConfiguration',
  'ObjectLockConfigurationNotFoundError',
  'NoSuchObjectLegalHold',
]);

function lockStateOf(error: unknown): LockState | null {
  const name = nameOf(error);
  if (NO_LOCK.has(name)) return { kind: 'none' };
  // What a bucket without Object Lock answers.
  if (name === 'InvalidRequest' && /object lock/i.test((error as Error).message)) return { kind: 'none' };
  return statusOf(error) === 403 && name === 'AccessDenied' ? { kind: 'not-permitted' } : null;
}

const tooLarge = (key: string, bytes: number, maxBytes: number) =>
  new LedgerstoneError('too-large', `${key} has ${bytes} bytes, more than the ${maxBytes} that it may have`, {
    disposition: 'input',
  });

const outOfRange = (key: string, end: number, size: number) =>
  new LedgerstoneError('out-of-range', `${key} ends at ${size}, before ${end}`, { disposition: 'input' });

const cutOff = (key: string, found: string) =>
  new LedgerstoneError('bad-answer', `S3 sent ${key} with ${found}`, { disposition: 'retriable' });

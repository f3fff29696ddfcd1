// How is a time-stamping authority asked over HTTP? (RFC 3161 3.4)
import { randomBytes } from 'node:crypto';
import { concatBytes, equalBytes } from '../../base/bytes.ts';
import type { Clock } from '../../base/clock.ts';
import { FormatError, LedgerstoneError, messageOf } from '../../base/error.ts';
import type { Sha256 } from '../../base/hash.ts';
import { TOKEN_BYTES_MAX } from '../../format/stamp.ts';
import type { HeldCertificate } from '../../timestamp/certificates.ts';
import { encodeRequest, readResponse } from '../../timestamp/request.ts';
import { type CheckedToken, checkToken } from '../../timestamp/token.ts';
import type { Fetch } from '../alarms/webhook.ts';

export type AuthorityOptions = {
  readonly url: string;
  readonly roots: readonly HeldCertificate[];
  /** An object identifier in dots. Null: the authority chooses. */
  readonly policy: string | null;
  readonly timeoutMs: number;
  readonly sha256: Sha256;
  readonly clock: Pick<Clock, 'now'>;
  readonly fetch?: Fetch;
};

export type GivenToken = {
  readonly bytes: Uint8Array;
  readonly checked: Extract<CheckedToken, { readonly kind: 'shown' }>;
};

/** A token and the status around it. */
const ANSWER_BYTES_MAX = TOKEN_BYTES_MAX + 4096;
/** Between the authority's clock and ours. One that is wrong by more shows nothing that anybody could use. */
const CLOCKS_APART_MS = 10 * 60_000;
/** A token that shows nothing any more tomorrow is no stamp. */
const LEAST_LIFE_MS = 2 * 86_400_000;

/**
 * A token over these bytes that a root of the configuration vouches for. Rejects with `no-stamp` where there
 * is none, for whatever reason; nothing was stored then.
 */
export async function askAuthority(
  options: AuthorityOptions,
  data: Uint8Array,
  signal?: AbortSignal,
): Promise<GivenToken> {
  const { sha256, roots, clock } = options;
  const nonce = randomBytes(16);
  nonce[0] = 0x40 | ((nonce[0] as number) & 0x3f);
  try {
    const request = encodeRequest({ data, nonce, policy: options.policy ?? undefined }, sha256);
    const bytes = readResponse(await answerOf(options, request, signal));
    if (bytes.length > TOKEN_BYTES_MAX) throw new FormatError(`its token has ${bytes.length} bytes`);
    const checked = await checkToken(bytes, data, roots, sha256);
    if (checked.kind !== 'shown')
      throw new FormatError(`its token leads to none of timestamps.roots: it is signed by ${checked.by}`);
    requireAsked(checked, nonce, options, clock.now());
    return { bytes, checked };
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof FormatError)) throw error;
    throw new LedgerstoneError('no-stamp', error.message, {
      disposition: 'retriable',
      remedy: 'It is asked again within the hour. What is attested meanwhile is in the next stamp.',
    });
  }
}

function requireAsked(
  token: GivenToken['checked'],
  nonce: Uint8Array,
  { policy }: AuthorityOptions,
  nowMs: number,
): void {
  if (token.nonce === null || !equalBytes(token.nonce, nonce))
    throw new FormatError('its token answers another request: its nonce is not the one that was sent');
  if (policy !== null && token.policy !== policy)
    throw new FormatError(`its token has the policy ${token.policy} instead of ${policy}`);
  const apartMs = token.genTimeMs - nowMs;
  if (Math.abs(apartMs) > CLOCKS_APART_MS)
    throw new FormatError(`its clock is ${Math.round(apartMs / 1000)} s off this machine's`);
  if (token.endsMs < nowMs + LEAST_LIFE_MS)
    throw new FormatError(`its certificate ends at ${new Date(token.endsMs).toISOString()}`);
}

/** Throws FormatError for what is no answer with status 200. */
async function answerOf(
  { url, fetch: send = fetch, timeoutMs }: AuthorityOptions,
  request: Uint8Array,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const answer = await send(url, {
      method: 'POST',
      headers: { 'content-type': 'application/timestamp-query', accept: 'application/timestamp-reply' },
      body: Uint8Array.from(request),
      redirect: 'error',
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    if (answer.status !== 200) {
      await answer.body?.cancel().catch(() => undefined);
      throw new FormatError(`it answered with status ${answer.status}`);
    }
    return await boundedBytes(answer);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof FormatError) throw error;
    throw new FormatError(
      timeout.aborted ? `no answer within ${timeoutMs} ms` : `no answer: ${messageOf(error)}`,
    );
  }
}

async function boundedBytes(answer: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of answer.body ?? []) {
    length += part.length;
    // Leaving the loop ends the connection.
    if (length > ANSWER_BYTES_MAX) throw new FormatError(`it answered more than ${ANSWER_BYTES_MAX} bytes`);
    parts.push(part);
  }
  return concatBytes(...parts);
}

// As whom does the store's account know this process? The word of AWS STS.
import type { Clock } from '../base/clock.ts';
import { LedgerstoneError, messageOf } from '../base/error.ts';
import type { AwsCredentials } from './role-credentials.ts';
import { signRequest } from './sign-request.ts';

export type IdentityOptions = {
  readonly region: string;
  readonly credentials: () => Promise<AwsCredentials>;
  readonly clock: Clock;
  /** Of a server that stands in for AWS. `isSts`: it was named as STS's, so it must answer as one. */
  readonly endpoint?: { readonly url: string; readonly isSts: boolean };
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  readonly signal?: AbortSignal;
};

const BODY = 'Action=GetCallerIdentity&Version=2011-06-15';
const TIMEOUT_MS = 10_000;
const ANSWER_MAX = 64 * 1024;

/**
 * The ARN, such as `arn:aws:sts::123456789012:assumed-role/officer/ada`. Null: the store's own endpoint
 * answers, and with no such name: S3-compatible servers have none. Throws `no-principal` where it could not
 * be learned.
 */
export async function callerIdentity(options: IdentityOptions): Promise<string | null> {
  const { region, endpoint } = options;
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  const url = endpoint === undefined ? `https://sts.${region}.${domain}/` : new URL('/', endpoint.url).href;
  const { status, text } = await ask(url, options);
  const arn = /<Arn>(arn:[\x21-\x3b\x3d-\x7e]{1,250})<\/Arn>/.exec(text)?.[1];
  if (status === 200 && arn !== undefined) return arn;
  if (endpoint?.isSts === false) return null;
  const code = /<Code>(\w{1,64})<\/Code>/.exec(text)?.[1] ?? 'no identity in its answer';
  throw unknown(`STS answered with status ${status}: ${code}`);
}

async function ask(
  url: string,
  { region, credentials, clock, fetch: send = fetch, signal }: IdentityOptions,
): Promise<{ readonly status: number; readonly text: string }> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
  const request = { method: 'POST', url, headers, body: BODY, region, service: 'sts' };
  const signed = await signRequest(request, await credentials(), clock.now());
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const answer = await send(url, {
      ...{ method: 'POST', headers: signed, body: BODY, redirect: 'error' },
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    return { status: answer.status, text: (await answer.text()).slice(0, ANSWER_MAX) };
  } catch (cause) {
    signal?.throwIfAborted();
    throw unknown(`no answer of STS at ${url}: ${messageOf(cause)}`);
  }
}

const unknown = (why: string): LedgerstoneError =>
  new LedgerstoneError('no-principal', `as whom the store's account knows you could not be learned: ${why}`, {
    disposition: 'retriable',
    remedy:
      'Check the credentials and the way to STS (AWS_ENDPOINT_URL_STS); no right is needed for the call.',
  });

// What does an archiver answer to somebody who asks for a receipt?
import { LedgerstoneError, messageOf } from '../../base/error.ts';
import { LIMITS, MIB } from '../../base/limits.ts';
import { printable } from '../../base/printable.ts';
import { UsageError } from './exit-code.ts';

/** What Kafka acknowledged to the producer. */
export type WantedRecord = { readonly topic: string; readonly partition: number; readonly offset: number };

/** Texts of the archiver. Nothing in it is checked yet. */
export type GivenReceipt = { readonly proof: string; readonly line: string; readonly sealed: string | null };

export type ReceiptAnswer =
  | { readonly kind: 'given'; readonly receipt: GivenReceipt }
  /** `busy`: the archiver has no time now, and says nothing of the record. */
  | { readonly kind: 'not-yet' | 'busy'; readonly why: string; readonly retryMs: number };

/** Escapes in JSON make a line longer. */
const ANSWER_BYTES_MAX = 6 * (LIMITS.lineBytesMax + MIB);
const ANSWER_MS_MAX = 60_000;
const RETRY_MS = { default: 5_000, most: 60_000 } as const;

/**
 * One request. A receipt with a proof comes back also where the offset has no record. Throws UsageError for
 * an address that is none, and LedgerstoneError `no-receipt` for every other answer.
 */
export async function askReceipt(
  base: string,
  { topic, partition, offset }: WantedRecord,
  token: string | null,
  signal: AbortSignal,
): Promise<ReceiptAnswer> {
  const url = addressOf(base, `receipt/${topic}/${partition}/${offset}`);
  const either = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS_MAX)]);
  try {
    // No redirect: who was named is who is asked.
    const headers = token === null ? {} : { authorization: `Bearer ${token}` };
    const response = await fetch(url, { headers, signal: either, redirect: 'error' });
    const answer = memberOf(JSON.parse(await textOf(response)));
    if (response.status === 200 || (response.status === 410 && answer('proof') !== null)) {
      const [proof, line] = [answer('proof'), answer('line')];
      if (proof === null || line === null) throw new Error('an answer without a proof');
      return { kind: 'given', receipt: { proof, line, sealed: answer('sealed') } };
    }
    const why = answer('error') ?? `status ${response.status}`;
    if (response.status === 401)
      throw new Error(token === null ? 'it asks for a token: --token-file' : 'it does not know this token');
    if (response.status === 202) return { kind: 'not-yet', why, retryMs: retryOf(response) };
    if (response.status === 429 || response.status === 503)
      return { kind: 'busy', why, retryMs: retryOf(response) };
    throw new Error(`${response.status} ${answer('code') ?? ''}: ${why}`);
  } catch (error) {
    signal.throwIfAborted();
    throw new LedgerstoneError('no-receipt', `${url} gave no receipt: ${printable(causeOf(error))}`, {
      remedy:
        'Is `receipts.serve` set in the configuration of that archiver? `ledgerstone prove` asks the archive itself.',
    });
  }
}

const causeOf = (error: unknown): string =>
  error instanceof Error && error.cause instanceof Error ? messageOf(error.cause) : messageOf(error);

function addressOf(base: string, path: string): URL {
  if (!URL.canParse(base) || !/^https?:$/.test(new URL(base).protocol))
    throw new UsageError(
      `${printable(base)} is no address`,
      'Give that of the archiver, such as http://127.0.0.1:9464.',
    );
  return new URL(path, base.endsWith('/') ? base : `${base}/`);
}

/** A text, or null for everything else. */
const memberOf =
  (answer: unknown) =>
  (name: string): string | null => {
    const value = (answer as Readonly<Record<string, unknown>> | null)?.[name];
    return typeof value === 'string' ? value : null;
  };

function retryOf(response: Response): number {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return seconds >= 1 ? Math.min(seconds * 1000, RETRY_MS.most) : RETRY_MS.default;
}

async function textOf({ body }: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of body ?? []) {
    bytes += part.length;
    if (bytes > ANSWER_BYTES_MAX) throw new Error('an answer that is too long');
    parts.push(part);
  }
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(parts));
}

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
  | { readonly kind: 'busy'; readonly why: string; readonly retryMs: number }
  /** `halted`: why the partition does not go on until its operator acts. */
  | {
      readonly kind: 'not-yet';
      readonly why: string;
      readonly retryMs: number;
      readonly halted: string | null;
    };

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
    if (response.status === 202)
      return { kind: 'not-yet', why, retryMs: retryOf(response), halted: answer('halted') };
    if (response.status === 429 || response.status === 503)
      return { kind: 'busy', why, retryMs: retryOf(response) };
    if (response.status === 401)
      throw noReceipt(url, token === null ? 'it asks for a token' : 'it does not know this token', NO_TOKEN);
    const code = answer('code');
    throw noReceipt(url, `${response.status}${code === null ? '' : ` ${code}`}: ${why}`, remedyOf(code));
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof LedgerstoneError) throw error;
    throw noReceipt(url, causeOf(error), NO_ANSWER);
  }
}

const noReceipt = (url: URL, why: string, remedy: string): LedgerstoneError =>
  new LedgerstoneError('no-receipt', `${url} gave no receipt: ${printable(why)}`, { remedy });

const NO_TOKEN = 'Give the token of its `server.auth` with --token-file.';
const NO_ANSWER = [
  'Does an archiver run at that address? One that archives a file ends with the file. `ledgerstone prove` asks the',
  'archive itself.',
].join(' ');

/** By the archiver's code. */
const REMEDIES: Readonly<Record<string, string>> = {
  'unknown-topic': 'Ask an archiver of that topic, and name the topic as Kafka does.',
  'no-chain': 'Is the partition right? If it is new, nothing of it is sealed yet: ask again later.',
  'before-chain': 'The archive of that partition begins later: the record is not in it and will not be.',
  expired: 'It was archived, and its time to be kept is over: nobody can prove it any more.',
  'too-long': 'Read it from the archive itself: `ledgerstone prove`, and `ledgerstone get` for its line.',
};

/** Null: the answer has no code, as those of other servers. */
function remedyOf(code: string | null): string {
  if (code === null || code === 'not-found')
    return [
      'Is it an archiver, and is `receipts.serve` set in its configuration? `ledgerstone prove` asks the archive',
      'itself.',
    ].join(' ');
  return (
    REMEDIES[code] ??
    'It says nothing of the record. Tell the operator of the archive: `ledgerstone verify` says more.'
  );
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

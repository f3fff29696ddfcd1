// How is one witness asked to cosign a checkpoint? (C2SP tlog-witness, add-checkpoint)
import { concatBytes, toBase64, utf8, utf8Text } from '../../base/bytes.ts';
import { FormatError, messageOf } from '../../base/error.ts';
import { type NoteSignature, parseSignatures } from '../../format/note.ts';
import type { Fetch } from '../alarms/webhook.ts';

type Submission = {
  /** The checkpoint with the log's signatures. */
  readonly note: Uint8Array;
  readonly size: number;
  /** The consistency proof from that size on, at least 1 and below `size`. */
  readonly proofFrom: (size: number) => Promise<readonly Uint8Array[]>;
};

/** `other-history`: the witness says that it has cosigned something else at a smaller or the same size. */
export type WitnessAnswer =
  | { readonly kind: 'lines'; readonly lines: readonly NoteSignature[] }
  | { readonly kind: 'refused' | 'other-history'; readonly why: string };

/** An answer is some lines of at most 3.3 kB each. */
const ANSWER_BYTES_MAX = 64 * 1024;
/** From 0, then from the size that the witness names. Once more, since somebody else may be as quick. */
const TRIES = 3;

const refused = (why: string): WitnessAnswer => ({ kind: 'refused', why });

/**
 * What the witness answers; its lines still unchecked. Never throws because of an answer, or because of none.
 * Rejects if the caller aborts, or if the proof can't be made.
 */
export async function addCheckpoint(
  url: string,
  { note, size, proofFrom }: Submission,
  { fetch: send, timeoutMs }: { readonly fetch: Fetch; readonly timeoutMs: number },
  signal?: AbortSignal,
): Promise<WitnessAnswer> {
  for (let tries = 0, old = 0; tries < TRIES; tries++) {
    const proof = old === 0 || old === size ? [] : await proofFrom(old);
    const body = concatBytes(utf8([`old ${old}`, ...proof.map(toBase64), '', ''].join('\n')), note);
    const timeout = AbortSignal.timeout(timeoutMs);
    let status: number;
    let text: string;
    try {
      const answer = await send(`${url.replace(/\/+$/, '')}/add-checkpoint`, {
        method: 'POST',
        body: new Uint8Array(body),
        redirect: 'error',
        signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      });
      status = answer.status;
      text = await boundedText(answer);
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof FormatError) return refused(error.message);
      const why = timeout.aborted ? `no answer within ${timeoutMs} ms` : `no answer: ${messageOf(error)}`;
      return refused(why);
    }
    if (status === 200) return linesOf(text);
    if (status !== 409) return refusal(status);
    const known = /^(?:0|[1-9]\d{0,15})\n$/.test(text) ? Number(text) : null;
    if (known === null) return refused('it says that another size is its last one, but not which');
    if (known > size)
      return refused(`it knows ${known} segments of this chain, and this checkpoint has ${size}`);
    old = known;
  }
  return refused('it named another last size each time');
}

function linesOf(text: string): WitnessAnswer {
  try {
    return { kind: 'lines', lines: parseSignatures(text) };
  } catch (error) {
    return refused(`its answer is no cosignature: ${messageOf(error)}`);
  }
}

function refusal(status: number): WitnessAnswer {
  switch (status) {
    case 403:
      return refused("it trusts no key that has signed this checkpoint: its operator adds the log's key");
    case 404:
      return refused("it does not know this chain: its operator adds the chain's origin and the log's key");
    case 422:
      return {
        kind: 'other-history',
        why: 'it says that this checkpoint does not continue what it has cosigned before',
      };
    default:
      return refused(`it answered with status ${status}`);
  }
}

async function boundedText(answer: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of answer.body ?? []) {
    length += part.length;
    // Leaving the loop ends the connection.
    if (length > ANSWER_BYTES_MAX) throw new FormatError(`it answered more than ${ANSWER_BYTES_MAX} bytes`);
    parts.push(part);
  }
  return utf8Text(concatBytes(...parts));
}

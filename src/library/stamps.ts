// Which time-stamping authorities does the calling program trust, and what reads their tokens?
import { FormatError, LedgerstoneError } from '../base/error.ts';
import { nodeSha256 } from '../base/node/hash.ts';
import { printable } from '../base/printable.ts';
import type { StampReader } from '../evidence/check-stamps.ts';
import { STAMP_TEXTS, stampSentence } from '../evidence/stamp-texts.ts';
import { parseEventProof } from '../format/event-proof.ts';
import { parseStampProof } from '../format/stamp.ts';
import { timeText } from '../format/time.ts';
import { checkStampProof, type StampResult } from '../verify/stamp-proof.ts';

export type CheckStampOptions = {
  /** The proof of an event that the stamp was made for. Whether the proof holds says `checkProof`. */
  readonly proof: Uint8Array;
  /** As `ledgerstone prove --stamp` wrote it. */
  readonly stamp: Uint8Array;
  /** Roots of time-stamping authorities, in PEM. Without one no time is shown. */
  readonly tsaRoots: readonly string[];
};

export type StampVerdict = {
  /** Only `shown` shows a time. `bad`: it is no stamp of the checkpoint that the proof leads to. */
  readonly kind: StampResult['kind'] | 'bad';
  /** RFC 3339: the checkpoint existed by then. Null: no time is shown. */
  readonly existedBy: string | null;
  /** The same in a sentence, with its bounds. */
  readonly text: string;
};

/** Offline, from these bytes alone. Never rejects on hostile bytes; on roots that are none, `usage`. */
export async function checkStampForProgram({
  proof,
  stamp,
  tsaRoots,
}: CheckStampOptions): Promise<StampVerdict> {
  const reader = await stampReaderFor(tsaRoots);
  try {
    const { text, checkpoint } = parseEventProof(proof).signed;
    const result = await checkStampProof({
      ...{ checkpoint: { text, origin: checkpoint.origin }, links: parseStampProof(stamp) },
      ...{ check: reader.check, sha256: nodeSha256, nowMs: reader.nowMs },
    });
    const existedBy = result.kind === 'shown' ? timeText(result.byMs) : null;
    return { kind: result.kind, existedBy, text: stampSentence(STAMP_TEXTS.en, result, reader.hasRoots) };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { kind: 'bad', existedBy: null, text: printable(error.message) };
  }
}

/** What reads tokens is loaded with the first one. Rejects with LedgerstoneError `usage` for no root. */
export async function stampReaderFor(pems: readonly string[]): Promise<StampReader> {
  const roots = pems.length === 0 ? [] : await rootsFrom(pems);
  return {
    check: async (token, data) =>
      (await import('../timestamp/token.ts')).checkToken(token, data, roots, nodeSha256),
    hasRoots: roots.length > 0,
    nowMs: Date.now(),
  };
}

async function rootsFrom(pems: readonly string[]) {
  const { readRoots } = await import('../timestamp/certificates.ts');
  try {
    return pems.flatMap(readRoots);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new LedgerstoneError('usage', `no root of a time-stamping authority: ${error.message}`, {
      disposition: 'input',
      remedy: 'Give the text of its root certificate in PEM, and not the name of the file.',
    });
  }
}

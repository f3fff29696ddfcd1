// What does the archive say of these offsets of one partition: sealed and proven, not yet, or not there?
import { LedgerstoneError, messageOf } from '../../base/error.ts';
import { MIB } from '../../base/limits.ts';
import type { VerifierKey } from '../../format/vkey.ts';
import { chainEnd } from '../../read/chain-end.ts';
import { ChainReader } from '../../read/chain-reader.ts';
import { BeforeChainError, ExpiredDataError, NoChainError } from '../../read/errors.ts';
import { locateOffset } from '../../read/locate.ts';
import { offsetProofs } from '../../read/offset-proofs.ts';
import type { StoreReader } from '../../store/store.ts';

/** Of one offset. `sealed`: RFC 3339. */
export type ReceiptLine =
  | {
      readonly kind: 'proven';
      readonly isGap: boolean;
      readonly line: Uint8Array;
      readonly proof: Uint8Array;
      readonly sealed: string;
    }
  | { readonly kind: 'not-sealed'; readonly nextOffset: number }
  | { readonly kind: 'absent'; readonly code: 'no-chain' | 'before-chain' | 'expired'; readonly why: string }
  | { readonly kind: 'too-long' }
  /** It could not be read, or is not what was signed. */
  | { readonly kind: 'failed'; readonly code: string; readonly why: string; readonly isRetriable: boolean };

/** Lines of one answer. */
const LINES_BYTES_MAX = 4 * MIB;

/** What is left of them. One serves all partitions of a request. */
export type LinesLeft = { bytes: number };

export const newLinesLeft = (): LinesLeft => ({ bytes: LINES_BYTES_MAX });

/** For each offset one. Never throws but if `signal` aborts. */
export async function receiptLines(
  store: StoreReader,
  trusted: readonly VerifierKey[],
  chainId: { readonly chain: string; readonly partition: number },
  offsets: readonly number[],
  left: LinesLeft,
  signal: AbortSignal,
): Promise<Map<number, ReceiptLine>> {
  const lines = new Map<number, ReceiptLine>();
  const all = (of: readonly number[], error: unknown): void => {
    signal.throwIfAborted();
    for (const offset of of) if (!lines.has(offset)) lines.set(offset, lineOfError(error));
  };
  try {
    const reader = new ChainReader({ store, ...chainId, trusted, signal });
    const bySegment = await located(reader, offsets, lines);
    for (const [sequence, ofSegment] of bySegment) {
      try {
        const seal = await reader.seal(sequence);
        const { sealed } = seal.manifest.time;
        for (const { offset, proven } of await offsetProofs(reader, seal, ofSegment, left.bytes)) {
          left.bytes -= proven?.line.length ?? 0;
          lines.set(offset, proven === null ? { kind: 'too-long' } : { kind: 'proven', ...proven, sealed });
        }
      } catch (error) {
        all(ofSegment, error);
      }
    }
  } catch (error) {
    all(offsets, error);
  }
  all(offsets, new LedgerstoneError('offset-gap', 'no line of its segment covers this offset'));
  return lines;
}

/** By segment. What is in none goes to `lines`. */
async function located(
  reader: ChainReader,
  offsets: readonly number[],
  lines: Map<number, ReceiptLine>,
): Promise<Map<number, number[]>> {
  const { sequence: headSequence, beyond } = await chainEnd(reader);
  const source = {
    headSequence,
    dataSizes: await reader.dataSizes(),
    manifest: async (wanted: number) => (await reader.seal(wanted)).manifest,
  };
  const bySegment = new Map<number, number[]>();
  for (const offset of new Set(offsets)) {
    try {
      const found = await locateOffset(source, offset);
      if (found === null) {
        if (beyond !== null) throw beyond;
        const { nextOffset } = (await reader.seal(headSequence)).manifest.records;
        lines.set(offset, { kind: 'not-sealed', nextOffset });
      } else bySegment.set(found.sequence, [...(bySegment.get(found.sequence) ?? []), offset]);
    } catch (error) {
      lines.set(offset, lineOfError(error));
    }
  }
  return bySegment;
}

function lineOfError(error: unknown): ReceiptLine {
  const why = messageOf(error);
  if (error instanceof NoChainError) return { kind: 'absent', code: 'no-chain', why };
  if (error instanceof BeforeChainError) return { kind: 'absent', code: 'before-chain', why };
  if (error instanceof ExpiredDataError) return { kind: 'absent', code: 'expired', why };
  const isRetriable = error instanceof LedgerstoneError && error.disposition === 'retriable';
  return {
    kind: 'failed',
    code: error instanceof LedgerstoneError ? error.code : 'unexpected',
    ...{ why, isRetriable },
  };
}

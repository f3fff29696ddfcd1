// What is a line of a data object: a record as it was on the wire, or offsets that carry none? (FORMAT.md §3)
import { FormatError } from '../base/error.ts';
import { LIMITS } from '../base/limits.ts';
import { isCount, isWord } from './scalar.ts';

export type Header = { readonly name: Uint8Array; readonly value: Uint8Array | null };

/** One Kafka record as it was on the wire. Views into larger buffers are fine. */
export type KafkaRecord = {
  /** 0 … 2^53−2, so that the next offset is an exact integer too. */
  readonly offset: number;
  /** int64, whatever the producer sent. */
  readonly timestamp: bigint;
  readonly timestampType: 'create' | 'append';
  readonly key: Uint8Array | null;
  /** Wire order, duplicates kept. */
  readonly headers: readonly Header[];
  /** null: a tombstone. */
  readonly value: Uint8Array | null;
};

/** Lines of records at consecutive offsets, already written. */
export type LineRun = {
  /** Each line with its LF. A view: what made it may overwrite it later. */
  readonly bytes: Uint8Array;
  /** Where each line begins in `bytes`. */
  readonly starts: Uint32Array;
  /** Least and greatest record timestamps within 0…TIME_MS_MAX, milliseconds; null when there is none. */
  readonly firstTimeMs: number | null;
  readonly lastTimeMs: number | null;
};

export const GAP_REASONS = ['transaction', 'compacted', 'expired', 'accepted'] as const;
export type GapReason = (typeof GAP_REASONS)[number];

/** The offsets `offset` to `last`, both included, carry no record for us. */
export type GapLine = {
  readonly offset: number;
  readonly last: number;
  readonly reason: GapReason;
  /** `transaction` has both of these: control + aborted = last − offset + 1. */
  readonly control?: number;
  readonly aborted?: number;
  /**
   * Every other reason has both of these: whose word it is, and why. 1–255 and 1–512 bytes, no control
   * characters.
   */
  readonly by?: string;
  readonly why?: string;
};

export type Line =
  | { readonly kind: 'entry'; readonly record: KafkaRecord }
  | { readonly kind: 'gap'; readonly gap: GapLine };

const BY_BYTES_MAX = 255;
const WHY_BYTES_MAX = 512;

/** Offsets that the gap covers. Throws FormatError where it breaks a rule. */
export function checkGap(gap: GapLine): number {
  const { offset, last, reason, control, aborted, by, why } = gap;
  if (!isCount(offset) || !isCount(last) || last < offset || last >= LIMITS.offsetMax) {
    throw new FormatError(`a gap from ${offset} to ${last}`);
  }
  const covered = last - offset + 1;
  if (reason === 'transaction') {
    if (
      !isCount(control) ||
      !isCount(aborted) ||
      control + aborted !== covered ||
      by !== undefined ||
      why !== undefined
    ) {
      throw new FormatError(
        `a transaction gap of ${covered} offsets: ${control} control, ${aborted} aborted`,
      );
    }
  } else if (!GAP_REASONS.includes(reason)) {
    throw new FormatError(`unknown gap reason ${JSON.stringify(reason)}`);
  } else if (
    !isWord(by, BY_BYTES_MAX) ||
    !isWord(why, WHY_BYTES_MAX) ||
    control !== undefined ||
    aborted !== undefined
  ) {
    throw new FormatError(
      `a gap that is ${reason} says by whose word, and why: 1–${BY_BYTES_MAX} and 1–${WHY_BYTES_MAX} bytes`,
    );
  }
  return covered;
}

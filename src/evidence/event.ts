// What does one archived line say, in words that people and spreadsheets can show?
import { toBase64, utf8Text } from '../base/bytes.ts';
import type { GapLine } from '../format/line.ts';
import { decodeLine } from '../format/record.ts';
import { TIME_MS_MAX } from '../format/time.ts';

export type ShownEvent = {
  readonly offset: number;
  /** The offset after the last one that the line covers. */
  readonly nextOffset: number;
  /** Null: the line is an event. */
  readonly gap: GapLine | null;
  /** By the producer's or the broker's clock; null for a gap line, and for a number that is no time. */
  readonly timeMs: number | null;
  readonly clock: 'producer' | 'broker' | null;
  /** Bytes that are no text are shown as `base64:` and their base64. */
  readonly key: string | null;
  readonly headers: readonly { readonly name: string; readonly value: string | null }[];
  /** Null: a tombstone, or a gap line. */
  readonly value: string | null;
};

/** `line` without its LF. Throws FormatError where it is none. */
export function shownEvent(line: Uint8Array): ShownEvent {
  const decoded = decodeLine(line);
  if (decoded.kind === 'gap') {
    const { gap } = decoded;
    const none = { timeMs: null, clock: null, key: null, headers: [], value: null };
    return { offset: gap.offset, nextOffset: gap.last + 1, gap, ...none };
  }
  const { offset, timestamp, timestampType, key, headers, value } = decoded.record;
  const isTime = timestamp >= 0n && timestamp <= BigInt(TIME_MS_MAX);
  return {
    offset,
    nextOffset: offset + 1,
    gap: null,
    timeMs: isTime ? Number(timestamp) : null,
    clock: timestampType === 'append' ? 'broker' : 'producer',
    key: textOf(key),
    headers: headers.map((header) => ({ name: textOf(header.name) ?? '', value: textOf(header.value) })),
    value: textOf(value),
  };
}

function textOf(bytes: Uint8Array | null): string | null {
  if (bytes === null) return null;
  try {
    return utf8Text(bytes);
  } catch {
    return `base64:${toBase64(bytes)}`;
  }
}

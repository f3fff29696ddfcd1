// Which offsets does this line cover, and is it a line at all?
import type { GapReason } from './line.ts';

/** What the last `scan` found. One object is used for many lines: the hot path of verification. */
export class LineScanner {
  offset = 0;
  nextOffset = 0;
  gap: GapReason | null = null;
  /** The record's timestamp when it is a time that can be shown (0…253402300799999 ms); −1 for any other and for gaps. */
  timestampMs = -1;
  /** Throws FormatError. `end` is exclusive and leaves the LF out. */
  scan(_buffer: Uint8Array, _start: number, _end: number): void {
    throw new Error('being written');
  }
}

export function scanLine(
  _buffer: Uint8Array,
  _start: number,
  _end: number,
): { offset: number; nextOffset: number; gap: GapReason | null; timestamp: bigint | null } {
  throw new Error('being written');
}

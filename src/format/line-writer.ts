// How does a record become its line?
import type { GapLine, KafkaRecord } from './line.ts';

/** Appends lines, each with its LF, to a growing buffer. */
export class LineWriter {
  constructor(initialBytes = 65_536) {
    void initialBytes;
  }
  get length(): number {
    throw new Error('being written');
  }
  /** Start index of the line. */
  entry(_record: KafkaRecord): number {
    throw new Error('being written');
  }
  gap(_gap: GapLine): number {
    throw new Error('being written');
  }
  /** What was written so far; valid until the next write. */
  view(): Uint8Array {
    throw new Error('being written');
  }
  /** Hands over what was written and starts anew. */
  take(): Uint8Array {
    throw new Error('being written');
  }
}

/** The line without its LF. */
export function encodeEntry(_record: KafkaRecord): Uint8Array {
  throw new Error('being written');
}
export function encodeGap(_gap: GapLine): Uint8Array {
  throw new Error('being written');
}

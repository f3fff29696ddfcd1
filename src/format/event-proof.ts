// How does one line's proof stand in one file?
import type { SignedCheckpoint } from './note.ts';
/** Line → entry root in the manifest → manifest leaf → checkpoint. */
export type EventProof = {
  readonly manifestBytes: Uint8Array;
  /** Index of the line in its segment. */
  readonly line: number;
  /** Inclusion path of the line in the segment's tree of entries. */
  readonly linePath: readonly Uint8Array[];
  /** Index of the manifest in the chain. */
  readonly index: number;
  readonly path: readonly Uint8Array[];
  readonly signed: SignedCheckpoint;
};
export function encodeEventProof(_proof: {
  readonly manifestBytes: Uint8Array;
  readonly line: number;
  readonly linePath: readonly Uint8Array[];
  readonly index: number;
  readonly path: readonly Uint8Array[];
  readonly note: Uint8Array;
}): Uint8Array {
  throw new Error('being written');
}
export function parseEventProof(_bytes: Uint8Array): EventProof {
  throw new Error('being written');
}

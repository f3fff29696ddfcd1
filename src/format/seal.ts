// How do a manifest, its proof and the signed checkpoint stand in one file?
import type { SignedCheckpoint } from './note.ts';
export type Seal = {
  readonly manifestBytes: Uint8Array;
  readonly index: number;
  readonly path: readonly Uint8Array[];
  readonly signed: SignedCheckpoint;
};
export function encodeSeal(_seal: {
  readonly manifestBytes: Uint8Array;
  readonly index: number;
  readonly path: readonly Uint8Array[];
  readonly note: Uint8Array;
}): Uint8Array {
  throw new Error('being written');
}
/** Strict, capped, byte-exact. Throws FormatError. */
export function parseSeal(_bytes: Uint8Array): Seal {
  throw new Error('being written');
}

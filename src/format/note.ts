// How do signatures stand under a checkpoint?
import type { Checkpoint } from './checkpoint.ts';

export { type Checkpoint, checkpointText } from './checkpoint.ts';
export type NoteSignature = {
  readonly name: string;
  readonly keyId: Uint8Array;
  readonly signature: Uint8Array;
};
export type SignedCheckpoint = {
  readonly checkpoint: Checkpoint;
  /** The bytes that the signatures are over. */
  readonly text: Uint8Array;
  readonly signatures: readonly NoteSignature[];
};
export function encodeSignedCheckpoint(_text: Uint8Array, _signatures: readonly NoteSignature[]): Uint8Array {
  throw new Error('being written');
}
export function parseSignedCheckpoint(_bytes: Uint8Array): SignedCheckpoint {
  throw new Error('being written');
}

// What exactly is signed?
export type Checkpoint = { readonly origin: string; readonly size: number; readonly root: Uint8Array };
/** Three lines, each with its LF. Throws FormatError. */
export function checkpointText(_checkpoint: Checkpoint): Uint8Array {
  throw new Error('being written');
}
/** Strict. Throws FormatError. */
export function parseCheckpointText(_text: Uint8Array): Checkpoint {
  throw new Error('being written');
}

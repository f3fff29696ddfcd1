// Is this one whole block and nothing else?
/** Exactly one zstd frame. Throws FormatError('…', 'trailing-bytes' | 'block-mismatch'). */
export function checkZstdFrame(_bytes: Uint8Array): void {
  throw new Error('being written');
}
/** Exactly one gzip member, as far as that shows without inflating. */
export function checkGzipMember(_bytes: Uint8Array): void {
  throw new Error('being written');
}
/** Content size from the frame's header. */
export function zstdContentSize(_bytes: Uint8Array): number {
  throw new Error('being written');
}

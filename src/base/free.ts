// How does a large buffer end before the garbage collector comes to it?

/**
 * Frees the memory now: nobody may use these bytes again. With a megabyte for each block, the garbage
 * collector would run a whole cycle for every sixty of them. Small pieces may share a pool with others, so a
 * view of less than half of its buffer is left alone.
 */
export function freeNow({ buffer, length }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && length * 2 > buffer.byteLength) buffer.transfer?.(0);
}

// How does a long message become a short one with the same CRC-32C, faster than any table can look it up?

/*
 * A CRC is the remainder of the message, read as a polynomial over GF(2), by a polynomial P. A multiple of P with few terms,
 * whose exponents are multiples of 128, says which 16-byte blocks may stand for another one: here
 *
 *   x^(128·209) + x^(128·144) + x^(128·54) + x^(128·39) + x^(128·14) + 1  ≡  0   (mod P of CRC-32C)
 *
 * so a block can be dropped when it is XORed into the blocks 65, 155, 170, 195 and 209 places after it. Five XORs of 16 bytes
 * for 16 bytes, by the vector instructions of WebAssembly, and no look-up (the method is known as Chorba; CRC-32C has no
 * such multiple with fewer terms and as short a span).
 */
const DISTANCES = [65, 155, 170, 195, 209];
const BLOCK_BYTES = 16;
/** What is left over is this long, and up to one block longer. */
export const SPAN_BYTES = 209 * BLOCK_BYTES;

const PAGE_BYTES = 65_536;
const PAGES = 17;
const ROOM_BYTES = PAGES * PAGE_BYTES - SPAN_BYTES - BLOCK_BYTES;

export class Folding {
  readonly #memory: Uint8Array;
  readonly #fold: (bytes: number) => void;

  constructor() {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(foldModule()));
    this.#memory = new Uint8Array((exports['memory'] as WebAssembly.Memory).buffer);
    this.#fold = exports['fold'] as (bytes: number) => void;
  }

  /**
   * A message whose CRC register, begun at 0, ends as that of `bytes[start … end)` begun at −1. At least SPAN_BYTES have to
   * be given. Valid until the next call.
   */
  reduce(bytes: Uint8Array, start: number, end: number): Uint8Array {
    const memory = this.#memory;
    let held = 0;
    for (let at = start; ; ) {
      const length = Math.min(ROOM_BYTES - held, end - at);
      memory.set(bytes.subarray(at, at + length), held);
      // The register's start, −1, is the same as the first four bytes turned over.
      if (at === start) for (let i = 0; i < 4; i++) memory[i] = ~(memory[i] as number);
      at += length;
      held += length;
      const folded = Math.floor((held - SPAN_BYTES) / BLOCK_BYTES) * BLOCK_BYTES;
      this.#fold(folded);
      if (at === end) return memory.subarray(folded, held);
      memory.copyWithin(0, folded, held);
      held -= folded;
    }
  }
}

/** `fold(bytes)`: takes the blocks of `[0, bytes)` of memory, one after the other, into those behind them. */
function foldModule(): Uint8Array<ArrayBuffer> {
  const [i32, v128, none] = [0x7f, 0x7b, 0x40];
  const [bytes, at, block] = [0, 1, 2];
  const get = (local: number) => [0x20, local];
  const set = (local: number) => [0x21, local];
  const load = (offset: number) => [0xfd, 0x00, 4, ...leb(offset)];
  const store = (offset: number) => [0xfd, 0x0b, 4, ...leb(offset)];
  const xor = [0xfd, 0x51];
  const into = DISTANCES.map((distance) => distance * BLOCK_BYTES).flatMap((offset) => [
    ...[...get(at), ...get(at), ...load(offset), ...get(block), ...xor, ...store(offset)],
  ]);
  const next = [...get(at), 0x41, BLOCK_BYTES, 0x6a, ...set(at)];
  const loop = [
    // block { loop { if at >= bytes: leave; …; again } }
    ...[0x02, none, 0x03, none, ...get(at), ...get(bytes), 0x4f, 0x0d, 1],
    ...[...get(at), ...load(0), ...set(block), ...into, ...next, 0x0c, 0, 0x0b, 0x0b],
  ];
  const code = [2, 1, i32, 1, v128, ...loop, 0x0b];
  const section = (id: number, body: readonly number[]) => [id, ...leb(body.length), ...body];
  return new Uint8Array([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 1, i32, 0]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, ...leb(PAGES)]),
    ...section(7, [2, ...name('memory'), 2, 0, ...name('fold'), 0, 0]),
    ...section(10, [1, ...leb(code.length), ...code]),
  ]);
}

const name = (text: string): number[] => [text.length, ...new TextEncoder().encode(text)];

function leb(value: number): number[] {
  const low = value & 0x7f;
  return value < 0x80 ? [low] : [low | 0x80, ...leb(value >>> 7)];
}

// What does SHA-256 make of one block of each of four messages at once? (FIPS 180-4 §6.2)

/* A slot is one of four messages: 32 bits of each vector. A state is eight vectors, a to h: 128 bytes. */

export const BLOCK_BYTES: usize = 64;

const INITIAL: usize = memory.data<u32>([
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
]);
const CONSTANTS: usize = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
  0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
  0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
  0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
  0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
  0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
  0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
  0xc67178f2,
]);
/** The 64 words of the four blocks, a vector each. */
const words: usize = memory.data(64 * 16, 16);

function rotated(word: v128, bits: i32): v128 {
  return v128.or(i32x4.shr_u(word, bits), i32x4.shl(word, 32 - bits));
}

/** Σ1(e) + Ch(e, f, g) + constant + word. */
function firstPart(e: v128, f: v128, g: v128, word: usize, constant: usize): v128 {
  const sigma = v128.xor(v128.xor(rotated(e, 6), rotated(e, 11)), rotated(e, 25));
  const known = i32x4.add(v128.load(word), v128.load_splat<u32>(constant));
  return i32x4.add(i32x4.add(sigma, v128.bitselect(f, g, e)), known);
}

/** Σ0(a) + Maj(a, b, c). */
function secondPart(a: v128, b: v128, c: v128): v128 {
  const sigma = v128.xor(v128.xor(rotated(a, 2), rotated(a, 13)), rotated(a, 22));
  return i32x4.add(sigma, v128.bitselect(c, b, v128.xor(a, b)));
}

/** Takes one block of each slot, at p0 to p3, into the state. */
export function takeBlocks(state: usize, p0: usize, p1: usize, p2: usize, p3: usize): void {
  expand(p0, p1, p2, p3);
  let a = v128.load(state);
  let b = v128.load(state, 16);
  let c = v128.load(state, 32);
  let d = v128.load(state, 48);
  let e = v128.load(state, 64);
  let f = v128.load(state, 80);
  let g = v128.load(state, 96);
  let h = v128.load(state, 112);
  let t: v128;
  let constant = CONSTANTS;
  // Eight rounds, so that the names come round to where they were.
  for (let at = words; at < words + 64 * 16; at += 8 * 16) {
    t = i32x4.add(h, firstPart(e, f, g, at + 0 * 16, constant + 0 * 4));
    d = i32x4.add(d, t);
    h = i32x4.add(t, secondPart(a, b, c));
    t = i32x4.add(g, firstPart(d, e, f, at + 1 * 16, constant + 1 * 4));
    c = i32x4.add(c, t);
    g = i32x4.add(t, secondPart(h, a, b));
    t = i32x4.add(f, firstPart(c, d, e, at + 2 * 16, constant + 2 * 4));
    b = i32x4.add(b, t);
    f = i32x4.add(t, secondPart(g, h, a));
    t = i32x4.add(e, firstPart(b, c, d, at + 3 * 16, constant + 3 * 4));
    a = i32x4.add(a, t);
    e = i32x4.add(t, secondPart(f, g, h));
    t = i32x4.add(d, firstPart(a, b, c, at + 4 * 16, constant + 4 * 4));
    h = i32x4.add(h, t);
    d = i32x4.add(t, secondPart(e, f, g));
    t = i32x4.add(c, firstPart(h, a, b, at + 5 * 16, constant + 5 * 4));
    g = i32x4.add(g, t);
    c = i32x4.add(t, secondPart(d, e, f));
    t = i32x4.add(b, firstPart(g, h, a, at + 6 * 16, constant + 6 * 4));
    f = i32x4.add(f, t);
    b = i32x4.add(t, secondPart(c, d, e));
    t = i32x4.add(a, firstPart(f, g, h, at + 7 * 16, constant + 7 * 4));
    e = i32x4.add(e, t);
    a = i32x4.add(t, secondPart(b, c, d));
    constant += 8 * 4;
  }
  v128.store(state, i32x4.add(v128.load(state), a));
  v128.store(state, i32x4.add(v128.load(state, 16), b), 16);
  v128.store(state, i32x4.add(v128.load(state, 32), c), 32);
  v128.store(state, i32x4.add(v128.load(state, 48), d), 48);
  v128.store(state, i32x4.add(v128.load(state, 64), e), 64);
  v128.store(state, i32x4.add(v128.load(state, 80), f), 80);
  v128.store(state, i32x4.add(v128.load(state, 96), g), 96);
  v128.store(state, i32x4.add(v128.load(state, 112), h), 112);
}

/** The message schedule: 16 words of each block, and the 48 that follow from them. */
function expand(p0: usize, p1: usize, p2: usize, p3: usize): void {
  for (let at: usize = 0; at < BLOCK_BYTES; at += 16) {
    const r0 = bigEndian(v128.load(p0 + at));
    const r1 = bigEndian(v128.load(p1 + at));
    const r2 = bigEndian(v128.load(p2 + at));
    const r3 = bigEndian(v128.load(p3 + at));
    const low01 = v128.shuffle<i32>(r0, r1, 0, 4, 1, 5);
    const low23 = v128.shuffle<i32>(r2, r3, 0, 4, 1, 5);
    const high01 = v128.shuffle<i32>(r0, r1, 2, 6, 3, 7);
    const high23 = v128.shuffle<i32>(r2, r3, 2, 6, 3, 7);
    const out = words + at * 4;
    v128.store(out, v128.shuffle<i64>(low01, low23, 0, 2));
    v128.store(out, v128.shuffle<i64>(low01, low23, 1, 3), 16);
    v128.store(out, v128.shuffle<i64>(high01, high23, 0, 2), 32);
    v128.store(out, v128.shuffle<i64>(high01, high23, 1, 3), 48);
  }
  for (let at = words; at < words + 48 * 16; at += 16) {
    const early = v128.load(at, 16);
    const late = v128.load(at, 14 * 16);
    const s0 = v128.xor(v128.xor(rotated(early, 7), rotated(early, 18)), i32x4.shr_u(early, 3));
    const s1 = v128.xor(v128.xor(rotated(late, 17), rotated(late, 19)), i32x4.shr_u(late, 10));
    const word = i32x4.add(i32x4.add(v128.load(at), s0), i32x4.add(v128.load(at, 9 * 16), s1));
    v128.store(at, word, 16 * 16);
  }
}

function bigEndian(row: v128): v128 {
  return i8x16.swizzle(row, i8x16(3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12));
}

/** Lets one slot begin a message. */
export function beginSlot(state: usize, slot: usize): void {
  for (let word: usize = 0; word < 8; word++)
    store<u32>(state + (word << 4) + (slot << 2), load<u32>(INITIAL + (word << 2)));
}

/** Lets all slots begin one. */
export function beginSlots(state: usize): void {
  for (let word: usize = 0; word < 8; word++)
    v128.store(state + (word << 4), v128.load_splat<u32>(INITIAL + (word << 2)));
}

/** Writes the hash of one slot, 32 bytes. */
export function putHash(out: usize, state: usize, slot: usize): void {
  for (let word: usize = 0; word < 8; word++)
    store<u32>(out + (word << 2), bswap<u32>(load<u32>(state + (word << 4) + (slot << 2))));
}

// What are the nodes above these leaves? (RFC 6962 §2.1; src/merkle/accumulator.ts)
import { BLOCK_BYTES, beginSlots, putHash, takeBlocks } from './sha256.ts';

const HASH_BYTES: usize = 32;

const state: usize = memory.data(128, 16);

/** For each slot the two blocks of a node: 0x01, both children, and the padding of 65 bytes. */
const messages: usize = memory.data(4 * 128, 16);
for (let slot: usize = 0; slot < 4; slot++) {
  const message = messages + slot * 2 * BLOCK_BYTES;
  store<u8>(message, 0x01);
  store<u8>(message, 0x80, 65);
  // 520 bits, big-endian.
  store<u16>(message, bswap<u16>(520), 126);
}

/**
 * Appends `count` leaf hashes to a tree of `size` leaves. `levels`: for each level 32 bytes, which hold the
 * subtree that waits there for its right neighbour where that bit of the size is 1. The 32 bytes before
 * `leaves` are written to, and the leaves too.
 */
export function growTree(levels: usize, size: f64, leaves: usize, count: u32): void {
  let rest = size as u64;
  let level = levels;
  for (let left = count; left > 0; rest >>= 1) {
    let from = leaves;
    if ((rest & 1) !== 0) {
      from -= HASH_BYTES;
      memory.copy(from, level, HASH_BYTES);
      left++;
    }
    const pairs = left >> 1;
    if ((left & 1) !== 0) memory.copy(level, from + (pairs as usize) * 2 * HASH_BYTES, HASH_BYTES);
    putNodes(from, pairs, leaves);
    left = pairs;
    level += HASH_BYTES;
  }
}

/** The nodes of pairs of hashes. `out` may be where they lie or 32 bytes further: a pair is read before. */
function putNodes(from: usize, pairs: u32, out: usize): void {
  let pair = from;
  let to = out;
  for (let left = pairs; left > 0; ) {
    const slots: usize = left < 4 ? (left as usize) : 4;
    for (let slot: usize = 0; slot < slots; slot++) {
      memory.copy(messages + slot * 2 * BLOCK_BYTES + 1, pair, 2 * HASH_BYTES);
      pair += 2 * HASH_BYTES;
    }
    beginSlots(state);
    for (let block = messages; block <= messages + BLOCK_BYTES; block += BLOCK_BYTES)
      takeBlocks(state, block, block + 2 * BLOCK_BYTES, block + 4 * BLOCK_BYTES, block + 6 * BLOCK_BYTES);
    for (let slot: usize = 0; slot < slots; slot++) {
      putHash(to, state, slot);
      to += HASH_BYTES;
    }
    left -= slots as u32;
  }
}

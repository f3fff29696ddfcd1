// What are the leaf hashes of these lines? (RFC 6962 §2.1: SHA-256 of 0x00 and the line)
import { BLOCK_BYTES, beginSlot, putHash, takeBlocks } from './sha256.ts';

const HASH_BYTES: usize = 32;

const state: usize = memory.data(128, 16);
/** For each slot what its last block or two hold: the rest of the message and its padding. */
const tails: usize = memory.data(4 * 128, 16);
/** For each slot a u32: its next block, blocks left there, blocks of its tail then, where its hash goes. */
const blocks: usize = memory.data(16);
const wholeLeft: usize = memory.data(16);
const tailLeft: usize = memory.data(16);
const targets: usize = memory.data(16);

/**
 * Writes the leaf hashes of `count` lines, 32 bytes each, to `out`. Line i begins at content + starts[i], a
 * u32, and ends before the LF that comes before the next one; the last LF is the byte before `end`. The byte
 * before each line becomes 0x00.
 */
export function putLeaves(content: usize, end: usize, starts: usize, count: u32, out: usize): void {
  let next: u32 = 0;
  let active: u32 = 0;
  for (let slot: usize = 0; slot < 4; slot++) {
    if (next < count) {
      beginLine(slot, content, end, starts, count, next, out);
      next++;
      active++;
    } else {
      rest(slot);
    }
  }
  while (active > 0) {
    takeRun(shortestRun());
    for (let slot: usize = 0; slot < 4; slot++) {
      if (load<u32>(wholeLeft + (slot << 2)) !== 0 || load<u32>(targets + (slot << 2)) === 0) continue;
      if (beginTail(slot)) continue;
      putHash(load<u32>(targets + (slot << 2)), state, slot);
      if (next < count) {
        beginLine(slot, content, end, starts, count, next, out);
        next++;
      } else {
        rest(slot);
        active--;
      }
    }
  }
}

/** Lets the slot take line `index`: whole blocks where they lie, and the tail in a copy with the padding. */
function beginLine(
  slot: usize,
  content: usize,
  end: usize,
  starts: usize,
  count: u32,
  index: u32,
  out: usize,
): void {
  const entry = starts + ((index as usize) << 2);
  const message = content + (load<u32>(entry) as usize) - 1;
  const after = index + 1 < count ? content + (load<u32>(entry, 4) as usize) : end;
  const length = after - 1 - message;
  store<u8>(message, 0);
  const whole = length / BLOCK_BYTES;
  const tailBytes = length % BLOCK_BYTES;
  const tail = tails + slot * 2 * BLOCK_BYTES;
  memory.fill(tail, 0, 2 * BLOCK_BYTES);
  memory.copy(tail, message + whole * BLOCK_BYTES, tailBytes);
  store<u8>(tail + tailBytes, 0x80);
  const tailBlocks: usize = tailBytes < 56 ? 1 : 2;
  store<u64>(tail + tailBlocks * BLOCK_BYTES - 8, bswap<u64>((length as u64) << 3));
  beginSlot(state, slot);
  store<u32>(blocks + (slot << 2), message as u32);
  store<u32>(wholeLeft + (slot << 2), whole as u32);
  store<u32>(tailLeft + (slot << 2), tailBlocks as u32);
  store<u32>(targets + (slot << 2), (out + (index as usize) * HASH_BYTES) as u32);
  if (whole === 0) beginTail(slot);
}

/** Goes on with the tail, if it was not taken yet. */
function beginTail(slot: usize): bool {
  const left = load<u32>(tailLeft + (slot << 2));
  if (left === 0) return false;
  store<u32>(blocks + (slot << 2), (tails + slot * 2 * BLOCK_BYTES) as u32);
  store<u32>(wholeLeft + (slot << 2), left);
  store<u32>(tailLeft + (slot << 2), 0);
  return true;
}

/** A slot without a line takes the same block again and again, and nobody asks for its hash. */
function rest(slot: usize): void {
  store<u32>(blocks + (slot << 2), tails as u32);
  store<u32>(wholeLeft + (slot << 2), 0);
  store<u32>(tailLeft + (slot << 2), 0);
  store<u32>(targets + (slot << 2), 0);
}

function isBusy(slot: usize): bool {
  return load<u32>(targets + (slot << 2)) !== 0;
}

/** How many blocks all busy slots have left where they are. */
function shortestRun(): u32 {
  let least = u32.MAX_VALUE;
  for (let slot: usize = 0; slot < 4; slot++)
    if (isBusy(slot)) least = min<u32>(least, load<u32>(wholeLeft + (slot << 2)));
  return least;
}

function takeRun(run: u32): void {
  let p0 = load<u32>(blocks) as usize;
  let p1 = load<u32>(blocks, 4) as usize;
  let p2 = load<u32>(blocks, 8) as usize;
  let p3 = load<u32>(blocks, 12) as usize;
  const step0 = isBusy(0) ? BLOCK_BYTES : 0;
  const step1 = isBusy(1) ? BLOCK_BYTES : 0;
  const step2 = isBusy(2) ? BLOCK_BYTES : 0;
  const step3 = isBusy(3) ? BLOCK_BYTES : 0;
  for (let left = run; left > 0; left--) {
    takeBlocks(state, p0, p1, p2, p3);
    p0 += step0;
    p1 += step1;
    p2 += step2;
    p3 += step3;
  }
  store<u32>(blocks, p0 as u32);
  store<u32>(blocks, p1 as u32, 4);
  store<u32>(blocks, p2 as u32, 8);
  store<u32>(blocks, p3 as u32, 12);
  for (let slot: usize = 0; slot < 4; slot++)
    if (isBusy(slot)) store<u32>(wholeLeft + (slot << 2), load<u32>(wholeLeft + (slot << 2)) - run);
}

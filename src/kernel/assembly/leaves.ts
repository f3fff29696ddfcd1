// What are the leaf hashes of these lines? (RFC 6962 §2.1: SHA-256 of 0x00 and the line)
import { BLOCK_BYTES, beginLane, putHash, takeBlocks } from './sha256.ts';

const HASH_BYTES: usize = 32;

const state: usize = memory.data(128, 16);
/** For each lane what its last block or two hold: the rest of the message and its padding. */
const tails: usize = memory.data(4 * 128, 16);
/** For each lane a u32: its next block, blocks left there, blocks of its tail then, where its hash goes. */
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
  for (let lane: usize = 0; lane < 4; lane++) {
    if (next < count) {
      beginLine(lane, content, end, starts, count, next, out);
      next++;
      active++;
    } else {
      rest(lane);
    }
  }
  while (active > 0) {
    takeRun(shortestRun());
    for (let lane: usize = 0; lane < 4; lane++) {
      if (load<u32>(wholeLeft + (lane << 2)) !== 0 || load<u32>(targets + (lane << 2)) === 0) continue;
      if (beginTail(lane)) continue;
      putHash(load<u32>(targets + (lane << 2)), state, lane);
      if (next < count) {
        beginLine(lane, content, end, starts, count, next, out);
        next++;
      } else {
        rest(lane);
        active--;
      }
    }
  }
}

/** Lets the lane take line `index`: whole blocks where they lie, and the tail in a copy with the padding. */
function beginLine(
  lane: usize,
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
  const tail = tails + lane * 2 * BLOCK_BYTES;
  memory.fill(tail, 0, 2 * BLOCK_BYTES);
  memory.copy(tail, message + whole * BLOCK_BYTES, tailBytes);
  store<u8>(tail + tailBytes, 0x80);
  const tailBlocks: usize = tailBytes < 56 ? 1 : 2;
  store<u64>(tail + tailBlocks * BLOCK_BYTES - 8, bswap<u64>((length as u64) << 3));
  beginLane(state, lane);
  store<u32>(blocks + (lane << 2), message as u32);
  store<u32>(wholeLeft + (lane << 2), whole as u32);
  store<u32>(tailLeft + (lane << 2), tailBlocks as u32);
  store<u32>(targets + (lane << 2), (out + (index as usize) * HASH_BYTES) as u32);
  if (whole === 0) beginTail(lane);
}

/** Goes on with the tail, if it was not taken yet. */
function beginTail(lane: usize): bool {
  const left = load<u32>(tailLeft + (lane << 2));
  if (left === 0) return false;
  store<u32>(blocks + (lane << 2), (tails + lane * 2 * BLOCK_BYTES) as u32);
  store<u32>(wholeLeft + (lane << 2), left);
  store<u32>(tailLeft + (lane << 2), 0);
  return true;
}

/** A lane without a line takes the same block again and again, and nobody asks for its hash. */
function rest(lane: usize): void {
  store<u32>(blocks + (lane << 2), tails as u32);
  store<u32>(wholeLeft + (lane << 2), 0);
  store<u32>(tailLeft + (lane << 2), 0);
  store<u32>(targets + (lane << 2), 0);
}

function isBusy(lane: usize): bool {
  return load<u32>(targets + (lane << 2)) !== 0;
}

/** How many blocks all busy lanes have left where they are. */
function shortestRun(): u32 {
  let least = u32.MAX_VALUE;
  for (let lane: usize = 0; lane < 4; lane++)
    if (isBusy(lane)) least = min<u32>(least, load<u32>(wholeLeft + (lane << 2)));
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
  for (let lane: usize = 0; lane < 4; lane++)
    if (isBusy(lane)) store<u32>(wholeLeft + (lane << 2), load<u32>(wholeLeft + (lane << 2)) - run);
}

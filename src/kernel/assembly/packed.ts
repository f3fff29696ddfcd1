// Which lines do packed records become? (Their layout: src/ingest/pack.ts)
import {
  headerBytesAtMost,
  lineBytesAtMost,
  putAfterHeaders,
  putBeforeHeader,
  putHead,
  putHeader,
  putTail,
} from './lines.ts';

const APPEND_TIME: u32 = 2;
const RECORD_HEAD_BYTES: usize = 29;
const HEADER_HEAD_BYTES: usize = 8;

/** Offsets that a line carries are below it: 2^53 − 1. */
const OFFSET_BOUND: f64 = 9007199254740991;
/** Greatest time that a manifest shows: the last millisecond of the year 9999. */
const TIME_MAX: i64 = 253402300799999;

/** What encodePacked did: where it stopped reading and writing, and how many lines it wrote. */
export let readEnd: usize = 0;
export let writtenEnd: usize = 0;
export let lineCount: u32 = 0;
/** The least and the greatest timestamp within 0…TIME_MAX; −1 where there is none. */
export let firstTime: f64 = -1;
export let lastTime: f64 = -1;

/**
 * Writes the lines of the packed records in [from, end), the first of which has to be at offset `first`, and
 * each other one at the next. Stops after the line with which `wanted` bytes are reached, after `linesMax`
 * lines, and before whatever it can't take: a gap, another offset, a record for whose longest form [out,
 * outEnd) has no room, or lengths that lead beyond `end`. The caller's other way then says what is wrong, if
 * anything is. `starts` gets a u32 for each line: its start, from `out` on.
 */
export function encodePacked(
  from: usize,
  end: usize,
  out: usize,
  outEnd: usize,
  starts: usize,
  linesMax: u32,
  wanted: usize,
  first: f64,
): void {
  let at = from;
  let written = out;
  let count: u32 = 0;
  let offset = first;
  let least = i64.MAX_VALUE;
  let greatest: i64 = -1;
  while (written - out < wanted && count < linesMax && offset < OFFSET_BOUND) {
    if (end - at < RECORD_HEAD_BYTES || load<f64>(at, 1) !== offset) break;
    const next = recordEnd(at, end, outEnd - written);
    if (next === 0) break;
    store<u32>(starts + ((count as usize) << 2), (written - out) as u32);
    written = putRecord(written, at, offset as u64);
    const time = load<i64>(at, 9);
    if (time >= 0 && time <= TIME_MAX) {
      if (time < least) least = time;
      if (time > greatest) greatest = time;
    }
    at = next;
    count++;
    offset += 1;
  }
  readEnd = at;
  writtenEnd = written;
  lineCount = count;
  firstTime = greatest < 0 ? -1 : (least as f64);
  lastTime = greatest as f64;
}

/**
 * Address after the record at `at`, or 0: it is no record, a length leads beyond `end`, or its line may need
 * more than `room` bytes. All lengths are added as 64 bits, and checked before anything is read by them.
 */
function recordEnd(at: usize, end: usize, room: usize): usize {
  const flags: u32 = load<u8>(at);
  if (flags !== 0 && flags !== APPEND_TIME) return 0;
  const keyLength = load<i32>(at, 17);
  const valueLength = load<i32>(at, 21);
  if (keyLength < -1 || valueLength < -1) return 0;
  let most = lineBytesAtMost(keyLength, valueLength);
  let next = (at + RECORD_HEAD_BYTES) as u64;
  for (let left = load<u32>(at, 25); left > 0; left--) {
    if (next + (HEADER_HEAD_BYTES as u64) > (end as u64)) return 0;
    const nameLength = load<u32>(next as usize);
    const headerLength = load<i32>(next as usize, 4);
    if (headerLength < -1) return 0;
    most += headerBytesAtMost(nameLength, headerLength);
    next += (HEADER_HEAD_BYTES as u64) + (nameLength as u64) + (bytesOf(headerLength) as u64);
  }
  next += (bytesOf(keyLength) as u64) + (bytesOf(valueLength) as u64);
  return most > (room as u64) || next > (end as u64) ? 0 : (next as usize);
}

/** Bytes behind a length that may be that of null. */
function bytesOf(length: i32): usize {
  return length < 0 ? 0 : (length as usize);
}

/** The line of a record that recordEnd checked. Returns the address after its LF. */
function putRecord(out: usize, at: usize, offset: u64): usize {
  const keyLength = load<i32>(at, 17);
  const valueLength = load<i32>(at, 21);
  const headerCount = load<u32>(at, 25);
  let header = at + RECORD_HEAD_BYTES;
  let key = header;
  for (let left = headerCount; left > 0; left--) key = headerEnd(key);
  const appended = load<u8>(at) === APPEND_TIME;
  let written = putHead(out, offset, load<i64>(at, 9), appended, key, keyLength);
  for (let left = headerCount; left > 0; left--) {
    const nameLength = load<u32>(header);
    const name = header + HEADER_HEAD_BYTES;
    written = putBeforeHeader(written, left === headerCount);
    written = putHeader(written, name, nameLength, name + nameLength, load<i32>(header, 4));
    header = headerEnd(header);
  }
  if (headerCount > 0) written = putAfterHeaders(written);
  return putTail(written, key + bytesOf(keyLength), valueLength);
}

/** Address after the header at `at`. */
function headerEnd(at: usize): usize {
  return at + HEADER_HEAD_BYTES + (load<u32>(at) as usize) + bytesOf(load<i32>(at, 4));
}

// Which records are in the content of a batch of format 2? (Kafka documentation, "Record"; as
// src/ingest/kafka/protocol/records.ts) They come out packed, as src/ingest/pack.ts lays them out.

const APPEND_TIME: u8 = 2;
const RECORD_HEAD_BYTES: usize = 29;
const HEADER_HEAD_BYTES: usize = 8;
const HEADERS_MAX: i32 = 100_000;

/** What packRecords did: where it stopped reading and writing, and the last offset delta that it saw. */
export let contentEnd: usize = 0;
export let packedEnd: usize = 0;
export let deltaEnd: i32 = -1;
/** Records that it looked at, and those of them that it packed. */
export let lookedCount: u32 = 0;
export let packedCount: u32 = 0;

/** Where the next value is read; beyond every end once a value was cut off or too long. */
let cursor: usize = 0;
const BROKEN: usize = usize.MAX_VALUE;

/**
 * Packs the records in [from, end), the batch's base offset being `base`. Records below `first` are left out.
 * Stops after `recordsMax` records, after the one with which `wanted` bytes of content were looked at, and
 * before whatever it can't take: a record that is cut off, out of order (deltas ascend from `before` on and
 * reach `lastDelta` at most), longer than it says, with too many headers, or too large for [out, outEnd).
 * The caller's other way then says what is wrong, if anything is.
 *
 * `timestamp`: of the first record, or of all where it is the log's own. `table`: for each packed record a
 * u32 each for its start from `out` on, its bytes (key, headers, value), its number of headers and its delta,
 * as four arrays of `stride` bytes.
 */
export function packRecords(
  from: usize,
  end: usize,
  out: usize,
  outEnd: usize,
  table: usize,
  stride: usize,
  recordsMax: u32,
  wanted: usize,
  base: f64,
  first: f64,
  before: i32,
  lastDelta: i32,
  timestamp: i64,
  appended: bool,
): void {
  let at = from;
  let written = out;
  let entry = table;
  let delta = before;
  let looked: u32 = 0;
  let packed: u32 = 0;
  while (looked < recordsMax && at - from < wanted && at < end) {
    cursor = at;
    const length = varint(end);
    if (cursor > end || length < 1 || (length as usize) > end - cursor) break;
    const next = cursor + (length as usize);
    // The attributes of a record mean nothing.
    cursor++;
    const timestampDelta = varlong(next);
    const offsetDelta = varint(next);
    if (cursor > next || offsetDelta <= delta || offsetDelta > lastDelta) break;
    if (base + (offsetDelta as f64) >= first) {
      const time = appended ? timestamp : timestamp + timestampDelta;
      const recordEnd = packRecord(written, outEnd, next, base + (offsetDelta as f64), time, appended);
      if (recordEnd === 0) break;
      store<u32>(entry, (written - out) as u32);
      store<u32>(entry + stride, payloadBytes);
      store<u32>(entry + 2 * stride, headerCount);
      store<u32>(entry + 3 * stride, offsetDelta);
      entry += 4;
      written = recordEnd;
      packed++;
    }
    delta = offsetDelta;
    looked++;
    at = next;
  }
  contentEnd = at;
  packedEnd = written;
  deltaEnd = delta;
  lookedCount = looked;
  packedCount = packed;
}

/** Of the record that was packed last. */
let payloadBytes: u32 = 0;
let headerCount: u32 = 0;

/**
 * Packs key, value and headers, which begin at the cursor and have to end at `end`. Returns the address after
 * the packed record, or 0. A packed record has at most its own length, a head, and a head for each header.
 */
function packRecord(
  out: usize,
  outEnd: usize,
  end: usize,
  offset: f64,
  timestamp: i64,
  appended: bool,
): usize {
  const start = cursor;
  const keyLength = varint(end);
  const key = passed(keyLength, end);
  const valueLength = varint(end);
  const value = passed(valueLength, end);
  const headers = varint(end);
  if (cursor > end || headers < 0 || headers > HEADERS_MAX) return 0;
  const most = RECORD_HEAD_BYTES + (headers as usize) * HEADER_HEAD_BYTES + (end - start);
  if (most > outEnd - out) return 0;
  store<u8>(out, appended ? APPEND_TIME : 0);
  store<f64>(out, offset, 1);
  store<i64>(out, timestamp, 9);
  store<i32>(out, max<i32>(keyLength, -1), 17);
  store<i32>(out, max<i32>(valueLength, -1), 21);
  store<i32>(out, headers, 25);
  let to = out + RECORD_HEAD_BYTES;
  for (let left = headers; left > 0; left--) {
    to = packHeader(to, end);
    if (to === 0) return 0;
  }
  if (cursor !== end) return 0;
  to = copied(to, key, keyLength);
  to = copied(to, value, valueLength);
  headerCount = headers as u32;
  payloadBytes = (to - out - RECORD_HEAD_BYTES - (headers as usize) * HEADER_HEAD_BYTES) as u32;
  return to;
}

/** The header at the cursor. Returns the address after it, or 0. */
function packHeader(out: usize, end: usize): usize {
  const nameLength = varint(end);
  if (nameLength < 0) return 0;
  const name = passed(nameLength, end);
  const valueLength = varint(end);
  const value = passed(valueLength, end);
  if (cursor > end) return 0;
  store<i32>(out, nameLength);
  store<i32>(out, max<i32>(valueLength, -1), 4);
  return copied(copied(out + HEADER_HEAD_BYTES, name, nameLength), value, valueLength);
}

/** Moves the cursor behind so many bytes, none where the length is that of null. Returns where they begin. */
function passed(length: i32, end: usize): usize {
  const at = cursor;
  if (length > 0) cursor = at > end || (length as usize) > end - at ? BROKEN : at + (length as usize);
  return at;
}

function copied(out: usize, from: usize, length: i32): usize {
  if (length <= 0) return out;
  memory.copy(out, from, length as usize);
  return out + (length as usize);
}

/** Zigzag varint of at most 32 bits. */
function varint(end: usize): i32 {
  let at = cursor;
  let value: u32 = 0;
  for (let shift: u32 = 0; shift < 35 && at < end; shift += 7) {
    const byte: u32 = load<u8>(at++);
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      cursor = at;
      return ((value >>> 1) as i32) ^ -((value & 1) as i32);
    }
  }
  cursor = BROKEN;
  return 0;
}

/** Zigzag varint of at most 64 bits. */
function varlong(end: usize): i64 {
  let at = cursor;
  let value: u64 = 0;
  for (let shift: u64 = 0; shift < 70 && at < end; shift += 7) {
    const byte: u64 = load<u8>(at++);
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      cursor = at;
      return ((value >>> 1) as i64) ^ -((value & 1) as i64);
    }
  }
  cursor = BROKEN;
  return 0;
}

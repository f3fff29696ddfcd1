// How is an integer written as decimal digits?

const EIGHT_DIGITS: u64 = 100_000_000;

/** An int64 in decimal, at most 20 bytes. Returns the address after it. */
export function putInt64(out: usize, value: i64): usize {
  if (value >= 0) return putUint64(out, value as u64);
  store<u8>(out, 0x2d);
  // −2^63 negated is itself, and as an unsigned number the right one.
  return putUint64(out + 1, -value as u64);
}

/** A uint64 in decimal. Returns the address after it. */
export function putUint64(out: usize, value: u64): usize {
  if (value < EIGHT_DIGITS) return putDigits(out, value as u32, digitsOf(value as u32));
  const high = value / EIGHT_DIGITS;
  return putDigits(putUint64(out, high), (value - high * EIGHT_DIGITS) as u32, 8);
}

/** How many digits a number below 10^8 has. */
function digitsOf(value: u32): usize {
  let digits: usize = 1;
  for (let bound: u32 = 10; digits < 8 && value >= bound; bound *= 10) digits++;
  return digits;
}

/** Exactly so many digits of a number below 10^8. Returns the address after them. */
function putDigits(out: usize, value: u32, digits: usize): usize {
  let rest = value;
  for (let at = out + digits; at > out; ) {
    const tenth = rest / 10;
    at--;
    store<u8>(at, 0x30 + rest - tenth * 10);
    rest = tenth;
  }
  return out + digits;
}

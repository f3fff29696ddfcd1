// Where does a run of plain string bytes end, and where a character of several bytes?

/**
 * Address of the first byte that does not stand for itself in a JSON string: a control, a quote, a backslash
 * or a byte above 0x7f; `end` where there is none. Reads up to 15 bytes beyond `end`.
 */
export function plainRunEnd(from: usize, end: usize): usize {
  for (let at = from; at < end; at += 16) {
    const bytes = v128.load(at);
    // As signed numbers, bytes above 0x7f are below 0x20 too.
    const special = v128.or(
      i8x16.lt_s(bytes, i8x16.splat(0x20)),
      v128.or(i8x16.eq(bytes, i8x16.splat(0x22)), i8x16.eq(bytes, i8x16.splat(0x5c))),
    );
    const mask = i8x16.bitmask(special);
    if (mask !== 0) return min<usize>(at + (ctz<i32>(mask) as usize), end);
  }
  return end;
}

/**
 * Address after the UTF-8 sequence of two to four bytes at `at`, or 0 where there is none: overlong forms,
 * surrogates and code points above U+10FFFF are none (RFC 3629 §4).
 */
function characterEnd(at: usize, end: usize): usize {
  const lead: u32 = load<u8>(at);
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const length: usize = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (length > end - at) return 0;
  const second: u32 = load<u8>(at, 1);
  if (!continues(second)) return 0;
  if (length === 2) return at + 2;
  if (!continues(load<u8>(at, 2))) return 0;
  if (length === 3) {
    const outside = lead === 0xe0 ? second < 0xa0 : lead === 0xed && second > 0x9f;
    return outside ? 0 : at + 3;
  }
  if (!continues(load<u8>(at, 3))) return 0;
  const outside = lead === 0xf0 ? second < 0x90 : lead === 0xf4 && second > 0x8f;
  return outside ? 0 : at + 4;
}

function continues(byte: u32): bool {
  return (byte & 0xc0) === 0x80;
}

/** Address after the run of such sequences that begins at `from`, or 0 where one of them is none. */
export function charactersEnd(from: usize, end: usize): usize {
  let at = from;
  do {
    at = characterEnd(at, end);
  } while (at !== 0 && at < end && load<u8>(at) >= 0x80);
  return at;
}

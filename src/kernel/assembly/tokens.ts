// Which bytes stand between the values of a line? In this order, and no others. (FORMAT.md: lines)

/** Bytes of a token at most: one is written by two stores of 16 bytes, whatever its length. */
const TOKEN_BYTES_MAX: usize = 32;
const TOKENS_MAX: usize = 16;

/** For each token its length in one byte, and its bytes; the last one may be read beyond its end. */
const tokens: usize = memory.data(16 * 33 + 32);
let made: usize = 0;

function token(text: string): usize {
  assert(made < TOKENS_MAX && (text.length as usize) <= TOKEN_BYTES_MAX);
  const at = tokens + made * (TOKEN_BYTES_MAX + 1);
  store<u8>(at, text.length as u8);
  for (let i = 0; i < text.length; i++) store<u8>(at + 1 + i, text.charCodeAt(i) as u8);
  made++;
  return at;
}

export const OFFSET: usize = token('{"offset":');
export const TIMESTAMP: usize = token(',"timestamp":');
export const APPEND: usize = token(',"timestampType":"append"');
export const KEY: usize = token(',"key":"');
export const KEY_BASE64: usize = token(',"keyBase64":"');
export const HEADERS: usize = token(',"headers":[');
export const VALUE: usize = token(',"value":');
export const TEXT: usize = token(',"text":"');
export const BASE64: usize = token(',"base64":"');
/** Inside of headers. */
export const OBJECT_BASE64: usize = token('{"base64":"');
export const NULL: usize = token('null');
export const QUOTE: usize = token('"');

/** Writes the token; up to 32 bytes from `out` on become something. Returns the address after it. */
export function putToken(out: usize, text: usize): usize {
  v128.store(out, v128.load(text, 1));
  v128.store(out, v128.load(text, 17), 16);
  return out + (load<u8>(text) as usize);
}

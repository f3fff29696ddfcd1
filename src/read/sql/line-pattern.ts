// Where in a line (FORMAT.md §3) does what a record carries begin, as a regular expression for SQL engines?

const STRING = String.raw`"[^"\\]*(?:\\.[^"\\]*)*"`;
const BASE64 = '"[A-Za-z0-9+/=]*"';
const BASE64_OBJECT = String.raw`\{"base64":${BASE64}\}`;
const HEADER = String.raw`\[(?:${STRING}|${BASE64_OBJECT}),(?:${STRING}|null|${BASE64_OBJECT})\]`;

/**
 * An entry from its first byte to before `,"value":`, `,"text":`, `,"base64":` or its last brace. It walks
 * key and headers, which may hold those words (FORMAT.md 3.9). A line has no LF. RE2 and Joni read it alike:
 * no part of it can match in two ways, so it takes linear time in both.
 */
export const ENTRY_HEAD = [
  String.raw`^\{"offset":[0-9]+,"timestamp":-?[0-9]+(?:,"timestampType":"append")?`,
  `(?:,"key":${STRING}|,"keyBase64":${BASE64})?`,
  String.raw`(?:,"headers":\[${HEADER}(?:,${HEADER})*\])?`,
].join('');

/** A whole gap line. */
export const GAP_LINE = String.raw`^\{"offset":[0-9]+,"gap":\{"last":[0-9]+,"reason":"[a-z]+",[^\n]*\}\}$`;

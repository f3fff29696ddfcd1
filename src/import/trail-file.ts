// Which bytes are the records of a file that CloudTrail delivered?

import { utf8Text } from '../base/bytes.ts';
import { messageOf } from '../base/error.ts';
import { inputError } from './input-error.ts';

const [QUOTE, BACKSLASH, OPEN, CLOSE, OPEN_LIST, CLOSE_LIST, COMMA, COLON] = [...'"\\{}[],:'].map((one) =>
  one.charCodeAt(0),
);

/** The elements of the top `Records`, as they are written. Throws `import-file`. */
export function* recordsOf(path: string, bytes: Uint8Array): Generator<Uint8Array> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(utf8Text(bytes));
  } catch (error) {
    throw inputError(path, `it is no JSON: ${messageOf(error)}`, REMEDY);
  }
  if (
    typeof parsed !== 'object' ||
    parsed === null ||
    !Array.isArray((parsed as { Records?: unknown }).Records)
  )
    throw inputError(path, 'it has no list `Records`, as a file of CloudTrail has', REMEDY);
  const at = listStart(bytes);
  if (at === null)
    throw inputError(path, 'it has more than one `Records`, or writes the name in another way', REMEDY);
  yield* elements(bytes, at);
}

const REMEDY = 'Give files as CloudTrail delivers them, or --format jsonl for one record a line.';

/** Behind the `[` of the one top member `Records`. The bytes are valid JSON. */
function listStart(bytes: Uint8Array): number | null {
  let [depth, found] = [0, null as number | null];
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      const end = stringEnd(bytes, at);
      const isName = depth === 1 && Buffer.from(bytes.subarray(at + 1, end)).toString('latin1') === 'Records';
      at = end;
      if (!isName) continue;
      let next = end + 1;
      while (isSpace(bytes[next])) next++;
      if (bytes[next] !== COLON) continue;
      next++;
      while (isSpace(bytes[next])) next++;
      if (found !== null || bytes[next] !== OPEN_LIST) return null;
      found = next + 1;
    } else if (byte === OPEN || byte === OPEN_LIST) depth++;
    else if (byte === CLOSE || byte === CLOSE_LIST) depth--;
  }
  return found;
}

function* elements(bytes: Uint8Array, from: number): Generator<Uint8Array> {
  let [depth, start] = [0, from];
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) at = stringEnd(bytes, at);
    else if (byte === OPEN || byte === OPEN_LIST) depth++;
    else if (depth === 0 && (byte === COMMA || byte === CLOSE_LIST)) {
      const one = trimmed(bytes, start, at);
      if (one.length > 0) yield one;
      if (byte === CLOSE_LIST) return;
      start = at + 1;
    } else if (byte === CLOSE || byte === CLOSE_LIST) depth--;
  }
}

function trimmed(bytes: Uint8Array, start: number, end: number): Uint8Array {
  let [from, to] = [start, end];
  while (from < to && isSpace(bytes[from])) from++;
  while (to > from && isSpace(bytes[to - 1])) to--;
  return bytes.subarray(from, to);
}

/** The index of the quote that ends it. */
function stringEnd(bytes: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return at;
}

const isSpace = (byte: number | undefined): boolean =>
  byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

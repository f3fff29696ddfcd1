// Did a program on the way change how a file is written, and not what it says?
import { equalBytes, fromHex, utf8, utf8Text } from '../base/bytes.ts';
import type { Sha256 } from '../base/hash.ts';
import type { FindingKind } from './finding.ts';
import { encodeDocument } from './protocol.ts';

export type Repaired = {
  readonly kind: Extract<FindingKind, 'line-ends' | 'byte-order-mark' | 're-formatted'>;
  /** As it was exported. */
  readonly bytes: Uint8Array;
};

const [LF, CR, QUOTE, BACKSLASH] = [0x0a, 0x0d, 0x22, 0x5c];
const [OPEN_BRACE, OPEN_BRACKET, CLOSE_BRACE, CLOSE_BRACKET] = [0x7b, 0x5b, 0x7d, 0x5d];
const BYTE_ORDER_MARK = utf8('\ufeff');
/** Greater files are not tried: each try makes a copy. */
const BYTES_MAX = 128 * 1024 * 1024;

/**
 * The file as it was exported, where that can be had back from the changed one: its SHA-256 is then the one
 * that the manifest lists. Null where it can't: the change may have been any.
 */
export function repaired(
  bytes: Uint8Array,
  path: string,
  sha256Hex: string,
  sha256: Sha256,
): Repaired | null {
  if (bytes.length > BYTES_MAX) return null;
  const wanted = fromHex(sha256Hex);
  for (const { kind, make } of attempts(path)) {
    const made = make(bytes);
    if (made !== null && equalBytes(sha256(made), wanted)) return { kind, bytes: made };
  }
  return null;
}

type Attempt = {
  readonly kind: Repaired['kind'];
  readonly make: (bytes: Uint8Array) => Uint8Array | null;
};

function attempts(path: string): readonly Attempt[] {
  const plain: Attempt[] = [
    { kind: 'line-ends', make: withLf },
    { kind: 'line-ends', make: withCrLf },
    { kind: 'line-ends', make: (bytes) => withoutLastLf(withLf(bytes)) },
    { kind: 'line-ends', make: (bytes) => withLastLf(withLf(bytes)) },
    { kind: 'byte-order-mark', make: (bytes) => withLf(withoutMark(bytes)) },
  ];
  if (path.endsWith('.jsonl')) return [...plain, { kind: 're-formatted', make: compactLines }];
  if (path.endsWith('.json')) return [...plain, { kind: 're-formatted', make: asDocument }];
  return plain;
}

function withLf(bytes: Uint8Array): Uint8Array {
  if (!bytes.includes(CR)) return bytes;
  const out = new Uint8Array(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] === CR && bytes[at + 1] === LF) continue;
    out[length++] = bytes[at] as number;
  }
  return out.subarray(0, length);
}

function withCrLf(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length * 2);
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] === LF && bytes[at - 1] !== CR) out[length++] = CR;
    out[length++] = bytes[at] as number;
  }
  return out.subarray(0, length);
}

const withoutLastLf = (bytes: Uint8Array): Uint8Array =>
  bytes.at(-1) === LF ? bytes.subarray(0, -1) : bytes;

function withLastLf(bytes: Uint8Array): Uint8Array {
  if (bytes.at(-1) === LF) return bytes;
  const out = new Uint8Array(bytes.length + 1);
  out.set(bytes);
  out[bytes.length] = LF;
  return out;
}

const withoutMark = (bytes: Uint8Array): Uint8Array =>
  equalBytes(bytes.subarray(0, 3), BYTE_ORDER_MARK) ? bytes.subarray(3) : bytes;

/** JSON values of any layout, one in each line and without white space between their parts. */
function compactLines(bytes: Uint8Array): Uint8Array | null {
  const out = new Uint8Array(bytes.length + 1);
  let [length, depth] = [0, 0];
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (byte === 0x20 || byte === 0x09 || byte === LF || byte === CR) continue;
    out[length++] = byte;
    if (byte === QUOTE) {
      for (at++; at < bytes.length && bytes[at] !== QUOTE; at++) {
        out[length++] = bytes[at] as number;
        if (bytes[at] === BACKSLASH && at + 1 < bytes.length) out[length++] = bytes[++at] as number;
      }
      if (at >= bytes.length) return null;
      out[length++] = QUOTE;
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth--;
      if (depth === 0) {
        // Between two values there was a line end, or another white space: it never takes more room.
        if (length >= out.length) return null;
        out[length++] = LF;
      }
    }
  }
  return out.subarray(0, length);
}

function asDocument(bytes: Uint8Array): Uint8Array | null {
  try {
    return encodeDocument(JSON.parse(utf8Text(withoutMark(bytes))));
  } catch {
    return null;
  }
}

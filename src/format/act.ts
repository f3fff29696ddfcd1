// What does one decision about an archive look like as bytes? (FORMAT.md §13)
import { concatBytes, equalBytes, fromBase64, toBase64, toHex, utf8, utf8Text } from '../base/bytes.ts';
import { FormatError } from '../base/error.ts';
import type { Sha256 } from '../base/hash.ts';
import { type ActDetail, type ActKind, checkDetail, isActKind } from './act-detail.ts';
import { isHash, isWord } from './scalar.ts';
import { parseTime } from './time.ts';

const ACT_FORMAT = 'ledgerstone/act/1';
const ACT_BYTES_MAX = 256 * 1024;
/** What a signature adds at most. */
const SIGNATURE_BYTES = 128;

/** What is said of who decided. `key`: hex SHA-256 of the SubjectPublicKeyInfo that signed. */
type ActWriter = { readonly name: string; readonly principal: string | null; readonly key: string };

/** What somebody asks for: the same request asked twice has the same digest. */
export type ActRequest<Kind extends ActKind = ActKind> = {
  readonly kind: Kind;
  /** Id of the act that it is about. */
  readonly of: string | null;
  readonly reason: string;
  /** A case or a ticket. */
  readonly reference: string | null;
  readonly detail: ActDetail[Kind];
};

/** Of a kind that this version knows. `signature` is not checked yet. */
export type Act = { readonly [Kind in ActKind]: ActRequest<Kind> & ActHead }[ActKind];

type ActHead = {
  /** 32 hex digits. */
  readonly id: string;
  readonly by: ActWriter;
  /** RFC 3339 with milliseconds and Z. */
  readonly time: string;
  /** Hex SHA-256: `requestDigest`. */
  readonly request: string;
};

/** `kind` as it is written, where this version does not know it: its detail is an object of unknown form. */
export type UnknownAct = ActHead & { readonly kind: string; readonly of: string | null };

export type SignedAct = {
  readonly act: Act | null;
  /** Of a kind of a later version; null where `act` is one that is known. */
  readonly unknown: UnknownAct | null;
  /** What is signed, without the lines before it: `actMessage` adds them. */
  readonly signedBytes: Uint8Array;
  readonly signature: Uint8Array;
};

/** FORMAT.md 13.2.1, `request`. */
export const requestDigest = (request: ActRequest, name: string, sha256: Sha256): string =>
  toHex(
    sha256(
      utf8(written([request.kind, request.of, name, request.reason, request.reference, request.detail])),
    ),
  );

/** The bytes of an act without its signature. Throws FormatError for what can't be one. */
export const encodeAct = (act: Act, sha256: Sha256): Uint8Array =>
  encodeFields(act, checkDetail(act.kind, act.detail), sha256);

/** Each member in its place, and no others. `detail`: checked, as far as its kind is known. */
function encodeFields(fields: Readonly<Record<string, unknown>>, detail: object, sha256: Sha256): Uint8Array {
  const { id, kind, of, by, reason, reference, time, request } = fields;
  check(typeof by === 'object' && by !== null, 'by');
  const { name, principal, key } = by as Record<string, unknown>;
  const ordered = {
    ...{ format: ACT_FORMAT, id, kind, of },
    by: { name, principal, key },
    ...{ reason, reference, time, request, detail },
  };
  checkHead(ordered);
  if (
    request !== requestDigest({ kind, of, reason, reference, detail } as ActRequest, name as string, sha256)
  )
    throw new FormatError('act: a digest of another request');
  const bytes = utf8(written(ordered));
  if (bytes.length > ACT_BYTES_MAX - SIGNATURE_BYTES) throw new FormatError(`act: ${bytes.length} bytes`);
  return bytes;
}

/** Of a kind of a later version, the detail may nest deeper than this machine can write. */
function written(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (cause) {
    throw new FormatError('act: nested too deep', 'malformed', cause);
  }
}

/** What its writer signs. `origin`: the governance chain's. */
export const actMessage = (signedBytes: Uint8Array, origin: string): Uint8Array =>
  concatBytes(utf8(`${ACT_FORMAT}\n${origin}\n`), signedBytes);

/** The `value` of its line. */
export const signedActBytes = (signedBytes: Uint8Array, signature: Uint8Array): Uint8Array =>
  concatBytes(signedBytes.subarray(0, -1), utf8(`,"signature":"${toBase64(signature)}"}`));

/** Strict: whatever has a second spelling is refused. Throws FormatError. */
export function parseSignedAct(bytes: Uint8Array, sha256: Sha256): SignedAct {
  if (bytes.length > ACT_BYTES_MAX) throw new FormatError(`act: ${bytes.length} bytes`);
  const { signature: text, ...rest } = parsed(bytes);
  if (typeof text !== 'string') throw new FormatError('act: no signature');
  const signature = fromBase64(text);
  const { kind, detail } = rest;
  if (typeof kind !== 'string' || !/^[a-z]{1,32}(?:\.[a-z]{1,32})?$/.test(kind))
    throw new FormatError('act: kind');
  const isKnown = isActKind(kind);
  check(typeof detail === 'object' && detail !== null && !Array.isArray(detail), 'detail');
  const signedBytes = encodeFields(rest, isKnown ? checkDetail(kind, detail) : (detail as object), sha256);
  requireSpelling(signedActBytes(signedBytes, signature), bytes);
  const act = isKnown ? (rest as unknown as Act) : null;
  return { act, unknown: isKnown ? null : (rest as unknown as UnknownAct), signedBytes, signature };
}

function parsed(bytes: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(utf8Text(bytes));
  } catch (cause) {
    throw new FormatError('act: not JSON', 'malformed', cause);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new FormatError('act: no object');
  return value as Record<string, unknown>;
}

/** Duplicate, unknown and reordered members, spaces, escapes and number forms all show here. */
function requireSpelling(written: Uint8Array, bytes: Uint8Array): void {
  if (!equalBytes(written, bytes)) throw new FormatError('act: an odd spelling');
}

function checkHead(value: Readonly<Record<string, unknown>>): void {
  const { id, of, by, reason, reference, time, request } = value;
  check(isActId(id), 'id');
  check(of === null || isActId(of), 'of');
  const { name, principal, key } = by as Record<string, unknown>;
  check(isWord(name, 255), 'by.name');
  check(principal === null || isWord(principal, 255), 'by.principal');
  check(isHash(key), 'by.key');
  check(isWord(reason, 2048), 'reason');
  check(reference === null || isWord(reference, 255), 'reference');
  check(typeof time === 'string', 'time');
  parseTime(time as string);
  check(isHash(request), 'request');
}

const isActId = (value: unknown): value is string =>
  typeof value === 'string' && /^[0-9a-f]{32}$/.test(value);

function check(holds: boolean, what: string): void {
  if (!holds) throw new FormatError(`act: ${what}`);
}

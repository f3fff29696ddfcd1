// What does a person say of a finding, and where does it lie? (FORMAT.md 9.8.12)
import { z } from 'zod';
import { assert } from '../../base/assert.ts';
import { utf8 } from '../../base/bytes.ts';
import { FormatError } from '../../base/error.ts';
import type { Sha256 } from '../../base/hash.ts';
import type { PublicKey } from '../../base/signature.ts';
import { type CosignerKey, cosignerKey } from '../../format/cosignature.ts';
import { isWord } from '../../format/scalar.ts';
import { parseTime, timeText } from '../../format/time.ts';
import { spkiFingerprint } from '../../format/vkey.ts';
import { type FindingCode, isFindingCode } from '../../verify/finding.ts';
import { parseNote } from '../own-bucket.ts';

/** `ack`: somebody has seen it. `resolve`: somebody says what it was and what was done. Neither closes it. */
const RESPONSE_KINDS = ['ack', 'resolve'] as const;
export type ResponseKind = (typeof RESPONSE_KINDS)[number];

export type ResponseKey = {
  readonly scope: string;
  readonly code: FindingCode;
  readonly id: string;
  readonly opening: number;
  readonly kind: ResponseKind;
  readonly seconds: number;
  /** 8 hex digits of the signing key. */
  readonly keyId: string;
};

export type FindingResponse = ResponseKey & {
  readonly by: string;
  readonly text: string;
  readonly atMs: number;
};

export const RESPONSE_BYTES_MAX = 16 * 1024;
const TEXT_BYTES_MAX = 4096;
const BY_BYTES_MAX = 255;
const FORMAT = 'ledgerstone/response/1';

/** The name under which every person signs: who it is the key says, and the reader who named it. */
export const personKey = (key: PublicKey, sha256: Sha256): CosignerKey => cosignerKey('person', key, sha256);
export const personKeyId = (key: PublicKey, sha256: Sha256): string =>
  spkiFingerprint(key, sha256).slice(0, 8);

export function responseKey({ scope, code, id, opening, kind, seconds, keyId }: ResponseKey): string {
  assert(Number.isInteger(seconds) && seconds >= 0 && seconds < 1e12, `a response at ${seconds} s`);
  const nth = `${String(opening).padStart(6, '0')}-${kind}-${String(seconds).padStart(12, '0')}-${keyId}`;
  return `findings/${scope}/${code}/${id}/${nth}.note`;
}

export function parseResponseKey(key: string): ResponseKey | null {
  const match =
    /^findings\/(topic=[^/]+\/partition=\d{1,10}|archive|attestations|configuration|access\/date=\d{4}-\d\d-\d\d)\/([a-z-]+)\/([0-9a-f]{32})\/(\d{6})-(ack|resolve)-(\d{12})-([0-9a-f]{8})\.note$/.exec(
      key,
    );
  const [, scope = '', code = '', id = '', opening = '', kind = '', seconds = '', keyId = ''] = match ?? [];
  if (match === null || !isFindingCode(code)) return null;
  return {
    ...{ scope, code, id, opening: Number(opening), kind: kind as ResponseKind },
    ...{ seconds: Number(seconds), keyId },
  };
}

/** Text of several lines, each without control characters. */
export const isResponseText = (text: string): boolean =>
  utf8(text).length <= TEXT_BYTES_MAX &&
  text.trim() !== '' &&
  text.split('\n').every((line) => line === '' || isWord(line, TEXT_BYTES_MAX));
export const isResponder = (by: string): boolean => isWord(by, BY_BYTES_MAX);

export function encodeResponse({
  scope,
  code,
  id,
  opening,
  kind,
  by,
  text,
  atMs,
}: FindingResponse): Uint8Array {
  const members = { format: FORMAT, scope, code, id, opening, response: kind, by, text, at: timeText(atMs) };
  return utf8(`${JSON.stringify(members, null, 2)}\n`);
}

const SCHEMA = z.object({
  ...{ format: z.literal(FORMAT), scope: z.string(), code: z.string(), id: z.string(), opening: z.int() },
  ...{ response: z.enum(RESPONSE_KINDS), by: z.string(), text: z.string(), at: z.string() },
});

/** Throws FormatError if it is not the response of that key. */
export function parseResponse(bytes: Uint8Array, key: ResponseKey): FindingResponse {
  const { by, text, at, ...read } = parseNote(SCHEMA, bytes, 'a response');
  const atMs = parseTime(at);
  const isOfKey =
    read.scope === key.scope &&
    read.code === key.code &&
    read.id === key.id &&
    read.opening === key.opening &&
    read.response === key.kind &&
    Math.floor(atMs / 1000) === key.seconds;
  if (!isOfKey || !isResponder(by) || !isResponseText(text))
    throw new FormatError('not the response of its key');
  return { ...key, by, text, atMs };
}

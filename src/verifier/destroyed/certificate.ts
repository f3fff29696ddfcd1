// What does a certificate of destruction say? (FORMAT.md 9.12.2)
import { z } from 'zod';
import { fromHex, toHex, utf8 } from '../../base/bytes.ts';
import { FormatError } from '../../base/error.ts';
import type { Sha256 } from '../../base/hash.ts';
import type { Manifest } from '../../format/manifest.ts';
import { isCount, isHash, isWord } from '../../format/scalar.ts';
import { parseTime, parseUntil, timeText, untilText } from '../../format/time.ts';
import { compareKeys } from '../../store/key-bytes.ts';
import type { ChainInArchive } from '../../verify/survey.ts';
import { parseNote } from '../own-bucket.ts';
import type { DestroyedKey } from './destroyed-key.ts';
import { isAscending, type SegmentSpan, SPAN, SpanBuilder } from './ranges.ts';

/** Of a data object, by its seal. */
export type SealedData = {
  readonly sequence: number;
  readonly key: string;
  readonly bytes: number;
  readonly records: number;
  /** Both included. */
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly untilMs: number;
  readonly policy: string;
};

/** Null: the segment has no data object. */
export function sealedDataOf({ data, records, retention, sequence }: Manifest): SealedData | null {
  if (data === null) return null;
  return {
    ...{ sequence, key: data.key, bytes: data.bytes, records: records.count },
    ...{ firstOffset: records.firstOffset, lastOffset: records.nextOffset - 1 },
    ...{ untilMs: parseUntil(retention.until), policy: retention.policy },
  };
}

/** What the seals alone say of the objects. Who has the chain computes it again. */
export type DestroyedSums = {
  readonly objects: number;
  readonly bytes: number;
  readonly records: number;
  readonly offsets: { readonly first: number; readonly last: number };
  /** Hex SHA-256 of a line for each. */
  readonly list: string;
  readonly sealedUntilMs: number;
  readonly policies: readonly string[];
};

export type Certificate = ChainInArchive &
  DestroyedSums & {
    readonly first: number;
    readonly last: number;
    readonly origin: string;
    readonly size: number;
    readonly root: Uint8Array;
    readonly segments: readonly SegmentSpan[];
    readonly decidedUntilMs: number | null;
    /** Null: the archive has no governance chain. */
    readonly decisions: { readonly size: number; readonly acts: number } | null;
    readonly copies: readonly string[];
    /** Null: not known. */
    readonly thereMs: number | null;
    readonly goneMs: number;
    readonly store: string;
    readonly verifier: { readonly name: string; readonly version: string };
  };

export const CERTIFICATE_BYTES_MAX = 64 * 1024;
/** Ranges of one certificate. */
export const SPANS_MAX = 500;
export const POLICIES_MAX = 64;
export const COPIES_MAX = 16;
export const STORE_BYTES_MAX = 1024;
/** Two clocks that are each within a minute of the store's. */
export const CLOCKS_MS = 120_000;

const FORMAT = 'ledgerstone/destroyed/1';
const count = z.number().refine(isCount);
const word = (bytesMax: number) => z.string().refine((text) => isWord(text, bytesMax), 'no word');
const SCHEMA = z.object({
  ...{ format: z.literal(FORMAT), chain: z.string(), partition: z.number(), first: count, last: count },
  ...{ origin: z.string(), size: count, root: z.string().refine(isHash) },
  segments: z.array(SPAN).min(1).max(SPANS_MAX),
  ...{ objects: count, bytes: count, records: count, offsets: z.object({ first: count, last: count }) },
  ...{
    list: z.string().refine(isHash),
    until: z.object({ sealed: z.string(), decided: z.string().nullable() }),
  },
  policies: z.array(word(64)).min(1).max(POLICIES_MAX),
  decisions: z.object({ size: count, acts: count }).nullable(),
  copies: z.array(word(255)).max(COPIES_MAX),
  seen: z.object({ there: z.string().nullable(), gone: z.string() }),
  ...{ store: word(STORE_BYTES_MAX), verifier: z.object({ name: z.string(), version: z.string() }) },
});

/** At least one object, in the order of the chain. */
export function sumsOf(objects: readonly SealedData[], sha256: Sha256): DestroyedSums {
  const [first, last] = [objects[0], objects.at(-1)];
  if (first === undefined || last === undefined) throw new FormatError('a certificate of no object');
  const lines = objects.map(({ key, bytes, untilMs }) => `${key} ${bytes} ${untilText(untilMs)}\n`);
  const sum = (of: (one: SealedData) => number) => objects.reduce((all, one) => all + of(one), 0);
  return {
    objects: objects.length,
    bytes: sum(({ bytes }) => bytes),
    records: sum(({ records }) => records),
    offsets: { first: first.firstOffset, last: last.lastOffset },
    list: toHex(sha256(utf8(lines.join('')))),
    sealedUntilMs: objects.reduce((latest, { untilMs }) => Math.max(latest, untilMs), 0),
    policies: [...new Set(objects.map(({ policy }) => policy))].sort(compareKeys),
  };
}

/** Throws FormatError if nobody could read it again. */
export function encodeCertificate(certificate: Certificate): Uint8Array {
  requireSound(certificate);
  const { chain, partition, first, last, origin, size, root, segments, decisions, copies } = certificate;
  const { objects, bytes, records, offsets, list, sealedUntilMs, decidedUntilMs, policies } = certificate;
  const { thereMs, goneMs, store, verifier } = certificate;
  const decided = decidedUntilMs === null ? null : untilText(decidedUntilMs);
  const members = {
    ...{ format: FORMAT, chain, partition, first, last, origin, size, root: toHex(root), segments },
    ...{ objects, bytes, records, offsets, list, until: { sealed: untilText(sealedUntilMs), decided } },
    ...{ policies, decisions, copies, seen: { there: timeOf(thereMs), gone: timeText(goneMs) } },
    ...{ store, verifier },
  };
  const encoded = utf8(`${JSON.stringify(members, null, 1)}\n`);
  if (encoded.length > CERTIFICATE_BYTES_MAX - 4096)
    throw new FormatError(`a certificate of ${encoded.length} bytes`);
  return encoded;
}

const timeOf = (ms: number | null): string | null => (ms === null ? null : timeText(ms));

/** Throws FormatError if it is not the certificate of that key. */
export function parseCertificate(bytes: Uint8Array, key: DestroyedKey): Certificate {
  const { format: _, root, until, seen, ...read } = parseNote(SCHEMA, bytes, 'a certificate of destruction');
  const isOfKey =
    read.chain === key.chain &&
    read.partition === key.partition &&
    read.first === key.first &&
    read.last === key.last;
  if (!isOfKey) throw new FormatError('not the certificate of its key');
  const certificate = {
    ...read,
    root: fromHex(root),
    sealedUntilMs: parseUntil(until.sealed),
    decidedUntilMs: until.decided === null ? null : parseUntil(until.decided),
    thereMs: seen.there === null ? null : parseTime(seen.there),
    goneMs: parseTime(seen.gone),
  };
  requireSound(certificate);
  return certificate;
}

/** FORMAT.md 9.12.5, as far as it shows by itself. */
function requireSound(certificate: Certificate): void {
  const { chain, partition, first, last, origin, size, segments, offsets, objects } = certificate;
  const { thereMs, goneMs, sealedUntilMs, decidedUntilMs, policies, copies } = certificate;
  const [from, to] = [segments[0]?.from, segments.at(-1)?.to];
  if (from !== first || to !== last || !isAscending(segments) || size <= last)
    throw new FormatError('a certificate whose segments contradict each other');
  if (!origin.endsWith(`/${chain}/${partition}`)) throw new FormatError('a certificate of another chain');
  if (objects < segments.length || objects > last - first + 1 || offsets.first > offsets.last)
    throw new FormatError('a certificate whose counts contradict each other');
  if (goneMs < Math.max(sealedUntilMs, decidedUntilMs ?? 0) + CLOCKS_MS)
    throw new FormatError('a certificate from before the end of retention');
  if (thereMs !== null && thereMs > goneMs)
    throw new FormatError('a certificate of what was seen there later');
  for (const words of [policies, copies])
    if (words.some((one, at) => at > 0 && compareKeys(words[at - 1] as string, one) >= 0))
      throw new FormatError('a certificate whose words are not in order');
}

/** Ranges of these. `turn`: which of the chain's data objects it is, for others may lie in between. */
export function spansOf(
  objects: readonly { readonly sequence: number; readonly turn: number }[],
): SegmentSpan[] {
  const spans = new SpanBuilder();
  let before: number | null = null;
  for (const { sequence, turn } of objects) {
    if (before !== null && turn !== before + 1) spans.add(sequence, false);
    spans.add(sequence, true);
    before = turn;
  }
  return spans.spans;
}

// What does a segment say of itself? (FORMAT.md: manifest)
import { equalBytes, utf8, utf8Text } from '../base/bytes.ts';
import { FormatError } from '../base/error.ts';
import { LIMITS } from '../base/limits.ts';
import { GAP_REASONS, type GapReason } from './line.ts';
import { checkManifest } from './manifest-rules.ts';
import type { Encoding } from './paths.ts';

export { parseTime, parseUntil, TIME_MS_MAX, timeText, untilText } from './time.ts';

export type BlockInfo = {
  /** As stored. */
  readonly bytes: number;
  /** Decompressed. */
  readonly content: number;
  readonly lines: number;
};

export type Source =
  | {
      readonly kind: 'kafka';
      readonly cluster: string;
      readonly topic: string;
      readonly topicId: string | null;
      readonly partition: number;
    }
  | { readonly kind: 'file'; readonly name: string; readonly partition: number };

/** The older chain that this one goes on from. */
export type Continues = {
  readonly origin: string;
  readonly size: number;
  /** 64 hex digits. */
  readonly root: string;
  readonly nextOffset: number;
  readonly reason: string;
  readonly by: string;
};

export type Manifest = {
  readonly origin: string;
  readonly sequence: number;
  /** 64 hex digits: SHA-256 of the manifest before; null for sequence 0. */
  readonly previous: string | null;
  readonly continues: Continues | null;
  readonly source: Source;
  readonly records: {
    /** Records of all segments before. */
    readonly before: number;
    readonly count: number;
    readonly firstOffset: number;
    readonly nextOffset: number;
    /** Offsets without a record, by reason; a reason that does not occur is absent. */
    readonly missing: Readonly<Partial<Record<GapReason, number>>>;
  };
  /** RFC 3339 with milliseconds and Z: `timeText`. */
  readonly time: {
    readonly first: string | null;
    readonly last: string | null;
    readonly anchored: string;
    readonly sealed: string;
  };
  /** The tree of the segment's lines. */
  readonly entries: { readonly size: number; readonly root: string };
  readonly data: {
    readonly key: string;
    readonly bytes: number;
    readonly sha256: string;
    readonly encoding: Encoding;
    readonly blocks: readonly BlockInfo[];
  } | null;
  readonly retention: {
    readonly mode: 'COMPLIANCE' | 'GOVERNANCE';
    /** RFC 3339 in whole seconds, with Z: `untilText`. */
    readonly until: string;
    readonly policy: string;
  };
  /** vkeys named with the chain's origin: every key that signs this checkpoint. */
  readonly keys: readonly string[];
  readonly writer: { readonly id: string; readonly version: string };
};

const MANIFEST_FORMAT = 'ledgerstone/segment/1';

/** Checks every rule that one manifest can be held to. Throws FormatError. */
export function encodeManifest(manifest: Manifest): Uint8Array {
  checkManifest(manifest);
  const bytes = utf8(JSON.stringify(inOrder(manifest)));
  if (bytes.length > LIMITS.manifestBytesMax) {
    throw new FormatError(`manifest: ${bytes.length} bytes, at most ${LIMITS.manifestBytesMax}`);
  }
  return bytes;
}

/** Strict: parse, check, encode again, and the bytes must be equal. So nothing passes that has a second spelling. Throws FormatError. */
export function parseManifest(bytes: Uint8Array): Manifest {
  if (bytes.length > LIMITS.manifestBytesMax) throw new FormatError(`manifest: ${bytes.length} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(utf8Text(bytes));
  } catch (cause) {
    throw new FormatError('manifest: not JSON', 'malformed', cause);
  }
  const manifest = checkManifest(value);
  // Duplicate, unknown and reordered members, spaces, escapes and number forms all show here.
  if (!equalBytes(encodeManifest(manifest), bytes)) throw new FormatError('manifest: an odd spelling');
  return manifest;
}

/** The members of the format, in its order, and no others. */
function inOrder(m: Manifest): object {
  const { before, count, firstOffset, nextOffset, missing } = m.records;
  return {
    format: MANIFEST_FORMAT,
    origin: m.origin,
    sequence: m.sequence,
    previous: m.previous,
    continues: m.continues && pick(m.continues, ['origin', 'size', 'root', 'nextOffset', 'reason', 'by']),
    source:
      m.source.kind === 'kafka'
        ? pick(m.source, ['kind', 'cluster', 'topic', 'topicId', 'partition'])
        : pick(m.source, ['kind', 'name', 'partition']),
    records: { before, count, firstOffset, nextOffset, missing: pick(missing, GAP_REASONS) },
    time: pick(m.time, ['first', 'last', 'anchored', 'sealed']),
    entries: pick(m.entries, ['size', 'root']),
    data: m.data && {
      ...pick(m.data, ['key', 'bytes', 'sha256', 'encoding']),
      blocks: m.data.blocks.map((block) => pick(block, ['bytes', 'content', 'lines'])),
    },
    retention: pick(m.retention, ['mode', 'until', 'policy']),
    keys: m.keys,
    writer: pick(m.writer, ['id', 'version']),
  };
}

/** Those members, in that order; JSON.stringify leaves absent ones out. */
const pick = <T extends object>(value: T, names: readonly (keyof T & string)[]): object =>
  Object.fromEntries(names.map((name) => [name, value[name]]));

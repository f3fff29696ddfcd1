// How is a manifest written as bytes, and read again? (FORMAT.md: manifest)
import { equalBytes, utf8, utf8Text } from '../base/bytes.ts';
import { FormatError } from '../base/error.ts';
import { LIMITS } from '../base/limits.ts';
import { GAP_REASONS } from './line.ts';
import type { Manifest } from './manifest.ts';
import { checkManifest } from './manifest-rules.ts';
import { MANIFEST_FORMAT } from './manifest-version.ts';

/** Checks every rule that one manifest can be held to. Throws FormatError. */
export function encodeManifest(manifest: Manifest): Uint8Array {
  checkManifest(manifest);
  // The longest one that keeps the rules is shorter than a reader takes (test/unit/format/manifest.test.ts).
  return utf8(JSON.stringify(inOrder(manifest)));
}

/**
 * Strict: parse, check, encode again, and the bytes must be equal. So nothing passes that has a second
 * spelling. Throws FormatError.
 */
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

function sourceInOrder(source: Manifest['source']): object {
  switch (source.kind) {
    case 'kafka':
      return pick(source, ['kind', 'cluster', 'topic', 'topicId', 'partition']);
    case 'file':
      return pick(source, ['kind', 'name', 'partition']);
    case 'acts':
      return pick(source, ['kind', 'partition']);
  }
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
    source: sourceInOrder(m.source),
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

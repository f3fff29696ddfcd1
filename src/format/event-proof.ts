// How does one line's proof stand in one file? (FORMAT.md: event proof)
import { equalBytes, fromBase64, fromHex, toBase64, toHex, utf8, utf8Text } from '../base/bytes.ts';
import { FormatError } from '../base/error.ts';
import { LIMITS } from '../base/limits.ts';
import type { SignedCheckpoint } from './note.ts';
import { isCount, isHash } from './scalar.ts';
import { encodeTlogProof, PATH_LENGTH_MAX, parseTlogProof, tlogProofsOf } from './tlog-proof.ts';

/** Line → entry root in the manifest → manifest leaf → checkpoint → signatures. */
export type EventProof = {
  readonly manifestBytes: Uint8Array;
  /** Index of the line in its segment. */
  readonly line: number;
  /** Inclusion path of the line in the segment's tree, leaf to root. */
  readonly linePath: readonly Uint8Array[];
  /** Index of the manifest in the chain. */
  readonly index: number;
  /** Inclusion path of the manifest in the signed tree, leaf to root. */
  readonly path: readonly Uint8Array[];
  readonly signed: SignedCheckpoint;
};

export type EventProofParts = Omit<EventProof, 'signed'> & { readonly note: Uint8Array };

/** Throws FormatError. */
export function encodeEventProof(proof: EventProofParts): Uint8Array {
  const bytes = encodeTlogProof({
    extra: encodeExtra(proof),
    index: proof.index,
    path: proof.path,
    note: proof.note,
  });
  parseEventProof(bytes);
  return bytes;
}

/** What all lines of one segment have in common. */
export type SegmentProofs = Pick<EventProofParts, 'manifestBytes' | 'index' | 'path' | 'note'>;

/**
 * The same bytes for each line as `encodeEventProof`. What the lines have in common is encoded once, and the
 * first proof is read back. Throws FormatError.
 */
export function eventProofsOf(common: SegmentProofs): (of: Pick<Extra, 'line' | 'linePath'>) => Uint8Array {
  const { manifestBytes, index, path, note } = common;
  const shared = JSON.stringify({ manifest: toBase64(manifestBytes), line: 0, path: [] });
  // ASCII throughout: a manifest as base64, hashes as hex. Base64 puts three bytes into four letters.
  const end = shared.length - '0,"path":[]}'.length;
  const whole = end - (end % 3);
  const encode = tlogProofsOf({ head: btoa(shared.slice(0, whole)), index, path, note });
  const begun = shared.slice(whole, end);
  let isFirst = true;
  return ({ line, linePath }) => {
    const isExtra = isCount(line) && linePath.length <= PATH_LENGTH_MAX;
    if (!isExtra || linePath.some((hash) => hash.length !== 32))
      throw new FormatError('not a line and a path');
    const bytes = encode(btoa(`${begun}${line},"path":${JSON.stringify(linePath.map(toHex))}}`));
    if (isFirst) parseEventProof(bytes);
    isFirst = false;
    return bytes;
  };
}

/** Strict, capped and byte-exact, but proves nothing: that is the verifier's. Throws FormatError. */
export function parseEventProof(bytes: Uint8Array): EventProof {
  const { extra, index, path, signed } = parseTlogProof(bytes);
  if (index >= signed.checkpoint.size) {
    throw new FormatError(
      `a proof of manifest ${index} under a checkpoint of size ${signed.checkpoint.size}`,
    );
  }
  return { ...parseExtra(extra), index, path, signed };
}

type Extra = Pick<EventProof, 'manifestBytes' | 'line' | 'linePath'>;

const encodeExtra = ({ manifestBytes, line, linePath }: Extra): Uint8Array =>
  utf8(JSON.stringify({ manifest: toBase64(manifestBytes), line, path: linePath.map(toHex) }));

function parseExtra(bytes: Uint8Array): Extra {
  const value = parseJsonObject(bytes);
  const { manifest, line, path } = value;
  const shaped =
    typeof manifest === 'string' &&
    isCount(line) &&
    Array.isArray(path) &&
    path.length <= PATH_LENGTH_MAX &&
    path.every(isHash);
  if (!shaped) throw new FormatError('the extra of an event proof has a manifest, a line and a path');
  const extra = { manifestBytes: fromBase64(manifest), line, linePath: path.map(fromHex) };
  if (extra.manifestBytes.length > LIMITS.manifestBytesMax)
    throw new FormatError('a manifest that is too long');
  if (!equalBytes(encodeExtra(extra), bytes))
    throw new FormatError('the extra of an event proof has an odd spelling');
  return extra;
}

function parseJsonObject(bytes: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(utf8Text(bytes));
  } catch (cause) {
    throw new FormatError('not JSON', 'malformed', cause);
  }
  if (typeof value !== 'object' || value === null) throw new FormatError('not a JSON object');
  return value as Record<string, unknown>;
}

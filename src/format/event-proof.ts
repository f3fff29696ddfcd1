// How does one line's proof stand in one file? (FORMAT.md: event proof)
import { equalBytes, fromBase64, fromHex, toBase64, toHex, utf8, utf8Text } from '../base/bytes.ts';
import { FormatError } from '../base/error.ts';
import { LIMITS } from '../base/limits.ts';
import type { SignedCheckpoint } from './note.ts';
import { isCount, isHash } from './scalar.ts';
import { encodeTlogProof, PATH_LENGTH_MAX, parseTlogProof } from './tlog-proof.ts';

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

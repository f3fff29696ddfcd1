// How do extra data, an index, a path and a note stand in one file? (C2SP tlog-proof)
import { concatBytes, equalBytes, fromBase64, toBase64, utf8, utf8Text } from '../base/bytes.ts';
import { FormatError } from '../base/error.ts';
import { LIMITS } from '../base/limits.ts';
import { parseChainOrigin } from './chain.ts';
import { parseSignedCheckpoint, type SignedCheckpoint } from './note.ts';
import { isCount } from './scalar.ts';

const HEADER = 'c2sp.org/tlog-proof@v1';
/** No tree of at most 2^53 − 1 leaves has a longer path. */
export const PATH_LENGTH_MAX = 53;

export type TlogProofParts = {
  readonly extra: Uint8Array;
  readonly index: number;
  /** Hashes of 32 bytes, leaf to root. */
  readonly path: readonly Uint8Array[];
  /** The signed checkpoint, as encodeSignedCheckpoint gave it. */
  readonly note: Uint8Array;
};

/** Throws FormatError, also where a line or the whole would be longer than a reader accepts. */
export const encodeTlogProof = ({ extra, ...rest }: TlogProofParts): Uint8Array =>
  tlogProofsOf({ ...rest, head: '' })(toBase64(extra));

/**
 * The same for many that differ in the end of their extra data alone. Both parts of it are base64, and `head`
 * has whole groups of four letters.
 */
export function tlogProofsOf({
  head,
  index,
  path,
  note,
}: Omit<TlogProofParts, 'extra'> & { readonly head: string }): (tail: string) => Uint8Array {
  if (!isCount(index) || path.length > PATH_LENGTH_MAX || path.some((hash) => hash.length !== 32)) {
    throw new FormatError('not an index and a path');
  }
  const before = utf8(`${HEADER}\nextra ${head}`);
  const after = utf8(['', `index ${index}`, ...path.map(toBase64), '', utf8Text(note)].join('\n'));
  return (tail) => {
    const bytes = concatBytes(before, utf8(tail), after);
    const line = before.length - HEADER.length - 1 + tail.length;
    if (bytes.length > LIMITS.sealBytesMax || line >= LIMITS.sealLineBytesMax) {
      throw new FormatError(`a proof of ${bytes.length} bytes: at most ${LIMITS.sealBytesMax}`);
    }
    return bytes;
  };
}

/** Strict: encoded again, it must give the same bytes. Proves nothing yet. Throws FormatError. */
export function parseTlogProof(
  bytes: Uint8Array,
): Omit<TlogProofParts, 'note'> & { readonly signed: SignedCheckpoint } {
  if (bytes.length > LIMITS.sealBytesMax) throw new FormatError(`a proof of ${bytes.length} bytes`);
  const text = utf8Text(bytes);
  const blank = text.indexOf('\n\n');
  if (blank < 0) throw new FormatError('a proof has a blank line before its checkpoint');
  const [header, extraLine = '', indexLine = '', ...hashes] = text.slice(0, blank).split('\n');
  const note = utf8(text.slice(blank + 2));
  const index = /^index (\d{1,16})$/.exec(indexLine)?.[1];
  if (header !== HEADER || !extraLine.startsWith('extra ') || index === undefined) {
    throw new FormatError(`a proof begins with ${HEADER}, extra and index`);
  }
  if (hashes.length > PATH_LENGTH_MAX) throw new FormatError(`a path of ${hashes.length} hashes`);
  const extra = fromBase64(extraLine.slice('extra '.length));
  const parts = { extra, index: Number(index), path: hashes.map(fromBase64) };
  const signed = parseSignedCheckpoint(note);
  parseChainOrigin(signed.checkpoint.origin);
  if (!equalBytes(encodeTlogProof({ ...parts, note }), bytes))
    throw new FormatError('a proof with an odd spelling');
  return { ...parts, signed };
}

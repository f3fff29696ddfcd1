// Where does each record of a file begin and end? By format, in bounded memory.
import { concatBytes } from '../base/bytes.ts';
import { MIB } from '../base/limits.ts';
import { inputError } from './input-error.ts';
import { recordsOf } from './trail-file.ts';

/** One record as it stands in the file. `number`: of its first line, in CloudTrail of the record; from 1. */
export type Piece = { readonly bytes: Uint8Array; readonly number: number };

export type Splitting = { readonly path: string; readonly recordBytesMax: number };
type Chunks = AsyncIterable<Uint8Array>;

const LF = 0x0a;
const QUOTE = 0x22;
/** A quote that is never closed would take the rest of the file into one row. */
const ROW_BYTES_MAX = MIB;
const TRAIL_BYTES_MAX = 128 * MIB;

/** Without their LF. A last line without LF counts, as in every file (FORMAT.md §3). */
export const linesIn = (chunks: Chunks, splitting: Splitting): AsyncGenerator<Piece> =>
  split(chunks, splitting, splitting.recordBytesMax, false);

/** Rows by RFC 4180: a line end within quotes is a part of the row. */
export const rowsIn = (chunks: Chunks, splitting: Splitting): AsyncGenerator<Piece> =>
  split(chunks, splitting, Math.min(ROW_BYTES_MAX, splitting.recordBytesMax), true);

async function* split(
  chunks: Chunks,
  { path }: Splitting,
  bytesMax: number,
  hasQuotes: boolean,
): AsyncGenerator<Piece> {
  let held: Uint8Array[] = [];
  let [heldBytes, line, first, isQuoted] = [0, 1, 1, false];
  const hold = (part: Uint8Array) => {
    heldBytes += part.length;
    if (heldBytes > bytesMax)
      throw inputError(
        path,
        `the ${hasQuotes ? 'row' : 'line'} that begins at line ${first} has more than ${bytesMax} bytes`,
        hasQuotes
          ? 'A quote that opens there may never be closed. Correct it, or import the file with --format syslog.'
          : 'Correct the file, or raise limits.recordBytes.',
      );
    held.push(part);
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at];
      if (hasQuotes && byte === QUOTE) isQuoted = !isQuoted;
      if (byte !== LF) continue;
      line++;
      if (isQuoted) continue;
      hold(chunk.subarray(start, at));
      yield { bytes: concatBytes(...held), number: first };
      held = [];
      [heldBytes, first, start] = [0, line, at + 1];
    }
    if (start < chunk.length) hold(chunk.slice(start));
  }
  if (heldBytes > 0) yield { bytes: concatBytes(...held), number: first };
}

/** The elements of `Records`, byte for byte. */
export async function* trailRecordsIn(
  chunks: Chunks,
  { path, recordBytesMax }: Splitting,
): AsyncGenerator<Piece> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > TRAIL_BYTES_MAX) throw inputError(path, `it has more than ${TRAIL_BYTES_MAX} bytes`);
    parts.push(chunk.slice());
  }
  let number = 0;
  for (const bytes of recordsOf(path, Buffer.concat(parts))) {
    number++;
    if (bytes.length > recordBytesMax)
      throw inputError(
        path,
        `record ${number} has more than ${recordBytesMax} bytes`,
        'Raise limits.recordBytes.',
      );
    yield { bytes, number };
  }
}

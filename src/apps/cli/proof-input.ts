// Are the two files of `check` a proof and a line? Only over those there is a verdict.
import { utf8 } from '../../base/bytes.ts';
import { messageOf } from '../../base/error.ts';
import { type EventProof, parseEventProof } from '../../format/event-proof.ts';
import { scanLine } from '../../format/line-scanner.ts';
import { UsageError } from './exit-code.ts';

const LF = 0x0a;
const CR = 0x0d;
const PROOF_BEGIN = utf8('c2sp.org/tlog-proof');
const LINE_BEGIN = utf8('{"offset":');

const PROOF_REMEDY =
  'Give the file as `ledgerstone prove` wrote it. Editors and mail programs change line ends.';
const LINE_REMEDY =
  'Give the exact bytes that `ledgerstone get` prints for this offset. Formatters and editors change them.';

/**
 * The proof, of which nothing is checked yet. Throws UsageError where the bytes are not an event proof
 * (FORMAT.md 6.17).
 */
export function requireProof(bytes: Uint8Array, file: string): EventProof {
  if (bytes.length === 0) throw new UsageError(`${file} is empty: a proof was expected`, PROOF_REMEDY);
  if (startsWith(bytes, LINE_BEGIN)) {
    throw new UsageError(
      `${file} is a line, not a proof`,
      'Are the two files the other way round? `ledgerstone check PROOF --entry LINE`.',
    );
  }
  if (bytes.includes(CR)) {
    throw new UsageError(
      `${file} is no proof as it is: it has a carriage return (CRLF line ends)`,
      PROOF_REMEDY,
    );
  }
  try {
    return parseEventProof(bytes);
  } catch (error) {
    throw new UsageError(`${file} is no proof of an event: ${messageOf(error)}`, PROOF_REMEDY);
  }
}

/** One LF at the end is allowed. Throws UsageError where the bytes are not one line (FORMAT.md §3). */
export function requireLine(bytes: Uint8Array, file: string): void {
  const line = bytes.at(-1) === LF ? bytes.subarray(0, -1) : bytes;
  if (line.length === 0) throw new UsageError(`${file} is empty: a line was expected`, LINE_REMEDY);
  if (startsWith(line, PROOF_BEGIN)) {
    throw new UsageError(
      `${file} is a proof, not a line`,
      'Are the two files the other way round? `ledgerstone check PROOF --entry LINE`.',
    );
  }
  if (line.at(-1) === CR) {
    throw new UsageError(
      `${file} ends with a carriage return (CRLF), which the archive does not have`,
      LINE_REMEDY,
    );
  }
  if (line.includes(LF)) {
    throw new UsageError(`${file} has several lines: a proof is of one line as it is archived`, LINE_REMEDY);
  }
  try {
    scanLine(line, 0, line.length);
  } catch (error) {
    throw new UsageError(`${file} is not a line of an archive: ${messageOf(error)}`, LINE_REMEDY);
  }
}

const startsWith = (bytes: Uint8Array, begin: Uint8Array): boolean =>
  begin.every((byte, index) => bytes[index] === byte);

// Which record does this line carry? (FORMAT.md: lines)
import { equalBytes } from '../base/bytes.ts';
import { FormatError } from '../base/error.ts';
import type { Line } from './line.ts';
import { LineScanner } from './line-scanner.ts';
import { encodeEntry } from './line-writer.ts';

/**
 * What the line says, without its LF. Strict and canonical: the record is encoded again and must give the
 * same bytes, so that a fault of the scanner can't pass for a record. Key, headers and value may be views
 * into `line`. Throws FormatError.
 */
export function decodeLine(line: Uint8Array): Line {
  const decoded = new LineScanner().read(line, 0, line.length);
  if (decoded.kind === 'entry' && !equalBytes(encodeEntry(decoded.record), line)) {
    throw new FormatError('line: not as the writer writes it');
  }
  return decoded;
}

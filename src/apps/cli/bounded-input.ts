// How are a file or standard input of unknown length read with a bound?
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { UsageError } from './exit-code.ts';
import { fileError } from './file-error.ts';

/**
 * Reads all of the file, or of `stdin` if `file` is `-`. Throws UsageError if it is longer than `bytesMax`.
 */
export async function readInput(
  stdin: Readable,
  file: string,
  bytesMax: number,
  what: string,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    const stream = file === '-' ? stdin : createReadStream(file, { end: bytesMax });
    for await (const part of stream as AsyncIterable<Buffer>) {
      parts.push(part);
      length += part.length;
      if (length > bytesMax) break;
    }
  } catch (cause) {
    throw fileError(`can't read the ${what} ${file}`, cause);
  }
  if (length > bytesMax)
    throw new UsageError(`${file} has more than ${bytesMax} bytes: too long for a ${what}`);
  return Buffer.concat(parts);
}

// How is a file or standard input read that may be anything of any length?
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { messageOf } from '../../base/error.ts';
import { UsageError } from './exit-code.ts';

/** All of the file, or of `stdin` where it is `-`. Reads one byte more than `bytesMax` at most, and then throws UsageError. */
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
    throw new UsageError(`can't read the ${what} ${file}: ${messageOf(cause)}`);
  }
  if (length > bytesMax)
    throw new UsageError(`${file} has more than ${bytesMax} bytes: more than any ${what}`);
  return Buffer.concat(parts);
}

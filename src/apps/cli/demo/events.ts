// Which real audit events does the demo archive? SOURCES.md beside them names their origin and licences.
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { zstdDecompress } from 'node:zlib';

const unzstd = promisify(zstdDecompress);

/** Beside the sources in a checkout. A build copies it to its output. */
const dataUrl = (name: string): URL =>
  import.meta.url.endsWith('.ts')
    ? new URL(`./data/${name}`, import.meta.url)
    : new URL(`./demo-data/${name}`, import.meta.url);

/** 4,712 lines, each with its LF. */
export const demoEvents = async (): Promise<Uint8Array> =>
  unzstd(await readFile(dataUrl('events.jsonl.zst')));

export const demoSources = (): Promise<string> => readFile(dataUrl('SOURCES.md'), 'utf8');

/** Without their LF: a line may hold a CR, and may be empty. */
export function* linesOfText(text: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf(0x0a, start);
    yield text.subarray(start, end < 0 ? text.length : end);
    start = end < 0 ? text.length : end + 1;
  }
}

// What do the tests of the file source stand on? Files, pipes and started sources that go away after each test.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach } from 'vitest';
import { type FileSourceOptions, fileSource } from '../../../src/ingest/file.ts';
import type { Source } from '../../../src/ingest/source.ts';
import { type SourceEvent, SourceRecorder } from '../../support/source-recorder.ts';

export const PARTITION = { topic: 'audit', partition: 0 };
let directory: string;
let open: Source[] = [];

/** To be called by each test file: a directory for each of its tests, which goes with all that was started. */
export function eachInDirectory(): void {
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'ledgerstone-file-'));
  });
  afterEach(async () => {
    for (const source of open) await source.close();
    open = [];
    rmSync(directory, { recursive: true });
  });
}

export const inDirectory = (name: string): string => join(directory, name);

export function fileOf(content: string | Uint8Array): string {
  const path = inDirectory('events.log');
  writeFileSync(path, content);
  return path;
}

export async function started(
  options: Partial<FileSourceOptions>,
  onEvent: (event: SourceEvent, source: Source) => void = () => {},
): Promise<{ source: Source; recorder: SourceRecorder }> {
  const source = fileSource({ path: '-', topic: PARTITION.topic, ...options });
  open.push(source);
  const recorder = new SourceRecorder((event) => onEvent(event, source));
  await source.start(recorder);
  return { source, recorder };
}

/** Standard input made of chunks; counts what was pulled out of it. */
export function pipe(chunks: Iterable<Uint8Array | string>): { input: Readable; pulled: () => number } {
  let pulled = 0;
  const input = Readable.from(
    (function* () {
      for (const chunk of chunks) {
        pulled += chunk.length;
        yield Buffer.from(chunk);
      }
    })(),
    { objectMode: false, highWaterMark: 1 },
  );
  return { input, pulled: () => pulled };
}

export const texts = (recorder: SourceRecorder): string[] =>
  recorder.records().map(({ value }) => Buffer.from(value as Uint8Array).toString('latin1'));

export const untilEnd = (recorder: SourceRecorder, ends = 1): Promise<void> =>
  recorder.until('the end', () => recorder.of('end').length >= ends);

export const numbered = (count: number, width = 1_200): string =>
  Array.from({ length: count }, (_, line) => `${`${line} `.padEnd(width, 'x')}\n`).join('');

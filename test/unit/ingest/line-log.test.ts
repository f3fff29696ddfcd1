// Does a file's log read only what it has to?
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { MIB } from '../../../src/base/limits.ts';
import { FileLog, type FileReads } from '../../../src/ingest/line-log.ts';

it('a line far into a counted file is found from a line start nearby, not from the beginning', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'ledgerstone-log-'));
  const path = join(directory, 'lines');
  const lines = 16_384;
  writeFileSync(path, `${'x'.repeat(1_023)}\n`.repeat(lines));
  const handle = await open(path, 'r');
  const reads: { position: number; bytes: number }[] = [];
  const counted: FileReads = {
    stat: () => handle.stat(),
    close: () => handle.close(),
    read: async (buffer, start, length, position) => {
      const result = await handle.read(buffer, start, length, position);
      reads.push({ position, bytes: result.bytesRead });
      return result;
    },
  };
  const log = new FileLog(counted, MIB);
  expect(await log.lines()).toBe(lines);
  const total = reads.reduce((sum, { bytes }) => sum + bytes, 0);
  expect(total).toBe(16 * MIB);

  reads.length = 0;
  expect(await log.lines()).toBe(lines);
  expect(reads).toEqual([]);
  for (const line of [0, 5_000, lines - 1]) {
    reads.length = 0;
    expect((await log.readAt(line)).records[0]?.offset).toBe(line);
    expect(reads.length).toBeLessThanOrEqual(2);
  }
  await log.close();
  rmSync(directory, { recursive: true });
});

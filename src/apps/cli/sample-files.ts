// Which files does `sample --out FOLDER` leave?
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toHex, utf8 } from '../../base/bytes.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { populationCsv, type SampleSheet, sampleCsv, samplePage } from '../../evidence/sample-sheet.ts';
import { leafHash } from '../../merkle/tree.ts';
import { ChainReader } from '../../read/chain-reader.ts';
import type { DrawnRecord, Sample } from '../../read/find/sample.ts';
import { provenLinesOf } from '../../read/proven-range.ts';
import { VerifyError } from '../../verify/finding.ts';
import { UsageError } from './exit-code.ts';
import { noteOf } from './export-run.ts';
import { fileError } from './file-error.ts';
import type { Archive } from './open-archive.ts';

/** Throws UsageError where it can't be written, before anything is read. */
export async function newFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    if ((await readdir(folder)).length > 0)
      throw new UsageError(`${folder} is not empty`, 'Name a new folder with --out: nothing is replaced.');
  } catch (error) {
    throw error instanceof UsageError ? error : fileError(`can't write into ${folder}`, error);
  }
}

/**
 * The sheets, each record that was drawn with its proof, and last `sample.json`: without it the folder is not
 * whole.
 */
export async function writeSample(
  folder: string,
  sheet: SampleSheet,
  sample: Sample,
  archive: Archive,
  signal: AbortSignal,
): Promise<void> {
  const write = (name: string, bytes: Uint8Array): Promise<void> =>
    writeFile(join(folder, name), bytes, { flag: 'wx' }).catch((error: unknown) => {
      throw fileError(`can't write ${name} in ${folder}`, error);
    });
  await mkdir(join(folder, 'records'));
  await writeRecords(sample, archive, signal, write);
  await write('sample.csv', sampleCsv(sheet));
  await write('population.csv', populationCsv(sheet));
  await write('sample.html', samplePage(sheet, nodeSha256));
  await write('sample.json', utf8(`${JSON.stringify({ ...sheet, statement: sample.statement }, null, 2)}\n`));
}

/** By chain and segment: each of them is read once. */
async function writeRecords(
  { drawn, statement }: Sample,
  { store, trusted }: Archive,
  signal: AbortSignal,
  write: (name: string, bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  for (const [, ofChain] of Map.groupBy(drawn, ({ origin }) => origin)) {
    const { chain, partition, origin } = ofChain[0] as DrawnRecord;
    const reader = new ChainReader({ store, chain, partition, trusted, signal });
    const size = statement.chains.find((one) => one.origin === origin)?.size ?? 0;
    const note = noteOf(await reader.seal(size - 1));
    for (const [sequence, ofSegment] of Map.groupBy(ofChain, ({ segment }) => segment)) {
      const seal = await reader.seal(sequence);
      const { firstOffset: from, nextOffset: to } = seal.manifest.records;
      const wanted = new Map(ofSegment.map((record) => [record.offset, record]));
      for await (const found of provenLinesOf(reader, seal, { from, to }, note, new Set(wanted.keys()))) {
        const record = wanted.get(found.offset) as DrawnRecord;
        const leaf = toHex(leafHash(nodeSha256, found.line));
        if (leaf !== record.leaf)
          throw new VerifyError({ code: 'entry-root-mismatch', expected: record.leaf, found: leaf });
        const name = `records/${chain}-${partition}-${found.offset}`;
        await write(`${name}.json`, Buffer.concat([found.line, utf8('\n')]));
        await write(`${name}.tlog-proof`, found.proof);
        wanted.delete(found.offset);
      }
      if (wanted.size > 0)
        throw new VerifyError({
          code: 'offset-gap',
          expected: 'the records that were drawn',
          found: 'other lines',
        });
    }
  }
}

// Which attacks does the demo make on copies of the archive, and which finding must name each?
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChainReader } from '../../../read/chain-reader.ts';
import type { FindingCode } from '../../../verify/finding.ts';
import { forgeLastSegment } from './forge.ts';

export type Attack = {
  readonly title: string;
  /** Alters the copy in `directory`. `reader` reads the chain that is attacked. */
  run(directory: string, reader: ChainReader): Promise<void>;
  /** One of these codes must be among the findings. */
  readonly expected: readonly FindingCode[];
};

const file = (directory: string, key: string): string => join(directory, ...key.split('/'));

async function filesOf(directory: string, reader: ChainReader, sequence: number) {
  const { key, manifest } = await reader.seal(sequence);
  if (manifest.data === null) throw new Error(`segment ${sequence} of the demo has no data`);
  return { seal: file(directory, key), data: file(directory, manifest.data.key) };
}

async function swap(a: string, b: string): Promise<void> {
  await rename(a, `${a}.swapped`);
  await rename(b, a);
  await rename(`${a}.swapped`, b);
}

/** Sequence 0 of every chain has no lines, so the first segments with data are 1, 2 and 3. */
export const ATTACKS: readonly Attack[] = [
  {
    title: 'one byte flipped in the data of segment 2',
    expected: ['data-altered'],
    async run(directory, reader) {
      const { data } = await filesOf(directory, reader, 2);
      const bytes = await readFile(data);
      const at = Math.floor(bytes.length / 2);
      bytes[at] = (bytes[at] as number) ^ 1;
      await writeFile(data, bytes);
    },
  },
  {
    title: 'segment 2 dropped, its seal and its data',
    expected: ['sequence-gap'],
    async run(directory, reader) {
      const { seal, data } = await filesOf(directory, reader, 2);
      await rm(seal);
      await rm(data);
    },
  },
  {
    title: 'segments 1 and 3 swapped',
    expected: ['sequence-gap', 'previous-mismatch', 'data-altered'],
    async run(directory, reader) {
      const [one, three] = [await filesOf(directory, reader, 1), await filesOf(directory, reader, 3)];
      await swap(one.seal, three.seal);
      await swap(one.data, three.data);
    },
  },
  {
    title: 'the last segment rewritten, its seal forged with another key',
    expected: ['bad-signature'],
    run: forgeLastSegment,
  },
];

// Does the Lambda's bundle hold nothing of the party that it checks?
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundleVerifier } from '../../../src/apps/verifier/bundle.ts';

/**
 * Both parties share the format, the clients of their edges and the verifying code, and no more. What reads
 * fields as a search does (`read/find`) is the verifier's and the reader's.
 */
const FOREIGN = ['archiver', 'segment', 'kernel', 'read', 'apps/cli', 'apps/archiver'].map(
  (room) => `src/${room}/`,
);
/** What reads decisions, which both parties hold to, and what proves to a witness that a chain only grows. */
const READS_ACTS = [
  'act-path',
  'acts',
  'chain-reader',
  'decision-reader',
  'errors',
  'broken-acts',
  'later-path',
  'list-chains',
  'segment-lines',
  'compared-decisions',
].map((file) => `src/read/${file}.ts`);
const SRC = join(import.meta.dirname, '../../../src');

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'bundle-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function foreignInputs(entry?: string): Promise<{ foreign: string[]; ours: number }> {
  const { metafile } = await bundleVerifier(join(dir, 'index.mjs'), entry);
  const inputs = Object.keys(metafile.inputs);
  return {
    foreign: inputs.filter(
      (input) =>
        !READS_ACTS.includes(input) &&
        FOREIGN.some((folder) => input.startsWith(folder) && !input.startsWith('src/read/find/')),
    ),
    ours: inputs.filter((input) => input.startsWith('src/verifier/')).length,
  };
}

it('has no source of the archiver and none of the command line', async () => {
  const { foreign, ours } = await foreignInputs();
  expect(foreign).toEqual([]);
  expect(ours).toBeGreaterThan(20);
});

it('would show each of them, were it in there', async () => {
  const planted = [
    'archiver/chain/halt.ts',
    'segment/segment.ts',
    'kernel/kernel.ts',
    'apps/cli/exit-code.ts',
  ];
  const entry = join(dir, 'entry.ts');
  const text = (file: string) => JSON.stringify(join(SRC, file));
  const lines = planted.map((file, index) => `export * as planted${index} from ${text(file)};`);
  writeFileSync(entry, [`export * from ${text('apps/verifier/handler.ts')};`, ...lines].join('\n'));
  const { foreign } = await foreignInputs(entry);
  expect(foreign).toEqual(expect.arrayContaining(planted.map((file) => `src/${file}`)));
});

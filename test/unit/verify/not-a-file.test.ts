// What is said of links, pipes and files that are too long, where an object of the archive should lie?
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/base/limits.ts';
import { dataKey } from '../../../src/format/paths.ts';
import type { VerifierKey } from '../../../src/format/vkey.ts';
import { directoryStore } from '../../../src/store/directory.ts';
import { ArchiveBuilder, START_MS, writeCopy } from '../../support/archive-builder.ts';
import { codesOf, findingsOf, verify } from './run-verify.ts';

const root = mkdtempSync(join(tmpdir(), 'ledgerstone-no-file-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let path: string;
let trusted: VerifierKey[];
/** Of a segment, and of none. */
let named: string;
const unnamed = dataKey({
  ...{
    chain: 'orders',
    partition: 0,
    sealedMs: START_MS,
    sequence: 1,
    sha256: 'b'.repeat(64),
    encoding: 'zstd',
  },
});

beforeEach(async () => {
  path = mkdtempSync(join(root, 'copy-'));
  const builder = new ArchiveBuilder();
  const built = await builder.chain().fill(2, 3);
  named = built[1]?.dataKey as string;
  trusted = builder.trusted;
  writeCopy(builder.archive, path);
});

const link = (file: string) => {
  renameSync(file, join(root, 'moved'));
  symlinkSync(join(root, 'moved'), file);
};
const pipe = (file: string) => {
  rmSync(file);
  execFileSync('mkfifo', [file]);
};
const tooLong = (file: string) => truncateSync(file, LIMITS.dataBytesMax + 1);

const report = (depth: 'seals' | 'content') => verify(directoryStore({ path }), { trusted, depth });

describe.each([
  ['a link to the true bytes', link],
  ['a pipe', pipe],
  ['a file that is longer than a data object can be', tooLong],
])('%s', (_what, put) => {
  it.each(['seals', 'content'] as const)(
    'is malformed where a seal names it, and nothing else: %s',
    async (depth) => {
      put(join(path, named));
      const found = await report(depth);
      expect(codesOf(found)).toEqual(['locks-not-applicable', 'malformed']);
      expect(findingsOf(found, 'malformed')).toMatchObject([{ key: named, sequence: 1 }]);
    },
  );

  it('is unreferenced where no seal names it: nobody reads it, and the archive is whole', async () => {
    const file = join(path, unnamed);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, 'anything');
    put(file);
    const found = await report('content');
    expect(codesOf(found)).toEqual(['locks-not-applicable', 'unreferenced-object']);
    expect(found.verdict).toBe('verified');
  });
});

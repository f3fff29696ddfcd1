// How does a test run an older version of this software, as the processes that it was?
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
const PACKS = join(ROOT, 'test/data/older');

export type Older = {
  /** What `node` runs: the command line of that version. */
  readonly main: string;
  readonly version: string;
};

/** The file name of the one older version that is kept. */
export function olderPack(): string {
  const packs = readdirSync(PACKS).filter((name) => name.endsWith('.tgz'));
  if (packs.length !== 1) throw new Error(`test/data/older has ${packs.length} packs; one is expected`);
  return join(PACKS, packs[0] as string);
}

/** Unpacks it below `dir`. Its dependencies are those of this checkout: test/data/older/README.md says why. */
export function unpackOlder(dir: string): Older {
  const into = join(dir, 'older');
  mkdirSync(into, { recursive: true });
  execFileSync('tar', ['xzf', olderPack(), '-C', into]);
  symlinkSync(join(ROOT, 'node_modules'), join(into, 'node_modules'));
  const { version } = JSON.parse(readFileSync(join(into, 'package/package.json'), 'utf8')) as Older;
  return { main: join(into, 'package/dist/ledgerstone.js'), version };
}

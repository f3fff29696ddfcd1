// `npm run build`: how do the sources become JavaScript? Node strips no types in node_modules.
import { cp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { buildPage } from './page-build.ts';
import { writeTypes } from './types-build.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const DIST = join(ROOT, 'dist');

/**
 * All go directly into `dist`: a worker is looked for beside the code that starts it. Dependencies are not
 * bundled: npm installs them with the package, and some have native code or workers of their own.
 */
const ENTRIES = {
  index: 'src/index.ts',
  'index-worker': 'src/read/find/index/index-worker.ts',
  ledgerstone: 'src/apps/cli/main.ts',
  'lane-worker': 'src/archiver/lanes/lane-worker.ts',
  'search-worker': 'src/read/find/search-worker.ts',
  'verify-worker': 'src/verify/node/verify-worker.ts',
};

/** Files that the code reads from its own folder. */
const ASSETS = {
  'FORMAT.md': 'src/format/FORMAT.md',
  'archiver-alerts.yaml': 'src/archiver/alerts.yaml',
  'verifier-alerts.yaml': 'src/verifier/alerts.yaml',
  'verify.sh': 'src/evidence/verify.sh',
  'controls.yaml': 'src/evidence/controls/controls.yaml',
  'ledgerstone.schema.json': 'src/config/ledgerstone.schema.json',
  'verifier.schema.json': 'src/config/verifier.schema.json',
  'governance.schema.json': 'src/config/governance.schema.json',
  'demo-data': 'src/apps/cli/demo/data',
};

await rm(DIST, { recursive: true, force: true });
await build({
  absWorkingDir: ROOT,
  entryPoints: Object.entries(ENTRIES).map(([out, source]) => ({ in: source, out })),
  outdir: DIST,
  bundle: true,
  splitting: true,
  chunkNames: '[name]-[hash]',
  format: 'esm',
  platform: 'node',
  // Of the library a part runs under Node 20 too; src/index.ts says which.
  target: 'node20',
  packages: 'external',
  // Makes the page out of a checkout, with a tool that no package has. A package has the page, made below.
  external: ['*/page-build.ts'],
  logLevel: 'warning',
});
for (const [name, source] of Object.entries(ASSETS)) {
  await cp(join(ROOT, source), join(DIST, name), { recursive: true });
}
await writeFile(join(DIST, 'open-me.html'), await buildPage());
await writeTypes(ROOT, join(DIST, 'types'));

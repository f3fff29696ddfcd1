// How does the Lambda become one file? `npm run bundle`: everything inside, the SDK too, nothing to install beside it.
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';

const ROOT = join(import.meta.dirname, '..', '..', '..');
export const BUNDLE_FILE = join(ROOT, 'dist', 'verifier', 'index.mjs');

/** Lambda unpacks and compiles it at every cold start. */
export const BUNDLE_BYTES_MAX = 3_000_000;

/** CommonJS inside the SDK asks for `require`; an ESM file has none of its own. */
const BANNER = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`;

export async function bundleVerifier(file = BUNDLE_FILE): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await build({
    absWorkingDir: ROOT,
    entryPoints: ['src/apps/verifier/handler.ts'],
    outfile: file,
    bundle: true,
    minify: true,
    // Names in stack traces are worth their bytes.
    keepNames: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    banner: { js: BANNER },
    legalComments: 'none',
    logLevel: 'warning',
  });
}

if (import.meta.main) await bundleVerifier();

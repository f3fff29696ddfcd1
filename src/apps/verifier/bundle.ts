// How does the Lambda become one file? `npm run bundle`: the SDK too is inside, so nothing is installed beside it.
import { join } from 'node:path';
import { build } from 'esbuild';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const BUNDLE_FILE = join(ROOT, 'dist', 'verifier', 'index.mjs');

/** Lambda unpacks and compiles it at every cold start. */
export const BUNDLE_BYTES_MAX = 3_000_000;

/** CommonJS inside the SDK asks for `require`; an ESM file has none of its own. */
const BANNER = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`;

/** Kafka's client is in it too, and is run only by a verifier that is told of brokers. */
export const bundleVerifier = (outfile = BUNDLE_FILE) =>
  build({
    absWorkingDir: ROOT,
    entryPoints: ['src/apps/verifier/handler.ts'],
    outfile,
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

if (import.meta.main) await bundleVerifier();

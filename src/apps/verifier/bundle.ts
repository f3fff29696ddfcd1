// How does the Lambda become one file? `npm run bundle` puts the SDK into it too, so nothing else is
// installed.
import { join } from 'node:path';
import { build } from 'esbuild';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const HANDLER = join(ROOT, 'src', 'apps', 'verifier', 'handler.ts');
const BUNDLE_FILE = join(ROOT, 'dist', 'verifier', 'index.mjs');

/** Lambda unpacks and compiles it at every cold start. */
export const BUNDLE_BYTES_MAX = 3_000_000;

/** CommonJS inside the SDK asks for `require`; an ESM file has none of its own. */
const BANNER = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`;

/**
 * Kafka's client is in it too. It runs only if the configuration names brokers. The result's metafile names
 * every source in the bundle.
 */
export const bundleVerifier = (outfile = BUNDLE_FILE, entry = HANDLER) =>
  build({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    metafile: true,
    outfile,
    bundle: true,
    minify: true,
    // Readable names in stack traces are worth the bytes.
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

// How does the Lambda become one file? `npm run bundle`: the SDK too is inside, so nothing is installed beside it.
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { build, type Plugin } from 'esbuild';

const ROOT = join(import.meta.dirname, '..', '..', '..');
export const BUNDLE_FILE = join(ROOT, 'dist', 'verifier', 'index.mjs');

/** Lambda unpacks and compiles it at every cold start. */
export const BUNDLE_BYTES_MAX = 3_000_000;

/** CommonJS inside the SDK asks for `require`; an ESM file has none of its own. */
const BANNER = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`;

/** Kafka's client: a file of its own beside the first, loaded by a verifier that is told of brokers and by no other. */
const KAFKA_NAME = 'marks.mjs';
const kafkaApart: Plugin = {
  name: 'kafka-apart',
  setup: ({ onResolve }) =>
    onResolve({ filter: /\/ingest\/kafka\/marks\.ts$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: `./${KAFKA_NAME}`, external: true } : null,
    ),
};

export async function bundleVerifier(file = BUNDLE_FILE): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await bundle('src/apps/verifier/handler.ts', file);
  await bundle('src/ingest/kafka/marks.ts', join(dirname(file), KAFKA_NAME));
}

const bundle = (entry: string, outfile: string) =>
  build({
    absWorkingDir: ROOT,
    entryPoints: [entry],
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
    plugins: [kafkaApart],
  });

if (import.meta.main) await bundleVerifier();

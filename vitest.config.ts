import { configDefaults, defineConfig } from 'vitest/config';
import { leftOut } from './test/support/long.ts';
import { memoryFiles } from './test/support/memory-files.ts';
import { PATIENCE_MS } from './test/support/patience.ts';

/** Where neither Go nor its modules can be had, .ci/run says so and leaves this one out; elsewhere it says that it was skipped. */
const withoutGo = process.env['LEDGERSTONE_NO_GO'] === undefined ? [] : ['test/contract/c2sp-go.test.ts'];

/** The program that .ci/run builds from a Go module. A run that does not name it leaves its file out. */
const withoutVersitygw =
  process.env['LEDGERSTONE_VERSITYGW'] === undefined ? ['test/contract/store-s3-versitygw.test.ts'] : [];

/** What takes minutes, in a run of everything that does not ask for it. */
const long = leftOut(process.argv.slice(2), process.env);

/**
 * `npm run coverage`: which part of the lines of each room has to run in tests that need no stack, in percent. A room
 * whose work is a client of Kafka or S3 has the rest of its tests on the stack.
 */
const FLOORS = {
  ...{
    access: 99,
    apps: 72,
    archiver: 90,
    base: 99,
    clients: 84,
    config: 97,
    format: 99,
    governance: 94,
    ingest: 83,
    kernel: 90,
    merkle: 99,
  },
  ...{ evidence: 93, library: 88, read: 95, replay: 99, sealing: 94, segment: 99, sign: 97, store: 68 },
  ...{ timestamp: 95, verifier: 97, verify: 98, 'verify/acts': 99 },
};

const coverage = {
  provider: 'v8' as const,
  include: ['src/**/*.ts'],
  // Compiled to WebAssembly, and what runs in a browser: nothing counts lines there.
  exclude: ['src/kernel/assembly/**', 'src/evidence/page/**'],
  reporter: ['text', 'json-summary', 'html'],
  thresholds: Object.fromEntries(
    Object.entries(FLOORS).map(([room, lines]) => [`src/${room}/**`, { lines }]),
  ),
};

/** The timeouts end what hangs, on machines several times slower than this needs: they measure nothing. */
const project = (name: string, timeoutMs = 300_000, extra: Record<string, unknown> = {}) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    exclude: [...configDefaults.exclude, ...withoutGo, ...withoutVersitygw, ...long],
    environment: 'node' as const,
    testTimeout: timeoutMs,
    hookTimeout: timeoutMs,
    expect: { poll: { timeout: PATIENCE_MS } },
    ...extra,
  },
});

const LEAVES_NOTHING = {
  setupFiles: ['test/support/one-thread.ts', 'test/support/leaves-nothing.ts'],
  restoreMocks: true,
  unstubEnvs: true,
  unstubGlobals: true,
};

export default defineConfig({
  test: {
    coverage,
    globalSetup: [
      'test/support/stack/global-setup.ts',
      'test/support/compile-cache.ts',
      'test/support/long-setup.ts',
    ],
    // One more than the cores of a small machine: many tests wait for Kafka, for S3 or for a timeout.
    maxWorkers: 3,
    projects: [
      // A process of its own for each file would be a third of the time: what they share, none may change.
      project('unit', undefined, { isolate: false, env: memoryFiles(process.env), ...LEAVES_NOTHING }),
      project('property'),
      project('vectors'),
      project('fault', 600_000),
      project('contract', 900_000),
      // The CDK takes seconds to load, and a template to synthesise: once in a worker.
      project('infra', 600_000, { isolate: false }),
      project('e2e', 1_800_000),
    ],
  },
});

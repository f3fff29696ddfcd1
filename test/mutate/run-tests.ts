// A child process: do these test files pass, one after the other? Says after each one how long it took, and stops at the
// first failure.
import { join } from 'node:path';
import { BaseSequencer, startVitest, type TestSpecification } from 'vitest/node';

export type TestOrder = {
  /** The copy of the project. */
  readonly root: string;
  /** Relative to it, in order. */
  readonly tests: readonly string[];
  /** Of the property tests: the same cases for each mutant. */
  readonly seed: number;
};
/** `started` comes once, before the first test file. */
export type TestMessage =
  | { readonly kind: 'started' }
  | { readonly kind: 'ended'; readonly file: string; readonly ms: number; readonly failed: string | null };

/** Nothing that is only slow may fail: what hangs is ended from outside. */
const NO_LIMIT_MS = 3_600_000;

const order = JSON.parse(process.argv[2] ?? '') as TestOrder;
const { root, tests, seed } = order;
const places = new Map(tests.map((test, index) => [join(root, test), index]));

class InOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((a, b) => (places.get(a.moduleId) ?? 0) - (places.get(b.moduleId) ?? 0));
  }
}

const send = (message: TestMessage): void => {
  process.send?.(message);
};

process.chdir(root);
process.env['LEDGERSTONE_PROPERTY_SEED'] = String(seed);
const vitest = await startVitest(
  [],
  {
    root,
    config: false,
    include: [...tests],
    watch: false,
    bail: 1,
    pool: 'forks',
    maxWorkers: 1,
    isolate: false,
    sequence: { sequencer: InOrder },
    testTimeout: NO_LIMIT_MS,
    hookTimeout: NO_LIMIT_MS,
    setupFiles: ['test/mutate/seed-properties.ts'],
    execArgv: ['--max-old-space-size=1500'],
    reporters: [
      {
        onTestRunStart() {
          send({ kind: 'started' });
        },
        onTestModuleEnd(module) {
          const file = module.relativeModuleId;
          const failed = [...module.children.allTests('failed')][0]?.fullName;
          const broken = module.errors()[0]?.message;
          send({ kind: 'ended', file, ms: module.diagnostic().duration, failed: failed ?? broken ?? null });
        },
      },
    ],
  },
  { cacheDir: join(root, '.vite-cache') },
);
const passed = vitest.state.getCountOfFailedTests() === 0 && vitest.state.getUnhandledErrors().length === 0;
await vitest.close();
process.exit(passed && process.exitCode !== 1 ? 0 : 1);

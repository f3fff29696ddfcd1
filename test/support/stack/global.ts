// How does a test get the real stack, and what happens on a machine that cannot run it?
import { beforeAll, describe, expect, it } from 'vitest';
import { nativePrerequisites, stackPrerequisites } from '../../../localstack/prerequisites.ts';
import type { RunningStack } from '../../../localstack/running.ts';
import { startStack } from '../../../localstack/stack.ts';
import { SHARED_DIR_VARIABLE } from './shared-dir.ts';

/** Long enough for a first start with its downloads on a slow line. */
const START_MS = 30 * 60_000;

const means = await stackPrerequisites();
const native = await nativePrerequisites();

let shared: Promise<RunningStack> | undefined;

/**
 * The stack of this test run: one broker, both S3 servers, both KMS, as far as this machine has the means. The first
 * call of any test file starts it, every other joins it, the end of the run ends it. It is shared: make your own topics,
 * consumer groups and key prefixes, and kill nothing in it. A test that kills starts its own with startStack().
 */
function sharedStack(): Promise<RunningStack> {
  const dir = process.env[SHARED_DIR_VARIABLE];
  if (dir === undefined) {
    throw new Error(
      'sharedStack needs test/support/stack/global-setup.ts as globalSetup in vitest.config.ts',
    );
  }
  const s3 = means.s3 === true;
  shared ??= startStack({
    dir,
    kafka: means.kafka === true ? {} : false,
    s3,
    ed25519Kms: s3,
    secondS3: s3,
  });
  return shared;
}

/** `native`: as plain processes, for tests of those. */
export type StackNeeds = { readonly kafka?: boolean; readonly s3?: boolean; readonly native?: boolean };

/** Why this machine cannot serve these needs; undefined when it can. */
function missingMeans(needs: StackNeeds): string | undefined {
  const here = needs.native ? native : means;
  const reasons = [needs.kafka ? here.kafka : true, needs.s3 ? here.s3 : true];
  return reasons.filter((reason) => reason !== true).join('; ') || undefined;
}

/**
 * A suite on the shared stack. `define` gets a function that returns it, to be called inside tests and hooks. Without
 * the means the suite is skipped and says why; with LEDGERSTONE_REQUIRE_STACK=1 it fails instead, so that a green CI
 * has run it.
 */
export function describeWithStack(
  name: string,
  needs: StackNeeds,
  define: (stack: () => RunningStack) => void,
): void {
  describeWithMeans(name, needs, () => {
    let stack: RunningStack | undefined;
    beforeAll(async () => {
      stack = await sharedStack();
    }, START_MS);
    define(() => {
      if (stack === undefined)
        throw new Error('the stack is there in tests and hooks, not while they are declared');
      return stack;
    });
  });
}

/** The same for a suite that starts its own stack. */
export function describeWithMeans(name: string, needs: StackNeeds, define: () => void): void {
  const missing = missingMeans(needs);
  if (missing === undefined) {
    describe(name, define);
  } else if (process.env['LEDGERSTONE_REQUIRE_STACK'] === '1') {
    describe(name, () => {
      it('has the means that LEDGERSTONE_REQUIRE_STACK demands', () => expect.fail(missing));
    });
  } else {
    console.warn(`SKIPPED: ${name}: ${missing}`);
    describe.skip(`${name} (skipped: ${missing})`, define);
  }
}

// How are scenarios run one after the other on one set of servers?
import { cpSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stackPaths } from '../../../localstack/state.ts';
import { seeded, seedOf } from './random.ts';
import { summary } from './report.ts';
import { type Outcome, runScenario, type Scenario } from './scenario.ts';
import { startServers } from './servers.ts';
import type { Scale } from './world.ts';

export type RunOptions = {
  readonly seed: number;
  readonly records: number;
  readonly scale: Scale;
  /** After this no further scenario is begun, once there are so many. Default: all of them are. */
  readonly begin?: { readonly withinMs: number; readonly least: number };
  readonly say: (line: string) => void;
};

export type Run = {
  readonly outcomes: readonly Outcome[];
  /** Kept where something failed. */
  readonly logDir: string | null;
};

export async function runChaos(scenarios: readonly Scenario[], options: RunOptions): Promise<Run> {
  const { seed, records, scale, say } = options;
  const logDir = mkdtempSync(join(realpathSync(tmpdir()), 'ledgerstone-chaos-'));
  const outcomes: Outcome[] = [];
  const servers = await startServers();
  let failed = true;
  try {
    const run = Date.now().toString(36);
    const begun = performance.now();
    for (const scenario of scenarios) {
      const { withinMs, least } = options.begin ?? { withinMs: Number.POSITIVE_INFINITY, least: 0 };
      if (outcomes.length >= least && performance.now() - begun > withinMs) {
        say(`no time left for ${scenario.name}`);
        continue;
      }
      say(`${scenario.name}: ${scenario.what}`);
      const random = seeded(seedOf(seed, scenario.name));
      const world = { servers, name: scenario.name, run, random, scale, records, logDir, say };
      const outcome = await runScenario(scenario, seed, world);
      outcomes.push(outcome);
      say(`  ${summary(outcome)}`);
    }
    failed = outcomes.some(({ problems }) => problems.length > 0);
  } finally {
    if (failed) cpSync(stackPaths(servers.stack.dir).logs, join(logDir, 'servers'), { recursive: true });
    await servers.close();
  }
  if (!failed) rmSync(logDir, { recursive: true, force: true });
  return { outcomes, logDir: failed ? logDir : null };
}

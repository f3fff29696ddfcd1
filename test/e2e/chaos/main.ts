// `npm run chaos`: does every record survive what real servers and processes do, exactly once?
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { messageOf } from '../../../src/base/error.ts';
import { table } from './report.ts';
import { runChaos } from './run.ts';
import { SCENARIOS } from './scenarios.ts';

const HELP = `Chaos for real: three archivers on a 3-broker Kafka, S3 and KMS, each server behind a proxy.

  npm run chaos                                  every scenario
  npm run chaos -- --scenario sigkill --seed 7   one of them (repeatable); a seed makes the same choices again

  --records N     acknowledged records in each scenario, at least (default 200000; with --short 20000)
  --short         fewer and shorter faults
  --json FILE     the outcomes, for programs; - is standard output
  --list          the scenarios
`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      scenario: { type: 'string', multiple: true },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      records: { type: 'string' },
      short: { type: 'boolean', default: false },
      json: { type: 'string' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false, short: 'h' },
    },
  });
  if (values.help) return say(HELP);
  if (values.list) return say(SCENARIOS.map(({ name, what }) => `${name.padEnd(16)}${what}`).join('\n'));
  const chosen = values.scenario ?? SCENARIOS.map(({ name }) => name);
  const unknown = chosen.find((name) => !SCENARIOS.some((scenario) => scenario.name === name));
  if (unknown !== undefined) throw new TypeError(`no scenario ${unknown}: see --list`);
  const records = Number(values.records ?? (values.short ? 20_000 : 200_000));
  const seed = Number(values.seed);
  if (!Number.isSafeInteger(records) || records < 1 || !Number.isSafeInteger(seed))
    throw new TypeError('--records and --seed are whole numbers');
  const started = performance.now();
  console.error(`seed ${seed}`);
  const { outcomes, logDir } = await runChaos(
    SCENARIOS.filter(({ name }) => chosen.includes(name)),
    { seed, records, scale: values.short ? 'short' : 'full', say: (line) => console.error(line) },
  );
  const json = JSON.stringify(
    { seed, records, seconds: (performance.now() - started) / 1000, outcomes },
    null,
    2,
  );
  if (values.json !== undefined && values.json !== '-') writeFileSync(values.json, `${json}\n`);
  console.log(values.json === '-' ? json : table(outcomes));
  if (logDir === null) return 0;
  console.error(`FAILED with seed ${seed}. Logs: ${logDir}`);
  return 1;
}

function say(text: string): number {
  console.log(text);
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`chaos: ${messageOf(error)}`);
  process.exitCode = error instanceof TypeError ? 2 : 1;
}

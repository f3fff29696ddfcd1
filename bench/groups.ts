// What do 1, 2 and 4 archivers of one group cost over many partitions, and how fast do partitions change hands?
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureTopic } from '../localstack/kafka-admin.ts';
import { freePorts } from '../localstack/native/ports.ts';
import { readyStack, startStack } from '../localstack/stack.ts';
import { cli } from '../test/support/cli.ts';
import { Group } from './groups/group.ts';
import { steadyLoad } from './groups/load.ts';
import { wholeOf } from './groups/whole.ts';
import { configFor, credentialsOf } from './sealing.ts';

const { values } = parseArgs({
  options: {
    partitions: { type: 'string', default: '500' },
    /** Records a second, over all partitions. Default: one for each partition in two seconds. */
    'per-second': { type: 'string' },
    /** Of each measurement with a steady group: long beside the age of a segment, or seals are miscounted. */
    seconds: { type: 'string', default: '60' },
    'max-age': { type: 'string', default: '30' },
    /** How long each change may take at most. What is not done then is said, and the run goes on. */
    wait: { type: 'string', default: '180' },
    /** A stack that runs already; else one is started and stopped. */
    stack: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const PARTITIONS = Number(values.partitions);
const PER_SECOND = Number(values['per-second'] ?? Math.max(1, PARTITIONS / 2));
const [SECONDS, MAX_AGE, WAIT_MS] = [
  ...[Number(values.seconds), Number(values['max-age'])],
  Number(values.wait) * 1000,
] as [number, number, number];
for (const [name, value] of Object.entries({ PARTITIONS, PER_SECOND, SECONDS, MAX_AGE, WAIT_MS }))
  if (!(value > 0)) throw new TypeError(`${name} is not a number above 0`);
/** The size of the group after each change. It is measured where it grew. */
const SIZES = [1, 2, 4, 2, 1];
const PROCESSES = Math.max(...SIZES);

const dir = mkdtempSync(join(tmpdir(), 'ledgerstone-groups-'));
const joined = values.stack === undefined ? undefined : await readyStack(values.stack);
const stack = joined ?? (await startStack());
const { s3, kafka } = stack;
const topic = `groups-${Date.now().toString(36)}`;
const key = join(dir, 'archive.vkey');
const load1m = () => Number(loadavg()[0]?.toFixed(1));
const tell = (what: object) => console.error(JSON.stringify(what));

async function measure() {
  const begunMs = performance.now();
  await ensureTopic(kafka.bootstrap, { topic, partitions: PARTITIONS });
  const topicSeconds = Number(((performance.now() - begunMs) / 1000).toFixed(1));
  tell({ topicSeconds, load1m: load1m() });
  const configs = await configsOf();
  const init = await cli(['init', '--config', configs[0]?.config as string, '--vkey', key], { env });
  if (init.code !== 0) throw new Error(`init ended with ${init.code}: ${init.stderr}`);
  const group = new Group({ configs, env, stackDir: stack.dir, partitions: PARTITIONS, waitMs: WAIT_MS });
  const load = await steadyLoad(kafka.bootstrap, { topic, partitions: PARTITIONS, perSecond: PER_SECOND });
  const loadedMs = performance.now();
  try {
    const [results, handovers]: [object[], object[]] = [[], []];
    let size = 0;
    for (const next of SIZES) {
      handovers.push({ ...(await group.changeTo(next)), load1m: load1m() });
      tell(handovers.at(-1) as object);
      if (next > size) {
        results.push({ ...(await group.steady(SECONDS)), load1m: load1m() });
        tell(results.at(-1) as object);
      }
      size = next;
    }
    await load.stop();
    const perSecondSent = Number((load.count() / ((performance.now() - loadedMs) / 1000)).toFixed(1));
    await group.sealed(load.ends());
    await group.end();
    const archive = `s3://${s3.bucket}/${topic}-all`;
    const of = { key: readFileSync(key, 'utf8'), topic, partitions: PARTITIONS, sent: load.sent() };
    const whole = await wholeOf(archive, { region: s3.region, endpoint: s3.endpoint }, of);
    const { problems, ...rest } = whole;
    return {
      ...{ topicSeconds, perSecondSent, unanswered: load.unanswered(), results, handovers },
      ...{ archive: rest, problems },
    };
  } finally {
    await group.kill();
    await load.stop();
  }
}

/** One file for each process, since each serves its metrics on a port of its own. */
async function configsOf() {
  const ports = await freePorts(PROCESSES);
  const text = readFileSync(configFor(stack, topic, 'all', dir), 'utf8');
  return ports.map((port, index) => {
    const config = join(dir, `${index}.yaml`);
    const own = text.replace('server: { port: 0 }', `server: { port: ${port} }`);
    writeFileSync(config, `${own}segment: { maxAge: ${MAX_AGE}s }\n`);
    return { config, port };
  });
}

const env = credentialsOf(stack) as Record<string, string>;
// The library takes credentials from the environment too.
Object.assign(process.env, env);
try {
  const { results, handovers, archive, problems, ...rest } = await measure();
  const of = {
    ...{ partitions: PARTITIONS, perSecond: PER_SECOND, maxAgeSeconds: MAX_AGE, seconds: SECONDS, ...rest },
    ...{ kafka: kafka.version, cores: cpus().length, node: process.versions.node },
  };
  if (values.json) console.log(JSON.stringify({ bench: 'groups', ...of, results, handovers, archive }));
  else for (const one of [of, ...results, ...handovers, archive]) console.log(JSON.stringify(one));
  const { lost, doubled, differing, verdict, entries, archived, chains } = archive;
  const isWhole = lost + doubled + differing === 0 && entries === archived && chains === PARTITIONS;
  for (const problem of problems) console.error(problem);
  if (!isWhole || verdict !== 'verified' || problems.length > 0) process.exitCode = 1;
} finally {
  if (joined === undefined) await stack.stop();
  rmSync(dir, { recursive: true, force: true });
}

// `npm run bench`: how does every measurement compare with a reference of the same run?
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { figuresPage, type Recorded } from './figures.ts';

const BENCHES = [
  ...['verify', 'get', 'archive', 'sink', 'seals', 'memory', 'batches', 'idle', 'verifier', 'watch'],
  'kernel',
  'find',
  'export',
  'profile',
  'trace',
  'catch-up',
  'starts',
  'verify-steps',
  'shards',
  'fan-out',
  'groups',
];
/** Not measurements but pictures: only if asked for. */
const ALL = BENCHES.filter((bench) => bench !== 'profile' && bench !== 'trace');
const RESULTS = join(import.meta.dirname, 'results.jsonl');
const PAGE = join(import.meta.dirname, '../docs/figures.md');

/**
 * `-- archive --records 100000` runs one of them with its options. `--json` is passed on. `--record` keeps what is
 * printed in results.jsonl, and writes docs/figures.md anew.
 */
const given = process.argv.slice(2);
const isRecorded = given.includes('--record');
const [name, ...options] = given.filter((arg) => arg !== '--record');
const isNamed = name !== undefined && BENCHES.includes(name);
const passed = isNamed ? options : [name, ...options].filter((arg) => arg !== undefined);
for (const bench of isNamed ? [name] : ALL) {
  console.error(`bench/${bench}.ts`);
  const args = [join(import.meta.dirname, `${bench}.ts`), ...passed, ...(isRecorded ? ['--json'] : [])];
  const stdout = isRecorded ? 'pipe' : 'inherit';
  const child = spawnSync(process.execPath, args, {
    stdio: ['inherit', stdout, 'inherit'],
    encoding: 'utf8',
  });
  if (child.status !== 0) process.exitCode = 1;
  else if (isRecorded) record(child.stdout);
}

/** In the place of what the same bench gave before. */
function record(stdout: string): void {
  const lines = stdout.split('\n').filter((text) => text.startsWith('{'));
  const printed = lines.map((line) => JSON.parse(line) as Recorded);
  const [first] = printed;
  if (first === undefined) throw new Error('the bench printed no line of JSON');
  // Some print a line for each case.
  const { bench } = first;
  const whole = printed.length === 1 ? first : { bench, results: printed.map(({ bench: _, ...one }) => one) };
  const machine = `${availableParallelism()} cores of ${cpus()[0]?.model.trim() || 'an unnamed processor'}`;
  const measured = { date: new Date().toISOString().slice(0, 10), node: process.versions.node, machine };
  const result: Recorded = { ...whole, measured };
  const before = existsSync(RESULTS) ? readResults() : [];
  const others = before.filter(({ bench }) => bench !== result.bench);
  const results = [...others, result].sort((a, b) => a.bench.localeCompare(b.bench));
  writeFileSync(RESULTS, results.map((one) => `${JSON.stringify(one)}\n`).join(''));
  writeFileSync(PAGE, figuresPage(results));
}

function readResults(): Recorded[] {
  const lines = readFileSync(RESULTS, 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Recorded);
}

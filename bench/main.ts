// `npm run bench`: how does every measurement compare with a reference of the same run?
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** `-- archive --records 100000` runs one of them with its options. `--json` is passed on. */
const BENCHES = [
  'verify',
  'get',
  'archive',
  'memory',
  'batches',
  'idle',
  'verifier',
  'watch',
  'seals',
  'kernel',
] as const;

const [name, ...options] = process.argv.slice(2);
const known = BENCHES.find((bench) => bench === name);
const chosen = known === undefined ? BENCHES : [known];
const passed = known === undefined ? process.argv.slice(2) : options;
for (const bench of chosen) {
  console.error(`bench/${bench}.ts`);
  const script = join(import.meta.dirname, `${bench}.ts`);
  const { status } = spawnSync(process.execPath, [script, ...passed], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}

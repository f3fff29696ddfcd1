// How fast is `verify --depth content`, compared with `zstd -dc … | openssl dgst -sha256`?
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { nodeSha256 } from '../src/base/node/hash.ts';
import { verifierKey } from '../src/format/vkey.ts';
import { directoryStore } from '../src/store/directory.ts';
import { type WorkerChecker, workerChecker } from '../src/verify/node/worker-checker.ts';
import { verifyArchive } from '../src/verify/verify.ts';
import { type Built, buildArchive, NOW_MS, ORIGIN, signer } from './build-archive.ts';

const { values } = parseArgs({
  options: {
    lines: { type: 'string', default: join(import.meta.dirname, '../test/data/aws-cloudtrail.jsonl') },
    /** Content of the archive, MiB. */
    mib: { type: 'string', default: '600' },
    segment: { type: 'string', default: '16' },
    level: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '5' },
    threads: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

const MIB = 1024 * 1024;

function runReference(directory: string): number {
  const data = join(directory, 'data');
  const files = readdirSync(data, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const started = performance.now();
  const pipe = spawnSync('bash', [
    '-c',
    'set -o pipefail; zstd -dc "$@" | openssl dgst -sha256',
    'bash',
    ...files,
  ]);
  if (pipe.status !== 0) throw new Error(`the reference needs bash, zstd and openssl: ${pipe.stderr}`);
  return performance.now() - started;
}

const startChecker = (): WorkerChecker =>
  workerChecker(values.threads === undefined ? {} : { threads: Number(values.threads) });

type Ran = { readonly ms: number; readonly cpuMs: number };

/** CPU is of all threads: other work on the machine adds little to it, and much to the time. */
async function runVerify(directory: string, built: Built, checker: WorkerChecker): Promise<Ran> {
  const started = performance.now();
  const cpuBefore = process.cpuUsage();
  const report = await verifyArchive(directoryStore({ path: directory }), {
    trusted: [verifierKey(ORIGIN, signer.publicKey, nodeSha256)],
    depth: 'content',
    nowMs: NOW_MS,
    sha256: nodeSha256,
    checker,
  });
  const ms = performance.now() - started;
  const { user, system } = process.cpuUsage(cpuBefore);
  const lines = report.chains.reduce((sum, chain) => sum + chain.checked.lines, 0);
  if (report.verdict !== 'verified' || lines !== built.lines) {
    throw new Error(`the archive of the bench is ${report.verdict} with ${lines} of ${built.lines} lines`);
  }
  return { ms, cpuMs: (user + system) / 1000 };
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] as number;

const directory = mkdtempSync(join(tmpdir(), 'ledgerstone-bench-'));
try {
  const built = await buildArchive(directory, {
    lines: values.lines,
    contentBytes: Number(values.mib) * MIB,
    segmentBytes: Number(values.segment) * MIB,
    level: Number(values.level),
  });
  const referenceMs: number[] = [];
  const verified: Ran[] = [];
  runReference(directory);
  // The first run also starts threads and compiles code, whatever the size of the archive.
  const started = performance.now();
  const checker = startChecker();
  const { cpuMs: firstCpuMs } = await runVerify(directory, built, checker);
  const firstMs = performance.now() - started;
  // In turn, so that both are measured under the same load of the machine.
  for (let round = 0; round < Number(values.rounds); round++) {
    referenceMs.push(runReference(directory));
    verified.push(await runVerify(directory, built, checker));
  }
  await checker.close();
  const verifyMs = verified.map(({ ms }) => ms);
  const microsPerLine = (ms: number) => Number(((ms * 1000) / built.lines).toFixed(2));
  const speed = (ms: number) => built.contentBytes / 1e6 / (ms / 1000);
  const result = {
    bench: 'verify-content',
    cores: availableParallelism(),
    ...built,
    lineBytes: Math.round(built.contentBytes / built.lines),
    rounds: referenceMs.length,
    referenceMBps: Math.round(speed(median(referenceMs))),
    verifyMBps: Math.round(speed(median(verifyMs))),
    firstRunMBps: Math.round(speed(firstMs)),
    linesPerSecond: Math.round(built.lines / (median(verifyMs) / 1000)),
    ratio: Number((median(referenceMs) / median(verifyMs)).toFixed(3)),
    ratioBest: Number((Math.min(...referenceMs) / Math.min(...verifyMs)).toFixed(3)),
    cpuMicrosPerLine: microsPerLine(Math.min(...verified.map(({ cpuMs }) => cpuMs))),
    firstRunCpuMicrosPerLine: microsPerLine(firstCpuMs),
    target: 1,
  };
  if (!values.json) {
    console.table({
      'zstd -dc | openssl dgst -sha256': { 'content MB/s': result.referenceMBps, ratio: 1 },
      'verify --depth content': { 'content MB/s': result.verifyMBps, ratio: result.ratio },
      'the same, first run with new threads': {
        'content MB/s': result.firstRunMBps,
        ratio: Number((median(referenceMs) / firstMs).toFixed(3)),
      },
    });
  }
  console.log(JSON.stringify(result));
} finally {
  rmSync(directory, { recursive: true, force: true });
}

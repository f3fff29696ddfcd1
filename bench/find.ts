// How fast does `find` read all of an archive, compared with `verify --depth content` in the same run?
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { nodeSha256 } from '../src/base/node/hash.ts';
import { verifierKey } from '../src/format/vkey.ts';
import { parseCondition } from '../src/read/find/condition.ts';
import { findLines } from '../src/read/find/find.ts';
import { directoryStore } from '../src/store/directory.ts';
import { workerChecker } from '../src/verify/node/worker-checker.ts';
import { verifyArchive } from '../src/verify/verify.ts';
import { type Built, buildArchive, NOW_MS, ORIGIN, signer } from './build-archive.ts';
import { indexCase } from './find-index.ts';

const { values } = parseArgs({
  options: {
    lines: { type: 'string', default: join(import.meta.dirname, '../test/data/aws-cloudtrail.jsonl') },
    /** Content of the archive, MiB. */
    mib: { type: 'string', default: '600' },
    rounds: { type: 'string', default: '5' },
    /** In 1,000 segments, for the search by an index. */
    events: { type: 'string', default: '1000000' },
    json: { type: 'boolean', default: false },
  },
});

const MIB = 1024 * 1024;
const trusted = [verifierKey(ORIGIN, signer.publicKey, nodeSha256)];

/** What people ask for. None of it is in the events, so that printing hits takes no time. */
const CASES: Readonly<
  Record<string, { readonly where: readonly string[]; readonly texts: readonly string[] }>
> = {
  'a field is a text': { where: ['/userIdentity/arn=arn:aws:iam::1:user/nobody'], texts: [] },
  'two fields': { where: ['/userIdentity/userName=nobody', '/eventName^Nothing'], texts: [] },
  'a number': { where: ['/userIdentity/accountId=1'], texts: [] },
  'a word anywhere': { where: [], texts: ['nobody-at-all'] },
};

type Spent = { readonly ms: number; readonly cpuMs: number };

/** By the clock, and of all threads together, which other work on the machine does not change. */
function stopwatch(): () => Spent {
  const [started, cpu] = [performance.now(), process.cpuUsage()];
  return () => {
    const { user, system } = process.cpuUsage(cpu);
    return { ms: performance.now() - started, cpuMs: (user + system) / 1000 };
  };
}

/** Both start their threads anew, as a command does. */
async function runVerify(directory: string, built: Built): Promise<Spent> {
  const spent = stopwatch();
  const checker = workerChecker();
  const report = await verifyArchive(directoryStore({ path: directory }), {
    ...{ trusted, depth: 'content', nowMs: NOW_MS, sha256: nodeSha256, checker },
  });
  await checker.close();
  const elapsed = spent();
  const lines = report.chains.reduce((sum, chain) => sum + chain.checked.lines, 0);
  if (report.verdict !== 'verified' || lines !== built.lines) throw new Error(`verify: ${report.verdict}`);
  return elapsed;
}

async function runFind(directory: string, built: Built, name: string): Promise<Spent> {
  const { where, texts } = CASES[name] as (typeof CASES)[string];
  const spent = stopwatch();
  const { hits, statement } = findLines({
    ...{ store: directoryStore({ path: directory }), trusted, nowMs: NOW_MS },
    signal: new AbortController().signal,
    query: {
      ...{ conditions: where.map(parseCondition), texts, time: null, topics: 'all', limit: null },
      ...{ readsAll: false, fieldsOf: () => null },
    },
  });
  for await (const hit of hits) throw new Error(`a hit at ${hit.found.offset}`);
  const elapsed = spent();
  const { isComplete, counts } = statement();
  if (!isComplete || counts.records !== built.lines)
    throw new Error(`${counts.records} records were searched`);
  return elapsed;
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] as number;

const directory = mkdtempSync(join(tmpdir(), 'ledgerstone-bench-'));
try {
  const built = await buildArchive(directory, {
    ...{ lines: values.lines, contentBytes: Number(values.mib) * MIB, segmentBytes: 16 * MIB, level: 3 },
  });
  const verified: Spent[] = [];
  const names = Object.keys(CASES);
  const found = new Map(names.map((name): [string, Spent[]] => [name, []]));
  await runVerify(directory, built);
  // In turn, so that all are measured under the same load of the machine.
  for (let round = 0; round < Number(values.rounds); round++) {
    verified.push(await runVerify(directory, built));
    for (const name of names) found.get(name)?.push(await runFind(directory, built, name));
  }
  const speed = (ms: number) => Math.round(built.contentBytes / 1e6 / (ms / 1000));
  const verifyMs = median(verified.map((one) => one.ms));
  const searches = names.map((name) => {
    const of = found.get(name) ?? [];
    const [ms, cpuMs] = [median(of.map((one) => one.ms)), median(of.map((one) => one.cpuMs))];
    const ratio = (verify: number, find: number) => Number((verify / find).toFixed(3));
    return {
      ...{ search: name, MBps: speed(ms), ratio: ratio(verifyMs, ms) },
      cpuRatio: ratio(median(verified.map((one) => one.cpuMs)), cpuMs),
    };
  });
  const result = {
    bench: 'find',
    cores: availableParallelism(),
    ...built,
    rounds: verified.length,
    verifyMBps: speed(verifyMs),
    searches,
    target: 0.9,
  };
  const { cases, ...indexed } = await indexCase(Number(values.events));
  if (!values.json) console.table(searches);
  if (!values.json) console.table(cases);
  console.log(JSON.stringify({ ...result, indexed, cases }));
} finally {
  rmSync(directory, { recursive: true, force: true });
}

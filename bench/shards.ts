// What does it cost to verify an archive in shards, compared with one run? CPU time, requests, the size of the files.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { nodeSha256 } from '../src/base/node/hash.ts';
import { verifierKey } from '../src/format/vkey.ts';
import { directoryStore } from '../src/store/directory.ts';
import type { ArchiveReader } from '../src/verify/archive-reader.ts';
import { workerChecker } from '../src/verify/node/worker-checker.ts';
import type { RangeReport, ShardOfChain } from '../src/verify/range-check.ts';
import { verifyShard, verifyShards } from '../src/verify/shards.ts';
import { verifyArchive } from '../src/verify/verify.ts';
import { buildArchive, NOW_MS, ORIGIN, signer } from './build-archive.ts';

const { values } = parseArgs({
  options: {
    lines: { type: 'string', default: join(import.meta.dirname, '../test/data/aws-cloudtrail.jsonl') },
    /** Of the archive that is verified. */
    segments: { type: 'string', default: '2000' },
    records: { type: 'string', default: '200' },
    shards: { type: 'string', default: '8' },
    range: { type: 'string', default: '100' },
    /** Of the archive whose shards are made up, to see how large their files are: ranges of 1,000 segments. */
    chains: { type: 'string', default: '1000' },
    ranges: { type: 'string', default: '10' },
    json: { type: 'boolean', default: false },
  },
});

type Requests = { lists: number; reads: number };

/** A list is counted for each page of 1,000 keys, as S3 gives them. */
function counted(inner: ArchiveReader, requests: Requests): ArchiveReader {
  return {
    ...inner,
    async *listVersions(prefix, options) {
      let keys = 0;
      for await (const version of inner.listVersions(prefix, options)) {
        if (keys++ % 1000 === 0) requests.lists++;
        yield version;
      }
      if (keys === 0) requests.lists++;
    },
    read: (...asked) => {
      requests.reads++;
      return inner.read(...asked);
    },
    lock: (...asked) => inner.lock(...asked),
  };
}

async function measured<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly cpuMs: number }> {
  const before = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  return { result, cpuMs: (user + system) / 1000 };
}

/** As many ranges as a large archive has, each as long in a file as one without a finding is. */
function madeUp(range: RangeReport): ShardOfChain[] {
  return Array.from({ length: Number(values.chains) }, (_, index) => ({
    ...{ chain: `topic-${index}`, partition: 0 },
    ranges: Array.from({ length: Number(values.ranges) }, (_none, i) => ({ ...range, from: i * 1000 })),
  }));
}

const directory = mkdtempSync(join(tmpdir(), 'ledgerstone-bench-shards-'));
const checker = workerChecker();
try {
  const [segments, records] = [Number(values.segments), Number(values.records)];
  await buildArchive(directory, {
    ...{ lines: values.lines, segmentBytes: 1 << 30, segmentRecords: records, level: 3 },
    records: segments * records,
  });
  const options = {
    ...{
      trusted: [verifierKey(ORIGIN, signer.publicKey, nodeSha256)],
      depth: 'content' as const,
      nowMs: NOW_MS,
    },
    ...{ sha256: nodeSha256, checker },
  };
  const store = directoryStore({ path: directory });
  const [alone, shared, joining]: Requests[] = [0, 0, 0].map(() => ({ lists: 0, reads: 0 }));
  // The first run of a process compiles what both need.
  await verifyArchive(store, options);
  const one = await measured(() => verifyArchive(counted(store, alone!), options));
  const of = Number(values.shards);
  const shards = await measured(async () => {
    const all: ShardOfChain[] = [];
    for (let index = 1; index <= of; index++)
      all.push(
        ...(await verifyShard(counted(store, shared!), options, {
          index,
          of,
          segments: Number(values.range),
        })),
      );
    return all;
  });
  const joined = await measured(() => verifyShards(counted(store, joining!), options, shards.result));
  const [whole, parts] = [one.result.chains[0], joined.result.chains[0]];
  if (
    joined.result.verdict !== 'verified' ||
    parts?.root !== whole?.root ||
    parts?.checked.lines !== segments * records
  )
    throw new Error(`the shards are ${joined.result.verdict} with ${parts?.checked.lines} lines`);
  const text = JSON.stringify(madeUp(shards.result[0]?.ranges[0] as RangeReport));
  const result = {
    bench: 'shards',
    ...{ segments, records: segments * records, shards: of, rangeSegments: Number(values.range) },
    cpuRatio: (shards.cpuMs + joined.cpuMs) / one.cpuMs,
    ...{ aloneCpuMs: one.cpuMs, shardsCpuMs: shards.cpuMs, joinCpuMs: joined.cpuMs },
    ...{ aloneRequests: alone, shardsRequests: shared, joinRequests: joining },
    ...{
      largeRanges: Number(values.chains) * Number(values.ranges),
      largeFilesMib: text.length / 2 ** 20,
    },
  };
  if (values.json) console.log(JSON.stringify(result));
  else console.log(result);
} finally {
  await checker.close();
  rmSync(directory, { recursive: true, force: true });
}

// What does it take to plan and to join a full pass over a very large archive? Lists, CPU and memory, on an archive
// of names alone: 1,000 chains with 10,000 segments each are not built.
import { parseArgs } from 'node:util';
import { nodeSha256 } from '../src/base/node/hash.ts';
import { cosignerKey } from '../src/format/cosignature.ts';
import { dataKey, dataPrefix, sealKey, sealPrefix } from '../src/format/paths.ts';
import { verifierKey } from '../src/format/vkey.ts';
import { REQUEST_PRICES } from '../src/governance/prices.ts';
import { openNote, signNote } from '../src/verifier/signed-notes.ts';
import { portableChecker } from '../src/verify/block-checker.ts';
import { nodeContentTools } from '../src/verify/node/tools.ts';
import { planChain } from '../src/verify/plan-ranges.ts';
import { isRange } from '../src/verify/range-shape.ts';
import { verifyRange } from '../src/verify/shards.ts';
import { startRun } from '../src/verify/verify.ts';
import { ArchiveBuilder, entries } from '../test/support/archive-builder.ts';
import { NOW_MS, ORIGIN, signer } from './build-archive.ts';

const { values } = parseArgs({
  options: {
    chains: { type: 'string', default: '1000' },
    segments: { type: 'string', default: '10000' },
    /** Stored bytes of a segment's data. */
    bytes: { type: 'string', default: String(1 << 20) },
    json: { type: 'boolean', default: false },
  },
});
const [chains, segments, bytes] = [values.chains, values.segments, values.bytes].map(Number) as [
  number,
  number,
  number,
];
const PAGE = 1000;
let lists = 0;

/** Names of seals and data objects, a page at a time. */
async function* listVersions(prefix: string) {
  const [, root = '', chain = ''] = /^(seals|data)\/topic=([^/]+)\//.exec(prefix) ?? [];
  for (let sequence = 0; sequence < segments; sequence++) {
    if (sequence % PAGE === 0) lists++;
    const sha256 = 'a'.repeat(64);
    const key =
      root === 'seals'
        ? sealKey(chain, 0, sequence)
        : dataKey({ ...{ chain, partition: 0, sequence, sha256 }, sealedMs: NOW_MS, encoding: 'zstd' });
    const size = root === 'seals' ? 2000 : bytes;
    yield { key, versionId: '1', marker: false, size, lastModifiedMs: NOW_MS };
  }
}

async function planned() {
  const refuse = async (): Promise<never> => {
    throw new Error('a plan reads nothing');
  };
  const options = {
    ...{ trusted: [verifierKey(ORIGIN, signer.publicKey, nodeSha256)], depth: 'content' as const },
    ...{ nowMs: NOW_MS, sha256: nodeSha256, checker: portableChecker(nodeContentTools) },
  };
  const run = startRun({ listVersions, read: refuse, lock: refuse }, options, []);
  const ranges = [];
  for (let index = 0; index < chains; index++) {
    const place = { chain: `topic-${index}`, partition: 0 };
    if (!dataPrefix(place.chain, 0).startsWith('data/') || !sealPrefix(place.chain, 0))
      throw new Error('keys');
    ranges.push(...(await planChain(place, run, { bytes: 2 ** 31, segments: 1000 })));
  }
  return ranges;
}

/** One sound range of a small archive, as a signed note: what the join reads for each. */
async function note() {
  const builder = new ArchiveBuilder();
  const chain = builder.chain();
  for (let i = 0; i < 3; i++) await chain.seal({ lines: entries(chain.nextOffset, 3) });
  const options = {
    ...{ trusted: builder.trusted, depth: 'content' as const, nowMs: NOW_MS, sha256: nodeSha256 },
    checker: portableChecker(nodeContentTools),
  };
  const place = { chain: 'orders', partition: 0 };
  const range = await verifyRange(builder.archive, options, place, { from: 1, before: 3 });
  const key = cosignerKey('verifier.example.com/bench', signer.publicKey, nodeSha256);
  const signing = { archiveOrigin: ORIGIN, cosigners: [key], sha256: nodeSha256, key, signer };
  const name = 'runs/bench/ranges/000000.note';
  const content = new TextEncoder().encode(JSON.stringify({ range }));
  return { signing, name, bytes: await signNote(signing, { now: () => NOW_MS }, name, content) };
}

async function measured<T>(work: () => Promise<T>) {
  globalThis.gc?.();
  const before = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  return { result, cpuSeconds: (user + system) / 1e6 };
}

const plan = await measured(planned);
const ranges = plan.result.length;
const covered = plan.result.reduce((sum, { from, before }) => sum + before - from, 0);
if (covered !== chains * segments) throw new Error(`${covered} segments are in ranges`);
const planMib = process.memoryUsage().rss / 2 ** 20;
const { signing, name, bytes: one } = await note();
const join = await measured(async () => {
  const kept = [];
  for (let i = 0; i < ranges; i++) {
    const { range } = JSON.parse(new TextDecoder().decode(await openNote(signing, name, one))) as {
      range: unknown;
    };
    if (!isRange(range)) throw new Error('a range that is none');
    kept.push(range);
  }
  return kept;
});
/** US$ for 10^12 stored bytes in segments of so many, at list prices. `bytesPerSecond`: of them, of one worker. */
function costOfTb(segmentBytes: number, bytesPerSecond: number) {
  const count = 1e12 / segmentBytes;
  const ranges = Math.max(count / 1000, 1e12 / 2 ** 31);
  const usd = (times: number, price: number) => (times * price) / 1e6;
  const parts = {
    lambda:
      usd((1e12 / bytesPerSecond) * (1769 / 1024), REQUEST_PRICES.gbSeconds) +
      usd(ranges, REQUEST_PRICES.call),
    // Seal, data, and the lock of each.
    get: usd(4 * count, REQUEST_PRICES.get),
    // Of the plan, and about four of each range; its result.
    listPut: usd((2 * count) / 1000 + 5 * ranges, REQUEST_PRICES.put),
    sign: usd(ranges, REQUEST_PRICES.sign),
    transitions: usd(2 * ranges, REQUEST_PRICES.transition),
  };
  const total = Object.values(parts).reduce((sum, part) => sum + part, 0);
  const cents = Object.entries({ ...parts, total }).map(([part, value]) => [
    part,
    Math.round(value * 100) / 100,
  ]);
  return { segmentMib: segmentBytes / 2 ** 20, ranges: Math.round(ranges), ...Object.fromEntries(cents) };
}

const result = {
  ...{ bench: 'fan-out', chains, segments, ranges, lists, notesRead: join.result.length },
  ...{ itemsMib: JSON.stringify(plan.result).length / 2 ** 20, noteBytes: one.length },
  ...{ planCpuSeconds: plan.cpuSeconds, joinCpuSeconds: join.cpuSeconds },
  costsOfTb: [1, 16, 64].map((mib) => costOfTb(mib * 2 ** 20, 25e6)),
  ...{ planRssMib: planMib, greatestRssMib: process.resourceUsage().maxRSS / 1024 },
};
if (values.json) console.log(JSON.stringify(result));
else console.dir(result, { depth: 4 });

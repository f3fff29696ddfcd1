// What does the verifier say of a frozen archive?
import type { Clock } from '../../src/base/clock.ts';
import { nodeDecompress } from '../../src/base/node/decompress.ts';
import { nodeSha256, nodeSha256Into } from '../../src/base/node/hash.ts';
import { utf8 } from '../../src/base/bytes.ts';
import { parseVkey } from '../../src/format/vkey.ts';
import { Attester } from '../../src/verifier/attest/attester.ts';
import { confirmStep } from '../../src/verifier/seal-path.ts';
import { lookAtActs } from '../../src/read/acts.ts';
import type { StoreReader } from '../../src/store/store.ts';
import type { ArchiveReader } from '../../src/verify/archive-reader.ts';
import { portableChecker } from '../../src/verify/block-checker.ts';
import type { FindingCode, Verdict } from '../../src/verify/finding.ts';
import { FindingList } from '../../src/verify/finding-list.ts';
import type { Report } from '../../src/verify/report.ts';
import type { ShardOfChain } from '../../src/verify/range-check.ts';
import { verifyShard, verifyShards } from '../../src/verify/shards.ts';
import { surveyArchive } from '../../src/verify/survey.ts';
import { verifyArchive } from '../../src/verify/verify.ts';
import { memorySigner } from '../support/memory-signer.ts';
import { memoryStore } from '../support/memory-store.ts';
import { type ArchiveVector, thawArchive, thawObjects } from './archive-vector.ts';

const tools = { sha256: nodeSha256, sha256Into: nodeSha256Into, decompress: nodeDecompress };

/** The archives that are shown beside it, by default as they were frozen. */
const shownOf = ({ shown = [] }: ArchiveVector): ArchiveReader[] => shown.map(({ objects }) => thawObjects(objects));

/** Its methods as they are, whatever holds them. */
const listing = (reader: ArchiveReader) => ({
  kind: reader.kind,
  listVersions: reader.listVersions.bind(reader),
  read: reader.read.bind(reader),
});

async function* foldersOf(reader: ArchiveReader, prefix: string): AsyncGenerator<string> {
  const found = new Set<string>();
  for await (const { key } of reader.listVersions(prefix)) {
    const end = key.indexOf('/', prefix.length);
    if (end > 0) found.add(key.slice(0, end + 1));
  }
  yield* found;
}

async function opened(reader: ArchiveReader, vkeys: readonly string[]) {
  const trusted = vkeys.map((text) => parseVkey(text, nodeSha256));
  // Listing and reading is all that is asked of the store.
  const store = { ...listing(reader), listPrefixes: (prefix: string) => foldersOf(reader, prefix) };
  const look = await lookAtActs(store as unknown as StoreReader, trusted, new AbortController().signal);
  return { trusted, acts: look.kind === 'read' ? look : null };
}

export async function runVector(
  vector: ArchiveVector,
  reader: ArchiveReader,
  beside: readonly ArchiveReader[] = shownOf(vector),
): Promise<Report> {
  return verifyArchive(reader, await optionsOf(vector, reader, beside));
}

/** By several, each of whom looks at every `of`th range of so many segments. */
export async function runShards(
  vector: ArchiveVector,
  reader: ArchiveReader,
  { of, segments }: { readonly of: number; readonly segments: number },
): Promise<Report> {
  const options = await optionsOf(vector, reader, shownOf(vector));
  const shards: ShardOfChain[] = [];
  for (let index = of; index > 0; index--) {
    const one = await verifyShard(reader, options, { index, of, segments });
    // As they are written down and read again.
    shards.push(...(JSON.parse(JSON.stringify(one)) as ShardOfChain[]));
  }
  return verifyShards(reader, options, shards);
}

async function optionsOf(vector: ArchiveVector, reader: ArchiveReader, beside: readonly ArchiveReader[]) {
  const shown = await Promise.all(
    beside.map(async (each, index) => ({
      ...{ name: `shown ${index}`, reader: each },
      ...(await opened(each, vector.shown?.[index]?.trusted ?? [])),
    })),
  );
  return {
    ...(await opened(reader, vector.trusted)),
    ...(shown.length === 0 ? {} : { shown }),
    depth: 'content' as const,
    since: vector.since.map(utf8),
    nowMs: Date.parse(vector.now),
    sha256: nodeSha256,
    checker: portableChecker(tools),
    ...(vector.staleAfterMs === null ? {} : { staleAfterMs: vector.staleAfterMs }),
    leastLock: vector.leastLock ?? null,
    greatestLock: vector.greatestLock ?? null,
  };
}

/** By chain, what a cosigner finds that has attested nothing yet: sorted codes. */
export async function cosignerCodes(vector: ArchiveVector): Promise<Record<string, FindingCode[]>> {
  const nowMs = Date.parse(vector.now);
  const clock: Clock = { now: () => nowMs, monotonic: () => 0, sleep: () => Promise.resolve() };
  const trusted = vector.trusted.map((text) => parseVkey(text, nodeSha256));
  const retention = { mode: 'COMPLIANCE', period: { months: 12, ms: 0 } } as const;
  const store = memoryStore({ clock });
  const signer = memorySigner({ seed: 'verifier' });
  const name = 'verifier.example.com/test';
  const attester = new Attester({ store, signer, trusted, retention, name, sha256: nodeSha256, clock });
  const checker = portableChecker(tools);
  const archive = thawArchive(vector);
  const found: Record<string, FindingCode[]> = {};
  for (const place of (await surveyArchive(archive, new FindingList(), undefined)).chains) {
    const shown = (vector.shown ?? []).map(({ objects, trusted: vkeys }) => ({
      ...{ name: 'shown', reader: thawObjects(objects), trusted: vkeys.map((text) => parseVkey(text, nodeSha256)) },
    }));
    const step = { archive, trusted, attester, sha256: nodeSha256, checker, clock, shown };
    const { findings } = await confirmStep(step, place, { hintSize: 0 });
    found[`${place.chain}/${place.partition}`] = [...new Set(findings.map(({ code }) => code))].sort();
  }
  return found;
}

export const codesOf = ({ findings, chains }: Report): FindingCode[] =>
  [...new Set([...findings, ...chains.flatMap((chain) => chain.findings)].map(({ code }) => code))].sort();

export const chainsOf = ({ chains }: Report): Record<string, Verdict> =>
  Object.fromEntries(chains.map(({ chain, partition, verdict }) => [`${chain}/${partition}`, verdict]));

export const chainVerdicts = async (vector: ArchiveVector, reader: ArchiveReader): Promise<Record<string, Verdict>> =>
  chainsOf(await runVector(vector, reader));

// Is this archive what was sealed into it, and was it kept as promised?

import { Semaphore, TaskGroup } from '../base/concurrency.ts';
import { LedgerstoneError } from '../base/error.ts';
import type { Sha256 } from '../base/hash.ts';
import { MIB } from '../base/limits.ts';
import type { Period } from '../base/period.ts';
import { verifySignature } from '../base/signature.ts';
import { GOVERNANCE_CHAIN, parseChainOrigin } from '../format/chain.ts';
import type { VerifierKey } from '../format/vkey.ts';
import { type ActsRead, type HeldTo, heldTo } from './acts/held-to.ts';
import {
  type Anchor,
  AnchorCheck,
  anchorOfCheckpoint,
  anchorOfConfirmed,
  type ConfirmedChain,
} from './anchor.ts';
import { checkArchiveObjects } from './archive-objects.ts';
import type { ArchiveReader } from './archive-reader.ts';
import type { BlockChecker } from './block-checker.ts';
import { checkChain } from './chain-check.ts';
import type { ContentVisitor } from './content-visitor.ts';
import { type Problem, worstVerdict } from './finding.ts';
import { FindingList } from './finding-list.ts';
import { chainText, collectHandovers } from './handover.ts';
import type { ChainReport, Report } from './report.ts';
import { withRivals, withUnread } from './rival-chains.ts';
import type { Depth, Progress, Run } from './run.ts';
import { type ChainInArchive, type Survey, surveyArchive } from './survey.ts';
import { trustedFor, type VerifySignature } from './trust.ts';

export type VerifyOptions = {
  /** Pinned keys, named with the archive's origin. Without one the verdict is never `verified`. */
  readonly trusted: readonly VerifierKey[];
  /** `seals`: chains, signatures, locks and sizes. `content`: every stored byte and line as well. */
  readonly depth: Depth;
  /** Signed checkpoints of earlier runs, byte for byte. Each chain must have grown from its checkpoint. */
  readonly since?: readonly Uint8Array[];
  /** What trusted others have confirmed. Each chain must have that root at that size, and be no shorter. */
  readonly confirmed?: readonly ConfirmedChain[];
  /** Milliseconds since 1970, from a trusted clock. It decides which promises of retention are over. */
  readonly nowMs: number;
  readonly sha256: Sha256;
  readonly checker: BlockChecker;
  /** WebCrypto unless given. */
  readonly verifySignature?: VerifySignature;
  /** Calls of the reader that run at once. */
  readonly concurrency?: number;
  /** Stored bytes of data objects in memory at once. Verifications side by side share one budget. */
  readonly bytesInFlight?: Semaphore;
  /** Only these chains, and nothing else of the archive. */
  readonly only?: readonly ChainInArchive[];
  /** A chain without a seal for longer is noticed. */
  readonly staleAfterMs?: number;
  /** Seals that promise a shorter lock are noticed. */
  readonly leastLock?: Period | null;
  /** Objects that are locked for longer are noticed. */
  readonly greatestLock?: Period | null;
  /** What people decided, as it was read: segments are held to it. Left out: nobody looks at decisions. */
  readonly acts?: ActsRead | null;
  /** Looks into data objects beside their check. */
  readonly visitor?: ContentVisitor | null;
  readonly onProgress?: (progress: Readonly<Progress>) => void;
  readonly signal?: AbortSignal;
};

const CONCURRENCY = 16;
const CHAINS_AT_ONCE = 8;
const BYTES_IN_FLIGHT = 128 * MIB;

/**
 * Goes through the whole checklist, whatever it finds on the way. Throws only if the archive can't be listed
 * at all (the reader's error), if `since` is not a signed checkpoint, or if `signal` aborts.
 */
export async function verifyArchive(reader: ArchiveReader, options: VerifyOptions): Promise<Report> {
  const findings = new FindingList();
  if (options.trusted.length === 0) {
    findings.add({ code: 'no-trusted-key', expected: 'a key that you trust', found: 'none' });
  }
  const since = [
    ...(options.since ?? []).map(anchorOfCheckpoint),
    ...(options.confirmed ?? []).map(anchorOfConfirmed),
  ];

  // 1. What is there: chains, keys, specifications, and foreign objects.
  const survey: Survey = options.only
    ? { chains: options.only, objects: [] }
    : await surveyArchive(reader, findings, options.signal);

  // 2. What is known of each chain from elsewhere: earlier checkpoints, and chains that continue it.
  const run = startRun(reader, options, survey.chains);
  const unread = new Map<string, Problem>();
  const noteUnread = (place: ChainInArchive, problem: Problem) => unread.set(chainText(place), problem);
  const handovers = await collectHandovers(survey.chains, run, noteUnread);
  const asked = options.only && new Set(options.only.map(chainText));
  // The continuing chain looks at the older one itself; the older one's own check may not be asked for.
  const lookedAt = [...handovers].filter(([place]) => asked?.has(place) !== false);
  for (const [place, anchors] of [...lookedAt, ...byPlace(since)]) {
    run.anchors.set(place, [...(run.anchors.get(place) ?? []), ...anchors]);
  }

  // 3. Each chain: seals, links, signatures, locks, data.
  const alone = await checkByActs(survey.chains, run, findings, options.acts ?? null);
  const chains = withRivals(withUnread(alone, unread), handovers);

  // 4. Keys and specifications match their names.
  await checkArchiveObjects(survey.objects, onlyOrigin(chains, findings), run, findings);

  // 5. What should be there but is missing.
  await checkAbsentChains(chains, run, findings, options.only);
  if (chains.length === 0) {
    findings.add({ code: 'unreadable', expected: 'an archive', found: 'no chain at all' });
  }

  return {
    verdict: worstVerdict([findings.verdict, ...chains.map((chain) => chain.verdict)]),
    depth: options.depth,
    chains,
    findings: findings.list(),
    findingsOmitted: findings.omitted,
  };
}

export function startRun(
  reader: ArchiveReader,
  options: Omit<VerifyOptions, 'since' | 'confirmed' | 'only'> & { readonly heldTo?: HeldTo | null },
  chains: readonly ChainInArchive[],
): Run & { readonly anchors: Map<string, Anchor[]> } {
  const concurrency = options.concurrency ?? CONCURRENCY;
  const progress = { chains: chains.length, chainsDone: 0, seals: 0, dataObjects: 0, bytes: 0, lines: 0 };
  return {
    reader,
    trusted: options.trusted,
    depth: options.depth,
    nowMs: options.nowMs,
    sha256: options.sha256,
    verifySignature: options.verifySignature ?? verifySignature,
    checker: options.checker,
    signal: options.signal,
    reads: new Semaphore(concurrency),
    bytes: options.bytesInFlight ?? new Semaphore(BYTES_IN_FLIGHT),
    ahead: Math.max(concurrency, options.checker.parallelism + 1),
    anchors: new Map(),
    progress,
    report: () => options.onProgress?.(progress),
    staleAfterMs: options.staleAfterMs ?? null,
    leastLock: options.leastLock ?? null,
    greatestLock: options.greatestLock ?? null,
    heldTo: options.heldTo ?? (options.acts ? heldTo(options.acts, options) : null),
    visitor: options.visitor ?? null,
  };
}

/** Throws FormatError if the checkpoint's origin is not a chain's. */
const byPlace = (anchors: readonly Anchor[]): Map<string, Anchor[]> =>
  Map.groupBy(anchors, ({ origin }) => chainText(parseChainOrigin(origin)));

/** The governance chain first: what is wrong with it decides how far its word is taken (FORMAT.md 13.6.6). */
async function checkByActs(
  places: readonly ChainInArchive[],
  run: Run,
  foreign: FindingList,
  acts: ActsRead | null,
): Promise<ChainReport[]> {
  if (acts === null) return checkChains(places, run, foreign);
  const isOwn = ({ chain, partition }: ChainInArchive) => chain === GOVERNANCE_CHAIN && partition === 0;
  const own = (await checkChains(places.filter(isOwn), run, foreign)).map((report) => withActs(report, run));
  const isVerified = acts.isVerified && own.every(({ verdict }) => verdict === 'verified');
  const others = await checkChains(
    places.filter((place) => !isOwn(place)),
    { ...run, heldTo: heldTo({ ...acts, isVerified }, run) },
    foreign,
  );
  const reports = new Map([...own, ...others].map((report) => [chainText(report), report]));
  return places.flatMap((place) => reports.get(chainText(place)) ?? []);
}

/** What is wrong with the acts themselves changes no verdict. */
function withActs(report: ChainReport, { heldTo: held }: Run): ChainReport {
  const list = new FindingList();
  for (const { problem, ...place } of held?.actProblems() ?? []) list.add(problem, place);
  return {
    ...report,
    findings: [...report.findings, ...list.list()],
    findingsOmitted: report.findingsOmitted + list.omitted,
  };
}

async function checkChains(
  places: readonly ChainInArchive[],
  run: Run,
  foreign: FindingList,
): Promise<ChainReport[]> {
  const reports: (ChainReport | null)[] = places.map(() => null);
  const tasks = new TaskGroup(CHAINS_AT_ONCE);
  try {
    for (const [index, place] of places.entries()) {
      await tasks.start(async () => {
        try {
          reports[index] = await checkChain(place, run, foreign);
        } finally {
          run.visitor?.leave?.(place);
        }
        run.progress.chainsDone++;
        run.report();
      });
    }
  } finally {
    await tasks.finish();
  }
  return reports.filter((report) => report !== null);
}

/** Chains that an earlier checkpoint or a continuing chain names, and of which nothing is left. */
async function checkAbsentChains(
  present: readonly ChainInArchive[],
  run: Run,
  findings: FindingList,
  only: readonly ChainInArchive[] | undefined,
): Promise<void> {
  const places = new Set(present.map(chainText));
  const asked = only && new Set(only.map(chainText));
  for (const [place, anchors] of run.anchors) {
    if (places.has(place)) continue;
    if (asked?.has(place) === false) {
      throw new LedgerstoneError(
        'usage',
        `a checkpoint of ${place}, which is not among the chains to verify`,
        {
          disposition: 'input',
          remedy: 'Verify that chain too, or leave its checkpoint out.',
        },
      );
    }
    const keysFor = (origin: string) => trustedFor(run.trusted, origin, run.sha256);
    const check = new AnchorCheck(anchors, keysFor, run.verifySignature);
    findings.addAll(await check.finish(null, 0, false), {});
  }
}

/** The one origin of the archive. A chain with another origin was put there. Null if it is not known. */
function onlyOrigin(chains: readonly ChainReport[], findings: FindingList): string | null {
  const origins = new Set<string>();
  for (const { origin, chain, partition } of chains) {
    const ending = `/${chain}/${partition}`;
    if (origin.endsWith(ending)) origins.add(origin.slice(0, -ending.length));
  }
  if (origins.size > 1) {
    findings.add({ code: 'malformed', expected: 'chains of one archive', found: [...origins].join(' and ') });
    return null;
  }
  return [...origins][0] ?? null;
}

// Is this archive what was sealed into it, and was it kept as promised?

import { Semaphore } from '../base/concurrency.ts';
import type { Sha256 } from '../base/hash.ts';
import { MIB } from '../base/limits.ts';
import type { Period } from '../base/period.ts';
import { verifySignature } from '../base/signature.ts';
import { parseChainOrigin } from '../format/chain.ts';
import type { VerifierKey } from '../format/vkey.ts';
import { type ActsRead, type HeldTo, heldTo } from './acts/held-to.ts';
import { type Anchor, anchorOfCheckpoint, anchorOfConfirmed, type ConfirmedChain } from './anchor.ts';
import type { ArchiveReader } from './archive-reader.ts';
import type { BlockChecker } from './block-checker.ts';
import type { ContentVisitor } from './content-visitor.ts';
import { type Problem, worstVerdict } from './finding.ts';
import { FindingList } from './finding-list.ts';
import { chainText, collectHandovers } from './handover.ts';
import { type CheckChain, judge, notAsked } from './judge.ts';
import type { DataPresence } from './presence.ts';
import type { ArchiveReport, Report } from './report.ts';
import type { Depth, Progress, Run } from './run.ts';
import { archiveOf, type ShownArchive } from './shown.ts';
import { type ChainInArchive, type Survey, surveyArchive } from './survey.ts';
import type { VerifySignature } from './trust.ts';

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
  /**
   * Other archives, such as older ones that chains of this one continue. Each is verified too, unless `only`
   * names chains: then no more is read of it than what these continue.
   */
  readonly shown?: readonly ShownArchive[];
  /** Looks into data objects beside their check. */
  readonly visitor?: ContentVisitor | null;
  /** Hears which data objects are there. Default: nobody asks. */
  readonly presence?: DataPresence | null;
  /** How the chains of the archive are checked, but for that of decisions. Whole, unless given. */
  readonly checkChain?: CheckChain;
  readonly onProgress?: (progress: Readonly<Progress>) => void;
  readonly signal?: AbortSignal;
};

const CONCURRENCY = 16;
const BYTES_IN_FLIGHT = 128 * MIB;

/** One archive of a run, with what is known of it before any chain is checked. */
type Begun = {
  readonly archive: ShownArchive;
  readonly options: VerifyOptions;
  readonly findings: FindingList;
  readonly survey: Survey;
  readonly run: Run & { readonly anchors: Map<string, Anchor[]> };
  /** First seals that could not be read, by `name/partition`. */
  readonly unread: ReadonlyMap<string, Problem>;
  /** What first seals here say of chains of this archive. */
  readonly handovers: ReadonlyMap<string, readonly Anchor[]>;
  /** The same of chains of other archives. */
  readonly elsewhere: readonly Anchor[];
};

/** What somebody says of a chain, and in which of the archives that chain is. */
type Word = { readonly anchor: Anchor; readonly where: ShownArchive | null };

/**
 * Goes through the whole checklist, whatever it finds on the way. Throws only if the archive can't be listed
 * at all (the reader's error), if `since` is not a signed checkpoint, or if `signal` aborts.
 */
export async function verifyArchive(reader: ArchiveReader, options: VerifyOptions): Promise<Report> {
  const { shown = [], only, acts = null, trusted } = options;
  const given: ShownArchive = { name: '', reader, trusted, acts };
  const all = [given, ...shown];
  const others = (archive: ShownArchive) => all.filter((one) => one !== archive);
  const since: Word[] = [
    ...(options.since ?? []).map(anchorOfCheckpoint),
    ...(options.confirmed ?? []).map(anchorOfConfirmed),
  ].map((anchor) => ({ anchor, where: archiveOf(anchor.origin, all) ?? given }));

  // 1. What is there, in each archive, and what do its chains say of each other?
  const begun: Begun[] = [];
  for (const archive of only === undefined ? all : [given])
    begun.push(await begin(archive, archive === given ? options : ofShown(options), others(archive)));

  // 2. What is known of each chain from elsewhere: earlier checkpoints, and chains that continue it.
  const words = [
    ...since,
    ...begun.flatMap(({ archive, elsewhere }) =>
      elsewhere.map((anchor): Word => ({ anchor, where: archiveOf(anchor.origin, others(archive)) })),
    ),
  ];
  for (const one of begun) addAnchors(one, words);

  // 3. Each archive for itself.
  const handovers = [
    ...begun.flatMap((one) => [...one.handovers.values()].flat()),
    ...words.flatMap(({ anchor, where }) => (anchor.kind === 'handover' && where !== null ? [anchor] : [])),
  ];
  const reports: ArchiveReport[] = [];
  for (const one of begun) reports.push(await judge(one, handovers));
  const [report, ...besides] = reports as [ArchiveReport, ...ArchiveReport[]];
  if (besides.length === 0) return report;
  const archives = besides.map((beside, index) => ({
    name: (shown[index] as ShownArchive).name,
    report: beside,
  }));
  const verdict = worstVerdict(reports.map((one) => one.verdict));
  return { ...report, verdict, beside: { verdictAlone: report.verdict, archives } };
}

/** What the user asks of locks, ages and parts is asked of the archive that is verified (FORMAT.md 9.5.8). */
const ofShown = ({ depth, nowMs, sha256, checker, ...options }: VerifyOptions): VerifyOptions => ({
  ...{ depth, nowMs, sha256, checker, trusted: [] },
  ...(options.verifySignature && { verifySignature: options.verifySignature }),
  ...(options.concurrency && { concurrency: options.concurrency }),
  ...(options.bytesInFlight && { bytesInFlight: options.bytesInFlight }),
  ...(options.signal && { signal: options.signal }),
});

async function begin(
  archive: ShownArchive,
  given: VerifyOptions,
  others: readonly ShownArchive[],
): Promise<Begun> {
  const { reader, trusted, acts = null } = archive;
  const options: VerifyOptions = { ...given, trusted, acts };
  const findings = new FindingList();
  if (trusted.length === 0) {
    findings.add({ code: 'no-trusted-key', expected: 'a key that you trust', found: 'none' });
  }
  const survey: Survey = options.only
    ? { chains: options.only, objects: [] }
    : await surveyArchive(reader, findings, options.signal);
  const run = startRun(reader, { ...options, shown: others }, survey.chains);
  const unread = new Map<string, Problem>();
  const elsewhere: Anchor[] = [];
  const handovers = await collectHandovers(
    survey.chains,
    run,
    (place, problem) => unread.set(chainText(place), problem),
    (anchor) => elsewhere.push(anchor),
  );
  return { archive, options, findings, survey, run, unread, handovers, elsewhere };
}

function addAnchors({ archive, options: { only }, run, handovers }: Begun, words: readonly Word[]): void {
  const asked = only && new Set(only.map(chainText));
  // The continuing chain looks at the older one itself; the older one's own check may not be asked for.
  const lookedAt = [...handovers].filter(([place]) => asked?.has(place) !== false);
  const own = words.filter(({ where }) => where === archive).map(({ anchor }) => anchor);
  const left = words.find(({ anchor, where }) => anchor.kind !== 'handover' && where !== archive);
  if (asked !== undefined && left !== undefined) throw notAsked(left.anchor.origin);
  for (const [place, anchors] of [...lookedAt, ...byPlace(own)])
    run.anchors.set(place, [...(run.anchors.get(place) ?? []), ...anchors]);
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
    others: options.shown ?? [],
    anchors: new Map(),
    progress,
    report: () => options.onProgress?.(progress),
    staleAfterMs: options.staleAfterMs ?? null,
    leastLock: options.leastLock ?? null,
    greatestLock: options.greatestLock ?? null,
    heldTo: options.heldTo ?? (options.acts ? heldTo(options.acts, options) : null),
    visitor: options.visitor ?? null,
    presence: options.presence ?? null,
  };
}

/** Throws FormatError if the checkpoint's origin is not a chain's. */
const byPlace = (anchors: readonly Anchor[]): Map<string, Anchor[]> =>
  Map.groupBy(anchors, ({ origin }) => chainText(parseChainOrigin(origin)));

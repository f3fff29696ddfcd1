// What is the verdict on one archive, of whose chains it is known what others say of them?
import { TaskGroup } from '../base/concurrency.ts';
import { LedgerstoneError } from '../base/error.ts';
import { GOVERNANCE_CHAIN } from '../format/chain.ts';
import { type ActsRead, heldTo } from './acts/held-to.ts';
import { type Anchor, AnchorCheck } from './anchor.ts';
import { checkArchiveObjects } from './archive-objects.ts';
import { ChainCheck } from './chain-check.ts';
import { type Problem, worstVerdict } from './finding.ts';
import { FindingList } from './finding-list.ts';
import { chainText } from './handover.ts';
import type { ArchiveReport, ChainReport } from './report.ts';
import { withRivals, withUnread } from './rival-chains.ts';
import type { Depth, Run } from './run.ts';
import { WHOLE } from './slice.ts';
import type { ChainInArchive, Survey } from './survey.ts';
import { trustedFor } from './trust.ts';

/** What is needed to begin with its chains. */
type ReadyArchive = {
  readonly options: {
    readonly depth: Depth;
    readonly acts?: ActsRead | null;
    readonly only?: readonly ChainInArchive[];
    readonly checkChain?: CheckChain;
  };
  readonly findings: FindingList;
  readonly survey: Survey;
  readonly run: Run;
  /** First seals that could not be read, by `name/partition`. */
  readonly unread: ReadonlyMap<string, Problem>;
};

/** Gives the report, or null if there are only foreign objects, which are then in `foreign`. */
export type CheckChain = (
  place: ChainInArchive,
  run: Run,
  foreign: FindingList,
) => Promise<ChainReport | null>;

const checkWhole: CheckChain = (place, run, foreign) => new ChainCheck(place, run, WHOLE).run(foreign);

const CHAINS_AT_ONCE = 8;

/** `handovers`: those of all archives of the run that count. */
export async function judge(begun: ReadyArchive, handovers: readonly Anchor[]): Promise<ArchiveReport> {
  const { options, findings, survey, run, unread } = begun;
  // a. Each chain: seals, links, signatures, locks, data.
  const alone = await checkByActs(survey.chains, run, findings, options);
  const chains = withRivals(withUnread(alone, unread), handovers);

  // b. Keys and specifications match their names.
  await checkArchiveObjects(survey.objects, onlyOrigin(chains, findings), run, findings);

  // c. What should be there but is missing.
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

/** The governance chain first: what is wrong with it decides how far its word is taken (FORMAT.md 13.6.6). */
async function checkByActs(
  places: readonly ChainInArchive[],
  run: Run,
  foreign: FindingList,
  { acts = null, checkChain = checkWhole }: ReadyArchive['options'],
): Promise<ChainReport[]> {
  if (acts === null) return checkChains(places, run, foreign, checkChain);
  const isOwn = ({ chain, partition }: ChainInArchive) =>
    chain === GOVERNANCE_CHAIN && partitions.includes(partition);
  const partitions = acts.partitions ?? [0];
  const own = (await checkChains(places.filter(isOwn), run, foreign, checkWhole)).map((report) =>
    withActs(report, run),
  );
  const isVerified = acts.isVerified && own.every(({ verdict }) => verdict === 'verified');
  const others = await checkChains(
    places.filter((place) => !isOwn(place)),
    { ...run, heldTo: heldTo({ ...acts, isVerified }, run) },
    foreign,
    checkChain,
  );
  const reports = new Map([...own, ...others].map((report) => [chainText(report), report]));
  return places.flatMap((place) => reports.get(chainText(place)) ?? []);
}

/** What is wrong with the acts themselves changes no verdict. */
function withActs(report: ChainReport, { heldTo: held }: Run): ChainReport {
  const list = new FindingList();
  for (const { problem, partition, ...place } of held?.actProblems() ?? [])
    if (partition === report.partition) list.add(problem, place);
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
  checkChain: CheckChain,
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
    if (asked?.has(place) === false) throw notAsked(place);
    const keysFor = (origin: string) => trustedFor(run.trusted, origin, run.sha256);
    const check = new AnchorCheck(anchors, keysFor, run.verifySignature);
    findings.addAll(await check.finish(null, 0, false), {});
  }
}

export const notAsked = (chain: string): LedgerstoneError =>
  new LedgerstoneError('usage', `a checkpoint of ${chain}, which is not among the chains to verify`, {
    disposition: 'input',
    remedy: 'Verify that chain too, or leave its checkpoint out.',
  });

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

// What does `ledgerstone copy` do, step by step?
import { existsSync } from 'node:fs';

import { utf8 } from '../../base/bytes.ts';
import { systemClock } from '../../base/clock.ts';
import { counted } from '../../base/counted.ts';
import { messageOf } from '../../base/error.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { openForCopy } from '../../clients/open.ts';
import type { CopyTools } from '../../copy/copy-object.ts';
import { type CopyTally, copyObjects } from '../../copy/copy-objects.ts';
import { pairsOf } from '../../copy/pairs.ts';
import { type CopiedChain, copyDetail, requireComplete } from '../../copy/receipt.ts';
import { requireSameArchive } from '../../copy/same-archive.ts';
import { archiveScope, type CopyScope, governanceScope, wholeScope } from '../../copy/scope.ts';
import type { ActDetail } from '../../format/act-detail.ts';
import { GOVERNANCE_CHAIN, governanceOrigin } from '../../format/chain.ts';
import { parseKey } from '../../format/paths.ts';
import { type VerifierKey, verifierKey } from '../../format/vkey.ts';
import { readGovernance, recordAct } from '../../governance/record-act.ts';
import { hasGovernance } from '../../read/acts.ts';
import type { ReadableStore } from '../../store/store.ts';
import type { CopyJob } from './copy-options.ts';
import { type ChainHead, type Receipt, receiptOf, receiptText, wouldText } from './copy-text.ts';
import { type Deciding, deciding } from './deciding.ts';
import { EXIT, exitCodeOfVerdict, UsageError } from './exit-code.ts';
import { requireGovernedArchive } from './governed-archive.ts';
import { NewFiles } from './new-files.ts';
import { closeOlder, openOlder } from './older-option.ts';
import { openArchiveStore } from './open-archive.ts';
import { startProgressBar } from './progress.ts';
import { reportJson, reportText } from './report-text.ts';
import type { Session } from './session.ts';
import { bytesText } from './table.ts';
import { NOTHING_GIVEN } from './verdict-bounds.ts';
import { type StoreReport, verifyStore } from './verify-store.ts';

export async function runCopy(session: Session, job: CopyJob): Promise<number> {
  const { options } = job;
  const source = await openArchiveStore(job.from);
  try {
    if (options.dryRun === true) return await dryRun(session, job, source);
    if (options.of === 'attestations') return await opened(session, job, source, copyOwnStore);
    const isGoverned = await hasGovernance(source, session.io.signal);
    requireDecided(job, isGoverned);
    if (options.config === undefined) return await opened(session, job, source, copyAll(null));
    return await deciding(session, { ...options, config: options.config }, 'one', async (decided) => {
      await requireGovernedArchive(job.from, decided, 'copied');
      return opened(session, job, source, copyAll(decided));
    });
  } finally {
    await source.close();
  }
}

function requireDecided({ options: { config, act } }: CopyJob, isGoverned: boolean): void {
  if (isGoverned && config === undefined && act)
    throw new UsageError(
      'this archive has a chain of decisions, and the copy would not be in it',
      'Give --config governance.yaml and --sign-key, or --no-act: then the receipt alone speaks of it.',
    );
  if (!isGoverned && config !== undefined)
    throw new UsageError(
      'this archive has no chain of decisions to record the copy in',
      'Leave out --config and --sign-key.',
    );
}

type Work = (session: Session, job: CopyJob, tools: CopyTools) => Promise<number>;

async function opened(session: Session, job: CopyJob, source: ReadableStore, work: Work): Promise<number> {
  const { io, output } = session;
  const to = await openForCopy(job.to, job.limit);
  try {
    return await work(session, job, {
      ...{ from: source, to, dateMs: job.dateMs, clock: systemClock, random: Math.random, signal: io.signal },
      onTrouble: (error) => output.note(`trying again: ${messageOf(error)}`),
    });
  } finally {
    await to.close();
  }
}

const copyAll =
  (decided: Deciding | null): Work =>
  async (session, job, tools) => {
    const { options, dateMs } = job;
    await requireSameArchive(tools.from, tools.to, tools.signal);
    const report = await verified(session, job, tools, decided);
    const verdict = report.beside?.verdictAlone ?? report.verdict;
    if (verdict !== 'verified' && options.asItIs !== true) return refuse(session, job, tools, report);
    const all = chainsOf(report);
    const chains = all.filter(({ chain }) => chain !== GOVERNANCE_CHAIN);
    const bounds = chains.map((one) => ({ ...one, size: one.isVerified ? one.size : null }));
    const tally = await copying(session, tools, archiveScope(bounds));
    requireComplete(tally, chains);
    const statement = { from: tools.from.description, to: tools.to.description, verdict, dateMs };
    const detail = copyDetail(statement, tally, chains);
    const act = decided === null ? null : await recorded(decided, detail);
    const governance = await copyDecisions(session, tools, decided, all);
    return finish(session, job, receiptOf({ options, statement, detail, tally, chains, act, governance }));
  };

/** Older archives that its chains continue are not copied: their verdict is not its own. */
async function verified(
  { io }: Session,
  job: CopyJob,
  { from }: CopyTools,
  decided: Deciding | null,
): Promise<StoreReport> {
  const older = await openOlder(job.options, { config: { archive: { store: job.from } } }, io.env);
  try {
    return await verifyStore(io, from, trustedOf(job, decided), {
      ...{ depth: 'content', nowMs: systemClock.now(), older },
    });
  } finally {
    await closeOlder(older);
  }
}

/** Attestations and notes: their cosigner's signatures go with them, and are not checked here. */
const copyOwnStore: Work = async (session, job, tools) => {
  const { options, dateMs } = job;
  const tally = await copying(session, tools, wholeScope);
  const statement = { from: tools.from.description, to: tools.to.description, verdict: null, dateMs };
  const none = { detail: null, chains: [], act: null, governance: null };
  return finish(session, job, receiptOf({ options, statement, tally, ...none }));
};

/** Those of the command line, else those of governance.yaml: the log's, and what seals decisions. */
function trustedOf({ trusted }: CopyJob, decided: Deciding | null): readonly VerifierKey[] {
  if (trusted.length > 0 || decided === null) return trusted;
  const { archiveOrigin, signers, trusted: others } = decided.tools;
  const origin = governanceOrigin(archiveOrigin);
  return [...others, ...signers.map(({ publicKey }) => verifierKey(origin, publicKey, nodeSha256))];
}

const chainsOf = ({ chains }: StoreReport): CopiedChain[] =>
  chains.map(({ origin, chain, partition, size, root, verdict, checked }) => ({
    ...{ origin, chain, partition, size, root, isVerified: verdict === 'verified' },
    dataObjects: checked.dataObjects,
  }));

async function refuse(
  { output }: Session,
  { options }: CopyJob,
  { from }: CopyTools,
  report: StoreReport,
): Promise<number> {
  if (options.json === true) await output.json({ ...reportJson(report, NOTHING_GIVEN), copied: false });
  else await output.write(reportText(report, from.description, output));
  output.note('nothing was copied: --as-it-is copies what is not verified, and the receipt says so');
  return exitCodeOfVerdict(report.beside?.verdictAlone ?? report.verdict);
}

async function copying(session: Session, tools: CopyTools, scope: CopyScope): Promise<CopyTally> {
  const progress = startProgressBar(session.io, 'copy');
  let [objects, bytes] = [0, 0];
  try {
    const onObject = (copied: { readonly bytes: number }): void => {
      objects++;
      bytes += copied.bytes;
      progress.update(0, 1, `${counted(objects, 'object')}, ${bytesText(bytes)}`);
    };
    return await copyObjects({ ...tools, onObject }, scope);
  } finally {
    progress.stop();
  }
}

async function recorded({ tools, decider, asked }: Deciding, detail: ActDetail['copy']): Promise<string> {
  const written = await recordAct(tools, decider, { kind: 'copy', ...asked, detail });
  return written.recorded.act.id;
}

/** Last, so that the act which speaks of the copy is in it. Null: there are no decisions. */
async function copyDecisions(
  session: Session,
  tools: CopyTools,
  decided: Deciding | null,
  all: readonly CopiedChain[],
): Promise<ChainHead | null> {
  const own = all.filter(({ chain }) => chain === GOVERNANCE_CHAIN);
  if (own[0] === undefined) return null;
  const head = decided === null ? null : ((await readGovernance(decided.tools))?.head ?? null);
  const bounds = own.map((one) => {
    if (head?.manifest.source.partition === one.partition) return { one, size: head.sequence + 1 };
    return { one, size: one.isVerified ? one.size : null };
  });
  const sizes = new Map(bounds.map(({ one, size }) => [one.partition, size]));
  const tally = await copying(session, tools, governanceScope(sizes));
  for (const { one, size } of bounds)
    if (size !== null) requireComplete(tally, [{ ...one, size, isVerified: true }]);
  const last = bounds.find(({ one }) => one.partition === head?.manifest.source.partition) ?? bounds[0]!;
  const { objects, bytes, list } = tally;
  return { origin: last.one.origin, size: last.size ?? last.one.size, objects, bytes, list };
}

async function dryRun(
  { io, output }: Session,
  { to: place, options }: CopyJob,
  from: ReadableStore,
): Promise<number> {
  const isMissing = place.kind === 'directory' && !existsSync(place.path);
  const to = isMissing ? null : await openArchiveStore(place);
  const would = { objects: 0, bytes: 0, there: 0, foreign: 0 };
  try {
    if (to !== null && options.of === 'archive') await requireSameArchive(from, to, io.signal);
    for await (const { key, source, there } of pairsOf(from, to ?? EMPTY_STORE, '', io.signal)) {
      if (source === null) continue;
      if (options.of === 'archive' && parseKey(key) === null) would.foreign++;
      else if (there !== null) would.there++;
      else {
        would.objects++;
        would.bytes += source.size;
      }
    }
  } finally {
    await to?.close();
  }
  if (options.json === true) await output.json({ dryRun: true, ...would });
  else await output.write(wouldText(from.description, to?.description ?? 'a new directory', would));
  return EXIT.ok;
}

/** What a directory that is not there yet lists. */
const EMPTY_STORE = { async *listVersions() {} };

async function finish({ output }: Session, { options }: CopyJob, receipt: Receipt): Promise<number> {
  if (options.receipt !== undefined) {
    const files = new NewFiles();
    try {
      await files.write(options.receipt, [utf8(`${JSON.stringify(receipt, null, 2)}\n`)]);
      await files.place([options.receipt]);
    } finally {
      await files.remove();
    }
  }
  if (options.json === true) await output.json(receipt);
  else await output.write(receiptText(receipt, options.receipt ?? null));
  return EXIT.ok;
}

// How is a whole archive verified on all cores, with progress on a terminal?
import { counted } from '../../base/counted.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import type { Period } from '../../base/period.ts';
import type { VerifierKey } from '../../format/vkey.ts';
import { type ActsLook, lookAtActs } from '../../read/acts.ts';
import { ChainReader } from '../../read/chain-reader.ts';
import { comparedOf } from '../../read/compared-decisions.ts';
import { listChains } from '../../read/list-chains.ts';
import type { StoreReader } from '../../store/store.ts';
import type { DecisionsCompared } from '../../verify/acts/held-to.ts';
import type { ConfirmedChain } from '../../verify/anchor.ts';
import type { ArchiveReader } from '../../verify/archive-reader.ts';
import { workerChecker } from '../../verify/node/worker-checker.ts';
import type { Shard, ShardOfChain } from '../../verify/range-check.ts';
import type { ArchiveReport, Beside } from '../../verify/report.ts';
import type { Depth, Progress as VerifyProgress } from '../../verify/run.ts';
import { verifyShard, verifyShards } from '../../verify/shards.ts';
import { verifyArchive } from '../../verify/verify.ts';
import { type DecisionsSaid, saidOfDecisions } from './decisions-look.ts';
import type { OlderArchive } from './older-option.ts';
import type { Io } from './output.ts';
import { startProgressBar } from './progress.ts';
import { bytesText } from './table.ts';

/** A report, and what is to be said of the decisions about each archive. */
export type StoreReport = Decided & { readonly beside?: Beside<Decided> };
type Decided = ArchiveReport & { readonly decisions: DecisionsSaid | null };

export type VerifyStoreOptions = {
  readonly depth: Depth;
  readonly since?: readonly Uint8Array[];
  readonly confirmed?: readonly ConfirmedChain[];
  readonly nowMs: number;
  /** A copy has no locks that anybody promised: they are not asked for. */
  readonly asCopy?: boolean;
  readonly leastLock?: Period | null;
  /** What others have checked of it. Null: this run checks everything. */
  readonly shards?: readonly ShardOfChain[] | null;
  /** Archives that chains of this one may continue. */
  readonly older?: readonly OlderArchive[];
};

const withoutLocks = (store: StoreReader): ArchiveReader => ({
  listVersions: (prefix, options) => store.listVersions(prefix, options),
  read: (key, versionId, options) => store.read(key, versionId, options),
  lock: async () => ({ kind: 'not-applicable' }),
});

const shownArchive = ({ store, trusted }: OlderArchive, look: ActsLook, asCopy: boolean) => ({
  ...{ name: store.description, reader: asCopy ? withoutLocks(store) : store, trusted },
  acts: look.kind === 'read' ? look : null,
});

const joining =
  (shards: readonly ShardOfChain[]): typeof verifyArchive =>
  (reader, options) =>
    verifyShards(reader, options, shards);

/** One shard of it, on all cores. */
export async function verifyShardOf(
  io: Io,
  store: StoreReader,
  trusted: readonly VerifierKey[],
  shard: Shard,
  {
    asCopy,
    depth,
    nowMs,
    leastLock = null,
  }: Pick<VerifyStoreOptions, 'asCopy' | 'depth' | 'nowMs' | 'leastLock'>,
): Promise<{ readonly chains: ShardOfChain[]; readonly decisions: DecisionsCompared | null }> {
  const progress = startProgressBar(io, `verify, shard ${shard.index}/${shard.of}`);
  const checker = workerChecker();
  try {
    const look = await lookAtActs(store, trusted, io.signal);
    const options = {
      ...{ depth, nowMs, leastLock, trusted, sha256: nodeSha256, checker, signal: io.signal },
      acts: look.kind === 'read' ? look : null,
      onProgress: (now: VerifyProgress) => progress.update(now.chainsDone, now.chains, progressText(now)),
    };
    const chains = await verifyShard(asCopy === true ? withoutLocks(store) : store, options, shard);
    return { chains, decisions: comparedOf(look) };
  } finally {
    progress.stop();
    await checker.close();
  }
}

/** Verifies on all cores, with a progress bar on a terminal. */
export async function verifyStore(
  io: Io,
  store: StoreReader,
  trusted: readonly VerifierKey[],
  { asCopy = false, older = [], shards = null, ...options }: VerifyStoreOptions,
): Promise<StoreReport> {
  const progress = startProgressBar(io, 'verify');
  const checker = workerChecker();
  let segments: number | null = null;
  if (progress.visible) {
    // Only the progress bar needs the count. Verification does not wait for it and does not fail with it.
    countSegments(store, io.signal).then(
      (count) => {
        segments = count;
      },
      () => {},
    );
  }
  try {
    const look = await lookAtActs(store, trusted, io.signal);
    const looks = await Promise.all(older.map((one) => lookAtActs(one.store, one.trusted, io.signal)));
    const verify = shards === null ? verifyArchive : joining(shards);
    const report = await verify(asCopy ? withoutLocks(store) : store, {
      ...options,
      shown: older.map((one, index) => shownArchive(one, looks[index] ?? { kind: 'no-chain' }, asCopy)),
      acts: look.kind === 'read' ? look : null,
      trusted,
      sha256: nodeSha256,
      checker,
      signal: io.signal,
      onProgress: (now) => {
        const isContent = options.depth === 'content';
        const done = isContent ? now.seals + now.dataObjects : now.seals;
        progress.update(
          segments === null ? 0 : done,
          (segments ?? 1) * (isContent ? 2 : 1),
          progressText(now),
        );
      },
    });
    const { beside, ...own } = report;
    const said = { ...own, decisions: saidOfDecisions(look, store, report, asCopy) };
    if (beside === undefined) return said;
    const archives = beside.archives.map(({ name, report: of }, index) => {
      const [one, seen] = [older[index] as OlderArchive, looks[index] as ActsLook];
      return { name, report: { ...of, decisions: saidOfDecisions(seen, one.store, of, asCopy) } };
    });
    return { ...said, beside: { ...beside, archives } };
  } finally {
    progress.stop();
    await checker.close();
  }
}

/** The sum over the heads of all chains. It takes a few listings for each chain. */
async function countSegments(store: StoreReader, signal: AbortSignal): Promise<number> {
  let segments = 0;
  for await (const place of listChains(store, signal)) {
    segments += (await new ChainReader({ store, ...place, trusted: [], signal }).headSequence()) + 1;
  }
  return segments;
}

const progressText = ({ chainsDone, chains, seals, lines, bytes }: Readonly<VerifyProgress>): string =>
  `${chainsDone}/${chains} chains, ${counted(seals, 'seal')}, ${counted(lines, 'line')}, ${bytesText(bytes)}`;

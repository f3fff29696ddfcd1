// Which slow tasks are done in parts, one part per run, over the whole archive and again from the start?

import type { Clock } from '../../base/clock.ts';
import type { StoreConfig } from '../../config/connections.ts';
import type { VerifierConfig } from '../../config/verifier.ts';
import { readBucketFacts } from '../../store/bucket-facts.ts';
import type { StoreReader } from '../../store/store.ts';
import { newestDigest, type TrailHome } from '../events/trail-files.ts';
import { CLOSED_BY } from '../findings/closed-by.ts';
import { CONFIGURATION_SCOPE, chainScope, type FindingFile } from '../findings/record.ts';
import { knownChains } from '../known-chains.ts';
import type { Task, TaskInput } from '../verifier.ts';
import { runScrub, type ScrubTools } from './scrub.ts';
import { checkConfiguration, readKmsKey, type Subject } from './settings.ts';
import { runSweep, type SweepTools } from './sweep.ts';
import type { SweepLog } from './sweep-cursor.ts';

/** Kept free before the end of a run, for work that is under way. */
const RESERVE_MS = 15_000;

/** Every version of every key in both buckets. A run continues where the last one stopped. */
export const sweepTask =
  (tools: SweepTools, sweepLog: SweepLog): Task =>
  async (input) => {
    const { findings: sink, log, clock } = input.verifier;
    const options = signalOf(input);
    const { isWhole, keys, begunMs } = await runSweep(tools, sweepLog, {
      ...options,
      mayGoOn: () => mayGoOn(input),
      report: ({ scope, findings, omitted, complete }) =>
        sink.report(scope, findings, { check: 'sweep', complete, omitted, ...options }),
    });
    input.looked?.({ isWhole: isWhole && keys > 0, sums: { keys }, least: {} });
    input.metrics.sweepRoundMs = clock.now() - begunMs;
    const round = { isWhole, keys, roundStartedAt: new Date(begunMs).toISOString() };
    if (isWhole && keys === 0) log.warn(round, 'swept: neither store has a single object');
    else log.info(round, 'swept');
  };

/** Reads every attested byte again within the promised time. */
export const scrubTask =
  (tools: ScrubTools, bytesPerRun: number): Task =>
  async (input) => {
    const { verifier, limits, metrics } = input;
    const options = signalOf(input);
    const places = input.chains ?? (await knownChains(verifier, limits.signal));
    const { coverage, bytes, segments } = await runScrub(tools, places, {
      ...options,
      bytesMax: bytesPerRun,
      concurrency: verifier.chainsAtOnce,
      mayGoOn: () => mayGoOn(input),
      report: ({ place, findings, complete, omitted }) =>
        verifier.findings.report(chainScope(place), findings, {
          check: 'full-pass',
          complete,
          omitted,
          ...options,
        }),
    });
    // Without chains nothing waits.
    const times = coverage.flatMap(({ oldestRereadMs }) => oldestRereadMs ?? []);
    if (places.length === 0) times.push(verifier.clock.now());
    metrics.oldestRereadMs = times.length === 0 ? null : Math.min(...times);
    // It has read its share, or nothing was due. How long any byte waits is said beside it.
    const oldestRead =
      places.length === 0 || times.length === 0 ? {} : { oldestReadAt: secondsOf(Math.min(...times)) };
    const known = coverage.every(({ oldestRereadMs }) => oldestRereadMs !== null);
    input.looked?.({
      isWhole: places.length > 0 && known,
      ...{ sums: { bytes, segments }, least: { chains: places.length, ...oldestRead } },
    });
    const chains = coverage.map(({ place, through, isWhole, oldestRereadMs }) => ({
      ...{ ...place, through, isWhole },
      oldestByteReadAt: oldestRereadMs === null ? null : new Date(oldestRereadMs).toISOString(),
    }));
    verifier.log.info({ bytes, segments, chains }, 'read again');
  };

/**
 * Compares the settings of the buckets and of the log's key with what was promised. It also reads files of
 * CloudTrail whose event did not come.
 */
export const configurationTask =
  (subjects: readonly Subject[]): Task =>
  async (input) => {
    const options = signalOf(input);
    const { findings, complete } = await checkConfiguration(subjects, options.signal);
    const why = ({ check }: FindingFile) => CLOSED_BY[check];
    const report = { check: 'configuration', complete, why, ...options } as const;
    await input.verifier.findings.report(CONFIGURATION_SCOPE, findings, report);
    const unreadable = findings.filter(({ code }) => code === 'unreadable').length;
    input.looked?.({
      isWhole: unreadable === 0,
      ...{ sums: { drifts: findings.length - unreadable, unreadable }, least: { subjects: subjects.length } },
    });
    input.verifier.log.info({ drifts: findings.length }, 'settings compared');
    await readTrail(input);
  };

async function readTrail(input: TaskInput): Promise<void> {
  const { verifier, limits, failed } = input;
  const { trailFiles } = verifier;
  if (trailFiles === undefined) return;
  let files = 0;
  for await (const key of trailFiles.unread(limits.signal)) {
    if (!mayGoOn(input)) break;
    await trailFiles.report(key, verifier, limits.signal).catch((error) => failed(key, error));
    files++;
  }
  if (files > 0) verifier.log.info({ files }, 'files of the trail read whose event did not come');
}

/** What can be compared. Nothing if both stores are directories and the log's key is not named. */
export function subjectsOf(
  { archive, attestations, configuration, attempts }: VerifierConfig,
  trailFiles: StoreReader | undefined,
  clock: Clock,
): Subject[] {
  const { defaultDays, denies, minimumDays, maximumDays } = configuration;
  const bucket = (name: string, store: StoreConfig, isArchive: boolean): Subject[] => {
    if (store.kind !== 's3') return [];
    const denials = {
      bucketArn: `arn:aws:s3:::${store.bucket}`,
      prefix: store.prefix,
      minimumDays,
      maximumDays,
    };
    const promised = { defaultDays, denials: denies && isArchive ? denials : null };
    return [{ kind: 'bucket', name, promised, read: (signal) => readBucketFacts(store, signal) }];
  };
  const { logKey, trusted } = archive;
  const promised = trusted.map(({ key }) => key.spki);
  return [
    ...bucket('archive', archive.store, true),
    ...bucket('attestations', attestations.store, false),
    ...trailBucketSubject(attempts),
    ...(logKey === null
      ? []
      : [{ kind: 'key', name: 'log-key', promised, read: () => readKmsKey(logKey) } as const]),
    ...(trailFiles === undefined ? [] : trailSubjects(attempts.trailFiles?.from ?? [], trailFiles, clock)),
  ];
}

/** CloudTrail names no locks, so the bucket's default is what its files are locked for. */
function trailBucketSubject({ trailFiles }: VerifierConfig['attempts']): Subject[] {
  const store = trailFiles?.store;
  if (store?.kind !== 's3') return [];
  const promised = { defaultDays: 1, denials: null };
  return [
    { kind: 'bucket', name: 'trail-files', promised, read: (signal) => readBucketFacts(store, signal) },
  ];
}

const trailSubjects = (homes: readonly TrailHome[], trailFiles: StoreReader, clock: Clock): Subject[] =>
  homes.map((home) => ({
    kind: 'trail',
    name: `trail-${home.account}`,
    read: async (signal) => {
      const nowMs = clock.now();
      const newestMs = await newestDigest(trailFiles, home, nowMs, signal);
      return { silentMs: newestMs === null ? null : nowMs - newestMs };
    },
  }));

const secondsOf = (ms: number): number => Math.max(0, Math.floor(ms / 1000));

const mayGoOn = ({ limits }: TaskInput): boolean =>
  limits.remainingMs() > RESERVE_MS && limits.mayGoOn?.() !== false;

const signalOf = ({ limits: { signal } }: TaskInput) => (signal === undefined ? {} : { signal });

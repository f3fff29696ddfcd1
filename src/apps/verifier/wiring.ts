// Which stores, signer and key does the verifier's configuration name?
import { equalBytes } from '../../base/bytes.ts';
import { type Clock, systemClock } from '../../base/clock.ts';
import { Semaphore } from '../../base/concurrency.ts';
import { LedgerstoneError } from '../../base/error.ts';
import { MIB } from '../../base/limits.ts';
import type { Logger } from '../../base/log.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { VERSION } from '../../base/version.ts';
import { openForReading, openForWriting, openMlDsaSigner, openSigner } from '../../clients/open.ts';
import { requireSeparate } from '../../clients/separate.ts';
import type { VerifierConfig } from '../../config/verifier.ts';
import { DecisionReader } from '../../read/decision-reader.ts';
import type { IndexChecker } from '../../read/find/index/index-checker.ts';
import type { MlDsaSigner, Signer } from '../../sign/signer.ts';
import type { ReadableStore, Store } from '../../store/store.ts';
import { channelsOf, FindingReporter } from '../../verifier/alarms/reporter.ts';
import { DayLog } from '../../verifier/days/day-log.ts';
import type { Watched } from '../../verifier/events/cloudtrail.ts';
import { watchedNow } from '../../verifier/events/decided-changes.ts';
import { TrailRecords } from '../../verifier/events/trail-records.ts';
import { CheckedNotes, foreignNoteFinding } from '../../verifier/findings/checked-notes.ts';
import { Ledger } from '../../verifier/findings/ledger.ts';
import { ATTESTATIONS_SCOPE } from '../../verifier/findings/record.ts';
import type { ForeignNote } from '../../verifier/own-bucket.ts';
import { SourceRanges } from '../../verifier/source-ranges.ts';
import type { StampOutcome } from '../../verifier/stamps/stamper.ts';
import { EndsLog, type EndsLogOptions } from '../../verifier/tasks/completeness-ends.ts';
import { completenessTask, type MarksReader } from '../../verifier/tasks/completeness-task.ts';
import { confirmTask, freshnessTask } from '../../verifier/tasks/confirm.ts';
import type { LockTally } from '../../verifier/tasks/lock-tally.ts';
import { configurationTask, subjectsOf, sweepTask } from '../../verifier/tasks/scheduled.ts';
import { SweepLog } from '../../verifier/tasks/sweep-cursor.ts';
import { UnreadHeads } from '../../verifier/unread-heads.ts';
import type { RunResult, Task, Verifier } from '../../verifier/verifier.ts';
import type { BlockChecker } from '../../verify/block-checker.ts';
import type { Severity } from '../../verify/finding.ts';
import type { ServiceMetrics } from '../service-metrics.ts';
import { openTracer } from '../tracer.ts';
import { AlarmChannels } from './alarm-channels.ts';
import type { RunMetrics } from './emf.ts';
import { fullPassTask } from './full-pass.ts';
import { indexingOf } from './indexing.ts';
import { openOlderStores, shownOf } from './older.ts';
import { attesterOf, noteSigning, retentionOf } from './own-notes.ts';
import { type Counts, runMetricsOf } from './run-metrics.ts';
import { requireRoots, stampTask } from './stamp-task.ts';

export type VerifierClients = {
  readonly archive: ReadableStore;
  readonly own: Store;
  readonly signer: Signer;
  /** The second key, if the configuration names one. */
  readonly postQuantum?: MlDsaSigner | undefined;
  /** Of the older archives, in the order of the configuration. */
  readonly older?: readonly ReadableStore[];
  /** The bucket of CloudTrail's files, if the configuration names it. */
  readonly trailFiles?: ReadableStore | undefined;
};

/** Rejects with what is wrong with a key or a store. Then nothing is left open. */
export async function openClients(
  config: VerifierConfig,
  requests?: ServiceMetrics,
): Promise<VerifierClients> {
  await requireSeparate(config);
  await requireRoots(config);
  const archive = await openForReading(config.archive.store, requests?.s3('archive'));
  const opening = openForWriting(config.attestations.store, null, requests?.s3('attestations'));
  const own = await opening.catch(async (error: unknown) => {
    await archive.close();
    throw error;
  });
  const { trailFiles } = config.attempts;
  const older: ReadableStore[] = [];
  try {
    await openOlderStores(config, older, requests);
    const { signing, postQuantum } = config.cosigner;
    const signer = await openSigner(signing, undefined, requests?.kms);
    return {
      archive,
      own,
      older,
      signer,
      ...(postQuantum !== null && { postQuantum: await openMlDsaSigner(postQuantum, requests?.kms) }),
      ...(trailFiles !== null && {
        trailFiles: await openForReading(trailFiles.store, requests?.s3('trail-files')),
      }),
    };
  } catch (error) {
    await Promise.allSettled([archive, own, ...older].map((store) => store.close()));
    throw error;
  }
}

export type VerifierOptions = {
  readonly checker: BlockChecker;
  readonly log: Logger;
  readonly clock?: Clock;
  readonly chainsAtOnce?: number;
  /** Stored bytes of data objects in memory at once. A larger one is read alone. */
  readonly bytesInFlight?: number;
  /**
   * After each run. `open`: findings of all that this process has looked at. The metrics have those of the
   * run.
   */
  readonly onMetrics?: (metrics: RunMetrics, atMs: number, open: Counts['open']) => void;
  /**
   * A tally of what ran is written once its first run ended so long ago. 0: after each run of a task, for a
   * process that may end without notice.
   */
  readonly tallyKeepMs?: number;
  /** What indexes, if the configuration asks for it: it also checks data objects. Default: in this thread. */
  readonly indexer?: IndexChecker;
  /** After each try to have the day stamped. */
  readonly onStamp?: (outcome: StampOutcome) => void;
  /** Counts the locks that sweeps read. Left out: nobody asks. */
  readonly locks?: LockTally;
  /** Of a process that may get other ones. Default: those of the configuration. */
  readonly channels?: AlarmChannels;
  /** Default: by Kafka's own protocol, from the brokers that the configuration names. */
  readonly readMarks?: MarksReader;
};

const CHAINS_AT_ONCE = 4;
const TALLY_KEEP_MS = 3_600_000;
/** Two of the usual size, one to check and one to read. 512 MB then have room for a hostile one. */
const BYTES_IN_FLIGHT = 32 * MIB;

/** A log that attests itself is not a second party. Throws `config`. */
function requireOwnKey({ archive }: VerifierConfig, { publicKey, description }: Signer): void {
  if (!archive.trusted.some(({ key }) => equalBytes(key.spki, publicKey.spki))) return;
  throw new LedgerstoneError('config', `cosigner.signing is the log's own key (${description})`, {
    disposition: 'input',
    remedy: 'Give the verifier a key of its own: who holds both could forge what it attests.',
  });
}

/** Over opened clients, so that tests bring their own. Throws `config` if the two parties are one. */
export function makeVerifier(
  config: VerifierConfig,
  { archive, own, signer, postQuantum, trailFiles, older = [] }: VerifierClients,
  {
    checker,
    log,
    clock = systemClock,
    chainsAtOnce = CHAINS_AT_ONCE,
    bytesInFlight = BYTES_IN_FLIGHT,
    onMetrics,
    tallyKeepMs = TALLY_KEEP_MS,
    readMarks,
    indexer,
    locks,
    channels = new AlarmChannels(config.alarms, clock),
    onStamp,
  }: VerifierOptions,
): Verifier {
  requireOwnKey(config, signer);
  const retention = retentionOf(config);
  const [{ name }, { trusted }, { leastLock }] = [config.cosigner, config.archive, config.sweep];
  const attester = attesterOf(config, { archive, own, signer, postQuantum }, { clock, log });
  const { notifiers } = channels;
  const signing = noteSigning(config, attester.key, signer);
  const ledger = new Ledger({
    ...{ store: own, retention, clock, signing, sha256: nodeSha256, channels: channelsOf(notifiers) },
    verifier: { name, version: VERSION },
  });
  const reporter = new FindingReporter({ ledger, notifiers, log, clock, verifierName: name });
  const onResult = (result: RunResult) => {
    const nowMs = clock.now();
    const open = (severity: Severity) => reporter.openOfAll(severity);
    onMetrics?.(runMetricsOf(result, reporter.takeCounts(), nowMs), nowMs, open);
  };
  const notes = { store: own, retention, clock, signing, onForeign: foreignNotes(reporter) };
  const indexing = indexingOf(config, notes, log, indexer);
  const decisions = new DecisionReader({ archive, trusted, sha256: nodeSha256, clock });
  const step = {
    ...{ archive, trusted, attester, sha256: nodeSha256, clock, indexing, decisions },
    shown: shownOf(config, older),
    ...{ checker: indexing?.options.checker ?? checker },
    ...{ leastLock, bytesInFlight: new Semaphore(bytesInFlight), unread: new UnreadHeads(clock) },
  };
  const checked = new CheckedNotes({ store: own, keys: signing });
  const subjects = subjectsOf(config, trailFiles, clock);
  const compare = completenessOf(config, notes, readMarks);
  const stamp = stampTask(config, { bucket: notes, reader: attester.reader, log }, onStamp);
  return {
    ...{ archive, own, step, place: placeOf(config) },
    sources: new SourceRanges({ ...step, archive, own }),
    trailFiles: trailFiles && trailRecordsOf(config, trailFiles, clock),
    findings: reporter,
    loadOpen: (signal) => reporter.loadOpen(signal),
    tasks: new Map<string, Task>([
      ['confirm', confirmTask],
      ['freshness', freshnessTask],
      ['sweep', sweepTask({ ...step, own, checked, locks, ...config.sweep }, new SweepLog(notes))],
      ['full-pass', fullPassTask(step, notes, { name, log, ...config.fullPass })],
      ...(compare === null ? [] : [['completeness', compare] as const]),
      ...(stamp === null ? [] : [['stamp', stamp] as const]),
      ...(subjects.length === 0 ? [] : [['configuration', configurationTask(subjects)] as const]),
    ]),
    ...{ log, tracer: openTracer(), clock, freshnessMs: config.chains.freshnessMs, onResult },
    endedChains: config.chains.ended,
    ...watching(config, decisions),
    days: new DayLog({ ...notes, log, keepMs: tallyKeepMs, checked }),
    chainsAtOnce,
  };
}

function watching(
  config: VerifierConfig,
  decisions: DecisionReader,
): Pick<Verifier, 'watched' | 'watchedNow'> {
  const [watched, prefix] = [watchedOf(config), placeOf(config)?.prefix ?? ''];
  return { watched, watchedNow: (signal) => watchedNow(watched, decisions, prefix, signal) };
}

const trailRecordsOf = (
  { attempts, configuration }: VerifierConfig,
  store: ReadableStore,
  clock: Clock,
): TrailRecords => new TrailRecords(store, attempts.trailFiles?.from ?? [], clock, configuration.everyMs);

/** Null: the archive is no bucket. */
function placeOf({ archive: { store }, attempts: { trailFiles } }: VerifierConfig): Verifier['place'] {
  if (store.kind !== 's3') return null;
  const trailBucket = trailFiles?.store.kind === 's3' ? trailFiles.store.bucket : undefined;
  return { bucket: store.bucket, prefix: store.prefix, trailBucket };
}

/** Somebody else writes among this verifier's notes, and could hold up what it does again and again. */
const foreignNotes =
  (findings: FindingReporter) =>
  (notes: readonly ForeignNote[]): Promise<void> =>
    findings.report(ATTESTATIONS_SCOPE, notes.map(foreignNoteFinding), { check: 'look', complete: false });

/** Null: no brokers are named. */
function completenessOf(
  { kafka, chains: { freshnessMs } }: VerifierConfig,
  own: Omit<EndsLogOptions, 'promisedMs' | 'everyMs'>,
  read: MarksReader | undefined,
): Task | null {
  if (kafka === null) return null;
  const { topics, patterns, everyMs } = kafka;
  /** Loads Kafka's client with the first request, so a verifier without brokers starts without it. */
  const readMarks: MarksReader = async (...asked) =>
    (await import('../../ingest/kafka/marks.ts')).readMarks(kafka, ...asked);
  const ends = freshnessMs === null ? null : new EndsLog({ ...own, promisedMs: freshnessMs, everyMs });
  return completenessTask({ topics, patterns, read: read ?? readMarks, ends });
}

/** Null: the archive is not a bucket, so CloudTrail records nothing about it. */
function watchedOf({ archive, attestations, cosigner, attempts }: VerifierConfig): Watched | null {
  const stores = [archive.store, attestations.store];
  const buckets = stores.flatMap((store) => (store.kind === 's3' ? [store.bucket] : []));
  const { signing, postQuantum } = cosigner;
  const own = [signing, postQuantum].map((key) => (key?.kind === 'kms' ? key : null));
  const keys = [archive.logKey, ...own];
  const keyArns = keys.flatMap((key) => (key?.keyId.startsWith('arn:') ? [key.keyId] : []));
  const { trailFiles, ...names } = attempts;
  if (trailFiles?.store.kind === 's3') buckets.push(trailFiles.store.bucket);
  return buckets.length === 0 ? null : { buckets, keyArns, ...names };
}

// Which stores, signer and key does the verifier's configuration name?
import { type Clock, systemClock } from '../../base/clock.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import type { Signer } from '../../sign/signer.ts';
import type { Store } from '../../store/store.ts';
import type { BlockChecker } from '../../verify/block-checker.ts';
import { openSigner, openStore } from '../archiver/edges.ts';
import { VERSION } from '../archiver/version.ts';
import { channelsOf, FindingDesk } from './alarms.ts';
import type { Watched } from './attempts.ts';
import { Attester } from './attestations.ts';
import type { VerifierConfig } from './config.ts';
import { metricsLine } from './emf.ts';
import { figuresOf } from './figures.ts';
import { PassLog } from './full-pass-progress.ts';
import { Ledger } from './ledger.ts';
import { type Notifier, webhookNotifier } from './notify.ts';
import { environmentCredentials, snsNotifier } from './notify-sns.ts';
import type { RunResult } from './run.ts';
import { fullPassTask, sweepTask } from './scheduled.ts';
import { SweepLog } from './sweep-log.ts';
import { confirmTask, freshnessTask, type Task } from './tasks.ts';
import type { Verifier, VerifierLog } from './verifier.ts';

export type VerifierEdges = { readonly archive: Store; readonly own: Store; readonly signer: Signer };

/** Rejects with what is wrong with a key or a store; nothing is left open then. */
export async function openEdges(config: VerifierConfig): Promise<VerifierEdges> {
  const archive = await openStore(config.archive.store);
  const own = await openStore(config.attestations.store);
  try {
    return { archive, own, signer: await openSigner(config.cosigner.signing) };
  } catch (error) {
    await Promise.allSettled([archive.close(), own.close()]);
    throw error;
  }
}

export type VerifierOptions = {
  readonly checker: BlockChecker;
  readonly log: VerifierLog;
  readonly clock?: Clock;
  readonly chainsAtOnce?: number;
  readonly env?: NodeJS.ProcessEnv;
  /** Takes a line of figures after each run, for CloudWatch. */
  readonly onFigures?: (line: string) => void;
};

const CHAINS_AT_ONCE = 4;

/** Over opened edges: tests bring their own. */
export function makeVerifier(
  config: VerifierConfig,
  { archive, own, signer }: VerifierEdges,
  { checker, log, clock = systemClock, chainsAtOnce = CHAINS_AT_ONCE, env = {}, onFigures }: VerifierOptions,
): Verifier {
  const { cosigner, attestations, alarms } = config;
  const { store } = config.archive;
  const { mode, periodMs } = attestations.retention;
  const retention = { mode, periodMs };
  const { name, earlier } = cosigner;
  const attester = new Attester({ store: own, name, signer, earlier, retention, sha256: nodeSha256, clock });
  const notifiers = notifiersOf(alarms, clock, env);
  const ledger = new Ledger({
    ...{ store: own, retention, clock, sha256: nodeSha256, channels: channelsOf(notifiers) },
    verifier: { name, version: VERSION },
  });
  const desk = new FindingDesk({ ledger, notifiers, log, clock, verifierName: name });
  const onResult = (result: RunResult) => {
    const nowMs = clock.now();
    onFigures?.(metricsLine(alarms.metricsNamespace, figuresOf(result, desk.takeCounts(), nowMs), nowMs));
  };
  const step = { archive, trusted: config.archive.trusted, attester, sha256: nodeSha256, checker, clock };
  const passLog = new PassLog({ store: own, retention, clock });
  const sweepLog = new SweepLog({ store: own, retention, clock });
  const { everyMs, bytesPerRun } = config.fullPass;
  return {
    archive,
    own,
    place: store.kind === 's3' ? { bucket: store.bucket, prefix: store.prefix } : null,
    step,
    findings: desk,
    tasks: new Map<string, Task>([
      ['confirm', confirmTask],
      ['freshness', freshnessTask],
      ['sweep', sweepTask({ ...step, own }, sweepLog)],
      ['full-pass', fullPassTask({ ...step, log: passLog, everyMs }, bytesPerRun)],
    ]),
    log,
    clock,
    freshnessMs: config.chains.freshnessMs,
    watched: watchedOf(config),
    onResult,
    chainsAtOnce,
  };
}

function notifiersOf(alarms: VerifierConfig['alarms'], clock: Clock, env: NodeJS.ProcessEnv): Notifier[] {
  const { sns, webhook } = alarms;
  const credentials = environmentCredentials(env);
  return [
    ...(sns === null ? [] : [snsNotifier({ topicArn: sns, credentials, clock })]),
    ...(webhook === null ? [] : [webhookNotifier(webhook, { clock })]),
  ];
}

function watchedOf({ archive, attestations, cosigner }: VerifierConfig): Watched | null {
  const stores = [archive.store, attestations.store];
  const buckets = stores.flatMap((store) => (store.kind === 's3' ? [store.bucket] : []));
  const { signing } = cosigner;
  const isArn = signing.kind === 'kms' && signing.keyId.startsWith('arn:');
  return buckets.length === 0 ? null : { buckets, ...(isArn && { keyArns: [signing.keyId] }) };
}

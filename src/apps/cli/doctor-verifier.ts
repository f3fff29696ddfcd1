// `ledgerstone doctor --config verifier.yaml`: has the second party what it needs?
import { access, constants } from 'node:fs/promises';
import { counted } from '../../base/counted.ts';
import { messageOf } from '../../base/error.ts';
import { LIMITS } from '../../base/limits.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { afterPeriod } from '../../base/period.ts';
import { openForReading, openMlDsaSigner } from '../../clients/open.ts';
import { requireSeparate } from '../../clients/separate.ts';
import type { StoreConfig } from '../../config/connections.ts';
import type { VerifierConfig } from '../../config/verifier.ts';
import { CANARY_CHAIN } from '../../format/chain.ts';
import { cosignerKey, encodeCosignerVkey } from '../../format/cosignature.ts';
import { parseKey, sealsRoot } from '../../format/paths.ts';
import { findHead } from '../../store/head.ts';
import type { ReadableStore } from '../../store/store.ts';
import { inspectSeal, trustProblem } from '../../verify/open-seal.ts';
import type { ChainInArchive } from '../../verify/survey.ts';
import type { Check } from './check-list.ts';
import {
  type Area,
  directoryChecks,
  environmentChecks,
  failedCheck,
  fine,
  keyFileChecks,
  signerChecks,
  signingChecks,
} from './doctor-checks.ts';
import type { Io } from './output.ts';

export async function verifierAreas(config: VerifierConfig, io: Io): Promise<readonly Area[]> {
  const { archive, attestations, cosigner, watch } = config;
  const untilMs = afterPeriod(Date.now(), attestations.retention.period);
  const { postQuantum: second } = cosigner;
  const vkeyOf = (key: Parameters<typeof cosignerKey>[1]) =>
    encodeCosignerVkey(cosignerKey(cosigner.name, key, nodeSha256));
  return [
    {
      area: 'config',
      checks: [
        fine('file', 'every key is known and every value allowed'),
        ...environmentChecks(watch, 'watch', io.env),
        ...notTried(config),
      ],
    },
    ...(config.witnesses === null
      ? []
      : [{ area: 'witness', checks: await witnessChecks(config.witnesses, io.signal) }]),
    { area: 'archive', checks: await archiveChecks(archive, io.signal) },
    {
      area: 'own',
      checks: [
        ...(await storeChecks(attestations.store, untilMs, io.signal)),
        ...(await separateChecks(config)),
      ],
    },
    {
      area: 'signing',
      checks: [
        ...(await signingChecks(cosigner.signing, vkeyOf)),
        ...(await keyFileChecks(cosigner.signing, [archive.store, attestations.store])),
        ...(second === null
          ? []
          : [
              ...(await signerChecks(() => openMlDsaSigner(second), vkeyOf, 'second-')),
              ...(await keyFileChecks(second, [archive.store, attestations.store])),
            ]),
      ],
    },
  ];
}

/** Only whether each answers: a checkpoint that is shown can't be taken back. */
async function witnessChecks(
  { policy, required, timeoutMs }: NonNullable<VerifierConfig['witnesses']>,
  signal: AbortSignal,
): Promise<Check[]> {
  const one = async (name: string, url: string): Promise<Check> => {
    const until = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    try {
      const answer = await fetch(url, { signal: until, redirect: 'manual' });
      await answer.body?.cancel();
      return fine(
        name,
        `${url} answers (${answer.status}); whether it knows this log shows with its first line`,
      );
    } catch (error) {
      signal.throwIfAborted();
      const found = `${url} does not answer: ${messageOf(error)}`;
      const remedy = required
        ? 'Without a quorum nothing is attested: look at the address and the way to it.'
        : 'Look at the address and the way to it. Attestations are made without its line.';
      return { name, verdict: required ? 'bad' : 'warning', found, remedy };
    }
  };
  return await Promise.all(
    policy.witnesses.flatMap(({ key, url }) => (url === null ? [] : [one(key.name, url)])),
  );
}

/** What it does not look at is said, since "ready" would be taken for it. */
function notTried({ kafka, alarms }: VerifierConfig): Check[] {
  const checks: Check[] = [];
  const warn = (name: string, found: string, remedy: string) =>
    checks.push({ name, verdict: 'warning', found, remedy });
  if (kafka !== null)
    warn('kafka', 'the brokers are not asked here', '`ledgerstone watch` logs what they say.');
  if (alarms.sns === null && alarms.webhook === null)
    warn(
      'alarms',
      'findings go to the log alone',
      'Set alarms.sns or alarms.webhook, so that people hear of them.',
    );
  else warn('alarms', 'no message is sent here', '`ledgerstone drill` sends one through every channel.');
  return checks;
}

/** The rule of the configuration compares names; this follows links. */
async function separateChecks(config: VerifierConfig): Promise<Check[]> {
  if (config.archive.store.kind !== 'directory' || config.attestations.store.kind !== 'directory') return [];
  try {
    await requireSeparate(config);
    return [fine('separate', 'the archive and the attestations lie in two places, also where links lead')];
  } catch (error) {
    return [failedCheck('separate', error)];
  }
}

/** `untilMs`: of a lock that it has to be able to set. Null: of the archive, which it only reads. */
async function storeChecks(
  store: StoreConfig,
  untilMs: number | null,
  signal: AbortSignal,
): Promise<readonly Check[]> {
  if (store.kind === 'directory') return untilMs === null ? readable(store.path) : directoryChecks(store);
  const [{ inspectBucket }, { probePermissions }] = await Promise.all([
    import('../../store/preflight.ts'),
    import('../../store/permissions.ts'),
  ]);
  const { state, checks } = await inspectBucket(store, signal);
  if (state !== 'there') return checks;
  // A try to write into the archive would be refused, and be an attempt that alarms.
  const retention = untilMs === null ? null : { untilMs };
  return [...checks, ...(await probePermissions(store, retention, signal))];
}

async function archiveChecks(
  archive: VerifierConfig['archive'],
  signal: AbortSignal,
): Promise<readonly Check[]> {
  const checks = await storeChecks(archive.store, null, signal);
  if (checks.some(({ verdict }) => verdict === 'bad')) return checks;
  return [...checks, await trustedCheck(archive, signal)];
}

/** Chains that are looked at. Anybody who may write can put up one that no key of the log has signed. */
const CHAINS_MAX = 20;

/** With a key that has signed nothing, nothing would ever be attested. */
async function trustedCheck(
  { store, trusted }: VerifierConfig['archive'],
  signal: AbortSignal,
): Promise<Check> {
  const name = 'trusted';
  try {
    const archive = await openForReading(store);
    try {
      let chains = 0;
      for await (const { chain, partition } of chainsOf(archive, signal)) {
        const head = await findHead(archive, chain, partition, 0, signal);
        if (head.kind !== 'head') continue;
        const { key, versionId } = head.version;
        const bytes = await archive.read(key, versionId, { maxBytes: LIMITS.sealBytesMax, signal });
        const { opened, problems } = await inspectSeal(bytes, { trusted, sha256: nodeSha256 });
        const isSigned = opened !== null && problems.length === 0;
        if (isSigned && trustProblem(opened, { trusted, sha256: nodeSha256 }) === null)
          return fine(name, `a key of archive.trusted signed ${key}, and nothing else was verified`);
        if (++chains === CHAINS_MAX) break;
      }
      if (chains === 0)
        return { name, verdict: 'warning', found: 'no chain yet, so no key was tried', remedy: null };
      const found = `no key of archive.trusted signed the newest seal of ${counted(chains, 'chain')}`;
      const remedy =
        "Pin the log's key as its keeper gives it to you. If it is that one, run `ledgerstone verify`.";
      return { name, verdict: 'bad', found, remedy };
    } finally {
      await archive.close();
    }
  } catch (error) {
    signal.throwIfAborted();
    return failedCheck(name, error);
  }
}

async function* chainsOf(archive: ReadableStore, signal: AbortSignal): AsyncGenerator<ChainInArchive> {
  for await (const topic of archive.listPrefixes(sealsRoot, signal)) {
    for await (const folder of archive.listPrefixes(topic, signal)) {
      const parsed = parseKey(`${folder}000000000000.tlog-proof`);
      if (parsed?.kind === 'seal' && parsed.chain !== CANARY_CHAIN) yield parsed;
    }
  }
}

async function readable(path: string): Promise<Check[]> {
  try {
    await access(path, constants.R_OK);
    return [fine('readable', path)];
  } catch (error) {
    return [{ ...failedCheck('readable', error), remedy: 'Correct archive.store.path or its permissions.' }];
  }
}

// `ledgerstone doctor --config verifier.yaml`: has the second party what it needs?
import { access, constants } from 'node:fs/promises';
import { nodeSha256 } from '../../base/node/hash.ts';
import { afterPeriod } from '../../base/period.ts';
import type { StoreConfig } from '../../config/connections.ts';
import type { VerifierConfig } from '../../config/verifier.ts';
import { cosignerKey, encodeCosignerVkey } from '../../format/cosignature.ts';
import type { Check } from './check-list.ts';
import {
  type Area,
  directoryChecks,
  environmentChecks,
  failedCheck,
  fine,
  signingChecks,
} from './doctor-checks.ts';
import type { Io } from './output.ts';

export async function verifierAreas(config: VerifierConfig, io: Io): Promise<readonly Area[]> {
  const { archive, attestations, cosigner, watch } = config;
  const untilMs = afterPeriod(Date.now(), attestations.retention.period);
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
    { area: 'archive', checks: await storeChecks(archive.store, null, io.signal) },
    { area: 'own', checks: await storeChecks(attestations.store, untilMs, io.signal) },
    { area: 'signing', checks: await signingChecks(cosigner.signing, vkeyOf) },
  ];
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

async function readable(path: string): Promise<Check[]> {
  try {
    await access(path, constants.R_OK);
    return [fine('readable', path)];
  } catch (error) {
    return [{ ...failedCheck('readable', error), remedy: 'Correct archive.store.path or its permissions.' }];
  }
}

// `ledgerstone doctor`: would the service run safely with this configuration?
import { access, constants, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Command } from 'commander';
import { utf8 } from '../../base/bytes.ts';
import { LedgerstoneError, messageOf } from '../../base/error.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { afterPeriod } from '../../base/period.ts';
import { openSigner } from '../../clients/open.ts';
import { type Config, type FileSourceConfig, loadConfig } from '../../config/archiver.ts';
import type { SigningConfig, StoreConfig } from '../../config/connections.ts';
import { encodeVkey, verifierKey } from '../../format/vkey.ts';
import { type Check, checkLines, readinessOf } from './check-list.ts';
import { lockDates } from './lock-dates.ts';
import { unreachableByProbes } from './pod-probes.ts';
import { acting, type Session } from './session.ts';

type DoctorOptions = { readonly config: string; readonly json?: boolean };
type Area = { readonly area: 'config' | 'store' | 'signing' | 'source'; readonly checks: readonly Check[] };

const HELP = `
Asks the store, the key and Kafka and changes nothing. Correct what is \`bad\` before the
service runs, and look at each \`warning\`. \`unknown\`: this role has no right to see it.
Signing is tried on a text that is no checkpoint.

Exit codes: 0 nothing bad, 2 the configuration is wrong, 3 something is bad.

Examples:
  ledgerstone doctor --config ledgerstone.yaml
  ledgerstone doctor --config ledgerstone.yaml --json
`;

export function doctorCommand(program: Command, session: Session): void {
  program
    .command('doctor')
    .description('Every requirement with its verdict and remedy.')
    .requiredOption('--config <file>', 'ledgerstone.yaml')
    .option('--json', 'the checks for programs')
    .addHelpText('after', HELP)
    .action(acting(session, (options: DoctorOptions) => runDoctor(session, options)));
}

async function runDoctor({ io, output }: Session, options: DoctorOptions): Promise<number> {
  const config = await loadConfig(options.config, io.env);
  const areas: Area[] = [
    { area: 'config', checks: configChecks(config, io.env) },
    { area: 'store', checks: await storeChecks(config, io.signal) },
    { area: 'signing', checks: await signingChecks(config.archive.signing, config.archive.origin) },
    { area: 'source', checks: await sourceChecks(config) },
  ];
  const all = areas.flatMap(({ checks }) => checks);
  const { ready, exitCode, text } = readinessOf(all, output);
  if (options.json === true) {
    const checks = areas.flatMap(({ area, checks }) => checks.map((check) => ({ area, ...check })));
    await output.json({ ready, checks });
    return exitCode;
  }
  const lines = areas.flatMap(({ area, checks }) => checkLines(area, checks, output));
  await output.write(`${lines.join('\n')}\n\n${text}\n`);
  return exitCode;
}

const ok = (name: string, found: string): Check => ({ name, verdict: 'ok', found, remedy: null });
const failedCheck = (name: string, error: unknown): Check => ({
  name,
  verdict: 'bad',
  found: messageOf(error),
  remedy: error instanceof LedgerstoneError ? (error.remedy ?? null) : null,
});

function configChecks({ production, retention, archive, server }: Config, env: NodeJS.ProcessEnv): Check[] {
  const checks = [
    ok('file', 'every key is known and every value allowed'),
    ...lockDates(retention, Date.now()).map(({ name, text }) => ok(`retention ${name}`, text)),
  ];
  if (!production) {
    const remedy = 'Set `production: true`: it refuses a directory, a local key and GOVERNANCE.';
    checks.push({ name: 'production', verdict: 'warning', found: 'false', remedy });
  }
  const governed = Object.entries(retention).filter(([, policy]) => policy.mode === 'GOVERNANCE');
  if (governed.length > 0) {
    const found = `${governed.map(([name]) => name).join(', ')}: GOVERNANCE, which some roles can bypass`;
    checks.push({ name: 'retention', verdict: 'warning', found, remedy: 'Use COMPLIANCE.' });
  }
  if (archive.signing.kind === 'local' && archive.store.kind === 's3') {
    const remedy = 'Use kind: kms: a key file on the archiver can be copied.';
    checks.push({
      name: 'duties',
      verdict: 'warning',
      found: 'a process that may write can also read the signing key',
      remedy,
    });
  }
  const proxies = ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY'].filter(
    (name) => (env[name] ?? env[name.toLowerCase()] ?? '') !== '',
  );
  if (proxies.length > 0) {
    const found = `${proxies.join(', ')} is set and not used: every connection is made directly`;
    const remedy = 'Give this host a direct way, such as VPC endpoints for S3, KMS, STS and SNS.';
    checks.push({ name: 'proxy', verdict: 'warning', found, remedy });
  }
  const unreachable = unreachableByProbes(server, 'server', env);
  if (unreachable !== null) checks.push({ name: 'probes', verdict: 'warning', ...unreachable });
  return checks;
}

async function storeChecks({ archive, retention }: Config, signal: AbortSignal): Promise<Check[]> {
  const { store } = archive;
  if (store.kind === 'directory') return directoryChecks(store);
  const [{ inspectBucket }, { probePermissions }] = await Promise.all([
    import('../../store/preflight.ts'),
    import('../../store/permissions.ts'),
  ]);
  const { state, checks } = await inspectBucket(store, signal);
  if (state !== 'there') return [...checks];
  const untilMs = afterPeriod(Date.now(), retention.seals.period);
  return [...checks, ...(await probePermissions(store, { untilMs }, signal))];
}

async function directoryChecks(store: Extract<StoreConfig, { kind: 'directory' }>): Promise<Check[]> {
  const remedy = 'For production use kind: s3 with Object Lock.';
  const notWorm: Check = {
    name: 'write-once',
    verdict: 'warning',
    found: 'files in a directory can be deleted',
    remedy,
  };
  try {
    const isThere = (await stat(store.path).catch(() => null)) !== null;
    await access(isThere ? store.path : dirname(store.path), constants.W_OK);
    return [ok('writable', isThere ? store.path : `${store.path} will be made`), notWorm];
  } catch (error) {
    return [
      { ...failedCheck('writable', error), remedy: 'Correct archive.store.path or its permissions.' },
      notWorm,
    ];
  }
}

async function signingChecks(signing: SigningConfig, origin: string): Promise<Check[]> {
  try {
    const signer = await openSigner(signing);
    // No checkpoint has this text, so the signature can't be misused. The signer verifies it before returning
    // it.
    await signer.sign(utf8('ledgerstone doctor\n'));
    const key = verifierKey(origin, signer.publicKey, nodeSha256);
    return [
      ok('key', `${signer.publicKey.algorithm}, ${signer.description}`),
      ok('signs', 'a signature was made and verified'),
      ok('vkey', encodeVkey(key)),
    ];
  } catch (error) {
    return [failedCheck('key', error)];
  }
}

async function sourceChecks({ source, limits }: Config): Promise<Check[]> {
  if (source.kind === 'file') return fileChecks(source);
  const { checkKafka } = await import('../../ingest/kafka/topic-check.ts');
  const silent = () => {};
  const log = { debug: silent, info: silent, warn: silent, error: silent };
  return checkKafka({ ...source, recordBytesMax: limits.recordBytes, log });
}

async function fileChecks({ path }: FileSourceConfig): Promise<Check[]> {
  if (path === '-') return [ok('input', 'standard input')];
  try {
    await access(path, constants.R_OK);
    return [ok('input', path)];
  } catch (error) {
    return [{ ...failedCheck('input', error), remedy: 'Correct source.path or its permissions.' }];
  }
}

// `ledgerstone doctor`: would the service run safely with this configuration?
import { access, constants } from 'node:fs/promises';
import type { Command } from 'commander';
import { nodeSha256 } from '../../base/node/hash.ts';
import { afterPeriod } from '../../base/period.ts';
import { takingOf } from '../../clients/open.ts';
import { liesIn } from '../../clients/separate.ts';
import { type Config, type FileSourceConfig, loadConfig } from '../../config/archiver.ts';
import type { StoreConfig } from '../../config/connections.ts';
import { isVerifierFile, loadVerifierConfig } from '../../config/verifier.ts';
import { encodeVkey, type PublicKey, verifierKey } from '../../format/vkey.ts';
import { type Check, checkLines, readinessOf } from './check-list.ts';
import {
  type Area,
  directoryChecks,
  environmentChecks,
  failedCheck,
  fine,
  keyFileChecks,
  signingChecks,
} from './doctor-checks.ts';
import { type CostOptions, runCost } from './doctor-cost.ts';
import { verifierAreas } from './doctor-verifier.ts';
import { UsageError } from './exit-code.ts';
import { lockDates } from './lock-dates.ts';
import { count } from './open-archive.ts';
import { acting, type Session } from './session.ts';

type DoctorOptions = CostOptions & { readonly cost?: boolean };

const HELP = `
Asks the store, the key and Kafka and changes nothing. Correct what is \`bad\` before the
service runs, and look at each \`warning\`. \`unknown\`: this role has no right to see it,
so nobody knows whether it is ready. Signing is tried on a text that is no checkpoint.
With verifier.yaml it looks at what the second party needs, and writes nothing anywhere.

With --cost it says what an archiver with these settings would cost in a month, and looks
at nothing but the number of partitions. If no broker tells it, and no --partitions, it is
said for several numbers, with exit code 3.

Exit codes: 0 ready, 2 the configuration is wrong, 3 something is bad or unknown.

Examples:
  ledgerstone doctor --config ledgerstone.yaml
  ledgerstone doctor --config ledgerstone.yaml --json
  ledgerstone doctor --config ledgerstone.yaml --cost --partitions 100 --gb-per-day 40
`;

/** Throws UsageError. */
function gigabytes(text: string): number {
  const value = Number(text);
  if (/^[0-9]+(?:\.[0-9]+)?$/.test(text) && value > 0 && value <= 1e9) return value;
  throw new UsageError('--gb-per-day is no amount', 'Give gigabytes (10^9 bytes), such as 40 or 0.5.');
}

export function doctorCommand(program: Command, session: Session): void {
  program
    .command('doctor')
    .description('Every requirement with its verdict and remedy.')
    .requiredOption('--config <file>', 'ledgerstone.yaml or verifier.yaml')
    .option('--json', 'the checks, or the cost, for programs')
    .option('--cost', 'instead of checks: US$ a month, idle and busy')
    .option('--partitions <number>', 'with --cost: so many; default: those that the brokers have', count)
    .option('--gb-per-day <number>', 'with --cost: stored in a day, for the cost of storage', gigabytes)
    .addHelpText('after', HELP)
    .action(acting(session, (options: DoctorOptions) => runDoctor(session, options)));
}

async function areasOf({ io }: Session, file: string): Promise<readonly Area[]> {
  if (await isVerifierFile(file)) return verifierAreas(await loadVerifierConfig(file, io.env), io);
  const config = await loadConfig(file, io.env);
  return [
    { area: 'config', checks: configChecks(config, io.env) },
    { area: 'store', checks: await storeChecks(config, io.signal) },
    {
      area: 'signing',
      checks: [
        ...(await signingChecks(config.archive.signing, logVkey(config.archive.origin))),
        ...(await keyFileChecks(config.archive.signing, [config.archive.store])),
      ],
    },
    { area: 'source', checks: await sourceChecks(config) },
  ];
}

async function runDoctor(session: Session, options: DoctorOptions): Promise<number> {
  const { output } = session;
  if (options.cost === true) return runCost(session, options);
  for (const [name, value] of [
    ['--partitions', options.partitions],
    ['--gb-per-day', options.gbPerDay],
  ] as const)
    if (value !== undefined) throw new UsageError(`${name} without --cost`, 'Add --cost.');
  const areas = await areasOf(session, options.config);
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

function configChecks({ production, retention, archive, server }: Config, env: NodeJS.ProcessEnv): Check[] {
  const checks = [
    fine('file', 'every key is known and every value allowed'),
    ...lockDates(retention, Date.now(), archive.store.kind).map(({ name, text }) =>
      fine(`retention ${name}`, text),
    ),
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
  checks.push(...environmentChecks(server, 'server', env));
  return checks;
}

const logVkey =
  (origin: string) =>
  (key: PublicKey): string =>
    encodeVkey(verifierKey(origin, key, nodeSha256));

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

async function sourceChecks({ source, limits, archive }: Config): Promise<Check[]> {
  if (source.kind === 'file') return fileChecks(source, archive.store);
  const { checkKafka } = await import('../../ingest/kafka/topic-check.ts');
  const silent = () => {};
  const log = { debug: silent, info: silent, warn: silent, error: silent };
  return checkKafka({ ...source, ...takingOf(source), recordBytesMax: limits.recordBytes, log });
}

async function fileChecks({ path }: FileSourceConfig, store: StoreConfig): Promise<Check[]> {
  if (path === '-') return [fine('input', 'standard input')];
  if (store.kind === 'directory' && (await liesIn(path, store.path))) {
    const remedy =
      'Move the file out: in the archive it is a foreign object, and every copy brings it along.';
    return [{ name: 'input', verdict: 'bad', found: `${path} lies in the archive, ${store.path}`, remedy }];
  }
  try {
    await access(path, constants.R_OK);
    return [fine('input', path)];
  } catch (error) {
    return [{ ...failedCheck('input', error), remedy: 'Correct source.path or its permissions.' }];
  }
}

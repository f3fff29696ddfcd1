// `ledgerstone init`: how are keys, bucket and archive made ready for the first record?
import { type Command, Option } from 'commander';
import { systemClock } from '../../base/clock.ts';
import { LedgerstoneError } from '../../base/error.ts';
import { spanOf } from '../../base/period.ts';
import { printable } from '../../base/printable.ts';
import { openForWriting, openSigner, trustedKeys } from '../../clients/open.ts';
import { type Config, loadConfig } from '../../config/archiver.ts';
import type { S3StoreConfig } from '../../config/connections.ts';
import { isVerifierFile, loadVerifierConfig } from '../../config/verifier.ts';
import { encodeVkey, type KeyAlgorithm } from '../../format/vkey.ts';
import { type Published, publishArchiveFiles } from '../../sealing/publish.ts';
import type { BucketCheck } from '../../store/bucket-check.ts';
import { checkLines } from './check-list.ts';
import { EXIT } from './exit-code.ts';
import { makeKey, writeVkey } from './init-key.ts';
import { initVerifier } from './init-verifier.ts';
import { lockDates } from './lock-dates.ts';
import { acting, type Session } from './session.ts';

type InitOptions = {
  readonly config: string;
  readonly createBucket?: boolean;
  readonly keyType: KeyAlgorithm;
  readonly vkey?: string;
  readonly json?: boolean;
};

const DAY_MS = 86_400_000;

const HELP = `
Makes the local signing key if one is configured and missing; it never replaces a key.
Checks that the bucket has Object Lock and versioning. Writes the verifier key and
FORMAT.md into the archive, locked by the \`seals\` policy. Safe to repeat. It makes a
bucket only with --create-bucket, with Object Lock and a COMPLIANCE default.
With verifier.yaml: the same for the second party's own bucket and key, whose text it
prints; it writes nothing into the archive, and nothing into its own bucket.

Give the printed verifier key to everybody who will verify, by a way that you trust.

Examples:
  ledgerstone init --config ledgerstone.yaml --vkey archive.vkey
  ledgerstone init --config ledgerstone.yaml --create-bucket
`;

export function initCommand(program: Command, session: Session): void {
  program
    .command('init')
    .description('Keys, FORMAT.md and the bucket made ready.')
    .requiredOption('--config <file>', 'ledgerstone.yaml or verifier.yaml')
    .option('--create-bucket', 'make the bucket, with Object Lock, if there is none')
    .addOption(
      new Option('--key-type <type>', 'of a new local key')
        .choices(['ed25519', 'ecdsa-p256'])
        .default('ed25519'),
    )
    .option('--vkey <file>', 'write the verifier key to this file too')
    .option('--json', 'the result for programs')
    .addHelpText('after', HELP)
    .action(acting(session, (options: InitOptions) => runInit(session, options)));
}

async function runInit(session: Session, options: InitOptions): Promise<number> {
  const { io, output } = session;
  session.judges = false;
  if (await isVerifierFile(options.config))
    return initVerifier(session, await loadVerifierConfig(options.config, io.env), options);
  const config = await loadConfig(options.config, io.env);
  const { store: storeConfig, signing } = config.archive;
  // The bucket comes first: without it a new key would be of no use.
  const checks = storeConfig.kind === 's3' ? await readyBucket(storeConfig, config, options, io.signal) : [];
  const newKey = signing.kind === 'local' && (await makeKey(signing.keyFile, options.keyType));
  const signer = await openSigner(signing);
  const keys = trustedKeys(config, [signer]);
  const vkey = encodeVkey(keys[0]!);
  const store = await openForWriting(storeConfig, config.greatestLock);
  let published: Published[];
  try {
    published = await publishArchiveFiles(
      store,
      keys.slice(0, 1),
      config.retention.seals,
      systemClock,
      io.signal,
    );
  } finally {
    await store.close();
  }
  if (options.vkey !== undefined) await writeVkey(options.vkey, vkey);
  if (options.json === true) {
    await output.json({
      vkey,
      newKey,
      signer: signer.description,
      archive: store.description,
      published,
      checks,
    });
    return EXIT.ok;
  }
  const lines = [
    ...checkLines('bucket', checks, output),
    ...lockDates(config.retention, systemClock.now(), store.kind).map(
      ({ name, text }) => `retention     ${name}: ${text}`,
    ),
    `signing key   ${printable(signer.description)}${newKey ? ' (new)' : ''}`,
    ...published.map(
      ({ key, written }) => `${written ? 'written      ' : 'there already'} ${printable(key)}`,
    ),
    ...(store.kind === 'directory'
      ? ['note          a directory is not write-once: for trials and copies only']
      : []),
    '',
    'Verifier key, for everybody who will verify this archive:',
    vkey,
  ];
  await output.write(`${lines.join('\n')}\n`);
  return EXIT.ok;
}

/** Throws if the bucket is not fit. A weaker one is never used or made. */
async function readyBucket(
  store: S3StoreConfig,
  config: Config,
  options: InitOptions,
  signal: AbortSignal,
): Promise<readonly BucketCheck[]> {
  const { createBucket, inspectBucket } = await import('../../store/preflight.ts');
  if (options.createBucket === true) {
    // Each PUT names its own date. The default is a safety net, as short as the shortest policy: a foreign
    // object should not stay for years.
    const shortestMs = Math.min(
      ...Object.values(config.retention).map(({ period }) => spanOf(period).greatestMs),
    );
    const days = Math.max(1, Math.ceil(shortestMs / DAY_MS));
    return (await createBucket(store, { days }, signal)).inspection.checks;
  }
  const { state, checks } = await inspectBucket(store, signal);
  const bad = checks.find(({ verdict }) => verdict === 'bad');
  if (bad === undefined) return checks;
  const remedy =
    state === 'absent'
      ? 'Add --create-bucket, or create it with Object Lock enabled at birth.'
      : (bad.remedy ?? undefined);
  throw new LedgerstoneError('unfit-bucket', `bucket ${store.bucket}: ${bad.found}`, {
    ...(remedy === undefined ? {} : { remedy }),
  });
}

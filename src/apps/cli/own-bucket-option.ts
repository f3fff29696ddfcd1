// `--config verifier.yaml`, or `--attestations STORE --cosigner KEY`: which verifier's notes are meant?
import type { Command } from 'commander';
import { LedgerstoneError, messageOf } from '../../base/error.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import type { PublicKey } from '../../base/signature.ts';
import { openSigner } from '../../clients/open.ts';
import { storeFromName } from '../../clients/store-from-name.ts';
import type { StoreConfig } from '../../config/connections.ts';
import { archiveOriginOf, loadVerifierConfig, type VerifierConfig } from '../../config/verifier.ts';
import { type CosignerKey, cosignerKey } from '../../format/cosignature.ts';
import { personKey } from '../../verifier/findings/response.ts';
import type { NoteKeys } from '../../verifier/signed-notes.ts';
import { sameKey } from '../../verify/trust.ts';
import { readCosigners } from './attestations-option.ts';
import { UsageError } from './exit-code.ts';
import { readTrustedKeys } from './keys.ts';
import { type ArchiveOptions, repeatable } from './open-archive.ts';

export type OwnBucketOptions = Pick<ArchiveOptions, 'config' | 'key' | 'region' | 'endpoint'> & {
  readonly attestations?: string;
  readonly cosigner?: readonly string[];
  readonly origin?: string;
};

export const withOwnBucket = (command: Command): Command =>
  command
    .option('--config <file>', 'verifier.yaml: names all of the following')
    .option('--attestations <store>', 'where the verifier attests: s3://bucket/prefix or a directory')
    .option('--cosigner <key>', "the verifier's key, or a file of them; repeatable", repeatable)
    .option(
      '--key <key>',
      'the key of the archive, or a file of them, for its origin; repeatable',
      repeatable,
    )
    .option('--origin <name>', "the archive's origin; default: the name of that key")
    .option('--region <region>', 'of the bucket; default AWS_REGION')
    .option('--endpoint <url>', 'S3-compatible server; default AWS_ENDPOINT_URL_S3 or _URL');

export type NamedOwnBucket = {
  readonly config: VerifierConfig | null;
  readonly store: StoreConfig;
  /** Of the verifier. */
  readonly keys: NoteKeys;
};

/** Throws UsageError where it is not said whose notes are meant. */
export async function namedOwnBucket(
  options: OwnBucketOptions,
  env: NodeJS.ProcessEnv,
): Promise<NamedOwnBucket> {
  const { attestations, cosigner = [], key = [], origin } = options;
  const given = await readCosigners(cosigner);
  if (options.config !== undefined) {
    if (attestations !== undefined || key.length > 0 || origin !== undefined)
      throw new UsageError(
        '--config names the place and the archive already',
        'Give it alone, or with --cosigner.',
      );
    const config = await loadVerifierConfig(options.config, env);
    const cosigners = given.length > 0 ? given : await configuredCosigners(config);
    const keys = { archiveOrigin: archiveOriginOf(config), cosigners, sha256: nodeSha256 };
    return { config, store: config.attestations.store, keys };
  }
  if (attestations === undefined || given.length === 0)
    throw new UsageError(
      'no verifier named',
      'Give --config verifier.yaml, or --attestations STORE --cosigner KEY --key KEY.',
    );
  const names = new Set(
    origin === undefined ? (await readTrustedKeys(key)).map(({ name }) => name) : [origin],
  );
  const [archiveOrigin, ...others] = names;
  if (archiveOrigin === undefined || others.length > 0)
    throw new UsageError('it is not said of which archive', 'Give its --key, or its --origin.');
  const store = storeFromName(attestations, options, env);
  return { config: null, store, keys: { archiveOrigin, cosigners: given, sha256: nodeSha256 } };
}

/** The verifier's present key and its earlier ones. */
export async function configuredCosigners({
  cosigner: { name, signing, earlier },
}: VerifierConfig): Promise<CosignerKey[]> {
  try {
    return [cosignerKey(name, (await openSigner(signing)).publicKey, nodeSha256), ...earlier];
  } catch (error) {
    const remedy = 'Give it: --cosigner verifier.vkey. `ledgerstone watch` logs it when it starts.';
    const message = `the verifier's public key could not be read: ${messageOf(error)}`;
    throw new LedgerstoneError('no-cosigner-key', message, { remedy, cause: error });
  }
}

/** Of the people whose word on findings counts. Throws UsageError for the verifier's own key. */
export function keysOfPeople(keys: NoteKeys, people: readonly PublicKey[]): NoteKeys {
  for (const person of people)
    if (keys.cosigners.some(({ key }) => sameKey(key, person)))
      throw new UsageError(
        "a person's key is the verifier's own",
        'Who holds that key could forge attestations.',
      );
  return { ...keys, cosigners: people.map((key) => personKey(key, nodeSha256)) };
}

// `--sign-key FILE`, `--sign-kms KEY`: whose key signs what a command writes?

import type { Command } from 'commander';
import { LedgerstoneError } from '../../base/error.ts';
import { openSigner } from '../../clients/open.ts';
import type { Signer } from '../../sign/signer.ts';
import { UsageError } from './exit-code.ts';
import type { ArchiveOptions } from './open-archive.ts';

export type SignerOptions = { readonly signKey?: string; readonly signKms?: string };

/** `what`: is signed. */
export const withSigner = (command: Command, what: string): Command =>
  command
    .option('--sign-key <file>', `private key (PEM) that signs ${what}`)
    .option('--sign-kms <key>', 'the same by a P-256 key in KMS: its ARN, or its id with --region');

/**
 * The same for what may be longer than 4096 bytes: with Ed25519 KMS signs no more, and no digest in a form
 * that others verify. That is known before anything is read. Throws UsageError.
 */
export async function openSignerOfLong(...asked: Parameters<typeof openSignerOf>): Promise<Signer | null> {
  const signer = await openSignerOf(...asked);
  const [{ signKms }] = asked;
  if (signKms === undefined || signer?.publicKey.algorithm !== 'ed25519') return signer;
  throw new UsageError(
    `${signKms} is an Ed25519 key: KMS signs at most 4096 bytes with it, and this may be longer`,
    'Give a P-256 key of KMS (ECC_NIST_P256), or a key file with --sign-key.',
  );
}

/** Null: nobody signs. Throws UsageError, and what the key's own errors are. */
export async function openSignerOf(
  { signKey, signKms, region, endpoint }: SignerOptions & Pick<ArchiveOptions, 'region' | 'endpoint'>,
  env: NodeJS.ProcessEnv,
): Promise<Signer | null> {
  if (signKey !== undefined && signKms !== undefined)
    throw new UsageError('both --sign-key and --sign-kms name a key that signs', 'Give one of the two.');
  if (signKey !== undefined) {
    return openSigner({ kind: 'local', keyFile: signKey }).catch((error: unknown) => {
      if (!(error instanceof LedgerstoneError) || error.code !== 'key-file') throw error;
      throw new UsageError(error.message, error.remedy);
    });
  }
  if (signKms === undefined) return null;
  const ofArn = /^arn:[^:]*:kms:([^:]+):/.exec(signKms)?.[1];
  const at = ofArn ?? region ?? env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'] ?? '';
  if (at === '') throw new UsageError('the Region of the KMS key is not known', 'Give its ARN, or --region.');
  return openSigner({ kind: 'kms', keyId: signKms, region: at, ...(endpoint !== undefined && { endpoint }) });
}

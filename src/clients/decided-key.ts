// Where may a key lie that people decided on, and this process is to sign with?
import { basename, dirname, join } from 'node:path';
import { LedgerstoneError } from '../base/error.ts';
import type { SigningConfig } from '../config/connections.ts';

/**
 * Only where somebody put it for this process: in the account and Region of the configured key, or beside its
 * file. `own`: the ARN of a key of KMS that is open. Throws `key-elsewhere`.
 */
export function decidedSigning(
  signing: SigningConfig,
  named: string,
  own: string | undefined,
): SigningConfig {
  if (signing.kind === 'local') {
    if (!/^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(named) || basename(named) !== named)
      throw elsewhere(named, `the name of a file beside ${signing.keyFile}`);
    return { kind: 'local', keyFile: join(dirname(signing.keyFile), named) };
  }
  const place = accountOf(own ?? signing.keyId);
  if (place === null || accountOf(named) !== place)
    throw elsewhere(named, `a key of KMS in ${place ?? 'the account of the configured one'}`);
  return { ...signing, keyId: named };
}

/** `arn:aws:kms:REGION:ACCOUNT` of a key's ARN. */
const accountOf = (arn: string): string | null =>
  /^(arn:[^:\s]+:kms:[^:\s]+:[^:\s]+):key\/[A-Za-z0-9-]+$/.exec(arn)?.[1] ?? null;

const elsewhere = (named: string, wanted: string): LedgerstoneError =>
  new LedgerstoneError('key-elsewhere', `the decision names ${named}, and only this is taken: ${wanted}`, {
    remedy: 'Make the key there, and decide on it: ledgerstone keys rotate.',
  });

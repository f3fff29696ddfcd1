// Which authority stamps what this verifier attests, if the configuration names one?
import { readFileSync } from 'node:fs';
import { FormatError, LedgerstoneError, messageOf } from '../../base/error.ts';
import type { Logger } from '../../base/log.ts';
import type { VerifierConfig } from '../../config/verifier.ts';
import { type HeldCertificate, readRoots } from '../../timestamp/certificates.ts';
import type { AttestationReader } from '../../verifier/attest/attestation-reader.ts';
import { attestedChains } from '../../verifier/known-chains.ts';
import type { OwnBucket } from '../../verifier/own-bucket.ts';
import { Stamper } from '../../verifier/stamps/stamper.ts';

export type StampingWith = {
  readonly bucket: OwnBucket;
  readonly reader: Pick<AttestationReader, 'newest'>;
  readonly log: Logger;
};

/** Null: nobody is asked. Throws `config` where the roots can't be read. */
export function stamperOf(
  { timestamps }: Pick<VerifierConfig, 'timestamps'>,
  { bucket, reader, log }: StampingWith,
): Stamper | null {
  if (timestamps === null) return null;
  const { url, policy, timeoutMs } = timestamps;
  return new Stamper({
    ...bucket,
    authority: { url, policy, timeoutMs, roots: rootsOf(timestamps) },
    ...{ reader, log, chains: (signal) => attestedChains(bucket.store, signal) },
  });
}

/** Throws `config` where they can't be read. */
export function rootsOf({ roots }: NonNullable<VerifierConfig['timestamps']>): HeldCertificate[] {
  const where = roots.kind === 'file' ? roots.path : 'timestamps.roots';
  try {
    return readRoots(roots.kind === 'file' ? readFileSync(roots.path, 'utf8') : roots.text);
  } catch (error) {
    const why = error instanceof FormatError ? error.message : messageOf(error);
    throw new LedgerstoneError('config', `${where}: ${why}`, {
      disposition: 'input',
      remedy: "Give the authority's root certificate in PEM; its operator publishes it.",
    });
  }
}

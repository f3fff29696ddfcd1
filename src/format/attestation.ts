// Where does a second party keep what it has confirmed of a chain, and what does that look like?
import { digits, folder, isChainAndPartition } from './paths.ts';

/**
 * An attestation is a signed checkpoint: the log's signature lines, perhaps those of witnesses and, last, the
 * cosigner's. One per chain and size.
 */
export const attestationsRoot = 'attestations/';

export const attestationPrefix = (chain: string, partition: number): string =>
  `${attestationsRoot}${folder(chain, partition)}`;

/** The size alone, so that of two who confirm it at once one wins. */
export const attestationKey = (chain: string, partition: number, size: number): string =>
  `${attestationPrefix(chain, partition)}${digits(size)}.note`;

export type AttestationKey = { readonly chain: string; readonly partition: number; readonly size: number };

/** null: foreign, which is every key that `attestationKey` would not give. */
export function parseAttestationKey(key: string): AttestationKey | null {
  const match = /^attestations\/topic=([^/]+)\/partition=(\d{1,10})\/(\d{12})\.note$/.exec(key);
  if (match === null) return null;
  const [, chain = '', partition = '', size = ''] = match;
  return isChainAndPartition(chain, partition)
    ? { chain, partition: Number(partition), size: Number(size) }
    : null;
}

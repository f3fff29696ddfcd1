// Where does a second party keep what it has confirmed of a chain, and what does that look like?
import { assert } from '../base/assert.ts';
import { LIMITS } from '../base/limits.ts';
import { isChainName, isPartition } from './chain.ts';

/** An attestation is a signed checkpoint: the log's signature lines and, last, the cosigner's. One per chain and size. */
export const attestationsRoot = 'attestations/';

export function attestationPrefix(chain: string, partition: number): string {
  assert(isChainName(chain), `an attestation of chain ${JSON.stringify(chain)}`);
  assert(isPartition(partition), `an attestation of partition ${partition}`);
  return `${attestationsRoot}topic=${chain}/partition=${partition}/`;
}

/** The size alone, so that of two who confirm it at once one wins. */
export function attestationKey(chain: string, partition: number, size: number): string {
  const valid = Number.isInteger(size) && size >= 0 && size <= LIMITS.sequenceMax;
  assert(valid, `an attestation of size ${size}`);
  return `${attestationPrefix(chain, partition)}${String(size).padStart(12, '0')}.note`;
}

export type AttestationKey = { readonly chain: string; readonly partition: number; readonly size: number };

/** null: foreign, which is every key that `attestationKey` would not give. */
export function parseAttestationKey(key: string): AttestationKey | null {
  const match = /^attestations\/topic=([^/]+)\/partition=(0|[1-9]\d{0,9})\/(\d{12})\.note$/.exec(key);
  if (match === null) return null;
  const [, chain = '', partition = '', size = ''] = match;
  if (!isChainName(chain) || !isPartition(Number(partition))) return null;
  return { chain, partition: Number(partition), size: Number(size) };
}

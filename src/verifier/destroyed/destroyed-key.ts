// Under which keys do certificates of destruction lie in the verifier's own bucket? (FORMAT.md 9.12.1)
import { assert } from '../../base/assert.ts';
import { LIMITS } from '../../base/limits.ts';
import { digits, folder, isChainAndPartition } from '../../format/paths.ts';
import type { ChainInArchive } from '../../verify/survey.ts';

export const destroyedRoot = 'passes/destroyed/';

/** `copy`: 0, or 1 to 9: it was written beside something else that lay at the key. */
export type DestroyedKey = ChainInArchive & {
  readonly first: number;
  readonly last: number;
  readonly copy: number;
};

export const destroyedPrefix = ({ chain, partition }: ChainInArchive): string =>
  `${destroyedRoot}${folder(chain, partition)}`;

export function destroyedKey({ first, last, copy, ...place }: DestroyedKey): string {
  assert(first >= 0 && first <= last && last <= LIMITS.sequenceMax, `destroyed segments ${first} to ${last}`);
  const ending = copy === 0 ? '' : `.${copy}`;
  return `${destroyedPrefix(place)}${digits(first)}-${digits(last)}${ending}.note`;
}

export function parseDestroyedKey(key: string): DestroyedKey | null {
  const match =
    /^passes\/destroyed\/topic=([^/]+)\/partition=(\d{1,10})\/(\d{12})-(\d{12})(?:\.([1-9]))?\.note$/.exec(
      key,
    );
  if (match === null) return null;
  const [, chain = '', partition = '', first, last, copy = '0'] = match;
  if (!isChainAndPartition(chain, partition) || Number(first) > Number(last)) return null;
  return {
    chain,
    partition: Number(partition),
    first: Number(first),
    last: Number(last),
    copy: Number(copy),
  };
}

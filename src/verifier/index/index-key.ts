// Under which key does an index of a segment lie in the verifier's own bucket? (FORMAT.md 9.9.1)
import { toHex, utf8 } from '../../base/bytes.ts';
import { LIMITS } from '../../base/limits.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { digits, folder, isChainAndPartition } from '../../format/paths.ts';
import type { SegmentIndex } from '../../read/find/index/segment-index.ts';
import type { ChainInArchive } from '../../verify/survey.ts';

export const indexPrefix = ({ chain, partition }: ChainInArchive): string =>
  `index/${folder(chain, partition)}`;

/** Below which all indexes of one segment lie, and those of no other. */
export const segmentPrefix = (place: ChainInArchive, sequence: number): string =>
  `${indexPrefix(place)}${digits(sequence)}-`;

/** `copy`: 0, or 1 to 9 beside something else that lies at the key. */
export function indexNoteKey(
  place: ChainInArchive,
  sequence: number,
  { segment, fields }: Pick<SegmentIndex, 'segment' | 'fields'>,
  copy: number,
): string {
  const named = [segment, ...fields.map(({ field }) => field)].map((one) => `${one}\n`).join('');
  const id = toHex(nodeSha256(utf8(named))).slice(0, 16);
  return `${segmentPrefix(place, sequence)}${id}${copy === 0 ? '' : `.${copy}`}.note`;
}

export type IndexNoteKey = ChainInArchive & { readonly sequence: number };

/** Null: no key of an index. */
export function parseIndexKey(key: string): IndexNoteKey | null {
  const match = /^index\/topic=([^/]+)\/partition=(\d{1,10})\/(\d{12})-[0-9a-f]{16}(?:\.[1-9])?\.note$/.exec(
    key,
  );
  if (match === null) return null;
  const [, chain = '', partition = '', sequence = ''] = match;
  if (!isChainAndPartition(chain, partition) || Number(sequence) > LIMITS.sequenceMax) return null;
  return { chain, partition: Number(partition), sequence: Number(sequence) };
}

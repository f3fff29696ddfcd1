// What is said of a copy once it is whole? FORMAT.md 13.4.5.
import { createHash } from 'node:crypto';
import { fromHex, toBase64, utf8 } from '../base/bytes.ts';
import { LedgerstoneError } from '../base/error.ts';
import type { ActDetail } from '../format/act-detail.ts';
import { checkpointText } from '../format/checkpoint.ts';
import { untilText } from '../format/time.ts';
import type { CopyTally } from './copy-objects.ts';

type CopyDetail = ActDetail['copy'];

/** A chain up to where it was copied, by the word of a verifier. */
export type CopiedChain = {
  readonly origin: string;
  readonly chain: string;
  readonly partition: number;
  readonly size: number;
  /** Hex. */
  readonly root: string;
  readonly isVerified: boolean;
  /** Data objects whose every byte the verifier read. */
  readonly dataObjects: number;
};

export type CopyStatement = {
  readonly from: string;
  readonly to: string;
  readonly verdict: CopyDetail['verdict'];
  readonly dateMs: number | null;
};

/** What the act says. `chains`: without the governance chain. */
export function copyDetail(
  { from, to, verdict, dateMs }: CopyStatement,
  tally: CopyTally,
  chains: readonly CopiedChain[],
): CopyDetail {
  const { objects, bytes, list } = tally;
  const heads = createHash('sha256');
  for (const head of sortedHeads(chains)) heads.update(head.text);
  return {
    ...{ from: shortName(from), to: shortName(to), verdict },
    ...{ until: dateMs === null ? null : untilText(dateMs), objects, bytes, list },
    ...{ chains: chains.length, heads: heads.digest('hex') },
  };
}

/** For the receipt: each head as the checkpoint has it. */
export const headsOf = (chains: readonly CopiedChain[]) =>
  sortedHeads(chains).map(({ origin, size, root }) => ({ origin, size, root: toBase64(fromHex(root)) }));

const sortedHeads = (chains: readonly CopiedChain[]) =>
  chains
    .filter(({ size }) => size > 0)
    .map(({ origin, size, root }) => ({
      origin,
      size,
      root,
      text: checkpointText({ origin, size, root: fromHex(root) }),
    }))
    .toSorted((a, b) => Buffer.compare(utf8(a.origin), utf8(b.origin)));

/**
 * Of each chain that was verified, each seal and each data object that was read then must have been copied.
 * Throws `copy-incomplete`.
 */
export function requireComplete(tally: CopyTally, chains: readonly CopiedChain[]): void {
  for (const { chain, partition, size, isVerified, dataObjects } of chains) {
    if (!isVerified) continue;
    const { seals, data } = tally.chains.get(`${chain}/${partition}`) ?? { seals: 0, data: 0 };
    if (seals === size && data >= dataObjects) continue;
    throw new LedgerstoneError(
      'copy-incomplete',
      `${chain}/${partition} has ${size} seals and ${dataObjects} data objects; only ${seals} and ${data} were listed`,
      {
        disposition: 'retriable',
        remedy: 'Run the same command again: it goes on. Look for who deletes there.',
      },
    );
  }
}

const NAME_BYTES_MAX = 255;

/** An act has room for 255 bytes. The end of a long name says more than its beginning. */
function shortName(name: string): string {
  const bytes = utf8(name);
  if (bytes.length <= NAME_BYTES_MAX) return name;
  const end = Buffer.from(bytes.subarray(bytes.length - NAME_BYTES_MAX + 3)).toString();
  return `…${end.replaceAll('\ufffd', '')}`;
}

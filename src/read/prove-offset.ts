// Which proof shows offline that the record of one offset was archived?
import { nodeSha256, nodeSha256Into } from '../base/node/hash.ts';
import { InclusionPath } from '../merkle/inclusion-path.ts';
import { leafHash } from '../merkle/tree.ts';
import { eventProofOf, type LinePath } from '../verify/event-proof.ts';
import { VerifyError } from '../verify/finding.ts';
import { chainEnd } from './chain-end.ts';
import type { ChainReader, LocatedSeal } from './chain-reader.ts';
import { NotSealedError } from './errors.ts';
import { checkedData } from './line-range.ts';
import { locateOffset } from './locate.ts';

/** The proof of one line, and the line itself without its LF. */
export type ProvenEvent = {
  readonly proof: Uint8Array;
  readonly line: Uint8Array;
  readonly isGap: boolean;
  readonly seal: LocatedSeal;
};

/**
 * Throws NotSealedError if the offset is not sealed yet, and VerifyError if the archive is not what was
 * signed. `onBehind`: called first with the newest seal where the offset lies behind it.
 */
export async function proveOffset(
  reader: ChainReader,
  offset: number,
  onBehind?: (head: LocatedSeal) => Promise<void>,
): Promise<ProvenEvent> {
  const { sequence: headSequence, beyond } = await chainEnd(reader);
  const located = await locateOffset(
    {
      headSequence,
      dataSizes: await reader.dataSizes(),
      manifest: async (wanted) => (await reader.seal(wanted)).manifest,
    },
    offset,
  );
  if (located === null) {
    if (beyond !== null) throw beyond;
    const head = await reader.seal(headSequence);
    await onBehind?.(head);
    const { nextOffset } = head.manifest.records;
    throw new NotSealedError(offset, nextOffset);
  }
  const seal = await reader.seal(located.sequence);
  const { line, isGap, place } = await placeOf(reader, seal, offset);
  return { proof: eventProofOf(seal, place, nodeSha256), line, isGap, seal };
}

/** The line that covers an offset, and its place in its segment's tree. The whole segment is read for it. */
async function placeOf(
  reader: ChainReader,
  seal: LocatedSeal,
  offset: number,
): Promise<{ readonly line: Uint8Array; readonly isGap: boolean; readonly place: LinePath }> {
  const hashes = { sha256: nodeSha256, sha256Into: nodeSha256Into };
  const path = new InclusionPath(hashes, seal.manifest.entries.size);
  let found: { readonly line: Uint8Array; readonly isGap: boolean } | null = null;
  await checkedData(reader, seal, ({ content, start, end, offset: first, nextOffset, gapLine }) => {
    const isIt = first <= offset && offset < nextOffset;
    if (isIt) found = { line: content.slice(start, end), isGap: gapLine !== null };
    const message = new Uint8Array(end - start + 1);
    message.set(content.subarray(start, end), 1);
    path.addLeafMessage(message, isIt);
  });
  const result = path.result();
  if (found === null || result === null) {
    throw new VerifyError({ code: 'offset-gap', expected: `a line for offset ${offset}`, found: 'none' });
  }
  const { line, isGap } = found as { readonly line: Uint8Array; readonly isGap: boolean };
  return { line, isGap, place: { ...result, leaf: leafHash(nodeSha256, line) } };
}

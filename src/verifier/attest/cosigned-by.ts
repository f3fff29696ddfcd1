// Which of the cosigners that are believed has signed this?
import { FormatError } from '../../base/error.ts';
import { verifySignature } from '../../base/signature.ts';
import { type CosignerKey, labelOf, readCosignature } from '../../format/cosignature.ts';
import type { SignedCheckpoint } from '../../format/note.ts';

/**
 * The first cosigner whose signature is valid, or null. Throws FormatError if one of their signatures before
 * it is not, or that of another key of the same name: of two keys' lines both hold, as far as they are there,
 * or it has not signed.
 */
export async function cosignedBy(
  signed: Pick<SignedCheckpoint, 'text' | 'signatures'>,
  cosigners: readonly CosignerKey[],
): Promise<{ readonly cosigner: CosignerKey; readonly timeSeconds: number | null } | null> {
  let found: { readonly cosigner: CosignerKey; readonly timeSeconds: number | null } | null = null;
  const read = new Set<CosignerKey>();
  for (const line of signed.signatures) {
    for (const cosigner of cosigners) {
      // The first line of a key counts.
      if (read.has(cosigner) || (found !== null && found.cosigner.name !== cosigner.name)) continue;
      const one = readCosignature(line, cosigner, signed.text);
      if (one === null) continue;
      read.add(cosigner);
      if (!(await verifySignature(cosigner.key, one.message, one.signature))) {
        throw new FormatError(`a signature by ${labelOf(cosigner)} that is not over this text`);
      }
      found ??= { cosigner, timeSeconds: one.timeSeconds };
    }
  }
  return found;
}

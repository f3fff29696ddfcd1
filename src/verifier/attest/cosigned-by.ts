// Which of the cosigners that are believed has signed this?
import { FormatError } from '../../base/error.ts';
import { verifySignature } from '../../base/signature.ts';
import { type CosignerKey, readCosignature } from '../../format/cosignature.ts';
import type { SignedCheckpoint } from '../../format/note.ts';

/**
 * The first cosigner whose signature is valid, or null. Throws FormatError if one of their signatures is not.
 */
export async function cosignedBy(
  signed: Pick<SignedCheckpoint, 'text' | 'signatures'>,
  cosigners: readonly CosignerKey[],
): Promise<{ readonly cosigner: CosignerKey; readonly timeSeconds: number | null } | null> {
  for (const line of signed.signatures) {
    for (const cosigner of cosigners) {
      const read = readCosignature(line, cosigner, signed.text);
      if (read === null) continue;
      if (!(await verifySignature(cosigner.key, read.message, read.signature))) {
        throw new FormatError(`a signature by ${cosigner.name} that is not over this text`);
      }
      return { cosigner, timeSeconds: read.timeSeconds };
    }
  }
  return null;
}

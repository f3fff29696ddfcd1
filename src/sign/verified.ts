// Is a fresh signature good under the key that is named beside it?
import { LedgerstoneError } from '../base/error.ts';
import { verifySignature } from '../base/signature.ts';
import type { CosigningKey } from '../format/vkey.ts';

/**
 * Returns the signature after checking it, so that no seal can be written that no verifier would accept.
 * Costs under a millisecond per segment, and a few of ML-DSA-44. It also pins the signature's encoding, since
 * verifiers take strict DER only.
 */
export async function verified(
  key: CosigningKey,
  message: Uint8Array,
  signature: Uint8Array,
  signer: string,
): Promise<Uint8Array> {
  if (await verifySignature(key, message, signature)) return signature;
  throw new LedgerstoneError(
    'bad-signature',
    `${signer} gave a signature that its own public key refuses (${signature.length} bytes)`,
    {
      remedy:
        'Nothing was stored. Check the key and the signing service before restarting: this should never happen.',
    },
  );
}

// `--signer KEY`: who may sign what somebody hands over?
import { createPublicKey } from 'node:crypto';
import type { Readable } from 'node:stream';
import { type PublicKey, publicKeyFromSpki } from '../../base/signature.ts';
import { readInput } from './bounded-input.ts';
import { UsageError } from './exit-code.ts';
import { readTrustedKeys } from './keys.ts';

const SIGNER_BYTES_MAX = 64 * 1024;

/** PEM public keys, or verifier keys and files of them. Throws UsageError. */
export async function readSigners(stdin: Readable, texts: readonly string[]): Promise<PublicKey[]> {
  const keys: PublicKey[] = [];
  for (const text of texts) {
    const isFile = !text.includes('+') || text.includes('/');
    const bytes = isFile ? await readInput(stdin, text, SIGNER_BYTES_MAX, 'key').catch(() => null) : null;
    const content = bytes === null ? '' : Buffer.from(bytes).toString();
    if (!content.includes('-----BEGIN PUBLIC KEY-----'))
      keys.push(...(await readTrustedKeys([text])).map(({ key }) => key));
    else keys.push(keyOfPem(content, text));
  }
  return keys;
}

function keyOfPem(pem: string, file: string): PublicKey {
  try {
    const spki = createPublicKey(pem).export({ type: 'spki', format: 'der' });
    return publicKeyFromSpki(new Uint8Array(spki));
  } catch {
    throw new UsageError(
      `${file} is no public key that signs`,
      'Give an Ed25519 or P-256 key: `openssl pkey -in key.pem -pubout -out public.pem`.',
    );
  }
}

// `--signer KEY`: who may sign what somebody hands over?
import { createPublicKey } from 'node:crypto';
import type { Readable } from 'node:stream';
import { messageOf } from '../../base/error.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { type PublicKey, publicKeyFromSpki } from '../../base/signature.ts';
import { PERSON_KEY_NAME } from '../../config/people-file.ts';
import { parseCosignerVkey } from '../../format/cosignature.ts';
import { readInput } from './bounded-input.ts';
import { UsageError } from './exit-code.ts';
import { readKeyLines, readTrustedKeys } from './keys.ts';

const SIGNER_BYTES_MAX = 64 * 1024;

/** PEM public keys, or verifier keys of people or of a log, and files of them. Throws UsageError. */
export async function readSigners(stdin: Readable, texts: readonly string[]): Promise<PublicKey[]> {
  const keys: PublicKey[] = [];
  for (const text of texts) {
    const isFile = !text.includes('+') || text.includes('/');
    const bytes = isFile ? await readInput(stdin, text, SIGNER_BYTES_MAX, 'key').catch(() => null) : null;
    const content = bytes === null ? '' : Buffer.from(bytes).toString();
    if (!content.includes('-----BEGIN PUBLIC KEY-----')) keys.push(...(await verifierKeysOf(text)));
    else keys.push(keyOfPem(content, text));
  }
  return keys;
}

const REMEDY = 'Give a public key (PEM), or what `ledgerstone governance key --vkey` writes.';

/** Of a log, or all of people. */
async function verifierKeysOf(text: string): Promise<PublicKey[]> {
  const lines = await readKeyLines(text).catch(() => []);
  const people = lines.flatMap((line) => keyOfPerson(line) ?? []);
  if (lines.length > 0 && people.length === lines.length) return people;
  try {
    return (await readTrustedKeys([text])).map(({ key }) => key);
  } catch (error) {
    throw new UsageError(messageOf(error), REMEDY);
  }
}

function keyOfPerson(line: string): PublicKey | null {
  try {
    const { name, key } = parseCosignerVkey(line, nodeSha256);
    return name === PERSON_KEY_NAME && key.algorithm !== 'ml-dsa-44' ? key : null;
  } catch {
    return null;
  }
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

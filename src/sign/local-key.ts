// How does a new local signing key come to be, without ever replacing one?
import { generateKeyPairSync } from 'node:crypto';
import { open, unlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { assert } from '../base/assert.ts';
import { LedgerstoneError, messageOf } from '../base/error.ts';
import { type CosigningAlgorithm, type CosigningKey, cosigningKeyFromSpki } from '../format/vkey.ts';

/**
 * Writes a new private key to `path` (PKCS#8 PEM, mode 0600) and gives its public half. Creates only: a file
 * that is there is never touched, since an archive whose key is gone can't be extended. When it resolves, the
 * key survives a power cut: nothing may be signed by a key that could vanish.
 */
export async function generateLocalKey(path: string, algorithm: CosigningAlgorithm): Promise<CosigningKey> {
  const pair = newPair(algorithm);
  const publicKey = cosigningKeyFromSpki(
    new Uint8Array(pair.publicKey.export({ type: 'spki', format: 'der' })),
  );
  assert(publicKey.algorithm === algorithm, `a new ${algorithm} key became ${publicKey.algorithm}`);
  await createDurably(path, String(pair.privateKey.export({ type: 'pkcs8', format: 'pem' })));
  return publicKey;
}

function newPair(algorithm: CosigningAlgorithm) {
  if (algorithm === 'ecdsa-p256') return generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return algorithm === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ml-dsa-44');
}

async function createDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600).catch((error: unknown) => {
    throw cannotCreate(path, error);
  });
  try {
    await using _ = file;
    await file.writeFile(text);
    await file.sync();
  } catch (error) {
    // Ours and incomplete: nobody has the public half yet, so nothing is lost with it.
    await unlink(path).catch(() => undefined);
    throw cannotCreate(path, error);
  }
  await using directory = await open(dirname(resolve(path)), 'r');
  await directory.sync();
}

function cannotCreate(path: string, error: unknown): LedgerstoneError {
  const exists = (error as { code?: unknown }).code === 'EEXIST';
  return exists
    ? new LedgerstoneError('key-exists', `${path} exists, and keys are never overwritten`, {
        remedy: 'Use the key that is there, or choose another path.',
        cause: error,
      })
    : new LedgerstoneError('key-file', `can't write the signing key ${path}: ${messageOf(error)}`, {
        remedy: 'Check that the folder exists, is writable and has room.',
        cause: error,
      });
}

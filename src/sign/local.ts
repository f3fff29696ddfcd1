// How are checkpoints signed by a key in a file? For demos, tests and archives that have no KMS.
import { createPrivateKey, createPublicKey, sign as cryptoSign, type KeyObject } from 'node:crypto';
import { constants, open } from 'node:fs/promises';
import { utf8Text } from '../base/bytes.ts';
import { FormatError, LedgerstoneError, messageOf } from '../base/error.ts';
import type { MlDsaKey } from '../base/ml-dsa.ts';
import { type CosigningKey, cosigningKeyFromSpki, type PublicKey } from '../format/vkey.ts';
import type { MlDsaSigner, Signer } from './signer.ts';
import { verified } from './verified.ts';

export type LocalSignerOptions = {
  /** PEM file with one unencrypted PKCS#8 private key (`BEGIN PRIVATE KEY`), Ed25519 or ECDSA P-256. */
  readonly keyFile: string;
  /** Called when other users of this machine may read the file. Default: a process warning. */
  readonly onWarning?: (message: string) => void;
};

/** A key file is about 250 bytes, of ML-DSA-44 3600; anything longer than this is another file. */
const KEY_FILE_BYTES_MAX = 16 * 1024;
const GROUP_AND_OTHERS_READ_OR_WRITE = 0o066;

const convert = (keyFile: string) => `openssl pkcs8 -topk8 -nocrypt -in ${keyFile} -out converted.pem`;

/**
 * Reads the key and stands ready. Rejects with a fatal LedgerstoneError that says what is wrong with the
 * file.
 */
export const localSigner = (options: LocalSignerOptions): Promise<Signer> =>
  openFile<PublicKey>(options, ['ed25519', 'ecdsa-p256']);

/** The same with an ML-DSA-44 key, which needs Node 24. */
export const localMlDsaSigner = (options: LocalSignerOptions): Promise<MlDsaSigner> =>
  openFile<MlDsaKey>(options, ['ml-dsa-44']);

async function openFile<K extends CosigningKey>(
  options: LocalSignerOptions,
  kinds: readonly K['algorithm'][],
): Promise<Signer<K>> {
  const { keyFile, onWarning = (message) => process.emitWarning(message) } = options;
  const { pem, mode } = await readKeyFile(keyFile);
  const privateKey = parsePrivateKey(pem, keyFile);
  const publicKey = publicKeyOf(privateKey, keyFile, kinds);
  if (process.platform !== 'win32' && (mode & GROUP_AND_OTHERS_READ_OR_WRITE) !== 0) {
    onWarning(
      `others may read or write the signing key ${keyFile} (mode ${(mode & 0o777).toString(8)}): chmod 600 ${keyFile}`,
    );
  }
  return {
    publicKey,
    description: keyFile,
    sign: async (message, signal) => {
      signal?.throwIfAborted();
      // Ed25519 and ML-DSA take no digest name: they hash by themselves. OpenSSL writes ECDSA-Sig-Value in
      // strict DER.
      const signature =
        publicKey.algorithm === 'ecdsa-p256'
          ? cryptoSign('sha256', message, { key: privateKey, dsaEncoding: 'der' })
          : cryptoSign(null, message, privateKey);
      return verified(publicKey, message, signature, keyFile);
    },
  };
}

async function readKeyFile(keyFile: string): Promise<{ pem: string; mode: number }> {
  try {
    // Not blocking, or a named pipe without a writer would hang the start.
    await using file = await open(keyFile, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const status = await file.stat();
    const { mode, size } = status;
    if (!status.isFile()) throw unusable(keyFile, 'it is no regular file');
    if (size > KEY_FILE_BYTES_MAX) throw unusable(keyFile, `it has ${size} bytes, no key is that long`);
    return { pem: utf8Text(await file.readFile()), mode };
  } catch (error) {
    if (error instanceof LedgerstoneError && error.code === 'key-file') throw error;
    throw unusable(
      keyFile,
      messageOf(error),
      'Check the path and its permissions; `ledgerstone init` makes a key.',
      error,
    );
  }
}

function parsePrivateKey(pem: string, keyFile: string): KeyObject {
  const labels = [...pem.matchAll(/^-----BEGIN ([^-]+)-----/gm)].map((match) => match[1]);
  if (labels.includes('ENCRYPTED PRIVATE KEY') || pem.includes('Proc-Type: 4,ENCRYPTED')) {
    throw unusable(
      keyFile,
      'it is encrypted, and there is nobody to ask for the passphrase',
      `Decrypt it (${convert(keyFile)}) and guard the file by its permissions, or sign with KMS.`,
    );
  }
  if (labels.length !== 1 || labels[0] !== 'PRIVATE KEY') {
    const found = labels.length === 0 ? 'no PEM block' : labels.join(', ');
    throw unusable(
      keyFile,
      `it must hold one PEM block PRIVATE KEY (PKCS#8), and holds: ${found}`,
      `Convert it: ${convert(keyFile)}`,
    );
  }
  try {
    return createPrivateKey({ key: pem, format: 'pem' });
  } catch (cause) {
    throw unusable(keyFile, messageOf(cause), undefined, cause);
  }
}

function publicKeyOf<K extends CosigningKey>(
  privateKey: KeyObject,
  keyFile: string,
  kinds: readonly K['algorithm'][],
): K {
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  try {
    const key = cosigningKeyFromSpki(new Uint8Array(spki));
    if (!kinds.includes(key.algorithm)) throw new FormatError(`it is ${key.algorithm}`);
    return key as K;
  } catch {
    const kind = privateKey.asymmetricKeyDetails?.namedCurve ?? privateKey.asymmetricKeyType;
    throw unusable(
      keyFile,
      kinds.includes('ml-dsa-44')
        ? `its kind is ${kind}, not ml-dsa-44`
        : `its kind is ${kind}; checkpoints are signed with Ed25519 or ECDSA P-256 (prime256v1)`,
    );
  }
}

const unusable = (
  keyFile: string,
  why: string,
  remedy = 'Give an Ed25519 or P-256 key as unencrypted PKCS#8 PEM; `ledgerstone init` makes one.',
  cause?: unknown,
) => new LedgerstoneError('key-file', `can't use the signing key ${keyFile}: ${why}`, { remedy, cause });

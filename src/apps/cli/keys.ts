// Which public keys does the caller trust?
import { readFile, stat } from 'node:fs/promises';
import { utf8Text } from '../../base/bytes.ts';
import { messageOf } from '../../base/error.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { parseCosignerVkey } from '../../format/cosignature.ts';
import { parseVkey, parseVkeyFile, type VerifierKey } from '../../format/vkey.ts';
import { UsageError } from './exit-code.ts';
import { fileError } from './file-error.ts';

const KEY_FILE_BYTES_MAX = 1024 * 1024;
const REMEDY =
  'Give the verifier key that `ledgerstone init` printed, or a file that holds it, one key a line.';

const COSIGNER_REMEDY =
  'It is the key of a second party: name it by --cosigner. --key takes the key of the archive itself.';

/** The keys of the two parties are mistaken for each other. */
function remedyFor(text: string): string {
  const isCosigner = text.split(/\r?\n/).some((line) => {
    try {
      return parseCosignerVkey(line.trim(), nodeSha256).name !== '';
    } catch {
      return false;
    }
  });
  return isCosigner ? COSIGNER_REMEDY : REMEDY;
}

/**
 * The keys that the command line names. Each text is a verifier key or the name of a file of them. Throws
 * UsageError.
 */
export async function readTrustedKeys(texts: readonly string[]): Promise<VerifierKey[]> {
  const keys: VerifierKey[] = [];
  for (const text of texts) keys.push(...(await keysOf(text)));
  return keys;
}

async function keysOf(text: string): Promise<VerifierKey[]> {
  const status = await stat(text).catch(() => null);
  if (status === null) {
    try {
      return [parseVkey(text, nodeSha256)];
    } catch (error) {
      const what = text.includes('+')
        ? `not a verifier key (${messageOf(error)})`
        : 'neither a verifier key nor a file';
      throw new UsageError(`${JSON.stringify(text)} is ${what}`, remedyFor(text));
    }
  }
  if (!status.isFile() || status.size > KEY_FILE_BYTES_MAX) {
    throw new UsageError(`${text} is not a file of verifier keys`, REMEDY);
  }
  const bytes = await readKeyFile(text);
  let keys: VerifierKey[];
  try {
    keys = parseVkeyFile(utf8Text(bytes), nodeSha256);
  } catch (error) {
    const remedy = remedyFor(utf8Text(bytes));
    throw new UsageError(`${text} is not a file of verifier keys: ${messageOf(error)}`, remedy);
  }
  if (keys.length === 0) throw new UsageError(`${text} holds no verifier key`, REMEDY);
  return keys;
}

const readKeyFile = (file: string): Promise<Uint8Array> =>
  readFile(file).catch((error: unknown) => {
    throw fileError(`can't read the keys ${file}`, error);
  });

/**
 * The lines of a file of keys without comments. If there is no such file, the text is a key. Throws
 * UsageError.
 */
export async function readKeyLines(text: string): Promise<string[]> {
  const status = await stat(text).catch(() => null);
  if (status === null) return [text];
  if (!status.isFile() || status.size > KEY_FILE_BYTES_MAX)
    throw new UsageError(`${text} is not a file of keys`, REMEDY);
  const bytes = await readKeyFile(text);
  let content: string;
  try {
    content = utf8Text(bytes);
  } catch (error) {
    throw new UsageError(`${text} is not a file of keys: ${messageOf(error)}`, REMEDY);
  }
  const lines = content.split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '' && !line.startsWith('#'));
}

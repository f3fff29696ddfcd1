// What exactly is signed? (C2SP tlog-checkpoint, without extension lines)
import { equalBytes, fromBase64, toBase64, utf8, utf8Text } from '../base/bytes.ts';
import { FormatError } from '../base/error.ts';
import { isCount } from './scalar.ts';
import { isKeyName } from './vkey.ts';

/** `root` is the RFC 6962 root of the first `size` manifests of the chain. */
export type Checkpoint = { readonly origin: string; readonly size: number; readonly root: Uint8Array };

/** The bytes that are signed: three lines, each with its LF. Throws FormatError. */
export function checkpointText({ origin, size, root }: Checkpoint): Uint8Array {
  if (!isKeyName(origin) || !isCount(size) || root.length !== 32) throw new FormatError('not a checkpoint');
  return utf8(`${origin}\n${size}\n${toBase64(root)}\n`);
}

/** Strict: encoded again, it must give the same bytes. Throws FormatError. */
export function parseCheckpointText(text: Uint8Array): Checkpoint {
  const [origin = '', size = '', root = '', ...rest] = utf8Text(text).split('\n');
  if (!/^\d{1,16}$/.test(size) || rest.length !== 1) throw new FormatError('a checkpoint is three lines');
  const checkpoint = { origin, size: Number(size), root: fromBase64(root) };
  if (!equalBytes(checkpointText(checkpoint), text))
    throw new FormatError('a checkpoint with an odd spelling');
  return checkpoint;
}

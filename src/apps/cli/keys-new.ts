// Which key is to sign from now on, where do others find it, and is it anybody else's?
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { nodeSha256 } from '../../base/node/hash.ts';
import { encodeVkey, spkiFingerprint, type VerifierKey } from '../../format/vkey.ts';
import type { Signer } from '../../sign/signer.ts';
import { isUndone } from '../../verify/acts/ended.ts';
import type { ActHistory } from '../../verify/acts/history.ts';
import { type ActOf, actsOf } from '../../verify/acts/recorded-act.ts';
import { sameKey } from '../../verify/trust.ts';
import type { Deciding, DecidingOptions } from './deciding.ts';
import { UsageError } from './exit-code.ts';
import type { Session } from './session.ts';
import { openSignerOf } from './signer-option.ts';

export type RotateOptions = DecidingOptions & {
  readonly new: string;
  readonly use: 'log' | 'governance';
  readonly ended?: readonly string[];
  readonly instead?: boolean;
};

/** Opened here: its public half is asked of whoever holds it. `place`: where others find it. */
export async function newKey(
  { io }: Session,
  named: string,
  { config }: Deciding,
): Promise<{ readonly signer: Signer; readonly place: string }> {
  const isFile = (await stat(named).catch(() => null))?.isFile() === true;
  if (isFile) {
    const signer = (await openSignerOf({ signKey: named }, io.env))!;
    return { signer, place: basename(named) };
  }
  if (!named.startsWith('arn:'))
    throw new UsageError(
      `${named} is no file and no ARN`,
      'Give the ARN of a KMS key, or a private key (PEM).',
    );
  const { signing } = config.governance;
  const endpoint = signing.kind === 'kms' ? signing.endpoint : undefined;
  const signer = (await openSignerOf(
    { signKms: named, ...(endpoint !== undefined && { endpoint }) },
    io.env,
  ))!;
  return { signer, place: signer.description };
}

/** Keys of one use are none of another one (FORMAT.md 6.16, 13.1.5). `others`: by what they do. */
export function requireFree(
  { charter }: ActHistory,
  key: VerifierKey,
  others: Readonly<Record<string, readonly Pick<VerifierKey, 'key'>[]>>,
): void {
  const print = spkiFingerprint(key.key, nodeSha256);
  const person = charter?.people.find(({ fingerprint }) => fingerprint === print);
  const [use] =
    Object.entries(others).find(([, keys]) => keys.some((one) => sameKey(one.key, key.key))) ?? [];
  const is = person !== undefined ? `the key of ${person.name}` : use;
  if (is !== undefined) throw new UsageError(`it is ${is}`, 'Make a key that does nothing else.');
}

/** The change to this key that stands or waits. Null: it is new. Throws where another one is not done. */
export function standingChange(
  history: ActHistory,
  use: 'log' | 'governance',
  key: VerifierKey,
  options: { readonly instead: boolean; readonly nowMs: number },
): ActOf<'key.rotate'> | null {
  const ofUse = actsOf(history.acts, 'key.rotate').filter(({ act }) => act.detail.use === use);
  const isTo = ({ act }: ActOf<'key.rotate'>) => act.detail.key === encodeVkey(key);
  const waiting = ofUse.find((one) => isTo(one) && history.isWaiting(one, options.nowMs));
  if (waiting !== undefined) return waiting;
  const [last] = ofUse.filter(({ inForce }) => inForce !== null).slice(-1);
  if (last === undefined) return null;
  if (isTo(last)) return history.end(last, 0) === null ? last : null;
  if (!isUndone(last) || history.end(last, 0) !== null || options.instead) return null;
  throw new UsageError(
    `a change to ${last.act.detail.key.split('+').slice(0, 2).join('+')} is not done yet (${last.act.id.slice(0, 8)})`,
    'Give its command again first, or say --instead: it is then over, and no chain keeps that key.',
  );
}

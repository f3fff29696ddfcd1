// Which keys seal the next decisions? (FORMAT.md 6.14, 13.5.7)
import type { Clock } from '../base/clock.ts';
import { LedgerstoneError, messageOf } from '../base/error.ts';
import { nodeSha256 } from '../base/node/hash.ts';
import type { Period } from '../base/period.ts';
import { governanceOrigin } from '../format/chain.ts';
import { verifierKey } from '../format/vkey.ts';
import type { ActReading } from '../read/broken-acts.ts';
import { publishArchiveFiles } from '../sealing/publish.ts';
import type { Signer } from '../sign/signer.ts';
import type { Lock, Store } from '../store/store.ts';
import { rotations } from '../verify/acts/keys.ts';
import type { ActOf } from '../verify/acts/recorded-act.ts';
import { idText, sameKey } from '../verify/trust.ts';

export type SealingKeyTools = {
  readonly store: Store;
  readonly archiveOrigin: string;
  /** Those of the configuration. All of them sign, until people decide on another one. */
  readonly signers: readonly Signer[];
  /** Opens a key that people decided on, by the words of their act. Throws where it is elsewhere. */
  readonly openDecided: (named: string) => Promise<Signer>;
  readonly retention: { readonly mode: Lock['mode']; readonly period: Period };
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** A step failed and is tried again or done without, or went through at last (null). */
  readonly onTrouble: (error: unknown | null) => void;
};

/**
 * Those of the configuration until people decide on another one; then both, once, and then that one alone.
 * Each is trusted by the head, or stands beside one that is. `isDue`: the earlier one alone will not do.
 * Throws `governance-key` where that can't be.
 */
export async function sealingKeys(
  tools: SealingKeyTools,
  reading: ActReading | null,
  isDue = false,
): Promise<readonly Signer[]> {
  const { signers } = tools;
  if (reading === null) return signers;
  const { history, head } = reading;
  const isTrusted = ({ publicKey }: Signer) => head.signedKeys.some(({ key }) => sameKey(key, publicKey));
  const decided = rotations(history, nodeSha256, 'governance');
  const last = decided.at(-1);
  if (last === undefined) {
    if (signers.some(isTrusted)) return signers;
    throw notTrusted(reading, signers);
  }
  const isLast = (signer: Signer) => sameKey(signer.publicKey, last.key.key);
  const isBegun = head.signedKeys.some(({ key }) => sameKey(key, last.key.key));
  const next = await opened(tools, last).catch((error: unknown) => {
    tools.signal.throwIfAborted();
    return { error };
  });
  if (!('error' in next) && isBegun) return [next];
  const bridge =
    signers.find((one) => isTrusted(one) && !isLast(one)) ?? (await earlier(tools, reading, decided));
  if ('error' in next) {
    // What some machine has signed by both, another one does not undo.
    if (isBegun || isDue || bridge === null) throw notOpened(last.recorded, next.error);
    tools.onTrouble(notOpened(last.recorded, next.error));
    return [bridge];
  }
  if (bridge === null) throw notTrusted(reading, [next, ...signers]);
  // Stored before it seals anything (FORMAT.md 13.5.6).
  const { store, archiveOrigin, retention, clock, signal } = tools;
  const key = verifierKey(governanceOrigin(archiveOrigin), next.publicKey, nodeSha256);
  await publishArchiveFiles(store, [key], retention, clock, signal);
  return [bridge, next];
}

type Decided = ReturnType<typeof rotations>[number];

/** The configured key, or from where the act says. */
async function opened(
  { signers, openDecided }: SealingKeyTools,
  { key, recorded: { act } }: Decided,
): Promise<Signer> {
  const signer =
    signers.find(({ publicKey }) => sameKey(publicKey, key.key)) ?? (await openDecided(act.detail.signer));
  if (!sameKey(signer.publicKey, key.key))
    throw new LedgerstoneError(
      'key-not-decided',
      `${signer.description} holds another key than ${act.by.name} decided on`,
    );
  return signer;
}

/** An earlier decided key that the head still trusts. Null: none can be used here. */
async function earlier(
  tools: SealingKeyTools,
  { head }: ActReading,
  decided: readonly Decided[],
): Promise<Signer | null> {
  for (const one of decided.slice(0, -1).toReversed())
    if (head.signedKeys.some(({ key }) => sameKey(key, one.key.key))) {
      const signer = await opened(tools, one).catch(() => null);
      if (signer !== null) return signer;
    }
  return null;
}

const notOpened = ({ act }: ActOf<'key.rotate'>, error: unknown): LedgerstoneError =>
  new LedgerstoneError(
    'governance-key',
    [
      `decisions are to be sealed by ${act.detail.signer}, by ${act.by.name}'s act ${act.id.slice(0, 8)},`,
      `which can't be used here: ${messageOf(error)}`,
    ].join(' '),
    {
      disposition: 'input',
      remedy: 'Put that key where this machine can use it, or into `governance.signing`.',
      cause: error,
    },
  );

const notTrusted = ({ head }: ActReading, own: readonly Signer[]): LedgerstoneError =>
  new LedgerstoneError(
    'governance-key',
    [
      `the newest decision is sealed by ${head.signedKeys.map(idText).join(' and ')}, and this machine seals with`,
      `${own.map(({ description }) => description).join(' and ')}: nobody could verify what that seals`,
    ].join(' '),
    {
      disposition: 'input',
      remedy: [
        'Put the key that seals decisions now into `governance.signing`. Another one is decided on by',
        '`ledgerstone keys rotate --use governance`.',
      ].join(' '),
    },
  );

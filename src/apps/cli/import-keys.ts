// With which keys may this machine seal what was imported?
import { HaltError } from '../../archiver/chain/halt.ts';
import type { Keyring } from '../../archiver/keyring.ts';
import { systemClock } from '../../base/clock.ts';
import { LedgerstoneError, messageOf } from '../../base/error.ts';
import { openSigner } from '../../clients/open.ts';
import type { Config } from '../../config/archiver.ts';
import type { ImportKeys } from '../../import/import-keys.ts';
import { publishArchiveFiles } from '../../sealing/publish.ts';
import type { Store } from '../../store/store.ts';
import { LogKeys } from '../archiver/log-keys.ts';
import { requirePoliciesInForce } from '../archiver/policies-in-force.ts';
import { outputLog } from './resume.ts';
import type { Session } from './session.ts';

/**
 * The archive's keys as its archivers take them, when its policies are those in force. Throws as they refuse
 * to start, and also where a key that people decided on can't be used: a person can wait for it.
 */
export async function openImportKeys(
  { io, output }: Session,
  config: Config,
  store: Store,
): Promise<Keyring> {
  const { archive, retention } = config;
  const log = outputLog(output);
  let trouble: unknown = null;
  // What can't be followed is thrown below.
  const warn: typeof log.warn = (context, message) => {
    if (trouble === null) log.warn(context, message);
  };
  const { keyring } = await LogKeys.open(
    {
      ...{ archive, store, clock: systemClock, log: { ...log, warn } },
      open: (signing) => openSigner(signing, log),
      publish: async (key) => {
        await publishArchiveFiles(store, [key], retention.seals, systemClock, io.signal);
      },
      onTrouble: (error) => {
        trouble = error;
      },
    },
    io.signal,
  );
  const { trusted, own } = keyring;
  await requirePoliciesInForce({ config, store, trusted, acceptsAny: false, log, signal: io.signal });
  if (trouble !== null)
    throw new LedgerstoneError(
      'key-not-taken',
      `what people decided about keys can't be followed, and nothing was sealed: ${messageOf(trouble)}`,
      {
        remedy: 'Make the decided key usable here, as for the archivers, and give the same command again.',
        cause: trouble,
      },
    );
  await publishArchiveFiles(store, own, retention.seals, systemClock, io.signal);
  return keyring;
}

/** A segment that only a key signs which the chain does not trust would be nobody's, for good. */
export const importKeys = (keyring: Keyring): ImportKeys => ({
  keysAfter: (head) => {
    try {
      return keyring.keysAfter(head);
    } catch (error) {
      if (!(error instanceof HaltError)) throw error;
      throw new LedgerstoneError(
        'import-chain',
        `the chain does not trust the key that would sign ${head.chain}: ${error.message}`,
        {
          disposition: 'input',
          remedy: [
            'Put the key that signed its newest segment into `archive.signing` and give the same command again:',
            'it takes the key of `ledgerstone keys rotate` then. If that key is lost: choose another --topic.',
          ].join(' '),
        },
      );
    }
  },
  isChanging: (head) => keyring.isChanging(head),
  signersOf: (origin, keys) => keyring.signersOf(origin, keys),
});

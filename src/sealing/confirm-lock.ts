// Is an object really locked as it was sent? The store's own word: headers that were sent prove nothing.
import { LedgerstoneError } from '../base/error.ts';
import type { Lock, Store } from '../store/store.ts';

/** Extends a lock that is too short. Throws where there is none, or where it may not be read. */
export async function confirmLock(
  { store, signal }: { readonly store: Store; readonly signal?: AbortSignal | undefined },
  key: string,
  versionId: string,
  wanted: Lock,
): Promise<void> {
  const state = await store.lock(key, versionId, signal);
  switch (state.kind) {
    case 'not-applicable':
      return;
    case 'locked':
      if (wanted.mode === 'COMPLIANCE' && state.lock.mode !== 'COMPLIANCE') break;
      if (state.lock.untilMs < wanted.untilMs) await store.extendLock(key, versionId, wanted, signal);
      return;
    case 'not-permitted':
      throw new LedgerstoneError('locks-not-permitted', `the lock of ${key} may not be read`, {
        remedy: 'Allow the archiver s3:GetObjectRetention on the archive.',
      });
    case 'none':
      break;
  }
  throw new LedgerstoneError('lock-missing', `${key} is stored without the lock that it was sent with`, {
    remedy: 'The bucket must have Object Lock enabled: run `ledgerstone doctor`.',
  });
}

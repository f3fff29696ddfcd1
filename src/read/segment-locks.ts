// How are the objects of one segment locked, as the store says it?
import { messageOf } from '../base/error.ts';
import { oldestVersion } from '../format/oldest-version.ts';
import type { LockState, StoreReader } from '../store/store.ts';
import type { LocatedSeal } from './chain-reader.ts';

/** `gone`: no version lies there. `unreadable`: the store did not answer. */
export type ObjectLock = {
  readonly object: 'seal' | 'data';
  readonly key: string;
  readonly state:
    | LockState
    | { readonly kind: 'gone' }
    | { readonly kind: 'unreadable'; readonly why: string };
};

/**
 * Of the version that counts at each key. Two requests for the locks and a listing for the data object. What
 * the store does not answer is `unreadable`; it rejects only if `signal` aborts.
 */
export async function segmentLocks(
  store: StoreReader,
  { key, versionId, manifest: { data } }: LocatedSeal,
  signal: AbortSignal,
): Promise<ObjectLock[]> {
  const asked = async (state: () => Promise<ObjectLock['state']>): Promise<ObjectLock['state']> => {
    try {
      return await state();
    } catch (error) {
      signal.throwIfAborted();
      return { kind: 'unreadable', why: messageOf(error) };
    }
  };
  const ofSeal = await asked(() => store.lock(key, versionId, signal));
  const locks: ObjectLock[] = [{ object: 'seal', key, state: ofSeal }];
  if (data === null) return locks;
  const ofData = await asked(async () => {
    const version = await oldestVersion(store, data.key, signal);
    return version === null ? { kind: 'gone' } : store.lock(data.key, version.versionId, signal);
  });
  return [...locks, { object: 'data', key: data.key, state: ofData }];
}

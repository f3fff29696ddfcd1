// What must an archive hold beside its chains, to be readable in ten years? Its keys and its specification.

import { readFile } from 'node:fs/promises';
import { equalBytes, toHex, utf8 } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import { LedgerstoneError } from '../base/error.ts';
import { nodeSha256 } from '../base/node/hash.ts';
import { afterPeriod, type Period } from '../base/period.ts';
import { oldestVersion } from '../format/oldest-version.ts';
import { formatKey, keyKey } from '../format/paths.ts';
import { encodeVkey, spkiFingerprint, type VerifierKey } from '../format/vkey.ts';
import type { Lock, Store } from '../store/store.ts';
import { confirmLock } from './confirm-lock.ts';

export type Published = { readonly key: string; readonly written: boolean };

/** FORMAT.md as it stands beside the format's code; a build copies it next to its output. */
const formatUrl = (): URL =>
  import.meta.url.endsWith('.ts')
    ? new URL('../format/FORMAT.md', import.meta.url)
    : new URL('./FORMAT.md', import.meta.url);

/**
 * Writes `keys/….vkey` for each key and `FORMAT-….md`, create-only and locked. What is there already keeps
 * its bytes, and its lock is lengthened, so that it stays as long as the newest seals. The names carry the
 * hash of what they hold, so "already there" means the same bytes to every reader that checks.
 */
export async function publishArchiveFiles(
  store: Store,
  keys: readonly VerifierKey[],
  retention: { readonly mode: Lock['mode']; readonly period: Period },
  clock: Clock,
  signal?: AbortSignal,
): Promise<Published[]> {
  const format = new Uint8Array(await readFile(formatUrl()));
  const objects = [
    ...keys.map((key) => ({
      key: keyKey(spkiFingerprint(key.key, nodeSha256)),
      bytes: utf8(`${encodeVkey(key)}\n`),
    })),
    { key: formatKey(toHex(nodeSha256(format))), bytes: format },
  ];
  const untilMs = Math.ceil(afterPeriod(clock.now(), retention.period) / 1000) * 1000;
  const options = signal === undefined ? {} : { signal };
  const published: Published[] = [];
  const lock = { mode: retention.mode, untilMs };
  for (const { key, bytes } of objects) {
    const before = await oldestVersion(store, key, signal);
    const written = before === null && (await store.putIfAbsent(key, bytes, lock, options)).kind === 'stored';
    await keepLocked({ store, signal }, key, bytes, lock);
    if (published.length === 0) await requireCreateOnly(store, key, bytes, lock, signal);
    published.push({ key, written });
  }
  return published;
}

/**
 * A server that does not know `If-None-Match` takes every PUT. Of two archivers that believe they own a
 * partition both would win there, so it is found out with a file that is there, of a few bytes. Throws
 * `not-create-only`.
 */
async function requireCreateOnly(
  store: Store,
  key: string,
  bytes: Uint8Array,
  lock: Lock,
  signal: AbortSignal | undefined,
): Promise<void> {
  const options = signal === undefined ? {} : { signal };
  if ((await store.putIfAbsent(key, bytes, lock, options)).kind === 'exists') return;
  // Over a delete marker, which anybody with rights may have put there, S3 itself takes it.
  for await (const version of store.listVersions(key, { exact: true, ...options }))
    if (version.marker) return;
  throw new LedgerstoneError(
    'not-create-only',
    `${store.description} took ${key} a second time, though a PUT only where nothing lies was asked for`,
    {
      remedy: 'Use a store that keeps If-None-Match: * (docs/stores.md). An archive is not safe in this one.',
    },
  );
}

/**
 * As a seal's lock. One that lies there without any, from an earlier store or another tool, gets one first.
 * What somebody else put there is left to the verifier: it is not ours to lock.
 */
async function keepLocked(
  { store, signal }: { readonly store: Store; readonly signal: AbortSignal | undefined },
  key: string,
  bytes: Uint8Array,
  lock: Lock,
): Promise<void> {
  const oldest = await oldestVersion(store, key, signal);
  if (oldest === null)
    throw new LedgerstoneError('unavailable', `${key} is not shown after it was stored`, {
      disposition: 'retriable',
    });
  const { versionId, size } = oldest;
  const options = { maxBytes: bytes.length, ...(signal && { signal }) };
  if (size !== bytes.length || !equalBytes(await store.read(key, versionId, options), bytes)) return;
  const state = await store.lock(key, versionId, signal);
  // Of a trial: verifying names it, and only some roles may change the mode.
  if (state.kind === 'locked' && state.lock.mode !== lock.mode) return;
  if (state.kind === 'none') await store.extendLock(key, versionId, lock, signal);
  await confirmLock({ store, signal }, key, versionId, lock);
}

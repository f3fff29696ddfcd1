// What must an archive hold beside its chains, to be readable in ten years? Its keys and its specification.

import { readFile } from 'node:fs/promises';
import { toHex, utf8 } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import { nodeSha256 } from '../base/node/hash.ts';
import { afterPeriod, type Period } from '../base/period.ts';
import { oldestVersion } from '../format/oldest-version.ts';
import { formatKey, keyKey } from '../format/paths.ts';
import { encodeVkey, spkiFingerprint, type VerifierKey } from '../format/vkey.ts';
import type { Lock, Store } from '../store/store.ts';

export type Published = { readonly key: string; readonly written: boolean };

/** FORMAT.md as it stands beside the format's code; a build copies it next to its output. */
const formatUrl = (): URL =>
  import.meta.url.endsWith('.ts')
    ? new URL('../format/FORMAT.md', import.meta.url)
    : new URL('./FORMAT.md', import.meta.url);

/**
 * Writes `keys/….vkey` for each key and `FORMAT-….md`, create-only and locked; what is there already is left
 * alone. The names carry the hash of what they hold, so "already there" means the same bytes to every reader
 * that checks.
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
  for (const { key, bytes } of objects) {
    const written =
      !(await exists(store, key)) &&
      (await store.putIfAbsent(key, bytes, { mode: retention.mode, untilMs }, options)).kind === 'stored';
    published.push({ key, written });
  }
  return published;
}

async function exists(store: Store, key: string): Promise<boolean> {
  return (await oldestVersion(store, key)) !== null;
}

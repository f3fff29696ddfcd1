// May this archive be copied there? What is put beside another archive, nobody could take away again.
import { equalBytes } from '../base/bytes.ts';
import { LIMITS } from '../base/limits.ts';
import { oldestVersion } from '../format/oldest-version.ts';
import { parseKey, sealKey, sealsRoot } from '../format/paths.ts';
import { findHead } from '../store/head.ts';
import type { StoreReader } from '../store/store.ts';
import { conflict } from './copy-object.ts';

/**
 * Of each chain that is there, the first and the newest seal are the source's. (Those between are compared
 * when their turn comes.) Throws `copy-conflict`.
 */
export async function requireSameArchive(
  from: StoreReader,
  to: StoreReader,
  signal: AbortSignal,
): Promise<void> {
  for await (const topic of to.listPrefixes(sealsRoot, signal))
    for await (const folder of to.listPrefixes(topic, signal)) {
      const parsed = parseKey(`${folder}000000000000.tlog-proof`);
      if (parsed?.kind !== 'seal') continue;
      const { chain, partition } = parsed;
      for (const sequence of new Set([0, await newest(to, chain, partition, signal)]))
        await requireSame(from, to, sealKey(chain, partition, sequence), signal);
    }
}

async function newest(
  to: StoreReader,
  chain: string,
  partition: number,
  signal: AbortSignal,
): Promise<number> {
  const head = await findHead(to, chain, partition, 0, signal);
  if (head.kind === 'head') return head.sequence;
  // A copy that was broken off: seals are put side by side.
  const beyond = head.kind === 'hole' ? parseKey(head.beyond.key) : null;
  return beyond?.kind === 'seal' ? beyond.sequence : 0;
}

async function requireSame(
  from: StoreReader,
  to: StoreReader,
  key: string,
  signal: AbortSignal,
): Promise<void> {
  const there = await sealAt(to, key, signal);
  if (there === null) return;
  const own = await sealAt(from, key, signal);
  if (own === null) throw conflict(to, `there is a seal ${key}, and ${from.description} has none`);
  if (!equalBytes(own, there)) throw conflict(to, `other bytes lie at ${key}`);
}

async function sealAt(store: StoreReader, key: string, signal: AbortSignal): Promise<Uint8Array | null> {
  const version = await oldestVersion(store, key, signal);
  if (version === null) return null;
  return store.read(key, version.versionId, { maxBytes: LIMITS.sealBytesMax, signal });
}
